"""Digests: what a run is a function of, besides its seed and its machine, in 12 hexadecimal digits."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ablatlas import source
from ablatlas.config import PARTS, find_root
from ablatlas.data import registry
from ablatlas.errors import StudyError, one_of

# What came after runs had been published: at its usual value it is left out of digests, and those runs stay valid.
USUAL = {"precision": "float32", "watch": "none"}
PUBLISHED = Path("data", "published")
INDEX = PUBLISHED / "index.json"
FOLDERS = {"model": "models", "task": "tasks", "procedure": "procedures", "engine": "train"}


def digest(value: object) -> str:
    """The first 12 hexadecimal digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_digest(run_config: dict[str, Any], root: Path | None = None) -> str:
    """The digest of a run: its resolved configuration, the VERSION of each module that it names, its data's hashes.

    Raises StudyError where a module does not exist or declares no VERSION, or what it replays is not published, and
    DataError where a dataset does not exist.
    """
    root = root or find_root()
    versions = {kind: version(root, kind, name) for kind, name in named_modules(run_config).items()}
    return of_run(run_config, versions, reads(run_config, root))


def of_run(run_config: dict[str, Any], versions: dict[str, int], read: dict[str, str]) -> str:
    """The digest of a run whose modules had these VERSIONs, by what a module is to a run, and which read these data."""
    data = {"data": read} if read else {}
    return digest({"config": significant(run_config), "versions": versions, **data})


def significant(run_config: dict[str, Any]) -> dict[str, Any]:
    """A run's configuration less what stands at its usual value."""
    return {key: value for key, value in run_config.items() if USUAL.get(key) != value}


def pins(dataset: str | None, root: Path) -> dict[str, str]:
    """File -> SHA-256 of a dataset; nothing for a task whose data is bundled or generated, and names none."""
    file = source.package(root) / "data" / registry.FILE
    return registry.dataset(dataset, file).pins if dataset else {}


def reads(run_config: dict[str, Any], root: Path) -> dict[str, str]:
    """File -> hash of all that a run reads: its dataset's files, and the published records that it replays."""
    task = run_config["task"]
    return pins(task.get("dataset"), root) | standing(task.get("published"), root)


def standing(study: str | None, root: Path) -> dict[str, str]:
    """File -> SHA-256 of the published records that a task replays; nothing for one that names no study."""
    return {f"{PUBLISHED / study / file}": pin for file, pin in replayed(study, root).items()} if study else {}


def index(root: Path) -> dict[str, Any]:
    """What `publish` says of each study: digest, scale, runs, the hashes of its records. Raises StudyError."""
    try:
        studies: dict[str, Any] = json.loads((root / INDEX).read_text(encoding="utf-8"))["studies"]
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(INDEX, "studies", repr(error), "the index that `snakemake publish` writes") from None
    return studies


def replayed(study: str, root: Path) -> dict[str, str]:
    """Tuning record -> SHA-256, of a published study, as the index has them. Raises StudyError where there are none."""
    tuned = {name: _tuned(entry["records"]) for name, entry in index(root).items()}
    known = sorted(name for name, records in tuned.items() if records)
    if study not in known:
        raise StudyError(INDEX, "task.published", study, one_of(known), known)
    return tuned[study]


def _tuned(records: dict[str, str]) -> dict[str, str]:
    return {file: pin for file, pin in records.items() if file.endswith(".tuning.json.gz")}


def run_key(digest: str, seed: int, engine: str, torch: str, device: str, threads: int) -> str:
    """What makes two runs the same run, as one word fit for a file name."""
    return f"{digest}-s{seed}-{engine}-{torch}-{device}-t{threads}"


def named_modules(run_config: dict[str, Any]) -> dict[str, str]:
    """What of a run is a module (model, task, procedure, engine), and its name."""
    return {kind: run_config[kind]["name"] if kind in PARTS else run_config[kind] for kind in FOLDERS}


def candidates(root: Path, kind: str) -> list[str]:
    """The modules that a study may name as its model, task, procedure or engine: those with a VERSION."""
    return list(source.versions(source.part(root, FOLDERS[kind])))


def version(root: Path, kind: str, name: str) -> int:
    """A module's VERSION. Raises StudyError where there is no module, or none in it."""
    folder = source.part(root, FOLDERS[kind])
    if (number := source.versions(folder).get(name)) is None:
        file, there = f"src/ablatlas/{FOLDERS[kind]}/{name}.py", name in source.modules(folder)
        what = "VERSION = a whole number" if there else "a module with a VERSION"
        raise StudyError(file, kind, None, what, [] if there else candidates(root, kind))
    return number


def stats_versions(root: Path) -> dict[str, int]:
    """The VERSION of each module of `stats` that has one."""
    return source.versions(source.part(root, "stats"))
