"""What the modules of the package say of themselves, read from their source without importing any of them.

It is read once, when first asked for. As with an import, a later edit is not seen: code that a process runs must not
pass for a newer version of itself.
"""

import ast
import re
from functools import cache
from pathlib import Path

VERSION = re.compile(r"^VERSION = (\d+)\b", re.MULTILINE)


@cache
def package(root: Path) -> Path:
    """The package's folder: the root's own source, or this installation's for a root of parameters alone."""
    own = root / "src" / "ablatlas"
    return own if own.is_dir() else Path(__file__).parent


@cache
def part(root: Path, name: str) -> Path:
    """The folder of a part of the package."""
    return package(root) / name


@cache
def modules(folder: Path) -> list[str]:
    """The names of the modules in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


@cache
def versions(folder: Path) -> dict[str, int]:
    """Module -> VERSION of each module in a folder that declares one, sorted."""
    found = {name: version(folder / f"{name}.py") for name in modules(folder)}
    return {name: number for name, number in found.items() if number is not None}


@cache
def version(path: Path) -> int | None:
    """The module's VERSION; None where it declares none. To parse all modules for it takes a process a tenth second."""
    found = VERSION.search(path.read_text(encoding="utf-8"))
    return int(found[1]) if found else None


def constant(path: Path, name: str) -> object:
    """The number or word that the module says is `name`; None where it says nothing."""
    return facts(path)[0].get(name)


def words(path: Path) -> tuple[str, ...]:
    """The public names in lower case that the module defines: what a study may call its part."""
    return facts(path)[1]


@cache
def facts(path: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    """(constants, words) as they stood when first asked for in this process."""
    constants: dict[str, object] = {}
    names: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        for target in _targets(node):
            names.append(target)
            value = getattr(node, "value", None)
            if target.isupper() and isinstance(value, ast.Constant):
                constants[target] = value.value
    return constants, tuple(name for name in names if name.islower() and not name.startswith("_"))


def forget() -> None:
    """Read all source anew when next asked: for a process that edits it."""
    for kept in (package, part, modules, versions, version, facts):
        kept.cache_clear()


def _targets(node: ast.stmt) -> list[str]:
    annotated = [node.target] if isinstance(node, ast.AnnAssign) else []
    targets = node.targets if isinstance(node, ast.Assign) else annotated
    return [target.id for target in targets if isinstance(target, ast.Name)]
