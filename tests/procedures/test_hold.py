"""Two jobs never make one record at once, and a maker that is lost holds up nobody for ever."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ablatlas.procedures import hold
from ablatlas.procedures.hold import Hold, Maker
from ablatlas.record import write_whole

PATIENT = {"beat": 0.05, "lost": 60.0, "look": 0.02}  # where nobody is lost, however busy the machine
QUICK = PATIENT | {"lost": 2.0}
# Says when it has the record, and keeps it until its standard input ends.
CHILD = """
import sys
from pathlib import Path
from ablatlas.procedures.hold import Hold

with Hold(Path(sys.argv[1]), print, beat=0.05):
    print("held", flush=True)
    sys.stdin.read()
    Path(sys.argv[1]).write_text("made")
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "base.json.gz"


def child(record: Path) -> subprocess.Popen:
    """A process that holds the record."""
    words = [sys.executable, "-c", CHILD, str(record)]
    running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout
    assert running.stdout.readline() == "held\n"
    return running


def elsewhere(record: Path, job: str | None = None) -> Maker:
    """A maker on another machine, whose name stands beside the record."""
    maker = replace(Maker.here(), token="theirs", node="elsewhere", job=job)
    path = Hold(record, print).path
    write_whole(path, json.dumps(asdict(maker)).encode())
    return maker


def test_it_is_there_while_it_lasts_and_gone_afterwards(record: Path) -> None:
    with Hold(record, print) as mine:
        assert mine.holder() == mine.maker
        assert not mine.waited
        assert [path.name for path in record.parent.iterdir()] == [".base.json.gz.hold"]
    assert list(record.parent.iterdir()) == []


def test_a_failure_lets_go(record: Path) -> None:
    with pytest.raises(KeyError), Hold(record, print):
        raise KeyError
    assert list(record.parent.iterdir()) == []


def test_the_second_waits_for_the_first(record: Path) -> None:
    said: list[str] = []
    first = child(record)
    threading.Timer(0.3, lambda: first.communicate("")).start()
    with Hold(record, said.append, **PATIENT) as second:
        assert second.waited
        assert record.read_text() == "made"
    assert f"waiting for process {first.pid}" in said[0]


def test_of_many_at_once_one_makes_it_at_a_time(record: Path) -> None:
    making: list[int] = []
    most: list[int] = []

    def make() -> None:
        with Hold(record, lambda line: None, **PATIENT):
            making.append(1)
            most.append(len(making))
            time.sleep(0.02)
            making.pop()

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 8


def test_a_killed_process_of_this_machine_is_known_to_be_lost(record: Path) -> None:
    said: list[str] = []
    first = child(record)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with Hold(record, said.append, beat=0.05, lost=3600) as second:
        assert second.holder() == second.maker
    assert "is lost" in said[-1]


def test_a_later_process_of_the_same_number_is_another(record: Path) -> None:
    assert replace(Maker.here(), born=0.0).gone
    assert not Maker.here().gone


def test_one_elsewhere_is_lost_when_its_file_rests(record: Path) -> None:
    elsewhere(record, job="17")
    said: list[str] = []
    with Hold(record, said.append, **QUICK):
        pass
    assert "waiting for job 17, process" in said[0]
    assert "on elsewhere is lost" in said[1]


def test_one_elsewhere_that_is_alive_is_waited_for(record: Path) -> None:
    """Its file is touched, at whatever its clock says, for longer than it would take to count as lost."""
    elsewhere(record)
    path, alive = Hold(record, print).path, 2 * QUICK["lost"]

    def live() -> None:
        end = time.monotonic() + alive
        while time.monotonic() < end:
            os.utime(path, (time.monotonic(), time.monotonic()))
            time.sleep(0.05)
        path.unlink()

    threading.Thread(target=live).start()
    said: list[str] = []
    begin = time.monotonic()
    with Hold(record, said.append, **QUICK):
        assert time.monotonic() - begin >= alive - 0.1
    assert not [line for line in said if "lost" in line]


def test_one_who_was_taken_for_lost_ends_before_it_writes(record: Path) -> None:
    first = child(record)
    thief = elsewhere(record)
    out = first.communicate(timeout=60)[1] if first.wait(60) == hold.TAKEN else ""
    assert f"taken over by {thief}" in out
    assert not record.exists()
    assert Hold(record, print).holder() == thief
