"""What the modules of the package say of themselves, read from their source without importing any of them."""

import ast
from functools import lru_cache
from pathlib import Path


def package(root: Path) -> Path:
    """The package's folder: the root's own source, or, for a root of parameters alone, this installation's."""
    own = root / "src" / "ablatlas"
    return own if own.is_dir() else Path(__file__).parent


def modules(folder: Path) -> list[str]:
    """The names of the modules in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def version(path: Path) -> int | None:
    """The module's VERSION; None where it declares none."""
    stat = path.stat()
    return _facts(path, stat.st_mtime_ns, stat.st_size)[0]


def words(path: Path) -> tuple[str, ...]:
    """The public names in lower case that the module defines: what a study may call its part."""
    stat = path.stat()
    return _facts(path, stat.st_mtime_ns, stat.st_size)[1]


@lru_cache(maxsize=None)
def _facts(path: Path, mtime: int, size: int) -> tuple[int | None, tuple[str, ...]]:  # noqa: ARG001 - they key the cache
    number: int | None = None
    names: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        for target in _targets(node):
            names.append(target)
            value = getattr(node, "value", None)
            if target == "VERSION" and isinstance(value, ast.Constant) and isinstance(value.value, int):
                number = value.value
    return number, tuple(name for name in names if name.islower() and not name.startswith("_"))


def _targets(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]
