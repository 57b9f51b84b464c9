"""What Slurm's accounting knows of the jobs of this clone, one entry a time that a job was started."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ablatlas.cluster.jobs import SUBMITTED, Work, ask, work

FIELDS = (
    "JobIDRaw", "JobName", "State", "Submit", "Start", "ElapsedRaw", "TotalCPU", "AllocTRES", "TRESUsageInAve",
    "WorkDir", "SubmitLine",
)  # fmt: skip
CLOCK = re.compile(r"(?:(?:(?P<days>\d+)-)?(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>[\d.]+)")


@dataclass(frozen=True)
class Attempt:
    """One start of a job: seconds in the queue and allocated, cores and GPUs, and what of them was used.

    `used` is in processor seconds; `gpu_used` in GPU seconds, None where the cluster does not count them.
    """

    work: Work
    number: str
    state: str
    queued: float
    seconds: float
    cores: int
    gpus: int
    used: float
    gpu_used: float | None

    @property
    def completed(self) -> bool:
        return self.state == "COMPLETED"


def attempts(root: Path, since: str, studies: Iterable[str]) -> list[Attempt]:
    """All that were started for this clone since a time as sacct reads it. Raises OSError where sacct does not answer.

    A job that was put back into the queue has several entries, and each was paid for.
    """
    format = f"--format={','.join(FIELDS)}"
    told = ask("sacct", "--duplicates", "--noheader", "--parsable2", f"--starttime={since}", format)
    if told is None:
        raise OSError("sacct: not found: costs are read where the cluster's accounting can be asked")
    return read(told, root, list(studies))


def read(text: str, root: Path, studies: list[str]) -> list[Attempt]:
    """The attempts in what sacct prints: a job's line, then those of its steps, which alone count a GPU's use."""
    found: list[Attempt] = []
    ours = False
    for line in text.splitlines():
        row = dict(zip(FIELDS, line.split("|", len(FIELDS) - 1), strict=True))
        if "." in row["JobIDRaw"]:
            if ours and (busy := _busy(row)) is not None:
                last = found.pop()
                found.append(Attempt(**vars(last) | {"gpu_used": (last.gpu_used or 0.0) + busy}))
            continue
        ours = bool(SUBMITTED.fullmatch(row["JobName"])) and Path(row["WorkDir"]) == root and row["Start"][:1].isdigit()
        if ours:
            found.append(_attempt(row, studies))
    return found


def seconds(text: str) -> float:
    """Seconds of sacct's [days-][hours:]minutes:seconds."""
    found = CLOCK.fullmatch(text)
    if not found:
        return 0.0
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _attempt(row: dict[str, str], studies: list[str]) -> Attempt:
    given = _resources(row["AllocTRES"])
    queued = datetime.fromisoformat(row["Start"]) - datetime.fromisoformat(row["Submit"])
    return Attempt(
        work=work(_comment(row["SubmitLine"]), studies),
        number=row["JobIDRaw"],
        state=row["State"].split()[0],
        queued=max(0.0, queued.total_seconds()),
        seconds=float(row["ElapsedRaw"] or 0),
        cores=int(given.get("cpu", 0)),
        gpus=int(given.get("gres/gpu", 0)),
        used=seconds(row["TotalCPU"]),
        gpu_used=None,
    )


def _comment(submitted: str) -> str:
    """The comment that a job was submitted with; not every cluster keeps it in a column of its own."""
    found = re.search(r"--comment[= ](\S+)", submitted)
    return shlex.split(found[1])[0] if found else ""


def _busy(step: dict[str, str]) -> float | None:
    """GPU seconds that a step kept its GPUs busy, None where that was not counted."""
    share = _resources(step["TRESUsageInAve"]).get("gres/gpuutil")
    return None if share is None else float(share) / 100 * float(step["ElapsedRaw"] or 0)


def _resources(text: str) -> dict[str, str]:
    """What sacct tells as name=amount,…"""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
