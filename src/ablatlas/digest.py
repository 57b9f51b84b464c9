"""Digests."""

def _digest(value: object) -> str:
    """The first 12 hexadecimal digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_digest(run_config: Tree, root: Path | None = None) -> str:
    """The digest of a run: its resolved configuration and the VERSION of each module that it names.

    Raises StudyError where a module does not exist or declares no VERSION.
    """
    root = root or find_root()
    versions = {kind: _version(root, kind, name) for kind, name in _modules(run_config).items()}
    return _digest({"config": run_config, "versions": versions})


FOLDERS = {"model": "models", "task": "tasks", "procedure": "procedures", "engine": "train"}


def _modules(run: Tree) -> dict[str, str]:
    """What of a run is a module, and its name."""
    return {kind: run[kind]["name"] if kind in PARTS else run[kind] for kind in FOLDERS}


def _version(root: Path, kind: str, name: str) -> int:
    folder = source.package(root) / FOLDERS[kind]
    if name not in (known := source.modules(folder)):
        raise StudyError(f"src/ablatlas/{FOLDERS[kind]}", kind, name, one_of(known), known)
    number = source.version(folder / f"{name}.py")
    if number is None:
        raise StudyError(f"src/ablatlas/{FOLDERS[kind]}/{name}.py", "VERSION", None, "VERSION = a whole number")
    return number
