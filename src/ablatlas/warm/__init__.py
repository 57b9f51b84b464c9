"""Jobs on this machine are forked from one warm process, which has imported torch: that costs each a second else.

Who hands out jobs calls `serve`, which names a socket in $ABLATLAS_WARM. A job's own process then hands itself over:
its words, folder, environment and where it prints. It stays, passes on the signals that it gets and ends as the job
does; where it is killed, so is the job. It does the job itself where no warm process is reached, or one of another
environment, or one of other source than stands in the files by now.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

SOCKET = "ABLATLAS_WARM"
# What most jobs need; what one needs besides it imports itself.
NEEDED = ("ablatlas.procedures.job", "ablatlas.procedures.train", "ablatlas.train.sequential", "ablatlas.train.stacked")
NUMBER = 4  # bytes of a length, a process's number or a status
READY = b"!"  # says that signals are passed on from now on: a job begins no earlier
# What a shell or Snakemake sets anew for every job; nothing reads them while it is imported.
OWN = {SOCKET, "PATH", "PWD", "OLDPWD", "SHLVL", "_", "TMPDIR", "TMP", "TEMP", "TEMPDIR"}
# What Snakemake tells a job of one thread.
THREADS = dict.fromkeys(
    (f"{library}_NUM_THREADS" for library in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")), "1"
) | {"VECLIB_MAXIMUM_THREADS": "1"}


def shared(environment: Mapping[str, str]) -> dict[str, str]:
    """Of an environment what a job and the warm process must have in common."""
    return {name: value for name, value in environment.items() if name not in OWN}


def serve(environment: Mapping[str, str] = os.environ) -> subprocess.Popen[bytes] | None:
    """Start a warm process for jobs of one thread that this process starts from now on; it ends with this one.

    It imports nothing before the first job comes. None, with a line that says why, where there can be none.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            address = str(Path(mkdtemp(prefix="ablatlas-")) / "warm")
            listener.bind(address)
        except OSError as error:  # a temporary folder whose name is too long for a socket's, say
            print(f"no warm process, every job imports torch by itself: {error}", file=sys.stderr)
            return None
        listener.listen()
        number = listener.fileno()
        command = [sys.executable, "-m", "ablatlas.warm", address, str(number)]
        # It ends when its standard input does, however that comes.
        warm = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number], env={**environment, **THREADS})
    os.environ[SOCKET] = address
    atexit.register(end, warm)
    return warm


def end(warm: subprocess.Popen[bytes]) -> None:
    """Let a warm process end, and wait a little; while jobs are at work it stays."""
    os.environ.pop(SOCKET, None)
    assert warm.stdin is not None
    warm.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        warm.wait(10)


def hand_over(module: str, words: list[str]) -> int | None:
    """Have `main(words)` of a module done by a warm process, and return its status; None where nobody takes it.

    A job that a signal has ended returns 128 and the signal's number, as in a shell.
    """
    address = os.environ.get(SOCKET)
    if address is None:
        return None
    asked = {"module": module, "words": words, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    request = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(address)
            socket.send_fds(line, [len(request).to_bytes(NUMBER)], [1, 2])
            line.sendall(request)
            process = int.from_bytes(line.recv(NUMBER))
        except OSError:
            return None
        if not process:
            return None
        _pass_on(process)
        status = b""  # as it stays where the warm process has been killed
        with suppress(OSError):
            line.sendall(READY)
            status = line.recv(NUMBER)
        return int.from_bytes(status) if status else 128 + signal.SIGKILL


def _pass_on(process: int) -> None:
    """Pass on to a process what this one is told. It has a process group of its own, so that it hears all just once."""

    def told(number: int, frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(process, number)

    def pause(number: int, frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(process, signal.SIGCONT)

    heard = {signal.SIGINT: told, signal.SIGTERM: told, signal.SIGHUP: told, signal.SIGTSTP: pause}
    for number, act in heard.items():
        if signal.getsignal(number) != signal.SIG_IGN:  # as after `nohup`
            signal.signal(number, act)
