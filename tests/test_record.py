"""The run record: what goes in comes out, equal records are equal bytes, and a broken one says so."""

import errno
import gzip
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablatlas import record
from ablatlas.record import Record, RecordError, columns, finite, read, stored, write, write_whole


def identity(index: int, digest: str = "d") -> dict[str, Any]:
    return {
        "key": f"{digest}-s{index}",
        "digest": digest,
        "seed": index,
        "arm": "with",
        "rate": 0.1,
        "state": "finished",
    }


def made(runs: int = 2) -> Record:
    """A record whose first run diverged before it had a score."""
    found = Record(provenance={"device": "cpu"}, ledger={"chosen": {"with": 0.1}})
    for index in range(runs):
        curve: list[dict[str, Any]] = [
            {"step": 1, "train_loss": 2.0},
            {"step": 2, "train_loss": 1.0, "gradient_norms": [0.5, 0.25]},
        ]
        outcome = {"train_loss": 1.0, "loss": None if index == 0 else 1.5}
        found.add(identity(index), curve[: index + 1], outcome, {"seconds": 0.5}, {"recipe": {"lr": 0.1}})
    return found


# --- round trip ---


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "x.json.gz"
    write(path, made())
    found = read(path)
    assert found.run == made().run
    assert found.outcome == made().outcome
    assert found.meters == made().meters
    assert (found.configs, found.provenance, found.ledger) == (made().configs, made().provenance, made().ledger)
    # a key that a row lacks comes back as null: the sections are tables
    assert found.curve[0] == {"run": 0, "step": 1, "train_loss": 2.0, "gradient_norms": None}
    assert found.curve[1:] == [row | {"gradient_norms": row.get("gradient_norms")} for row in made().curve[1:]]


def test_an_empty_record_is_a_record(tmp_path: Path) -> None:
    write(tmp_path / "x", Record())
    assert read(tmp_path / "x") == Record()


def test_equal_records_give_equal_bytes_and_reading_changes_nothing(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one.json.gz", "two.json.gz", "three.json.gz"))
    write(one, made())
    write(two, made())
    write(three, read(one))
    assert one.read_bytes() == two.read_bytes() == three.read_bytes()
    assert one.read_bytes()[4:8] == b"\0\0\0\0", "no time of writing in the header"


def test_numbers_survive_to_the_last_bit(tmp_path: Path) -> None:
    values = [0.1, 1 / 3, 1e-308, 1.7976931348623157e308, -0.0, 2**53 + 1, 1.0, 1]
    found = Record(ledger={"values": values})
    write(tmp_path / "x", found)
    back = read(tmp_path / "x").ledger["values"]
    assert [repr(v) for v in back] == [repr(v) for v in values]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_numbers_that_are_not_finite_become_null(value: float, tmp_path: Path) -> None:
    found = Record(ledger={"trials": [{"score": value}]})
    found.add(identity(0), [{"train_loss": value, "gradient_norms": [1.0, value]}], {"loss": value}, {"s": value}, {})
    write(tmp_path / "x", found)
    assert b"NaN" not in gzip.decompress((tmp_path / "x").read_bytes())
    back = read(tmp_path / "x")
    assert back.curve == [{"run": 0, "train_loss": None, "gradient_norms": [1.0, None]}]
    assert (back.outcome[0]["loss"], back.meters[0]["s"]) == (None, None)
    assert back.ledger == {"trials": [{"score": None}]}


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(trees)
def test_finite_makes_anything_valid_json_and_changes_nothing_else(tree: Any) -> None:
    assert json.loads(json.dumps(finite(tree), allow_nan=False)) == finite(tree)
    assert finite(finite(tree)) == finite(tree)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers() | st.none()), max_size=5))
def test_columns_are_equally_long(rows: list[dict[str, Any]]) -> None:
    table = columns(rows)
    assert all(len(column) == len(rows) for column in table.values())
    assert all(table[name][i] == value for i, row in enumerate(rows) for name, value in row.items())


# --- taking runs over ---


def test_a_taken_run_brings_its_curve_outcome_meters_and_configuration() -> None:
    target = Record()
    target.add(identity(9, "e"), [{"step": 1}], {"loss": 3.0}, {"seconds": 1.0}, {"other": True})
    target.take(made(3), 2, arm="baseline", cell="depth=4")
    assert target.run[1] == identity(2) | {"arm": "baseline", "cell": "depth=4"}
    assert [row for row in target.curve if row["run"] == 1] == [
        {"run": 1, **{k: v for k, v in row.items() if k != "run"}} for row in made(3).curve if row["run"] == 2
    ]
    assert target.outcome[1] == {"run": 1, "train_loss": 1.0, "loss": 1.5}
    assert target.meters[1] == {"run": 1, "seconds": 0.5}
    assert target.configs == {"e": {"other": True}, "d": {"recipe": {"lr": 0.1}}}


