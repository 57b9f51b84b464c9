"""Downloads, from a server of the test's own: whole ones, broken ones, resumed ones, wrong ones."""

import fcntl
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from test_unpack import zipped
from tiny_data import Declare, only, pinned

from ablatlas.data import __main__ as command
from ablatlas.data import fetch, store
from ablatlas.data.registry import DataError

DATA = bytes(range(256)) * 4000  # a megabyte
FILE = pinned("file.bin", DATA)


pytestmark = pytest.mark.usefixtures("no_network", "impatient")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try comes at once."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    return only(monkeypatch)


class Host(ThreadingHTTPServer):
    """Serves `files`, breaks off after `breaks` bytes of an answer as often as there are some, keeps what was asked."""

    def __init__(self, files: dict[str, bytes], *, ranges: bool = True, breaks: tuple[int, ...] = ()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.ranges, self.breaks = files, ranges, list(breaks)
        self.asked: list[tuple[str, str | None]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        name, asked = self.path.removeprefix("/"), self.headers.get("Range")
        self.server.asked.append((name, asked))
        if name not in self.server.files:
            self.send_error(404)
            return
        data = self.server.files[name]
        if asked and self.server.ranges:
            begin = int(re.findall(r"\d+", asked)[0])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
            data = data[begin:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: self.server.breaks.pop(0)] if self.server.breaks else data)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def made(data: bytes = DATA, name: str = FILE.name, ranges: bool = True, breaks: tuple[int, ...] = ()) -> Host:
        hosts.append(Host({name: data}, ranges=ranges, breaks=breaks))
        return hosts[-1]

    yield made
    for host in hosts:
        host.shutdown()
        host.server_close()


Serve = Callable[..., Host]


@pytest.fixture
def raw(bare: Path) -> Path:
    return bare / "data" / "raw" / "tiny"


def bring() -> list[str]:
    told: list[str] = []
    fetch.fetch("tiny", told.append)
    return told


def asked(host: Host) -> list[int]:
    """The byte from which each request asks on."""
    return [int(re.findall(r"\d+", wanted)[0]) if wanted else 0 for _, wanted in host.asked]


def lying(raw: Path) -> list[str]:
    return sorted(path.name for path in raw.iterdir())


def test_a_file_is_fetched_once_with_a_word_on_its_licence(raw: Path, serve: Serve, declare: Declare) -> None:
    host = serve()
    declare(FILE, hosts=(host.url,))
    told = bring()
    assert told[0] == "Tiny: licence: CC0; by Nobody 2000"
    assert told[-1] == "tiny: 1 files, 1,024,000 bytes, verified in data/raw/tiny"
    assert store.read("tiny", FILE.name) == DATA
    assert lying(raw) == [FILE.name]
    assert bring() == told[-1:]
    assert len(host.asked) == 1


def test_a_broken_download_is_gone_on_from(raw: Path, serve: Serve, declare: Declare) -> None:
    host = serve(breaks=(300_000,))
    declare(FILE, hosts=(host.url,))
    bring()
    assert asked(host)[0] == 0
    assert 200_000 < asked(host)[1] <= 300_000, "what came in a broken chunk is lost"
    assert len(host.asked) == 2
    assert lying(raw) == [FILE.name]


def test_one_that_breaks_off_again_and_again_is_gone_on_from_later(raw: Path, serve: Serve, declare: Declare) -> None:
    host = serve(breaks=(200_000, 200_000, 200_000))
    of = declare(FILE, hosts=(host.url,))
    with pytest.raises(DataError, match=r"found no host that gives it.*call again, it goes on where it broke off"):
        bring()
    assert lying(raw) == [f".{FILE.name}.part"], "never a half-written file under its own name"
    assert store.find(of, FILE) is None
    bring()
    first, *later = asked(host)
    assert first == 0 < later[0] < later[1] < later[2] <= 600_000
    assert store.read("tiny", FILE.name) == DATA


def test_a_host_without_ranges_begins_anew(raw: Path, serve: Serve, declare: Declare) -> None:
    host = serve(ranges=False, breaks=(300_000,))
    declare(FILE, hosts=(host.url,))
    bring()
    assert store.read("tiny", FILE.name) == DATA


def test_the_next_host_goes_on_where_the_first_broke_off(raw: Path, serve: Serve, declare: Declare) -> None:
    first, second = serve(breaks=(100_000, 100_000)), serve()
    declare(FILE, hosts=(first.url, second.url))
    bring()
    assert 0 < asked(first)[1] < asked(second)[0] <= 200_000


def test_an_interrupted_download_leaves_a_part_that_is_gone_on_from(
    raw: Path, serve: Serve, declare: Declare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = serve()
    declare(FILE, hosts=(host.url,))
    content = requests.Response.iter_content

    def interrupted(self: requests.Response, size: int) -> Iterator[bytes]:
        yield next(content(self, size))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(requests.Response, "iter_content", interrupted)
        assert command.main(["fetch", "tiny"]) == 130
    assert "called again, it goes on where it was" in capsys.readouterr().err
    assert lying(raw) == [f".{FILE.name}.part"]
    bring()
    assert host.asked[-1] == (FILE.name, f"bytes={fetch.CHUNK}-")
    assert store.read("tiny", FILE.name) == DATA


@pytest.mark.parametrize("wrong", [DATA[:-1] + b"x", DATA + b"x", b"<html>Moved</html>"])
def test_what_is_not_what_was_pinned_is_refused(wrong: bytes, raw: Path, serve: Serve, declare: Declare) -> None:
    declare(FILE, hosts=(serve(wrong).url,))
    with pytest.raises(
        DataError, match=f"not what was pinned, SHA-256 {FILE.sha256}|ended after 18 of 1,024,000 bytes"
    ):
        bring()
    assert FILE.name not in lying(raw)


def test_a_part_that_is_not_of_the_file_does_no_lasting_harm(raw: Path, serve: Serve, declare: Declare) -> None:
    raw.mkdir(parents=True)
    (raw / f".{FILE.name}.part").write_bytes(b"x" * 1000)
    declare(FILE, hosts=(serve().url,))
    bring()
    assert store.read("tiny", FILE.name) == DATA


def test_two_processes_do_not_write_one_part(raw: Path, serve: Serve, declare: Declare) -> None:
    host = serve()
    declare(FILE, hosts=(host.url,))
    raw.mkdir(parents=True)
    with (raw / f".{FILE.name}.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another process is fetching this file; call again when it is there"):
            bring()
    assert host.asked == []
    bring()
    assert store.read("tiny", FILE.name) == DATA


def test_every_host_is_named_that_failed(raw: Path, serve: Serve, declare: Declare) -> None:
    wrong, empty = serve(DATA[::-1]), serve(name="other")
    declare(FILE, hosts=(empty.url, wrong.url, "http://127.0.0.1:9/", "http://192.0.2.1/"))
    with pytest.raises(DataError) as caught:
        bring()
    told = str(caught.value)
    assert f"{empty.url}: answered 404" in told
    assert f"{wrong.url}: what it serves is not what was pinned" in told
    assert told.count("no connection (ConnectionError)") == 2
    assert f"put the file into {raw}, or set ABLATLAS_MIRROR" in told


def test_a_folder_that_takes_no_file(raw: Path, serve: Serve, declare: Declare) -> None:
    declare(FILE, hosts=(serve().url,))
    raw.parent.mkdir(parents=True)
    raw.write_text("a file where a folder belongs")
    with pytest.raises(DataError, match=f"{raw}: cannot be written"):
        bring()


def test_an_archive_is_fetched_and_unpacked(raw: Path, serve: Serve, declare: Declare) -> None:
    packed = zipped(("in/one", b"1"), ("in/two", b"2"))
    host = serve(packed, "all.zip")
    one, two = (
        pinned(name, data, inside="all.zip", member=f"in/{name}") for name, data in (("one", b"1"), ("two", b"2"))
    )
    declare(one, two, archives=(pinned("all.zip", packed),), hosts=(host.url,))
    bring()
    assert [store.read("tiny", name) for name in ("one", "two")] == [b"1", b"2"]
    assert lying(raw) == ["all.zip", "one", "two"]
    assert len(host.asked) == 1


def test_a_mirror_is_asked_before_any_host(
    raw: Path, tmp_path: Path, serve: Serve, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = serve()
    declare(FILE, hosts=(host.url,))
    (tmp_path / "shared" / "tiny").mkdir(parents=True)
    (tmp_path / "shared" / "tiny" / FILE.name).write_bytes(DATA)
    monkeypatch.setenv(store.MIRROR, str(tmp_path / "shared"))
    assert bring() == [f"tiny: 1 files, 1,024,000 bytes, verified in {tmp_path}/shared/tiny"]
    assert host.asked == []


def test_what_no_host_serves(raw: Path, declare: Declare) -> None:
    declare(FILE, origin="a derived set that no host serves")
    with pytest.raises(DataError, match="Tiny is a derived set that no host serves"):
        bring()


def test_the_workflow_is_told_which_bytes_were_verified(
    raw: Path, tmp_path: Path, serve: Serve, declare: Declare
) -> None:
    declare(FILE, hosts=(serve().url,))
    assert command.main(["fetch", "tiny", "--out", str(tmp_path / "note.json")]) == 0
    assert json.loads((tmp_path / "note.json").read_text()) == {"tiny/file.bin": FILE.sha256}
