"""The warm process: what is forked from it is the job that would have run by itself, told and ended with its client."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tiny import make, rerun

from ablatlas import record, warm
from ablatlas.warm.__main__ import Warm

# A module whose job tells what it is, counts what it is told, and ends as it is asked to.
DOING = """
import os, signal, sys, time

def main(words):
    heard = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: heard.append(number))
    print("torch" in sys.modules, os.getpid(), os.getcwd(), os.environ.get("TMPDIR"), flush=True)
    if words == ["wait"]:
        while not heard:
            time.sleep(0.01)
        time.sleep(0.2)
        return len(heard)
    if words == ["raise"]:
        raise RuntimeError("as it is")
    return int(words[0])
"""
MINE = 77  # the status where nobody took the job
ASK = f"""
import signal, sys
from ablatlas.warm import hand_over
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where these tests run in the background
status = hand_over("doing", sys.argv[1:])
sys.exit({MINE} if status is None else status)
"""
# A client that tells which process is its job, and has gone a second later, before it would have passed signals on.
SLOW = f"""
import os, time
from ablatlas import warm
warm._pass_on = lambda process: (print(process, flush=True), time.sleep(1), os._exit(0))
{ASK}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the module, and a warm process that finds it."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "doing.py").write_text(DOING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")
        patch.delenv("PYTEST_CURRENT_TEST")  # of which each test has its own
        served = warm.serve()
        assert served is not None
        yield folder
        warm.end(served)
        assert served.returncode == 0


def ask(place: Path, *words: str, program: str = ASK, **more: str) -> "subprocess.Popen[str]":
    """A client that asks for a job, in the environment that Snakemake gives one."""
    pipe = subprocess.PIPE
    environment = os.environ | warm.THREADS | {"TMPDIR": str(place)} | more
    environment.pop("PYTEST_CURRENT_TEST", None)
    command = [sys.executable, "-c", program, *words]
    return subprocess.Popen(
        command, cwd=place, env=environment, text=True, stdout=pipe, stderr=pipe, start_new_session=True
    )


def begun(client: "subprocess.Popen[str]") -> psutil.Process:
    """The job of a client, once it is under way."""
    assert client.stdout is not None
    told = client.stdout.readline().split()
    assert told, client.communicate()
    assert told[0] == "True", "torch was there"
    assert int(told[1]) != client.pid
    return psutil.Process(int(told[1]))


def gone(process: psutil.Process) -> bool:
    """Whether a process ends, or has ended and only its parent has not looked yet."""
    for _ in range(1000):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_a_job_has_its_clients_output_folder_and_environment_and_its_status_is_the_clients(place: Path) -> None:
    client = ask(place, "3")
    out, error = client.communicate()
    there, process, folder, temporary = out.split()
    assert (there, folder, temporary) == ("True", str(place), str(place))
    assert int(process) != client.pid
    assert (client.returncode, error) == (3, "")


def test_what_a_job_raises_is_told_where_it_would_be(place: Path) -> None:
    client = ask(place, "raise")
    _, error = client.communicate()
    assert client.returncode == 1
    assert "RuntimeError: as it is" in error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_a_signal_reaches_the_job_once(place: Path, number: int, group: bool) -> None:
    """And not the warm process, which a group may hold as well."""
    client = ask(place, "wait")
    job = begun(client)
    if group:
        job.parent().send_signal(number)
    (os.killpg if group else os.kill)(client.pid, number)
    client.communicate()
    assert client.returncode == 1, "how often it heard"
    assert gone(job)


def test_a_job_is_stopped_and_goes_on_with_its_client(place: Path) -> None:
    client = ask(place, "wait")
    job, own = begun(client), psutil.Process(client.pid)

    def become(*states: str) -> bool:
        for _ in range(1000):
            if job.status() in states and own.status() in states:
                return True
            time.sleep(0.01)
        return False

    client.send_signal(signal.SIGTSTP)
    assert become(psutil.STATUS_STOPPED)
    client.send_signal(signal.SIGCONT)
    assert become(psutil.STATUS_SLEEPING, psutil.STATUS_RUNNING)
    client.terminate()
    client.communicate()
    assert client.returncode == 1


