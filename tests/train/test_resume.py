"""Where a training rests: what goes in comes out to the bit, and no interruption or damage loses both states."""

import errno
import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ablatlas.record import writer
from ablatlas.train import resume
from ablatlas.train.resume import STOPPED, Rest, Restless, Unfit, decode, encode, header


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def state(step: int) -> dict[str, Any]:
    """A small state that tells its step in two ways."""
    return {"step": step, "model": {"weight": torch.full((3, 4), float(step))}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "tuning-ab12-s0-stacked-2.13.0-cpu-t1"


@pytest.fixture
def said() -> list[str]:
    return []


def rest_at(path: Path, said: list[str], identity: str = "mine", clock: Clock | None = None) -> Rest:
    return Rest(path, identity, said.append, clock=clock or Clock())


@pytest.fixture
def saved(path: Path, said: list[str]) -> Path:
    """Where a training has saved the states 1 and 2."""
    rest = rest_at(path, said)
    for step in (1, 2):
        rest.save(state(step))
    return path


def previous(path: Path) -> Path:
    return path.with_name(path.name + ".previous")


def step_at(path: Path, said: list[str]) -> int | None:
    """The step at which another process would go on."""
    found = rest_at(path, said).load()
    if found is None:
        return None
    step: int = found["step"]
    assert torch.equal(found["model"]["weight"], torch.full((3, 4), float(step)))
    return step


def names(path: Path) -> set[str]:
    """What lies in the folder, told by how it differs from the name of the state."""
    return {file.name.removeprefix(path.name) for file in path.parent.iterdir()}


# --- round trip ---


def bits(tree: Any) -> Any:
    """A tree in which two values are equal exactly when their types and all their bits are."""
    if isinstance(tree, Tensor):
        return tree.dtype, tuple(tree.shape), tree.contiguous().numpy().tobytes()
    if isinstance(tree, dict):
        return "dict", [(bits(key), bits(value)) for key, value in tree.items()]
    if isinstance(tree, list | tuple):
        return type(tree), [bits(value) for value in tree]
    return type(tree), struct.pack("<d", tree) if isinstance(tree, float) else tree


@pytest.fixture(scope="module")
def there_and_back(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], Any]:
    """What another process reads of what this one writes."""
    file = tmp_path_factory.mktemp("there") / "state"

    def through(tree: Any) -> Any:
        file.write_bytes(encode("mine", {"tree": tree}))
        return decode(file, "mine")["tree"]

    return through


