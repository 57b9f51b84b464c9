"""Archives, read whole into memory: what is in them reaches the disk, if at all, under names of our own."""

import io
import posixpath
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath

from ablatlas.data.registry import DataError

BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError)


def contents(name: str, data: bytes) -> dict[str, bytes]:
    """The regular files of a tar, of any compression, or a zip: name in the archive -> bytes.

    Raises DataError for an archive that is truncated or broken, and for one with a link, a device, or a name that
    leads out of it.
    """
    try:
        return _zip(name, data) if name.endswith(".zip") else _tar(name, data)
    except BROKEN as error:
        raise DataError(f"{name}: found no whole archive ({error}), expected one: fetch it again") from error


def member(name: str, data: bytes, wanted: str) -> bytes:
    """One file of an archive. Raises DataError where it is not in there."""
    files = contents(name, data)
    if wanted not in files:
        raise DataError(f"{name}: found no member {wanted} among its {len(files)} files, expected it")
    return files[wanted]


def _tar(name: str, data: bytes) -> dict[str, bytes]:
    files = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            try:
                safe = tarfile.data_filter(entry, "/nowhere")
            except tarfile.FilterError as error:
                raise DataError(f"{name}: found the member {entry.name}, which is refused: {error}") from error
            if safe.islnk() or safe.issym():
                raise DataError(f"{name}: found the link {entry.name}, expected files alone")
            if safe.isfile():
                file = archive.extractfile(entry)
                assert file is not None  # a regular file has content
                files[posixpath.normpath(safe.name)] = file.read()
    return files


def _zip(name: str, data: bytes) -> dict[str, bytes]:
    files = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
                raise DataError(f"{name}: found the member {entry.filename}, which leads out of the archive")
            if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                raise DataError(f"{name}: found the link {entry.filename}, expected files alone")
            if not entry.is_dir():
                files[posixpath.normpath(entry.filename)] = archive.read(entry)
    return files
