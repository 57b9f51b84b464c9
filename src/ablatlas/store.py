"""Checkpoints and raw data in DVC's store: how they are put in, and whether what came out is what went in.

    python -m ablatlas.store checkpoints [STUDY …]    put in the checkpoints of published runs
    python -m ablatlas.store check                    read every file and hold it against what git says of it

For a person at a keyboard, never for a job: DVC locks the whole repository while it works.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ablatlas import record
from ablatlas.config import find_root
from ablatlas.digest import PUBLISHED, index
from ablatlas.errors import StudyError
from ablatlas.record import RecordError

WORKING = Path("data", "checkpoints")
KEPT = PUBLISHED / "checkpoints"
STORED = (KEPT, Path("data", "raw"))  # the folders below which DVC has data


class StoreError(ValueError):
    """Data that are not what git says of them, or that DVC cannot take; the message names the files."""


def checkpoints(study: str, root: Path) -> Path:
    """Gather the checkpoints of a study's published runs, each proved by its record, and hand the folder to DVC.

    Raises StoreError, before anything is put in place, for one that is missing or holds other parameters.
    """
    from safetensors.torch import load_file

    from ablatlas.train.build import fingerprint  # `check` needs no torch

    folder = root / KEPT / study
    wanted = _published(root / PUBLISHED / study)
    found = {key: _file(f"{key}.safetensors", folder, root / WORKING) for key in wanted}
    if missing := [file for file in found.values() if not file.is_file()]:
        one = missing[0].relative_to(root)
        raise StoreError(f"{study}: {len(missing)} of {len(wanted)} checkpoints are not here, {one} among them")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as gathered:
        made = Path(gathered, study)
        made.mkdir()
        for key, file in found.items():
            if fingerprint(load_file(str(file))) != wanted[key]:
                raise StoreError(f"{file.relative_to(root)}: not the parameters that the published run ended with")
            _link(file, made / file.name)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    _dvc(root, "add", "--quiet", str(KEPT / study))
    return KEPT / study


def _published(folder: Path) -> dict[str, str]:
    """The key of every confirmation run that is published of a study, and the fingerprint of its parameters."""
    runs = record.stored([folder], "confirmation")
    return {found.run[row]["key"]: found.outcome[row]["parameters"] for _, found, row in runs}


def _file(name: str, *folders: Path) -> Path:
    """The file in the first of folders that has it; where it would be in the last if none has."""
    return next((folder / name for folder in folders if (folder / name).is_file()), folders[-1] / name)


def _link(source: Path, target: Path) -> None:
    """A second name for a file, a copy where the disk allows none: both are only ever replaced as a whole."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def check(root: Path) -> list[str]:
    """What DVC has of data, in lines.

    Raises StoreError, naming each, for files that are not what git says of them, and for objects of the cache that are
    not what their names say: `dvc push` would hand them on.
    """
    with tempfile.TemporaryDirectory() as empty:  # without what DVC remembers, it reads every file
        status = _dvc(root, "data", "status", "--granular", "--json", DVC_SITE_CACHE_DIR=empty)
    uncommitted: dict[str, list[str]] = json.loads(status).get("uncommitted", {})
    changed = _data([*uncommitted.get("modified", ()), *uncommitted.get("unknown", ())])
    files = [path for path in changed if not path.endswith("/")]
    if damaged := [*files, *_rotten(Path(_dvc(root, "cache", "dir").strip()))]:
        head = "not what git says of them; remove them, and `dvc pull` brings them again:"
        raise StoreError("\n  ".join([head, *damaged]))
    absent = _data(uncommitted.get("deleted", ()))
    folders = [path for path in absent if path.endswith("/")]
    told = [f"{path}: not here, `dvc pull` brings it" for path in folders or absent]
    return told or ["all data are what git says of them"]


def _rotten(cache: Path) -> list[str]:
    """The objects of a cache whose content has not the hash that they are named by."""
    objects = sorted(path for path in cache.glob("files/md5/??/*") if path.is_file())
    return [str(path) for path in objects if _md5(path) != path.parent.name + path.name.removesuffix(".dir")]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _data(paths: Sequence[str]) -> list[str]:
    """Those of DVC's paths that are data: its figures are its pipeline's. A folder ends in a slash."""
    return sorted(path for path in paths if any(folder in Path(path).parents for folder in STORED))


def _dvc(root: Path, *words: str, **environment: str) -> str:
    """What a DVC command prints. Raises StoreError with its reason where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words], cwd=root, env=os.environ | environment, capture_output=True, text=True
    )
    if done.returncode:
        raise StoreError(f"dvc {words[0]}: {done.stderr.strip()}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all is in the store or as git says; 2 and the reason on stderr otherwise."""
    parse = argparse.ArgumentParser(
        prog="python -m ablatlas.store", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked = parse.add_subparsers(dest="asked", required=True)
    asked.add_parser("checkpoints").add_argument(
        "studies", nargs="*", help="all that are published where none is named"
    )
    asked.add_parser("check")
    given = parse.parse_args(arguments)
    try:
        root = find_root()
        if given.asked == "check":
            print(*check(root), sep="\n")
            return 0
        for study in given.studies or index(root):
            print(f"{checkpoints(study, root)}: commit the .dvc file beside it, then `dvc push`")
    except (StoreError, StudyError, RecordError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
