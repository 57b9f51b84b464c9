"""One process a record: a file beside what is being made says by whom, and by its age that the maker is alive.

A cluster may run the same job twice: a requeued job whose old process lives on, a job submitted again while the first
still runs. The second one waits here, and takes what the first has made, or goes on where the first was lost. A maker
of this machine is lost when its process is gone; one elsewhere when its file has not been touched for a while, which
the waiter measures by its own clock, since those of two machines differ.
"""

import json
import os
import platform
import sys
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from ablatlas.processes import lives
from ablatlas.record import write_whole
from ablatlas.train.resume import Say

BEAT = 10.0  # seconds between two touches
LOST = 120.0  # seconds without one, after which the maker counts as lost: more than NFS keeps a file's date
LOOK = 1.0  # seconds between two looks of one who waits
TAKEN = 2  # the exit status of a process whose record another has taken over


@dataclass(frozen=True)
class Maker:
    """Who makes a record: a process, told from a later one of its number by its birth, and its job on a cluster."""

    token: str
    node: str
    process: int
    born: float
    job: str | None

    @classmethod
    def here(cls) -> Self:
        born = psutil.Process().create_time()
        return cls(uuid.uuid4().hex, platform.node(), os.getpid(), born, os.environ.get("SLURM_JOB_ID"))

    def __str__(self) -> str:
        job = f"job {self.job}, " if self.job else ""
        return f"{job}process {self.process} on {self.node}"

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended; of another machine's process that is never known."""
        return self.node == platform.node() and not lives(self.process, self.born)


class Hold:
    """The right to make one record, for as long as the context lasts. `waited`: whether another had it before."""

    def __init__(self, record: Path, say: Say, *, beat: float = BEAT, lost: float = LOST, look: float = LOOK) -> None:
        self.path = record.with_name(f".{record.name}.hold")
        self.say, self.beat, self.lost, self.look = say, beat, lost, look
        self.maker = Maker.here()
        self.waited = False
        self.ended = threading.Event()
        self.heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        while not self._take():
            self._wait()
        self.heart.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.heart.join()
        if self.holder() == self.maker:
            self.path.unlink(missing_ok=True)

    def holder(self) -> Maker | None:
        """Who has the record; None where nobody has it."""
        try:
            with self.path.open(encoding="utf-8") as file:
                return Maker(**json.load(file))
        except FileNotFoundError:
            return None

    def _take(self) -> bool:
        """Put our name beside the record, whole and only where there is none: a link is made or refused, by NFS too."""
        name = self.path.with_name(f"{self.path.name}.{self.maker.token}")
        write_whole(name, json.dumps(asdict(self.maker)).encode())
        try:
            os.link(name, self.path)
        except FileExistsError:
            return False
        finally:
            name.unlink()
        return True

    def _wait(self) -> None:
        """Return when whoever holds the record has let it go, or is lost and has had it taken away."""
        holder, touched, since = self.holder(), self._touched(), time.monotonic()
        if holder is None:
            return
        self.waited = True
        self.say(f"{self.path.name[1:].removesuffix('.hold')}: waiting for {holder}, which is making it")
        while self.holder() == holder:
            if (now := self._touched()) != touched:
                touched, since = now, time.monotonic()
            if holder.gone or time.monotonic() - since > self.lost:
                self.say(f"warning: {holder} is lost; going on where it was")
                self._take_away(holder)
                return
            time.sleep(self.look)

    def _touched(self) -> float | None:
        """When the file was last touched; read through an open file, which NFS asks the server about."""
        try:
            with self.path.open("rb") as file:
                return os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None

    def _take_away(self, holder: Maker) -> None:
        """Remove a lost maker's name. Should another have put its own there meanwhile, it notices and ends."""
        if self.holder() == holder:
            self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        """Touch the file, and end the process at once where the record is another's by now: it must not write."""
        while not self.ended.wait(self.beat):
            with suppress(OSError):  # of a file system that is away: the next beat asks it again
                if (holder := self.holder()) != self.maker:
                    print(f"error: {self.path}: taken over by {holder or 'nobody'}: lost for too long", file=sys.stderr)
                    sys.stderr.flush()
                    os._exit(TAKEN)
                os.utime(self.path)
