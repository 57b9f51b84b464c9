"""Where the files of datasets lie, and their bytes once these are what was pinned.

A file is looked for in `data/raw/<folder>/`, then in `$ABLATLAS_MIRROR/<folder>/`, where it is read in place. One that
lies in neither, but whose archive does, is unpacked from there into `data/raw`. What is found and is not what was
pinned is an error, never a reason to look further.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ablatlas.config import find_root
from ablatlas.data import registry, unpack
from ablatlas.data.registry import DataError, Dataset, File
from ablatlas.record import write_whole

MIRROR = "ABLATLAS_MIRROR"
COMMAND = "python -m ablatlas.data fetch"


@dataclass(frozen=True)
class Place:
    """Where a dataset stands: `state` is verified, missing, or what is wrong; `where` the folders that it lies in."""

    state: str
    where: str


def raw(of: Dataset) -> Path:
    """The folder that a dataset is fetched into."""
    return find_root() / "data" / "raw" / of.folder


def mirror() -> Path | None:
    """The mirror's folder, if one is set. Raises DataError where it is set to no folder."""
    named = os.environ.get(MIRROR)
    if not named:
        return None
    if not Path(named).is_dir():
        raise DataError(
            f"{MIRROR}: found {named}, expected a folder that holds <dataset>/<file>; set it right, or unset it"
        )
    return Path(named)


def find(of: Dataset, file: File) -> Path | None:
    """Where a file or an archive lies, unverified; None where it lies nowhere."""
    shared = mirror()
    folders = [raw(of), *([shared / of.folder] if shared else [])]
    return next((path for folder in folders if (path := folder / file.name).is_file()), None)


def read(name: str, file: str) -> bytes:
    """The bytes of one file of a dataset, which are what was pinned.

    Raises DataError where they are not, or where the file is missing, and OSError where it cannot be read.
    """
    of = registry.dataset(name)
    found = load(of, of.files[file])
    if found is None:
        raise DataError(missing(of, of.files[file]))
    return found


def load(of: Dataset, file: File) -> bytes | None:
    """A file's verified bytes, unpacked into `data/raw` if only its archive is there; None where neither is."""
    path = find(of, file)
    if path is not None:
        return verified(of, file, path.read_bytes(), path)
    if file.inside is None:
        return None
    archive = of.archives[file.inside]
    packed = find(of, archive)
    if packed is None:
        return None
    inside = unpack.contents(archive.name, verified(of, archive, packed.read_bytes(), packed))
    for other in of.files.values():
        if other.inside == archive.name:
            put(of, other, inside, packed)
    return verified(of, file, inside[file.member], packed)


def put(of: Dataset, file: File, inside: dict[str, bytes], packed: Path) -> None:
    """Write one member of an unpacked archive into `data/raw`, whole or not at all."""
    if file.member not in inside:
        raise DataError(f"{packed}: found no member {file.member} among its {len(inside)} files, expected it")
    path = raw(of) / file.name
    try:
        write_whole(path, verified(of, file, inside[file.member], packed))
    except OSError as error:
        raise unwritable(of, error) from error


def verified(of: Dataset, file: File, data: bytes, path: Path) -> bytes:
    """The bytes themselves, once size and SHA-256 are the pinned ones."""
    if len(data) != file.bytes:
        raise DataError(f"{path}: found {len(data):,} bytes, expected {file.bytes:,}; {_remedy(of, path)}")
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise DataError(f"{path}: found SHA-256 {found}, expected {file.sha256}; {_remedy(of, path)}")
    return data


def _remedy(of: Dataset, path: Path) -> str:
    if path.is_relative_to(raw(of)):
        return f"delete it, then: {COMMAND} {of.name}"
    return f"the mirror's file is not what the host serves: put it right, or unset {MIRROR}"


def missing(of: Dataset, file: File) -> str:
    """What to say of a file that lies nowhere: where it was looked for, and how to come by it."""
    shared = mirror()
    beside = f"nor in {shared / of.folder} ({MIRROR})" if shared else f"and {MIRROR} is not set"
    remedy = (
        f"fetch it: {COMMAND} {of.name}" if of.hosts else f"{of.title} is {of.origin}; put it there, or in a mirror"
    )
    return f"{raw(of) / file.name}: found nothing there, {beside}; {remedy}"


def unwritable(of: Dataset, error: OSError) -> DataError:
    """The error of a folder that takes no file."""
    why = error.strerror or str(error)
    return DataError(
        f"{raw(of)}: cannot be written ({why}); make it writable, or set {MIRROR} to a folder that holds {of.folder}/"
    )


def place(of: Dataset) -> Place:
    """Where a dataset stands, every file of it hashed; nothing is unpacked or fetched."""
    wanted = [file if find(of, file) or file.inside is None else of.archives[file.inside] for file in of.files.values()]
    lying = [find(of, file) for file in wanted]
    folders = ", ".join(dict.fromkeys(str(folder(path)) for path in lying if path))
    if not all(lying):
        return Place("missing", folders)
    try:
        for file, path in dict(zip(wanted, lying, strict=True)).items():
            assert path is not None
            verified(of, file, path.read_bytes(), path)
    except DataError as error:
        return Place(str(error), folders)
    return Place("verified", folders)


def folder(path: Path) -> Path:
    """A file's folder, relative to the repository where it lies in there."""
    root = find_root()
    return path.parent.relative_to(root) if path.is_relative_to(root) else path.parent
