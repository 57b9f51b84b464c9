"""A cell's runs of one phase: taken over from another record, picked up from the shelf, or trained.

A run that some record already holds under the same key is taken over, not trained. Every finished run is put on a
shelf at once, so that a cell that was stopped goes on where it was; the cell's record appears when all are there.
"""

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors.torch import save

from ablatlas import record
from ablatlas.procedures.provenance import provenance, run_key
from ablatlas.record import Record, RecordError
from ablatlas.study import Study, run_digest
from ablatlas.train.sequential import train

Say = Callable[[str], None]
QUIET = 5.0  # seconds between two progress lines of a cell


class Cellwork:
    """The record of one cell in one phase, `tuning` or `confirmation`, as it fills.

    `anew` ignores what published records hold; a run's own shelf and the working records always count.
    """

    def __init__(self, study: Study, cell: str, phase: str, say: Say, *, anew: bool = False) -> None:
        self.study, self.cell, self.phase, self.say, self.anew = study, cell, phase, say, anew
        self.record = Record(provenance=provenance(study))
        self.shelf = study.root / "data" / "runs" / ".shelf"
        self.trained, self.taken, self.resumed = 0, 0, 0
        self.begin = self.told = time.monotonic()

    @cached_property
    def known(self) -> dict[str, tuple[Record, int]]:
        """The runs of this phase that other records hold, by key."""
        folders = [self.study.root / "data" / "runs"]
        if not self.anew:
            folders.append(self.study.root / "data" / "published")
        return {key: (found, row) for key, found, row in record.stored(folders, self.phase)}

    def run(self, variant: str, rate: float, seed: int, done: int, total: int) -> int:
        """Bring one run into the cell's record, tell of it as `done` of `total`, and return its row."""
        config = self.study.run_config(variant, self.cell, rate)
        digest = run_digest(config, self.study.root)
        key = run_key(digest, seed, config["engine"])
        resting = self.shelf / f"{self.phase}-{key}.json.gz"
        names: dict[str, Any] = {"arm": variant, "cell": self.cell}
        if key in self.known:
            found, row = self.known[key]
            self.record.take(found, row, **names)
            self.taken += 1
        elif (rested := self._rested(resting)) is not None:
            self.record.take(rested, 0, **names)
            self.resumed += 1
        else:
            identity = {"key": key, "digest": digest, "seed": seed, "rate": rate}
            record.write(resting, self._train(config, seed, identity))
            self.record.take(record.read(resting), 0, **names)
            self.trained += 1
        self._tell(done, total)
        return len(self.record.run) - 1

    def _rested(self, resting: Path) -> Record | None:
        """The run that rests on the shelf, or None; one that a failing disk has damaged is set aside."""
        if not resting.exists():
            return None
        try:
            return record.read(resting)
        except RecordError as error:
            aside = resting.with_suffix(".damaged")
            resting.replace(aside)
            self.say(f"warning: {error}; set aside as {aside.name}, to be trained again")
            return None

    def _train(self, config: dict[str, Any], seed: int, identity: dict[str, Any]) -> Record:
        confirming = self.phase == "confirmation"
        run = train(config, seed, split="test" if confirming else "validation")
        if confirming:
            path = self.study.root / "data" / "checkpoints" / f"{identity['key']}.safetensors"
            record.write_whole(path, save(run.parameters))
        one = Record(provenance=self.record.provenance)
        one.add(identity | {"phase": self.phase, "state": run.state}, run.curve, run.outcome, run.meters, config)
        return one

    def _tell(self, done: int, total: int) -> None:
        """Now and then, one progress line: what ran, how far, how long still."""
        now = time.monotonic()
        if now - self.told < QUIET and done < total:
            return
        self.told = now
        run, spent = self.record.run[-1], now - self.begin
        left = f", about {spent / self.trained * (total - done):.0f} s left" if self.trained and done < total else ""
        self.say(
            f"{self.study.name} {self.cell} {self.phase} {done}/{total}: {run['arm']}, rate {run['rate']:g}, "
            f"seed {run['seed']}, {run['state']}; {spent:.0f} s{left}"
        )

    def finish(self, path: Path) -> None:
        """Write the record whole, then clear the shelf of what is now in it."""
        record.write(path, self.record)
        for run in self.record.run:
            (self.shelf / f"{self.phase}-{run['key']}.json.gz").unlink(missing_ok=True)
        parts = f"{self.trained} trained, {self.taken} taken over, {self.resumed} picked up"
        self.say(f"{self.study.name} {self.cell} {self.phase}: {len(self.record.run)} runs, {parts}")
