"""Processes that are ended at some step: what they leave, and what a next one makes of it.

A few steps here, many more in the slow suite.
"""

import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from exact import ENGINES

from ablatlas import record
from ablatlas.procedures import cellwork
from ablatlas.procedures.job import main
from ablatlas.study import Study

HERE = Path(__file__).parent
sys.path.append(str(HERE.with_name("procedures")))
from tiny import Engine, make  # noqa: E402 - another folder's helper


def python(script: str, *words: object) -> subprocess.CompletedProcess[str]:
    """What a process of its own makes of a script, warnings being errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, words)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
    )  # fmt: skip


# --- the loop, killed at any step and at any moment ---

# Each training is a child of a process that has imported all it needs and computed nothing. A child is killed at a
# step (`7`), after a while (`0.05s`) or not at all (`0`).
KILLED = """
import os, signal, sys
from pathlib import Path
from hashlib import sha256

sys.path.insert(0, sys.argv[1])
from exact import ABSURD, FULL, config, trained
from ablatlas.models import convnet, lstm, residual_mlp, resnet, transformer
from ablatlas.tasks import digit_pixels, digits, reber
from ablatlas.train import loop, resume, sequential, stacked

engine, kind, steps, folder = sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5])
resume.SPARING = 0.0
rule = {"norm": "none"} | FULL if kind == "mlp" else {}
case = config(kind, engine, steps=steps, evaluations=4, **rule)
ones = [(0, 1.0), (1, ABSURD), (2, 0.3)] if engine == "stacked" else [(0, 1.0)]


def train(place):
    def progress(step, losses):
        if str(step) == place:
            os.kill(os.getpid(), signal.SIGKILL)

    if place.endswith("s"):
        signal.setitimer(signal.ITIMER_REAL, float(place[:-1]))
    rests = lambda members: resume.Rest(folder / "state", "mine", print, every=0.0)
    found = trained(case, ones, progress=progress, rests=rests)
    if place == "0":
        left = sorted(file.name for file in folder.iterdir())
        print(sha256(repr(found).encode()).hexdigest(), left, flush=True)


for places in sys.argv[6:]:
    for place in places.split(","):
        if not (child := os.fork()):
            train(place)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in ((0, signal.SIGALRM) if place.endswith("s") else (signal.SIGKILL if place != "0" else 0,))
"""


def assert_exact(engine: str, kind: str, steps: int, kills: Sequence[str], folder: Path) -> None:
    """A training killed at these places, one of several after the other, ends in the bits of one that is not."""
    done = python(KILLED, HERE, engine, kind, steps, folder, "0", *(f"{places},0" for places in kills))
    assert done.returncode == 0, done.stdout
    undisturbed, *resumed = done.stdout.splitlines()
    assert undisturbed.endswith(" []"), done.stdout
    assert resumed == [undisturbed] * len(kills)


def drawn(engine: str, steps: int, count: int) -> list[str]:
    """Steps to be killed at, every third time at a later one again."""
    draw = random.Random(engine)
    places = [sorted(draw.sample(range(1, steps + 1), 1 + (turn % 3 == 2))) for turn in range(count)]
    return [",".join(map(str, place)) for place in places]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_killed_at_a_few_steps_ends_in_the_same_bits(engine: str, tmp_path: Path) -> None:
    assert_exact(engine, "mlp", 12, drawn(engine, 12, 3), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_killed_at_many_steps_ends_in_the_same_bits(engine: str, tmp_path: Path) -> None:
    assert_exact(engine, "mlp", 30, drawn(engine, 30, 20), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "kind"),
    [*((engine, kind) for engine in ENGINES for kind in ("convnet", "resnet", "transformer")), ("sequential", "lstm")],
)
def test_so_does_a_training_of_another_model(engine: str, kind: str, tmp_path: Path) -> None:
    assert_exact(engine, kind, 8, drawn(kind, 8, 5), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_killed_at_any_moment_ends_in_the_same_bits(engine: str, tmp_path: Path) -> None:
    """While it saves, too."""
    moments = [f"{random.Random(turn).uniform(0.02, 0.4):.3f}s" for turn in range(30)]
    assert_exact(engine, "mlp", 30, [",".join(moments[first : first + 3]) for first in range(0, 30, 3)], tmp_path)


# --- a job, asked to stop, then killed ---

# `python -m ablatlas.procedures`, which saves after every step, and which a signal reaches in its n-th step.
JOB = """
import itertools, os, runpy, sys, time
from ablatlas.procedures.progress import Progress
from ablatlas.train import resume

