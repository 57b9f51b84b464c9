"""Where a training rests between two processes: its whole state in a file, and the state before that in a second one.

A file is a line of JSON (`schema`, `identity`, and `length` in bytes and `sha256` of what follows), then the state as
torch writes it. Nothing is decoded before line and rest agree, and then by torch's reader of plain data, which runs no
code. `identity` says whose state it is: a digest of the keys of the runs in training and of the engine's version.
"""

import hashlib
import io
import json
import pickle
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from ablatlas.record import write_whole

SCHEMA = 1
EVERY = 30.0  # seconds between two savings, at least
SPARING = 50.0  # times what the last saving took, at least: saving costs less than 2 % of the time
STOPPED = 128 + signal.SIGTERM  # the exit status that shells give a process which ended on this signal
WRITER = re.compile(r"[0-9a-f]{8}-\d+")  # how `write_whole` calls a process that writes
Say = Callable[[str], None]


class Unfit(ValueError):
    """A file that holds no state to go on from; `kind` is `damaged` or `foreign`, the message names the file."""

    def __init__(self, kind: str, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.kind = kind


def header(identity: str, payload: bytes | memoryview) -> dict[str, Any]:
    """What a file says of its payload."""
    digest = hashlib.sha256(payload).hexdigest()
    return {"schema": SCHEMA, "identity": identity, "length": len(payload), "sha256": digest}


def encode(identity: str, state: dict[str, Any]) -> bytes:
    """A file's bytes. Raises TypeError where the state holds what could not be read back, see `plain`."""
    buffer = io.BytesIO()
    torch.save(plain(state), buffer)  # writes a storage once, however many tensors are views of it
    payload = buffer.getbuffer()
    return b"".join([json.dumps(header(identity, payload)).encode(), b"\n", payload])


def plain(tree: Any, where: str = "state") -> Any:
    """The tree as it is written: tensors without their graph, a view of a small part of a storage without the rest.

    Raises TypeError, naming the place, where anything but a dict, list, tuple, tensor, number, string or None is in
    it; a subclass is another type, since NumPy's numbers are subclasses of Python's, and are not read back.
    """
    if isinstance(tree, Tensor):
        whole = tree.numel() * tree.element_size() >= tree.untyped_storage().nbytes()
        return tree.detach() if whole else tree.detach().clone()
    if isinstance(tree, dict):  # the state dict of a module is a subclass, and is as good as a plain one
        return {plain(key, f"{where}, a key"): plain(value, f"{where}[{key!r}]") for key, value in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(plain(value, f"{where}[{index}]") for index, value in enumerate(tree))
    if tree is None or type(tree) in (bool, int, float, str):
        return tree
    raise TypeError(f"{where}: found {type(tree).__name__}, expected dict, list, tuple, tensor, number, string or None")


def decode(path: Path, identity: str) -> dict[str, Any]:
    """The state that a file holds. Raises Unfit where it is not whole, or of another identity or schema."""
    try:
        with path.open("rb") as file:
            line, payload = file.readline(), file.read()
        found, expected = json.loads(line), header(identity, payload)
        ours = (found["schema"], found["identity"]) == (SCHEMA, identity)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unfit("damaged", path, f"not a state at rest ({error!r})") from error
    if not ours:
        raise Unfit("foreign", path, f"the state of another training or version, {found['identity']}")
    if found != expected:
        raise Unfit("damaged", path, f"{len(payload)} bytes, which are not the {found.get('length')} that were saved")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), weights_only=True)
    except pickle.UnpicklingError as error:
        raise Unfit("damaged", path, "a state that holds more than plain data") from error
    return state


class Rest:
    """A training's place to rest. As a context it also hears SIGTERM, once, in the main thread.

    Load before saving: what is not fit is then out of the way. At every moment `path` or `previous` is a whole good
    state, and mostly both are. After SIGTERM it is time to save at once, and `save` ends the process; so does the
    context's end where the training needed no more saving. A second SIGTERM acts as if there were no Rest.
    `say` takes a warning, `every` is in seconds, `clock` returns seconds.
    """

    def __init__(
        self, path: Path, identity: str, say: Say, every: float = EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path, self.identity, self.say, self.every, self.clock = path, identity, say, every, clock
        # Added to the name, not put in place of its end: a run's key holds dots of its own.
        self.previous = path.with_name(f"{path.name}.previous")
        self.saved, self.pause, self.stopped = clock(), every, False
        self.former: Any = None  # the handler that ours stands in for, while it does

    def load(self) -> dict[str, Any] | None:
        """The newest whole state of this identity, or None; a file that is damaged or foreign is set aside."""
        self._sweep()
        for path in filter(Path.exists, (self.path, self.previous)):
            try:
                return decode(path, self.identity)
            except Unfit as error:
                aside = path.with_name(f"{path.name}.{error.kind}")
                path.replace(aside)
                self.say(f"warning: {error}; set aside as {aside.name}")
        return None

    def due(self) -> bool:
        """Whether it is time to save."""
        return self.stopped or self.clock() - self.saved >= self.pause

    def save(self, state: dict[str, Any]) -> None:
        """Write the state whole, keep the one before it, and end the process where SIGTERM asked for it.

        Raises OSError, naming the file, where it cannot be written; the last good state is then at rest still.
        """
        begin = self.clock()
        try:
            data = encode(self.identity, state)
            if self.path.exists():
                self.path.replace(self.previous)
            write_whole(self.path, data)
        except OSError as error:
            raise OSError(error.errno, f"state not saved: {error.strerror}", str(self.path)) from error
        finally:  # a failure took its time as well
            self.saved = self.clock()
            self.pause = max(self.every, SPARING * (self.saved - begin))
        if self.stopped:
            raise SystemExit(STOPPED)

    def clear(self) -> None:
        """Remove both states: the training has ended, and what it found is safe elsewhere."""
        self.previous.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self.former = signal.signal(signal.SIGTERM, self._stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._unhook()
        if self.stopped and kind is None:
            raise SystemExit(STOPPED)

    def _stop(self, number: int, frame: object) -> None:
        self.stopped = True
        self._unhook()

    def _unhook(self) -> None:
        if self.former is not None:
            signal.signal(signal.SIGTERM, self.former)
            self.former = None

    def _sweep(self) -> None:
        """Remove the half-written files that killed processes left: a state may be large."""
        begin = f".{self.path.name}."  # and who wrote it, see `write_whole`
        for file in list(self.path.parent.glob(".*")):
            if file.name.startswith(begin) and WRITER.fullmatch(file.name.removeprefix(begin)):
                file.unlink(missing_ok=True)


class Restless(Rest):
    """No place to rest: nothing to go on from, never a time to save, and SIGTERM acts as it always does."""

    def __init__(self) -> None:
        pass

    def load(self) -> None:
        """Nothing: a training begins at its beginning."""

    def due(self) -> bool:
        """Never."""
        return False

    def save(self, state: dict[str, Any]) -> None:
        """Nothing."""

    def clear(self) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass
