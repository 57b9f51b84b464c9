"""Where files lie, and what is said of those that are missing or are not what was pinned."""

from pathlib import Path

import pytest
from test_unpack import zipped
from tiny_data import Declare, only, pinned

from ablatlas.data import __main__ as command
from ablatlas.data import registry, store, unpack
from ablatlas.data.registry import DataError

DATA = b"the content" * 100
FILE = pinned("file.txt", DATA)
HOST = ("http://127.0.0.1:9/",)


def put(folder: Path, data: bytes = DATA, name: str = FILE.name) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    return only(monkeypatch)


@pytest.fixture
def raw(bare: Path) -> Path:
    return bare / "data" / "raw" / "tiny"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror's folder of the dataset."""
    monkeypatch.setenv(store.MIRROR, str(tmp_path / "shared"))
    (tmp_path / "shared" / "tiny").mkdir(parents=True)
    return tmp_path / "shared" / "tiny"


def test_what_was_fetched_comes_before_the_mirror(raw: Path, shared: Path, declare: Declare) -> None:
    of = declare(FILE)
    put(shared)
    assert store.read("tiny", FILE.name) == DATA
    assert (store.place(of).state, store.place(of).where) == ("verified", str(shared))
    assert not raw.exists(), "a mirror is read in place"
    put(raw, b"x" * len(DATA))
    with pytest.raises(DataError, match=r"file.txt: found SHA-256"):
        store.read("tiny", FILE.name)
    put(raw)
    assert store.place(of).where == "data/raw/tiny"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (DATA[:-1], r"found 1,099 bytes, expected 1,100"),
        (DATA + b"x", r"found 1,101 bytes, expected 1,100"),
        (b"", r"found 0 bytes, expected 1,100"),
        (DATA[:-1] + b"x", f"found SHA-256 [0-9a-f]{{64}}, expected {FILE.sha256}"),
    ],
)
def test_a_file_that_is_not_what_was_pinned(data: bytes, told: str, raw: Path, shared: Path, declare: Declare) -> None:
    of = declare(FILE, hosts=HOST)
    put(shared, data)
    with pytest.raises(DataError, match=f"{shared}/file.txt: {told}; the mirror's file is not what the host serves"):
        store.read("tiny", FILE.name)
    put(raw, data)
    with pytest.raises(DataError, match=f"{raw}/file.txt: {told}; delete it, then: python -m ablatlas.data fetch tiny"):
        store.read("tiny", FILE.name)
    assert "expected" in store.place(of).state


def test_a_missing_file_says_how_to_come_by_it(raw: Path, declare: Declare) -> None:
    of = declare(FILE, hosts=HOST)
    told = (
        f"{raw}/file.txt: found nothing there, and ABLATLAS_MIRROR is not set; fetch it: python -m ablatlas.data fetch"
    )
    with pytest.raises(DataError, match=told):
        store.read("tiny", FILE.name)
    assert store.place(of).state == "missing"


def test_a_missing_file_of_a_mirror_says_that_too(raw: Path, shared: Path, declare: Declare) -> None:
    declare(FILE, hosts=HOST)
    with pytest.raises(DataError, match=f"found nothing there, nor in {shared} "):
        store.read("tiny", FILE.name)


def test_a_derived_set_says_that_no_host_serves_it(raw: Path, declare: Declare) -> None:
    declare(FILE, origin="a derived set that no host serves")
    with pytest.raises(DataError, match="Tiny is a derived set that no host serves; put it there, or in a mirror"):
        store.read("tiny", FILE.name)


@pytest.mark.parametrize("name", ["nuclei", "emoji_captions", "wordsim353"])
def test_a_real_set_without_hosts_says_why(name: str) -> None:
    of = registry.dataset(name)
    assert not of.hosts
    assert of.origin.startswith(("a derived set", "one file of http"))


def test_a_mirror_that_is_no_folder(bare: Path, declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(FILE)
    monkeypatch.setenv(store.MIRROR, "/nowhere/at/all")
    with pytest.raises(DataError, match="ABLATLAS_MIRROR: found /nowhere/at/all, expected a folder"):
        store.read("tiny", FILE.name)


# --- archives ---

PACKED = zipped(("inside/file.txt", DATA))
ARCHIVE = pinned("all.zip", PACKED)
MEMBER = pinned("file.txt", DATA, inside="all.zip", member="inside/file.txt")


def test_a_dataset_loads_from_its_members_or_from_its_archive(raw: Path, shared: Path, declare: Declare) -> None:
    of = declare(MEMBER, archives=(ARCHIVE,))
    put(shared)
    assert store.read("tiny", "file.txt") == DATA
    (shared / "file.txt").unlink()
    put(shared, PACKED, "all.zip")
    assert store.place(of).state == "verified"
    assert store.read("tiny", "file.txt") == DATA
    assert (raw / "file.txt").read_bytes() == DATA, "unpacked"
    assert [path.name for path in raw.iterdir()] == ["file.txt"]


def test_an_archive_is_verified_before_it_is_opened(
    raw: Path, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(MEMBER, archives=(ARCHIVE,))
    put(raw, PACKED[:-1] + b"x", "all.zip")
    monkeypatch.setattr(unpack, "contents", lambda *_: pytest.fail("opened"))
    with pytest.raises(DataError, match=r"all.zip: found SHA-256"):
        store.read("tiny", "file.txt")


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (zipped(("other", DATA)), "found no member inside/file.txt among its 1 files"),
        (zipped(("inside/file.txt", DATA[:-1])), "found 1,099 bytes, expected 1,100"),
        (zipped(("inside/file.txt", DATA[:-1] + b"x")), "found SHA-256"),
        (PACKED[:-30], "all.zip: found no whole archive"),
    ],
)
def test_an_archive_that_holds_something_else(packed: bytes, told: str, raw: Path, declare: Declare) -> None:
    """One whose own hash is right: an error in the registry."""
    declare(MEMBER, archives=(pinned("all.zip", packed),))
    put(raw, packed, "all.zip")
    with pytest.raises(DataError, match=told):
        store.read("tiny", "file.txt")
    assert [path.name for path in raw.iterdir()] == ["all.zip"], "nothing half written"


def test_a_folder_that_cannot_be_written(raw: Path, shared: Path, declare: Declare) -> None:
    declare(MEMBER, archives=(ARCHIVE,))
    put(shared, PACKED, "all.zip")
    raw.parent.mkdir(parents=True)
    raw.write_text("a file where a folder belongs")
    with pytest.raises(DataError, match=f"{raw}: cannot be written .*; make it writable, or set ABLATLAS_MIRROR"):
        store.read("tiny", "file.txt")


def test_a_read_only_folder(raw: Path, shared: Path, declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for who is not root."""
    declare(MEMBER, archives=(ARCHIVE,))
    put(shared, PACKED, "all.zip")

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(store, "write_whole", refuse)
    with pytest.raises(DataError, match=f"{raw}: cannot be written \\(Permission denied\\); make it writable"):
        store.read("tiny", "file.txt")


# --- the command ---


def test_the_list(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in registry.read())
    assert told.count("missing") == len(registry.read())


def test_a_mistyped_name(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["fetch", "mnits"]) == 2
    assert "dataset: found mnits, expected one of mnist" in (told := capsys.readouterr().err)
    assert told.endswith("nearest: mnist\n")
