"""Archives: what is in them, and what is refused."""

import io
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from ablatlas.data.registry import DataError
from ablatlas.data.unpack import contents, member


def tar(
    *entries: tuple[str, bytes], mode: str = "w:gz", change: Callable[[tarfile.TarInfo], None] | None = None
) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            if change:
                change(entry)
            archive.addfile(entry, io.BytesIO(data) if entry.isfile() else None)
    return packed.getvalue()


def zipped(*entries: tuple[str, bytes], link: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if link else 0o100644) << 16
            archive.writestr(entry, data)
    return packed.getvalue()


FILES = (("folder/one", b"1" * 5000), ("./two", bytes(range(256)) * 20))
WHOLE = {"folder/one": FILES[0][1], "two": FILES[1][1]}
ARCHIVES = {"a.tar.gz": tar(*FILES), "a.tar": tar(*FILES, mode="w"), "a.zip": zipped(*FILES)}


@pytest.mark.parametrize("name", ARCHIVES)
def test_regular_files(name: str) -> None:
    assert contents(name, ARCHIVES[name]) == WHOLE
    assert member(name, ARCHIVES[name], "two") == WHOLE["two"]


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_missing_member_is_told(name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: found no member three among its 2 files"):
        member(name, ARCHIVES[name], "three")


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5])
def test_a_truncated_archive_is_told(name: str, share: float) -> None:
    data = ARCHIVES[name]
    with pytest.raises(DataError, match=f"{name}: found no whole archive"):
        contents(name, data[: int(share * len(data))])


@pytest.mark.parametrize("name", ["../out", "folder/../../out", "/etc/out"])
def test_no_name_leads_out_of_an_archive(name: str) -> None:
    with pytest.raises(DataError, match="leads out of the archive"):
        contents("a.zip", zipped((name, b"x")))
    if name.startswith("/"):  # tar's own filter takes the leading slash away
        assert list(contents("a.tar", tar((name, b"x"), mode="w"))) == ["etc/out"]
    else:
        with pytest.raises(DataError, match="which is refused"):
            contents("a.tar", tar((name, b"x"), mode="w"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("target", ["folder/one", "/etc/passwd", "../../out"])
def test_links_and_devices_are_refused(kind: bytes, target: str) -> None:
    def change(entry: tarfile.TarInfo) -> None:
        entry.type, entry.linkname, entry.size = kind, target, 0

    with pytest.raises(DataError, match=r"refused|expected files alone"):
        contents("a.tar", tar(("entry", b""), mode="w", change=change))


def test_a_link_in_a_zip_is_refused() -> None:
    with pytest.raises(DataError, match="found the link entry, expected files alone"):
        contents("a.zip", zipped(("entry", b"/etc/passwd"), link=True))