DTYPES = [torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool]
keys = st.text(max_size=5) | st.integers()
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Any bits at all, NaN of every kind among them, of zero to three dimensions, some of these transposed."""
    dtype, shape = draw(st.sampled_from(DTYPES)), draw(st.lists(st.integers(0, 3), max_size=3))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    made = torch.tensor(list(raw), dtype=torch.uint8)
    made = made % 2 if dtype is torch.bool else made
    made = made.view(dtype).reshape(shape)
    return made.transpose(0, -1) if made.ndim and draw(st.booleans()) else made


trees = st.recursive(
    plain | tensors(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(tree=trees)
def test_every_tree_comes_back_to_the_bit(tree: Any, there_and_back: Callable[[Any], Any]) -> None:
    assert bits(there_and_back(tree)) == bits(tree)


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 2**200, -(2**63) - 1, True]
)
def test_numbers_of_every_kind(number: float, there_and_back: Callable[[Any], Any]) -> None:
    assert bits(there_and_back(number)) == bits(number)
    assert bits(there_and_back(torch.tensor(float(number)))) == bits(torch.tensor(float(number)))


def test_strides_come_back_as_well(there_and_back: Callable[[Any], Any]) -> None:
    """The order in which a kernel adds up may depend on them."""
    assert there_and_back(torch.arange(12.0).view(3, 4).mT).stride() == (1, 4)
    assert there_and_back(torch.zeros(1).expand(5)).stride() == (0,)


def test_the_states_of_a_module_and_of_an_optimizer_are_trees(there_and_back: Callable[[Any], Any]) -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(module.parameters(), amsgrad=True)
    module(torch.rand(5, 3)).square().sum().backward()
    optimizer.step()
    assert isinstance(module.state_dict(), OrderedDict)
    found = there_and_back((module.state_dict(), optimizer.state_dict()))
    assert bits(found) == bits((module.state_dict(), optimizer.state_dict()))
    again = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    again.load_state_dict(found[0])
    torch.optim.Adam(again.parameters()).load_state_dict(found[1])
    assert bits(again.state_dict()) == bits(module.state_dict())


def test_parameters_come_back_as_values(there_and_back: Callable[[Any], Any]) -> None:
    found = there_and_back([nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True) * 3])
    assert [(type(value), value.requires_grad) for value in found] == [(Tensor, False)] * 2


def test_what_shares_a_storage_is_written_once_and_what_is_unused_not_at_all() -> None:
    large = torch.rand(100_000)
    alone = len(encode("mine", {"a": large}))
    shared = {"a": large, "b": large, "c": large.view(1000, 100), "d": large.view(1000, 100).mT}
    assert len(encode("mine", shared)) < alone + 2000
    runs = large.view(10, -1)  # stacked: each run a part
    assert len(encode("mine", {"runs": list(runs)})) < alone + 4000
    assert len(encode("mine", {"one": runs[3], "column": runs[:, 7]})) < alone / 10 + 2000


def test_a_part_of_a_storage_keeps_its_values(there_and_back: Callable[[Any], Any]) -> None:
    large = torch.rand(10, 20)
    parts = [large[3], large[:, 7], large[::2, ::3], large[2:2], large[4, 4], large.mT[5:7]]
    assert bits(there_and_back(parts)) == bits(parts)


class Pair(NamedTuple):
    """A subclass of tuple."""

    a: int


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.float64(1), "float64"),
        (np.zeros(2), "ndarray"),
        (Pair(1), "Pair"),
        ({1}, "set"),
        (1j, "complex"),
        (b"", "b"),
    ],
)
def test_what_could_not_be_read_back_is_refused_when_saved(
    value: Any, found: str, saved: Path, said: list[str]
) -> None:
    with pytest.raises(TypeError, match=rf"^state\['curve'\]\[1\]: found {found}.*, expected dict, list, tuple"):
        rest_at(saved, said).save({"curve": [0, value]})
    assert step_at(saved, said) == 2


def test_a_key_that_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^state\['a'\], a key: found int64"):
        encode("mine", {"a": {np.int64(1): 2}})


# --- two states ---


def test_the_newest_state_is_found_and_the_one_before_it_kept(path: Path, said: list[str]) -> None:
    rest = rest_at(path, said)
    assert rest.load() is None
    for step in range(1, 5):
        rest.save(state(step))
        assert step_at(path, said) == step
    assert names(path) == {"", ".previous"}
    path.unlink()
    assert step_at(path, said) == 3
    assert said == []


def test_what_is_at_rest_can_be_read_by_eye(saved: Path) -> None:
    line, payload = saved.read_bytes().split(b"\n", 1)
    found = json.loads(line)
    assert found == {"schema": 1, "identity": "mine", "length": len(payload), "sha256": sha256(payload).hexdigest()}


def test_clearing_removes_both_and_nothing_else(saved: Path, said: list[str]) -> None:
    other = saved.with_name(saved.name.replace("t1", "t2"))
    other.write_bytes(b"another run's")
    rest_at(saved, said).clear()
    assert list(saved.parent.iterdir()) == [other]
    rest_at(saved, said).clear()


def test_runs_whose_names_differ_after_a_dot_do_not_share_a_file(saved: Path, said: list[str]) -> None:
    other = saved.with_name(saved.name.replace("2.13.0-cpu", "2.13.0-cuda"))
    rest = rest_at(other, said)
    for step in (7, 8):
        rest.save(state(step))
    other.unlink()
    saved.unlink()
    assert (step_at(saved, said), step_at(other, said)) == (1, 7)


# --- damage ---


def damage(file: Path, change: Callable[[bytes], bytes]) -> None:
    file.write_bytes(change(file.read_bytes()))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_a_truncated_state_is_set_aside_for_the_one_before_it(share: float, saved: Path, said: list[str]) -> None:
    damage(saved, lambda data: data[: int(len(data) * share)])
    assert step_at(saved, said) == 1
    assert names(saved) == {".damaged", ".previous"}
    (warning,) = said
    assert warning.startswith(f"warning: {saved}: ")
    assert warning.endswith(f"; set aside as {saved.name}.damaged")
    assert step_at(saved, said) == 1
    assert len(said) == 1, "it is told once"


def test_one_byte_too_few_or_too_many(saved: Path, said: list[str]) -> None:
    damage(saved, lambda data: data[:-1])
    damage(previous(saved), lambda data: data + b"\0")
    assert step_at(saved, said) is None
    assert names(saved) == {".damaged", ".previous.damaged"}


def test_no_truncation_and_no_flipped_byte_goes_unseen(saved: Path, tmp_path: Path) -> None:
    whole, file = saved.read_bytes(), tmp_path / "state"
    ends = [*range(0, len(whole), 37), len(whole) - 1]
    flips = [*range(200), *range(200, len(whole), 23)]
    changed = [whole[:end] for end in ends]
    changed += [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in flips]
    for data in changed:
        file.write_bytes(data)
        with pytest.raises(Unfit):
            decode(file, "mine")


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"[]\n", b"{}\n", b"1\n", b'"x"\n', b'{"schema": 1}\n', b"\xff\n", b"\0" * 500]
)
def test_what_is_no_state_at_all_is_set_aside(data: bytes, saved: Path, said: list[str]) -> None:
    saved.write_bytes(data)
    assert step_at(saved, said) == 1
    assert names(saved) == {".damaged", ".previous"}
    assert saved.with_name(saved.name + ".damaged").read_bytes() == data


def test_a_folder_in_its_place_is_set_aside(saved: Path, said: list[str]) -> None:
    saved.unlink()
    saved.mkdir()
    assert step_at(saved, said) == 1
    rest_at(saved, said).save(state(3))
    assert step_at(saved, said) == 3


class Evil:
    """What runs code when it is unpickled carelessly."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)

    def __init__(self, path: Path) -> None:
        self.path = str(path)