number, last = int(sys.argv[1]), int(sys.argv[2])
sys.argv = ["ablatlas.procedures", *sys.argv[3:]]
resume.SPARING, resume.Rest.__init__.__defaults__ = 0.0, (0.0, time.monotonic)
whole, steps = Progress.training, itertools.count(1)


def training(self, what):
    report = whole(self, what)

    def told(step, losses):
        report(step, losses)
        if next(steps) == last:
            print("in step", step, flush=True)
            os.kill(os.getpid(), number)

    return told


Progress.training = training
runpy.run_module("ablatlas.procedures", run_name="__main__")
"""


def tuned(root: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Study, list[str]]:
    """A small study of an engine in a root of its own, tuned, and the words that confirm its base cell."""
    settings = {"procedure: train": f"procedure: train\nengine: {engine}", "steps: 4": "steps: 30"}
    study = make(root, **settings)
    monkeypatch.setenv("ABLATLAS_ROOT", str(root))
    with monkeypatch.context() as patch:
        patch.setattr(cellwork, "train", Engine())
        assert main(["tune", "tiny", "base", "--scale", "smoke", "--out", str(root / study.tuning_record("base"))]) == 0
    return study, ["confirm", "tiny", "base", "--scale", "smoke", "--out", str(root / study.record("base"))]


def told(study: Study) -> tuple[Any, ...]:
    """The bytes of a confirmed cell, its record's without seconds and provenance."""
    found = record.read(study.root / study.record("base"))
    assert all(row.pop("seconds") > 0 for row in found.meters)
    found.provenance = {}
    path = study.root / "told.json.gz"
    record.write(path, found)
    checkpoints = sorted((study.root / "data" / "checkpoints").iterdir())
    return path.read_bytes(), [(file.name, file.read_bytes()) for file in checkpoints]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_that_is_stopped_and_killed_ends_in_the_same_record(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """First by SIGTERM, which it heeds after the step; then by SIGKILL, within one; then what rests is damaged."""
    whole, words = tuned(tmp_path / "whole", engine, monkeypatch)
    assert main(words) == 0
    study, words = tuned(tmp_path / "ended", engine, monkeypatch)
    shelf = study.root / "data" / "runs" / ".shelf"

    asked = python(JOB, int(signal.SIGTERM), 40, *words)
    assert asked.returncode == 128 + signal.SIGTERM, asked.stdout
    assert "in step 10\n" in asked.stdout
    [rest] = shelf.glob("*.rest")

    killed = python(JOB, int(signal.SIGKILL), 7, *words)
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    assert "in step 17\n" in killed.stdout, "it went on after step 10"
    assert [*shelf.glob("*.rest")] == [rest]

    rest.write_bytes(rest.read_bytes()[:-10])
    capsys.readouterr()
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "bytes, which are not the" in out
    assert f"set aside as {rest.name}.damaged" in out
    finished = {"sequential": 1, "stacked": 3}[engine]  # before the first signal: a run, or a crew
    assert out.splitlines()[-1].endswith(f"9 runs, {9 - finished} trained, 0 taken over, {finished} picked up")
    assert told(study) == told(whole)
    assert [file.name for file in shelf.iterdir()] == [f"{rest.name}.damaged"]
