"""`python -m ablatlas.procedures`: one job of the DAG, run for real, killed, starved of disk, and refused."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny import REPOSITORY, Engine, make, rerun

from ablatlas import record
from ablatlas.procedures import cellwork
from ablatlas.procedures.job import main
from ablatlas.study import Study, load
from ablatlas.train.resume import STOPPED
from ablatlas.train.sequential import Training


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The small study in a root of its own, which every command of the test works in."""
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path))
    return make(tmp_path)


def words(study: Study, phase: str = "tune", cell: str = "base") -> list[str]:
    file = study.tuning_record(cell) if phase == "tune" else study.record(cell)
    return [phase, study.name, cell, "--scale", "smoke", "--out", str(study.root / file)]


# --- the job itself ---


def test_a_job_tunes_then_confirms(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(study)) == 0
    assert main(words(study, "confirm")) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "tiny base confirmation: 9 runs, 9 trained, 0 taken over, 0 picked up"
    ledger = record.read(study.root / study.tuning_record("base")).ledger
    for row in record.read(study.root / study.record("base")).run:
        assert row["rate"] == ledger["chosen"][row["arm"]]
    assert len(list((study.root / "data" / "checkpoints").iterdir())) == 9


def test_a_job_that_is_asked_for_what_is_claimed_trains_no_other_arm(study: Study) -> None:
    claimed = load("tiny", "smoke", root=study.root, ladders="claimed")
    for phase, file in (("tune", claimed.tuning_record("base")), ("confirm", claimed.record("base"))):
        assert main([*words(claimed, phase), "--ladders", "claimed"]) == 0
        assert {row["arm"] for row in record.read(study.root / file).run} == {"with", "without"}
    assert claimed.record("base") != study.record("base")


def test_the_same_job_elsewhere_gives_the_same_outcome(study: Study, tmp_path: Path) -> None:
    assert main(words(study)) == 0
    path = study.root / study.tuning_record("base")
    first = record.read(path)
    path.unlink()
    assert main(words(study)) == 0
    assert rerun(record.read(path)) == rerun(first)


# --- refusals ---


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a job ends that cannot be done."""
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err


def test_an_unknown_cell_or_study_is_refused(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = words(study)
    assert "found depth=7, expected one of base, depth=6, depth=16" in refused(
        [*arguments[:2], "depth=7", *arguments[3:]], capsys
    )
    assert "tiny" in refused([arguments[0], "tny", *arguments[2:]], capsys)


def test_confirming_before_tuning_names_the_missing_ledger(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(study.root / study.tuning_record("base")) in refused(words(study, "confirm"), capsys)


def test_a_damaged_ledger_is_named(
    study: Study, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cellwork, "train", Engine())
    assert main(words(study)) == 0
    path = study.root / study.tuning_record("base")
    path.write_bytes(path.read_bytes()[:100])
    assert f"{path}: not a whole run record" in refused(words(study, "confirm"), capsys)


# --- a full disk ---


def test_a_full_disk_leaves_the_old_record_and_no_debris(
    study: Study, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cellwork, "train", Engine())
    path = study.root / study.tuning_record("base")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"what stood there")
    whole, writes = Path.replace, iter(range(1000))

    def replace(file: Path, target: Path) -> None:
        if next(writes) >= 5:  # who holds the record and four runs are written; the fifth run does not fit any more
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(file, target)

    monkeypatch.setattr(record, "stored", lambda folders, phase: iter(()))
    monkeypatch.setattr(Path, "replace", replace)
    message = refused(words(study), capsys)
    assert "No space left on device" in message
    assert ".shelf" in message
    assert path.read_bytes() == b"what stood there"
    assert [file for file in study.root.rglob("data/**/.*") if file.is_file()] == []

    monkeypatch.setattr(Path, "replace", whole)  # room again: what was trained is not trained again
    assert main(words(study)) == 0
    assert "4 picked up" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="file size limits of Linux")
def test_a_real_limit_of_the_kernel_is_told_in_one_line(study: Study) -> None:
    """Not simulated: the process may write no file of more than half a kilobyte."""
    program = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)); "
        "sys.dont_write_bytecode = True; "  # Python 3.11 would leave half of a module's for all that come after
        "runpy.run_module('ablatlas.procedures', run_name='__main__')"
    )
    command = [sys.executable, "-c", program, *words(study)]
    done = subprocess.run(command, cwd=REPOSITORY, text=True, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: [Errno 27] File too large")
    assert "Traceback" not in done.stderr
    assert [file for file in (study.root / "data" / "runs").rglob("*") if file.is_file()] == []


# --- a process that is killed ---


def shelf(root: Path) -> list[Path]:
    return list((root / "data" / "runs" / ".shelf").glob("tuning-*.json.gz"))


def test_a_killed_job_goes_on_where_it_was_and_ends_with_the_same_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studies = {name: make(tmp_path / name) for name in ("killed", "undisturbed")}
    root, path = tmp_path / "killed", tmp_path / "killed" / studies["killed"].tuning_record("base")
    monkeypatch.setenv("ABLATLAS_ROOT", str(root))

    command = [sys.executable, "-m", "ablatlas.procedures", *words(studies["killed"])]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL) as job:
        while len(shelf(root)) < 5 and job.poll() is None:
            time.sleep(0.002)
        job.kill()
    assert job.returncode == -9, "it was still at work"
    left = len(shelf(root))
    assert left >= 5
    assert not path.exists()

    assert main(words(studies["killed"])) == 0
    found = record.read(path)
    trained = len(found.run) - left
    expected = f"{len(found.run)} runs, {trained} trained, 0 taken over, {left} picked up"
    assert capsys.readouterr().out.splitlines()[-1].endswith(expected)
    assert trained > 0
    assert shelf(root) == []

    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path / "undisturbed"))
    assert main(words(studies["undisturbed"])) == 0
    whole = record.read(tmp_path / "undisturbed" / studies["undisturbed"].tuning_record("base"))
    assert rerun(found) == rerun(whole)


# --- a process that is asked to stop ---


@pytest.mark.parametrize("stop", [2, 5, 8, 11])
def test_a_job_that_is_asked_to_stop_rests_and_goes_on_at_the_next_step(
    stop: int, study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM while a step is taken: no step of all is taken twice, and none is left out."""
    whole, taken = Training.take, []

    def take(training: Training, index: int) -> list[float]:
        losses = whole(training, index)
        taken.append((training.recipe["lr"], training.seed, type(training.model.blocks[0][0]), index))  # type: ignore[index]
        if len(taken) == stop:
            os.kill(os.getpid(), signal.SIGTERM)
        return losses

    monkeypatch.setattr(Training, "take", take)
    with pytest.raises(SystemExit, match=str(STOPPED)):
        main(words(study))
    ended = (stop - 1) // 4  # runs of four steps; after the last of them a run is still to be judged
    assert len(taken) == stop
    assert len(shelf(study.root)) == ended
    assert len(list((study.root / "data" / "runs" / ".shelf").glob("*.rest"))) == 1

    assert main(words(study)) == 0
    path = study.root / study.tuning_record("base")
    found = record.read(path)
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"0 taken over, {ended} picked up")
    assert len(taken) == len(set(taken)) == 4 * len(found.run)
    assert not any((study.root / "data" / "runs" / ".shelf").iterdir())
    path.unlink()
    assert main(words(study)) == 0
    assert rerun(found) == rerun(record.read(path))