def test_a_state_that_would_run_code_is_set_aside_and_runs_none(saved: Path, said: list[str], tmp_path: Path) -> None:
    payload = pickle.dumps(Evil(tmp_path / "made"), protocol=2)
    saved.write_bytes(json.dumps(header("mine", payload)).encode() + b"\n" + payload)
    assert step_at(saved, said) == 1
    assert not (tmp_path / "made").exists()
    assert names(saved) == {".damaged", ".previous"}


def test_the_state_of_another_training_is_set_aside_as_foreign(saved: Path, said: list[str]) -> None:
    other = rest_at(saved, said, "another")
    assert other.load() is None
    assert names(saved) == {".foreign", ".previous.foreign"}
    assert len(said) == 2
    assert said[0].startswith(f"warning: {saved}: the state of another training or version, mine; set aside as")
    other.save(state(9))
    assert step_at(saved, said) is None, "and the other way round"


def test_the_state_of_another_schema_is_foreign(saved: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "SCHEMA", 2)
    assert step_at(saved, said) is None
    assert names(saved) == {".foreign", ".previous.foreign"}


def test_a_state_saved_after_damage_does_not_push_out_the_good_one(saved: Path, said: list[str]) -> None:
    damage(saved, lambda data: data[:100])
    rest = rest_at(saved, said)
    assert rest.load() is not None
    rest.save(state(3))
    assert step_at(saved, said) == 3
    saved.unlink()
    assert step_at(saved, said) == 1


# --- interruption ---


class Killed(BaseException):
    """In place of a process's end."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_at_no_moment_is_there_no_whole_state(
    at: int, after: bool, saved: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saving moves a file, makes the new one last, moves it into place: stopped before and after each of the three."""
    count = 0

    def stopping(whole: Callable[..., Any]) -> Callable[..., Any]:
        def work(*given: Any) -> Any:
            nonlocal count
            count += 1
            if count == at and not after:
                raise Killed
            found = whole(*given)
            if count == at and after:
                raise Killed
            return found

        return work

    rest = rest_at(saved, said)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopping(Path.replace))
        patch.setattr(os, "fsync", stopping(os.fsync))
        with pytest.raises(Killed):
            rest.save(state(3))
    assert step_at(saved, said) == (3 if (at, after) == (3, True) else 2)
    rest.save(state(4))
    assert step_at(saved, said) == 4


