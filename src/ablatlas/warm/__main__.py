"""`python -m ablatlas.warm SOCKET NUMBER`: the warm process, which listens on the open socket of that number.

It ends when its standard input does and the last job has. It runs no thread and no product of matrices, and so holds
nothing that would not survive a fork.
"""

import gc
import json
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from threading import Thread
from typing import Any

import ablatlas
from ablatlas.warm import NEEDED, NUMBER, shared

# What a whole group may be told: the warm process ends with its owner, and the jobs are told by their own processes.
HEARD: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
PATIENCE = 10.0  # seconds for a job to say what it is
Jobs = dict[ForkProcess, socket.socket]


def source() -> list[tuple[str, int, int]]:
    """All files of the package, when they were changed and how long they are."""
    files = sorted(Path(ablatlas.__file__).parent.rglob("*.py"))
    return [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files]


class Warm:
    """What forks the jobs that come to a listening socket. Its environment and source are those it began with."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.environment = shared(os.environ)
        self.source: list[tuple[str, int, int]] = []
        self.jobs: Jobs = {}

    def run(self, owner: int) -> None:
        """Take jobs until the open file `owner` ends, and then wait for them."""
        serving = True
        while serving or self.jobs:
            heard: list[Any] = [self.listener, owner] if serving else []
            ready = wait([*heard, *(job.sentinel for job in self.jobs)])
            for job in [job for job in self.jobs if job.sentinel in ready]:
                self._ended(job)
            if serving and owner in ready:
                serving = False
                self.listener.close()
            elif self.listener in ready:
                self._take(self.listener.accept()[0])

    def _ended(self, job: ForkProcess) -> None:
        job.join()
        status: Any = job.exitcode
        with suppress(OSError), self.jobs.pop(job) as line:
            line.sendall((status if status >= 0 else 128 - status).to_bytes(NUMBER))

    def _take(self, line: socket.socket) -> None:
        """Fork the job that asks for it, or hang up: it then does its work itself."""
        try:
            line.settimeout(PATIENCE)
            head, files, _, _ = socket.recv_fds(line, NUMBER, 2)
            with line.makefile("rb") as text:
                asked = json.loads(text.read(int.from_bytes(head)))
            line.settimeout(None)
        except (OSError, ValueError):
            line.close()
            return
        if shared(asked["environment"]) == self.environment and self._fresh():
            job = multiprocessing.get_context("fork").Process(target=self._work, args=(line, files, asked))
            job.start()
            self.jobs[job] = line
        else:
            line.close()
        for file in files:
            os.close(file)

    def _fresh(self) -> bool:
        """Whether what is imported is what stands in the files."""
        now = source()
        if not self.source:
            self.source = now
            for name in NEEDED:
                import_module(name)
            gc.freeze()  # what is here stays: no job need look for garbage among it, nor copy its pages for it
        return self.source == now

    def _work(self, line: socket.socket, files: list[int], asked: dict[str, Any]) -> None:
        """In the forked process: take over what the job's own process has, and do the job."""
        os.setpgid(0, 0)
        for heard, act in HEARD.items():
            signal.signal(heard, act)
        self.listener.close()
        for other in self.jobs.values():
            other.close()
        for number, file in enumerate(files, start=1):
            os.dup2(file, number)
            os.close(file)
        os.environ.update(asked["environment"])  # and keep what imports have set
        tempfile.tempdir = None
        os.chdir(asked["folder"])
        ready = b""
        with suppress(OSError):
            line.sendall(os.getpid().to_bytes(NUMBER))
            ready = line.recv(1)
        if not ready:  # its own process has ended already
            return
        Thread(target=_follow, args=(line,), daemon=True).start()
        sys.exit(import_module(asked["module"]).main(asked["words"]))


def _follow(line: socket.socket) -> None:
    """End with the job's own process."""
    with suppress(OSError):
        line.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def main(address: str, listening: str) -> None:
    """Serve on a listening socket, and remove its folder at the end."""
    for number in HEARD:
        signal.signal(number, signal.SIG_IGN)
    try:
        Warm(socket.socket(fileno=int(listening))).run(sys.stdin.fileno())
    finally:
        shutil.rmtree(Path(address).parent, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
