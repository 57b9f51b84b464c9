"""A cell's runs of one phase: taken over from another record, picked up from the shelf, or trained.

A run that some record already holds under the same key is taken over, not trained. Every finished run is put on a
shelf at once, and a training that is stopped rests there, so that a cell goes on where it was; the cell's record
appears when all are there.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import save

from ablatlas import record
from ablatlas.digest import PUBLISHED
from ablatlas.digest import digest as digested
from ablatlas.procedures.progress import Progress
from ablatlas.procedures.provenance import provenance, run_key
from ablatlas.record import Record, RecordError
from ablatlas.study import Study, run_digest
from ablatlas.train.crew import Member
from ablatlas.train.loop import train
from ablatlas.train.resume import Rest, Say
from ablatlas.train.run import Run

Asked = tuple[float, int]  # a rate and a seed


class Job(NamedTuple):
    """One run of the cell: who it is, and where it rests once it is trained."""

    key: str
    digest: str
    rate: float
    member: Member
    resting: Path


class Cellwork:
    """The record of one cell in one phase, `tuning` or `confirmation`, as it fills.

    `anew` ignores what published records hold; a run's own shelf and the working records always count.
    """

    def __init__(self, study: Study, cell: str, phase: str, say: Say, *, anew: bool = False) -> None:
        self.study, self.cell, self.phase, self.say, self.anew = study, cell, phase, say, anew
        self.record = Record(provenance=provenance(study))
        self.shelf = study.root / "data" / "runs" / ".shelf"
        self.trained, self.taken, self.resumed = 0, 0, 0
        steps = study.run_config("with", cell)["recipe"]["steps"]
        self.progress = Progress(f"{study.name} {cell} {phase}", steps, say)

    @cached_property
    def known(self) -> dict[str, tuple[Record, int]]:
        """The runs of this phase that other records hold, by key."""
        folders = [self.study.root / "data" / "runs"]
        if not self.anew:
            folders.append(self.study.root / PUBLISHED)
        return {key: (found, row) for key, found, row in record.stored(folders, self.phase)}

    def expect(self, variants: Mapping[str, Sequence[Asked]]) -> None:
        """Say which runs are wanted next, so that what is told of the time left is of all of them."""
        jobs = [self._job(variant, *one) for variant, asked in variants.items() for one in asked]
        self.progress.total += len(jobs)
        self.progress.missing += sum(job.key not in self.known and not job.resting.exists() for job in jobs)

    def runs(self, variant: str, asked: Sequence[Asked]) -> list[int]:
        """Bring runs of one variant, by rate and seed, into the cell's record, and return their rows in that order."""
        jobs = [self._job(variant, rate, seed) for rate, seed in asked]
        rested = {job.key: one for job in jobs if job.key not in self.known and (one := self._rested(job.resting))}
        missing = [job for job in jobs if job.key not in self.known and job.key not in rested]
        trained = self._train(variant, missing) if missing else {}
        for job in jobs:
            found, row = self.known.get(job.key) or ((rested | trained)[job.key], 0)
            self.record.take(found, row, arm=variant, cell=self.cell)
            if job.key in self.known or job.key in rested:
                self.taken += job.key in self.known
                self.resumed += job.key in rested
                self.progress.ended(self.record.run[-1]["state"], trained=False)
        return list(range(len(self.record.run) - len(jobs), len(self.record.run)))

    def _job(self, variant: str, rate: float, seed: int) -> Job:
        config = self.study.run_config(variant, self.cell, rate)
        digest = run_digest(config, self.study.root)
        key = run_key(digest, seed, config["engine"], self.study.device)
        return Job(
            key, digest, rate, Member(config, seed, self.study.device), self.shelf / f"{self.phase}-{key}.json.gz"
        )

    def _train(self, variant: str, jobs: Sequence[Job]) -> dict[str, Record]:
        """Train runs of one variant and shelve each as it ends."""
        trained: dict[str, Record] = {}
        keys = {(job.digest, job.member.seed): job.key for job in jobs}

        def rests(members: Sequence[Member]) -> Rest:
            crew = [keys[run_digest(member.config, self.study.root), member.seed] for member in members]
            name = digested([self.phase, *crew])
            return Rest(self.shelf / f"{self.phase}-{name}.rest", name, self.say)

        seeds = f"{len(jobs)} seeds" if len(jobs) > 1 else f"seed {jobs[0].member.seed}"
        rates = dict.fromkeys(f"{job.rate:g}" for job in jobs)
        report = self.progress.training(f"{variant}, {seeds}, rate {', '.join(rates)}")
        split = "test" if self.phase == "confirmation" else "validation"
        runs = train([job.member for job in jobs], split=split, progress=report, rests=rests)
        for job, run in zip(jobs, runs, strict=True):
            trained[job.key] = self._shelve(job, run)
            self.trained += 1
            self.progress.ended(run.state, trained=True)
        return trained

    def _rested(self, resting: Path) -> Record | None:
        """The run that rests on the shelf, or None; one that a failing disk has damaged is set aside."""
        if not resting.exists():
            return None
        try:
            return record.read(resting)
        except RecordError as error:
            if not resting.exists():  # another cell, done meanwhile, has cleared it away
                return None
            aside = resting.with_suffix(".damaged")
            resting.replace(aside)
            self.say(f"warning: {error}; set aside as {aside.name}, to be trained again")
            return None

    def _shelve(self, job: Job, run: Run) -> Record:
        """Put a run on the shelf, and return it as it lies there: another cell of the same run may take it away."""
        if self.phase == "confirmation":
            path = self.study.root / "data" / "checkpoints" / f"{job.key}.safetensors"
            record.write_whole(path, save(run.parameters))
        one = Record(provenance=self.record.provenance)
        identity = {"key": job.key, "digest": job.digest, "seed": job.member.seed, "rate": job.rate}
        named = identity | {"phase": self.phase, "state": run.state}
        one.add(named, run.curve, run.outcome, run.meters, job.member.config)
        data = record.packed(one)
        # Runs of a stack end together, and the disk would be waited for as often; one that it loses is trained again.
        record.write_whole(job.resting, data, lasting=False)
        return record.unpacked(data, job.resting)

    def finish(self, path: Path) -> None:
        """Write the record whole, then clear the shelf of what is now in it."""
        record.write(path, self.record)
        for run in self.record.run:
            (self.shelf / f"{self.phase}-{run['key']}.json.gz").unlink(missing_ok=True)
        parts = f"{self.trained} trained, {self.taken} taken over, {self.resumed} picked up"
        self.say(f"{self.study.name} {self.cell} {self.phase}: {len(self.record.run)} runs, {parts}")