# Each round a process of its own that saves without end, killed at some moment of its third saving or later.
KILLED = """
import itertools, os, random, signal, sys, time
from pathlib import Path
import torch
from ablatlas.train.resume import Rest

path, moment, last = Path(sys.argv[1]), random.Random(0), 0
for turn in range(30):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        rest = Rest(path, "mine", print)
        for step in itertools.count(last + 1):
            rest.save({"step": step, "tensor": torch.full((20_000,), step)})
            os.write(writer, b".")
    told = sum(len(os.read(reader, 1)) for _ in range(2))
    time.sleep(moment.uniform(0, 0.005))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    while more := len(os.read(reader, 4096)):
        told += more
    os.close(reader)
    said = []
    found = Rest(path, "mine", said.append).load()
    assert not said, said
    assert found["step"] in (last + told, last + told + 1), (found["step"], last, told)
    assert (found["tensor"] == found["step"]).all() and len(found["tensor"]) == 20_000
    last = found["step"]
print(sorted(file.name.removeprefix(path.name) for file in path.parent.iterdir()))
"""


def process(program: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, str(path)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_killed_while_it_saves_loses_no_state_that_it_had_saved(path: Path) -> None:
    with process(KILLED, path) as killed:
        out, err = killed.communicate()
    assert killed.returncode == 0, err
    # the older file is absent where the last kill came between the two moves; nothing half-written is left
    assert out.strip() in ("['', '.previous']", "['.previous']")


def test_what_a_killed_process_half_wrote_is_swept_away(saved: Path, said: list[str]) -> None:
    debris = saved.with_name(f".{saved.name}.0123abcd-4711")
    debris.write_bytes(b"half")
    others = [
        saved.with_name(f".{saved.name}{end}") for end in ("0.0123abcd-4711", ".previous", ".x.0123abcd-4711", "")
    ]
    for other in others:
        other.write_bytes(b"another's")
    assert step_at(saved, said) == 2
    assert not debris.exists()
    assert all(other.exists() for other in others)


# --- a disk that takes nothing ---


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 64 KiB: the kernel's own refusal, in the midst of writing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN, "Python's own choice: the error is raised, not deadly"
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_is_full_loses_no_state(saved: Path, said: list[str]) -> None:
    rest = rest_at(saved, said)
    for _ in range(2):  # the second time the newest state is already where the previous one goes
        with pytest.raises(OSError, match=rf"state not saved: File too large: '{saved}'") as caught:
            rest.save({"large": torch.zeros(2**16)})
        assert caught.value.errno == errno.EFBIG
        assert step_at(saved, said) == 2
    assert names(saved) == {".previous"}, "nothing half-written"
    rest.save(state(3))
    assert step_at(saved, said) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_is_full_loses_no_state(saved: Path, said: list[str]) -> None:
    """The partial file is led to /dev/full."""
    saved.with_name(f".{saved.name}.{writer()}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        rest_at(saved, said).save(state(3))
    assert step_at(saved, said) == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    rest = rest_at(tmp_path / "file" / "state", said)
    assert rest.load() is None
    with pytest.raises(OSError, match=rf"state not saved: .*: '{tmp_path}/file/state'"):
        rest.save(state(1))


# --- when ---


def test_it_is_time_when_the_interval_is_over(path: Path, said: list[str]) -> None:
    clock = Clock()
    rest = Rest(path, "mine", said.append, every=30.0, clock=clock)
    for _ in range(2):
        assert not rest.due()
        clock.now += 29.9
        assert not rest.due()
        clock.now += 0.1
        assert rest.due()
        assert rest.due(), "until it is saved"
        rest.save(state(1))


@pytest.mark.parametrize(("cost", "pause"), [(0.0, 30.0), (0.1, 30.0), (0.6, 30.0), (1.0, 50.0), (60.0, 3000.0)])
@pytest.mark.parametrize("fails", [False, True])
def test_saving_takes_less_than_two_percent_of_the_time(
    cost: float, pause: float, fails: bool, path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it fails, should the caller go on: a full disk then does not make every step slow."""
    clock = Clock()

    def slow(path: Path, data: bytes) -> None:
        clock.now += cost
        if fails:
            raise OSError(errno.ENOSPC, "full", str(path))

    monkeypatch.setattr(resume, "write_whole", slow)
    rest = rest_at(path, said, clock=clock)
    try:
        rest.save(state(1))
    except OSError:
        assert fails
    assert rest.pause == pytest.approx(pause)
    clock.now += rest.pause - 0.001
    assert not rest.due()
    clock.now += 0.002
    assert rest.due()
    assert cost / (cost + rest.pause) < 0.02


def test_the_interval_is_that_of_the_last_saving(path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock, costs = Clock(), iter([4.0, 0.1])
    monkeypatch.setattr(resume, "write_whole", lambda *_: setattr(clock, "now", clock.now + next(costs)))
    rest = rest_at(path, said, clock=clock)
    for pause in (200.0, 30.0):
        rest.save(state(1))
        assert rest.pause == pytest.approx(pause)


# --- SIGTERM ---


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The signals that reach whoever listened before the training."""
    found: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: found.append(number))
    yield found
    signal.signal(signal.SIGTERM, before)


def test_a_signal_makes_it_time_and_ends_the_process_once_saved(saved: Path, said: list[str], heard: list[int]) -> None:
    mine = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, rest_at(saved, said) as rest:  # noqa: PT012 - the order is the point
        assert not rest.due()
        signal.raise_signal(signal.SIGTERM)
        assert rest.due()
        rest.save(state(3))
    assert ended.value.code == STOPPED == 143
    assert step_at(saved, said) == 3
    assert heard == []
    assert signal.getsignal(signal.SIGTERM) is mine


def test_a_second_signal_acts_as_usual(path: Path, said: list[str], heard: list[int]) -> None:
    with pytest.raises(SystemExit), rest_at(path, said):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        assert heard == []
        signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM]


def test_without_a_signal_the_former_listener_is_back(path: Path, said: list[str], heard: list[int]) -> None:
    with rest_at(path, said) as rest:
        rest.save(state(1))
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_a_signal_in_the_last_steps_is_heeded_when_the_training_has_ended(
    path: Path, said: list[str], heard: list[int]
) -> None:
    with pytest.raises(SystemExit) as ended, rest_at(path, said) as rest:  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        rest.clear()
    assert ended.value.code == 143


def test_a_signal_does_not_hide_an_error(path: Path, said: list[str], heard: list[int]) -> None:
    with pytest.raises(ValueError, match="an error"), rest_at(path, said):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        raise ValueError("an error")
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_a_state_that_cannot_be_saved_after_a_signal_is_an_error(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    rest = rest_at(tmp_path / "file" / "state", said)
    rest.stopped = True
    with pytest.raises(OSError, match="state not saved"):
        rest.save(state(1))


def test_another_thread_leaves_signals_alone(path: Path, said: list[str], heard: list[int]) -> None:
    mine, within = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with rest_at(path, said) as rest:
            within.append(signal.getsignal(signal.SIGTERM))
            rest.save(state(1))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert within == [mine]
    assert step_at(path, said) == 1


STOPPING = """
import itertools, sys
from pathlib import Path
from ablatlas.train.resume import Rest

with Rest(Path(sys.argv[1]), "mine", print) as rest:
    for step in itertools.count(1):
        if step == 1000:
            print("ready", flush=True)
        if rest.due():
            rest.save({"step": step})
"""


def test_a_process_that_is_asked_to_stop_saves_and_ends(path: Path, said: list[str]) -> None:
    with process(STOPPING, path) as asked:
        assert asked.stdout is not None
        assert asked.stdout.readline() == "ready\n"
        asked.send_signal(signal.SIGTERM)
        assert asked.wait() == 143, asked.stderr
    found = rest_at(path, said).load()
    assert found is not None
    assert found["step"] >= 1000


# --- none ---


def test_without_a_place_to_rest_nothing_is_saved_and_signals_act_as_usual(
    tmp_path: Path, heard: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rest: Rest = Restless()
    with rest as entered:
        assert entered is rest
        assert rest.load() is None
        rest.save(state(1))
        signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM]
        assert not rest.due()
        rest.clear()
    assert list(tmp_path.iterdir()) == []
