"""Jobs by name: who submitted them, whether that process still watches them, what they do.

The executor names all jobs of one Snakemake alike and tells them apart by a comment. Its prefix is ours: the machine,
the process and its birth, so that jobs that nobody watches any more can be known and taken back.
"""

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

from ablatlas.processes import lives

SUBMITTED = re.compile(r"ablatlas-(?P<node>.+)-(?P<process>\d+)-(?P<born>[0-9a-f]+)_[0-9a-f-]{36}")
DONE = re.compile(r"rule_(?P<rule>\w+?)_wildcards_(?P<cell>.+)_[0-9a-f]{12}|rule_(?P<group>\w+)_short_(?P<phase>\w+)")
PHASES = {"tune": "tuning", "train": "confirmation"}
ENDING = 60.0  # seconds that a cancelled job is given: Slurm kills after half a minute what has not ended by itself


class Work(NamedTuple):
    """What a job is for. `cell` is None where it holds several."""

    study: str
    phase: str
    cell: str | None


class Job(NamedTuple):
    """One of our jobs in the queue."""

    number: str
    state: str
    name: str
    comment: str


def prefix() -> str:
    """What the names of this process's jobs begin with; of at most 50 letters, digits, _ and -."""
    born = int(psutil.Process().create_time())
    return f"ablatlas-{_node()[:16]}-{os.getpid()}-{born:x}"


def work(comment: str, studies: Iterable[str]) -> Work:
    """What a job does by its comment. Names hold underscores, so that a study is known only among all of them."""
    found = DONE.fullmatch(comment)
    if found and found["group"]:
        return Work(found["group"], found["phase"], None)
    if found:
        known = [name for name in studies if f"{found['cell']}_".startswith(f"{name}_")]
        if known:
            study = max(known, key=len)
            cell = found["cell"].removeprefix(study).removeprefix("_") or "base"
            return Work(study, PHASES.get(found["rule"], found["rule"]), cell)
    rule = comment.removeprefix("rule_")
    return Work(next((name for name in studies if rule.endswith(f"_{name}")), "controls"), rule, None)


def ask(*words: str) -> str | None:
    """What a command of Slurm's prints, None where there is no such command. Raises OSError where it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    if done.returncode:
        raise OSError(f"{words[0]}: {done.stderr.strip()}")
    return done.stdout


def queued(root: Path) -> list[Job]:
    """Our jobs of this clone that wait or run; none where there is no Slurm. Raises OSError where it is silent."""
    told = ask("squeue", "--me", "--noheader", "--format=%A|%T|%j|%Z|%k") or ""
    rows = (line.split("|", 4) for line in told.splitlines())
    ours = (row for row in rows if SUBMITTED.fullmatch(row[2]) and Path(row[3]) == root)
    return [Job(number, state, name, comment) for number, state, name, _, comment in ours]


def orphans(jobs: Iterable[Job]) -> list[Job]:
    """Those whose Snakemake ran on this machine and is gone."""
    return [job for job in jobs if (owner := SUBMITTED.fullmatch(job.name)) and _gone(owner)]


def take_back(root: Path, say: Callable[[str], None]) -> None:
    """Cancel the jobs that a killed Snakemake left, and wait until they have ended.

    They save their state as they end, and the jobs that are submitted in their place go on from it. Jobs that were
    submitted on another machine are told only: whether anyone watches them cannot be seen from here.
    """
    jobs = queued(root)
    left = orphans(jobs)
    if others := [job for job in jobs if (owner := SUBMITTED.fullmatch(job.name)) and owner["node"] != _node()[:16]]:
        say(f"{len(others)} jobs of this clone were submitted elsewhere, and are left alone: {_numbers(others)}")
    if not left:
        return
    say(f"taking back {len(left)} jobs of a Snakemake that is gone: {_numbers(left)}")
    subprocess.run(["scancel", *(job.number for job in left)], check=True)
    end = time.monotonic() + ENDING
    while (still := orphans(queued(root))) and time.monotonic() < end:
        time.sleep(1)
    if still:
        say(f"{_numbers(still)} have not ended yet: whoever makes the same record waits for them")


def _gone(owner: re.Match[str]) -> bool:
    return owner["node"] == _node()[:16] and not lives(int(owner["process"]), int(owner["born"], 16))


def _node() -> str:
    return re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "host"


def _numbers(jobs: Iterable[Job]) -> str:
    return ", ".join(job.number for job in jobs)