def test_taking_leaves_the_giver_as_it_was() -> None:
    giver, target = made(), Record()
    target.take(giver, 1, arm="baseline")
    target.run[0]["seed"] = 99
    target.curve[0]["step"] = 99
    assert giver == made()


def test_tables_become_data_frames(tmp_path: Path) -> None:
    write(tmp_path / "x", made())
    found = read(tmp_path / "x")
    assert found.frame("outcome")["loss"].isna().tolist() == [True, False]
    assert found.frame("run")["seed"].tolist() == [0, 1]


# --- records that are none ---


def damaged(data: bytes, how: str) -> bytes:
    text = json.loads(gzip.decompress(data))
    match how:
        case "truncated":
            return data[: len(data) // 2]
        case "without its end":
            return data[:-1]
        case "empty":
            return b""
        case "flipped":
            return data[:60] + bytes([data[60] ^ 0xFF]) + data[61:]
        case "not gzip":
            return b'{"schema": 1}'
        case "not JSON":
            return gzip.compress(b"{")
        case "a list":
            return gzip.compress(b"[1]")
        case "a number":
            return gzip.compress(b"1")
        case "a section missing":
            del text["outcome"]
        case "a section too many":
            text["extra"] = {}
        case "ragged":
            text["run"]["seed"].pop()
        case "no schema":
            del text["schema"]
    return gzip.compress(json.dumps(text).encode())


@pytest.mark.parametrize(
    "how",
    [
        "truncated", "without its end", "empty", "flipped", "not gzip", "not JSON", "a list", "a number",
        "a section missing", "a section too many", "ragged", "no schema",
    ],
)  # fmt: skip
def test_what_is_no_whole_record_is_refused_by_name(how: str, tmp_path: Path) -> None:
    path = tmp_path / "base-x.json.gz"
    write(path, made())
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.raises(RecordError, match=r"base-x.json.gz: not a whole run record"):
        read(path)


@pytest.mark.parametrize("place", range(0, 300, 7))
def test_no_flipped_byte_goes_unnoticed(place: int, tmp_path: Path) -> None:
    """gzip's checksum covers the text; only its header may change without harm."""
    path = tmp_path / "x.json.gz"
    write(path, made())
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0x41
    path.write_bytes(data)
    try:
        found = read(path)
    except RecordError:
        return
    assert place % len(data) < 10
    assert found.outcome == made().outcome


def test_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"schema": record.SCHEMA + 1}).encode()))
    with pytest.raises(RecordError, match=r"x.json.gz: expected schema 1"):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"absent.json.gz"):
        read(tmp_path / "absent.json.gz")


# --- writing whole or not at all ---


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_what_cannot_be_written_leaves_the_old_file_and_names_it(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x", b"old")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*{"fsync": (os, "fsync", full), "replace": (Path, "replace", full)}[fails])
    with pytest.raises(OSError, match=r"No space left on device: .*x") as caught:
        write_whole(tmp_path / "x", b"new")
    assert caught.value.errno == errno.ENOSPC
    assert files(tmp_path) == {"x": b"old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partial file is led to /dev/full: the kernel's own refusal, not a simulated one."""
    write_whole(tmp_path / "x", b"old")
    (tmp_path / f".x.{record.writer()}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        write_whole(tmp_path / "x", b"new")
    assert files(tmp_path) == {"x": b"old"}


def test_a_process_killed_while_it_writes_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    write_whole(path, b"old")
    program = (
        "import os, pathlib, signal, sys; from ablatlas.record import write_whole; "
        "os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL); "
        "write_whole(pathlib.Path(sys.argv[1]), b'new')"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == -9
    assert path.read_bytes() == b"old"
    (debris,) = files(tmp_path).keys() - {"x.json.gz"}
    assert debris.startswith(".x.json.gz."), "a name that no one reads"


# --- what a folder holds ---


def test_stored_runs_are_those_of_one_phase_without_shelf_and_debris(tmp_path: Path) -> None:
    phases = {
        "a/base-1.json.gz": "confirmation", "b/base-2.json.gz": "confirmation", "a/base-1.tuning.json.gz": "tuning",
        ".shelf/tuning-x.json.gz": "tuning", "a/clock-1.json.gz": "clock",
    }  # fmt: skip
    for name, phase in phases.items():
        one = Record()
        one.add(identity(0, name) | {"phase": phase}, [], {}, {}, {})
        write(tmp_path / name, one)
    (tmp_path / "a" / ".base-3.json.gz.123").write_bytes(b"half")
    (tmp_path / "a" / "notes.txt").write_text("none of ours")
    assert [key for key, _, _ in stored([tmp_path], "confirmation")] == ["a/base-1.json.gz-s0", "b/base-2.json.gz-s0"]
    assert [key for key, _, _ in stored([tmp_path], "tuning")] == ["a/base-1.tuning.json.gz-s0"]
    assert list(stored([tmp_path / "nowhere"], "tuning")) == []