def test_a_job_is_killed_with_its_client(place: Path) -> None:
    client = ask(place, "wait")
    job = begun(client)
    client.kill()
    client.communicate()
    assert gone(job)


def test_a_job_begins_once_its_client_passes_signals_on(place: Path) -> None:
    """A client that has gone before is one that a signal has ended: nothing is done then, and nothing told."""
    client = ask(place, "3", program=SLOW)
    assert client.stdout is not None
    job = psutil.Process(int(client.stdout.readline()))
    assert client.communicate() == ("", ""), "it has begun"
    assert gone(job)


def test_a_killed_job_is_no_success(place: Path) -> None:
    client = ask(place, "wait")
    begun(client).kill()
    client.communicate()
    assert client.returncode == 128 + signal.SIGKILL


def test_a_job_of_another_environment_is_done_by_itself(place: Path) -> None:
    client = ask(place, "3", OMP_NUM_THREADS="2")
    assert client.communicate() == ("", "")
    assert client.returncode == MINE


def test_a_job_where_nobody_serves_is_done_by_itself(place: Path) -> None:
    client = ask(place, "3", **{warm.SOCKET: str(place / "nowhere")})
    assert client.communicate() == ("", "")
    assert client.returncode == MINE
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(warm.SOCKET)
        assert warm.hand_over("doing", ["3"]) is None


def test_where_a_socket_can_have_no_name_jobs_go_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    far = tmp_path / ("far" * 40)
    far.mkdir()
    monkeypatch.delenv(warm.SOCKET, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(far))
    assert warm.serve() is None
    assert "no warm process, every job imports torch by itself: AF_UNIX path too long" in capsys.readouterr().err
    assert warm.SOCKET not in os.environ


def test_source_that_has_changed_is_not_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("")
    monkeypatch.setattr("ablatlas.warm.__main__.NEEDED", ())
    monkeypatch.setattr("ablatlas.__file__", str(tmp_path / "__init__.py"))
    with socket.socket(socket.AF_UNIX) as listener:
        served = Warm(listener)
        assert served._fresh()
        assert served._fresh()
        module.write_text("changed = True")
        assert not served._fresh()
        module.write_text("")
        assert not served._fresh(), "as old as it is, not as long"


def test_it_ends_with_its_owner_but_after_its_jobs(tmp_path: Path) -> None:
    (tmp_path / "doing.py").write_text(DOING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
        patch.delenv("PYTEST_CURRENT_TEST")
        served = warm.serve()
        assert served is not None
        address = Path(os.environ[warm.SOCKET])
        assert address.exists()
        client = ask(tmp_path, "wait")
        job = begun(client)
        assert served.stdin is not None
        served.stdin.close()
        late = ask(tmp_path, "3")
        assert late.communicate(timeout=10) == ("", "")  # it does not wait for the job, which would not end
        assert late.returncode == MINE
        assert served.poll() is None
        assert job.is_running()
        client.terminate()
        client.communicate()
        assert client.returncode == 1
        assert served.wait(10) == 0
        assert not address.parent.exists()


def test_a_cell_has_the_same_record_from_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Snakemake has it run: by its own shell, in the environment that it makes."""
    served = "from ablatlas.warm import serve; serve(); "
    monkeypatch.delenv(warm.SOCKET, raising=False)
    found = []
    for name in ("alone", "forked"):
        study = make(tmp_path / name, **{"procedure: train": "procedure: train\nengine: stacked"})
        monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path / name))
        path = study.root / study.tuning_record("base")
        command = f"{sys.executable} -X importtime -m ablatlas.procedures tune tiny base --scale smoke --out {path}"
        program = f"from snakemake.shell import shell; {served if name == 'forked' else ''}shell({command!r})"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
        assert ("torch._C" in imported) == (name == "alone"), "who imported it"
        found.append(record.read(path))
    assert rerun(found[0]) == rerun(found[1])
