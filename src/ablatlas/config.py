"""One composed configuration a study: where the root is, how Hydra composes it, and its cache.

The order is fixed: `params/config.yaml`, the study's file, the scale's file, the study's own overrides for
that scale, the command line's. What Hydra and OmegaConf refuse is told again with file, path, found and
expected. OmegaConf reads every YAML file, since readers disagree on what `1e-3` and `off` are.
"""

import hashlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from glob import glob
from pathlib import Path
from typing import Any, NoReturn

from ablatlas import source
from ablatlas.errors import StudyError, one_of, show
from ablatlas.tree import Tree, paths

PARTS = ("model", "task", "recipe")  # the groups that a run is made of
COMMAND_LINE = "command line"
# Set by the scale's file and the command line, never by a study's.
GIVEN = ("arm", "seed", "scale", "seeds", "device", "clock", "controls")
CONTROLS = "control"  # the folder of the studies whose answer is known
SCALES = ("smoke", "laptop", "gpu")  # a study may speak of each, whether or not params/scale has its file
OVERRIDE = re.compile(r"(?P<sign>~|\+{0,2})(?P<key>[^=~+]+)(?:=(?P<value>.*))?", re.DOTALL)

MANY = 8  # compositions that are worth other processes

Fail = Callable[[str, object, str], NoReturn]


def find_root(start: Path | None = None) -> Path:
    """The folder with `params/config.yaml`: $ABLATLAS_ROOT, else the nearest at or above `start` (or here).

    Raises StudyError where there is none.
    """
    named = os.environ.get("ABLATLAS_ROOT")
    begin = Path(named or start or Path.cwd()).resolve()
    for folder in [begin] if named else [begin, *begin.parents]:
        if (folder / "params" / "config.yaml").is_file():
            return folder
    raise StudyError(begin, "params/config.yaml", None, "the repository's root here, above, or in ABLATLAS_ROOT")


def options(root: Path, group: str) -> list[str]:
    """The names that a group of `params/` offers, sorted."""
    # a path an entry would be made 75 times for each of 75 studies
    found = glob("*.yaml", root_dir=root / "params" / group)  # noqa: PTH207
    return sorted(file.removesuffix(".yaml") for file in found)


def study_file(root: Path, study: str) -> str:
    """A study's file, or a control's, relative to the root."""
    return f"params/study/{option(root, study)}.yaml"


def option(root: Path, study: str) -> str:
    """What Hydra calls a study: its name, behind its folder if it is a control."""
    return f"{CONTROLS}/{study}" if (root / "params" / "study" / CONTROLS / f"{study}.yaml").is_file() else study


# --- overrides ---


def override_key(override: str) -> str:
    """The path that an override sets, adds or deletes."""
    match = OVERRIDE.fullmatch(override)
    return match["key"].strip().lstrip("/") if match else override


def touches(override: str, path: str) -> bool:
    """Whether an override changes the value at `path`, something below it or something above it."""
    key = override_key(override)
    return key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.")


def with_origin(file: str, scale: str, own: Sequence[str], given: Sequence[str]) -> list[tuple[str, str]]:
    """(override, where it stands): the study's own for the scale, then the command line's."""
    place = f"{file}: scales.{scale}"
    return [(item, place) for item in own] + [(item, COMMAND_LINE) for item in given]


def origin(file: str, overrides: Sequence[tuple[str, str]], path: str) -> str:
    """Where the value at `path` was set last: the study's file, or the place of an override."""
    return next((place for item, place in reversed(overrides) if touches(item, path)), file)


# --- reading ---


def read_yaml(root: Path, relative: str) -> Tree:
    """One parameter file as plain data, interpolations unresolved.

    Raises StudyError for what is no YAML, no mapping, or has keys or numbers that no configuration can hold.
    """
    import yaml  # type: ignore[import-untyped]
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        tree = OmegaConf.to_container(OmegaConf.load(root / relative), resolve=False)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise StudyError(relative, f"line {line}", error.problem, "YAML") from None
    except OmegaConfBaseException as error:
        raise StudyError(relative, error.full_key or "(top)", _first_line(error), "words as keys") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(relative, "(top)", _first_line(error), "a readable YAML file") from None
    if not isinstance(tree, dict):
        raise StudyError(relative, "(top)", tree, "a mapping")
    return _plain(tree, _failing(relative))


def _failing(file: str, overrides: Sequence[tuple[str, str]] = ()) -> Fail:
    def fail(path: str, found: object, expected: str) -> NoReturn:
        raise StudyError(origin(file, overrides, path), path or "(top)", found, expected)

    return fail


def _plain(tree: Any, fail: Fail, path: str = "") -> Any:
    """The tree itself, once every key is a word and every number finite."""
    if isinstance(tree, dict):
        for key in tree:
            if isinstance(key, bool):
                hint = "a word (YAML reads on, off, yes and no as booleans: quote it, or choose another)"
                fail(path, f"the boolean {show(key)} as a name", hint)
            if not isinstance(key, str):
                fail(path, f"{show(key)} as a name", "a word")
        return {key: _plain(value, fail, f"{path}.{key}".lstrip(".")) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(value, fail, f"{path}[{i}]") for i, value in enumerate(tree)]
    if isinstance(tree, float) and not math.isfinite(tree):
        fail(path, str(tree), "a finite number")
    return tree


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _read_part(root: Path, group: str, name: str) -> Tree:
    relative = f"params/{group}/{name}.yaml"
    tree: Tree = json.loads(_part(root, relative, stamp(root / relative)))
    modules = source.modules(source.package(root) / f"{group}s")
    if tree.get("name") not in (name, *modules):
        expected = f"{name}, the file's own name, or another module's of {group}s"
        raise StudyError(relative, "name", tree.get("name"), expected, modules)
    return tree


@cache
def _part(root: Path, relative: str, stamp: tuple[int, int]) -> str:
    """A file that studies share as JSON, which is copied faster than YAML is read."""
    return json.dumps(read_yaml(root, relative))


# --- composing ---


def compose(root: Path, study: str, scale: str, overrides: Sequence[str]) -> dict[str, Tree]:
    """{"config": the composed configuration, "parts": {group: {name: its file's tree}}} as plain data.

    `study` and `scale` must exist. Raises StudyError for any file or override that does not compose.
    """
    file = study_file(root, study)
    declared = read_yaml(root, file)
    for shared in ("params/config.yaml", f"params/scale/{scale}.yaml"):  # each is told of by its own name
        _part(root, shared, stamp(root / shared))
    parts = {group: {name: _read_part(root, group, name) for name in options(root, group)} for group in PARTS}
    _check_defaults(file, declared, parts)
    own = _own_overrides(root, file, declared).get(scale, [])
    frame = [f"study@_global_={option(root, study)}", f"scale={scale}"]
    placed = with_origin(file, scale, own, overrides)
    try:
        config = _hydra(root, [*frame, *own, *overrides])
    except Exception as error:  # Hydra raises its own, OmegaConf's, ANTLR's and plain ValueErrors
        _retell(error, root, file, frame, placed)
    return {"config": _plain(config, _failing(file, placed)), "parts": parts}


def _hydra(root: Path, overrides: list[str]) -> Any:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(root / "params"), version_base="1.3"):
        composed = hydra_compose("config", overrides=overrides)
    return OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)


def _check_defaults(file: str, declared: Tree, parts: dict[str, Tree]) -> None:
    """Every part is chosen, every chosen name is a file, and nothing is set that the scale sets."""
    for key in GIVEN:
        if key in declared:
            raise StudyError(file, key, declared[key], f"no {key} here: set it in params/scale, scales or by hand")
    defaults = declared.get("defaults")
    if not isinstance(defaults, list):
        raise StudyError(file, "defaults", defaults, "a list: [/model: …, /task: …, /recipe: …, _self_]")
    entries = [item for item in defaults if isinstance(item, dict)]
    chosen = {key.lstrip("/"): name for item in entries for key, name in item.items()}
    for group in chosen:
        if group not in PARTS:
            raise StudyError(file, "defaults", f"/{group}", one_of(f"/{part}" for part in PARTS), PARTS)
    for group in PARTS:
        if chosen.get(group) not in parts[group]:
            raise StudyError(file, f"defaults./{group}", chosen.get(group), one_of(parts[group]), parts[group])


def _own_overrides(root: Path, file: str, declared: Tree) -> dict[str, list[str]]:
    """Scale -> what the study's file overrides there."""
    scales = declared.get("scales") or {}
    known = sorted({*options(root, "scale"), *SCALES})
    if not isinstance(scales, dict):
        raise StudyError(file, "scales", scales, "a mapping from a scale to a list of overrides")
    for name, items in scales.items():
        if name not in known:
            raise StudyError(file, "scales", name, one_of(known), known)
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise StudyError(file, f"scales.{name}", items, 'a list of overrides such as "recipe.steps=5"')
    return scales


def _retell(error: Exception, root: Path, file: str, frame: list[str], overrides: list[tuple[str, str]]) -> NoReturn:
    """Find the first override that does not compose, and say of it what Hydra means."""
    before: Tree = {}
    for count in range(len(overrides) + 1):
        try:
            before = _hydra(root, frame + [override for override, _ in overrides[:count]])
        except Exception as failure:
            error = failure
            break
    if count == 0:
        raise StudyError(file, getattr(error, "full_key", None) or "(top)", _first_line(error), "what composes")
    _retell_override(error, root, before, *overrides[count - 1])


def _retell_override(error: Exception, root: Path, before: Tree, override: str, origin: str) -> NoReturn:
    match, key = OVERRIDE.fullmatch(override), override_key(override)
    if match is None or (match["value"] is None and match["sign"] != "~"):
        raise StudyError(origin, override, "no value", "path=value, or ~path to delete it")
    if key in PARTS and match["value"] not in options(root, key):
        raise StudyError(origin, key, match["value"], one_of(options(root, key)), options(root, key))
    if key not in (known := list(paths(before))):
        raise StudyError(origin, key, key, "a path of the composed configuration", known)
    raise StudyError(origin, key, match["value"], f"a value that Hydra reads ({_first_line(error)})")


# --- the cache ---


def cache_file(root: Path, study: str, scale: str, overrides: Sequence[str]) -> Path:
    """Where a composition is kept: a hash of what was asked for, of all of `params/` and of this module."""
    asked = json.dumps([study, scale, *overrides]).encode()
    digest = hashlib.sha256(asked + Path(__file__).read_bytes() + _content(root / "params", _stamps(root / "params")))
    return root / "data" / ".cache" / f"{digest.hexdigest()[:24]}.json"


def stamp(path: Path | str) -> tuple[int, int]:
    """What tells, within one process, that a file has changed."""
    told = os.stat(path)  # noqa: PTH116 (no path is made of it: this is asked of every file for every study)
    return told.st_mtime_ns, told.st_size


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Every file below a folder, sorted, each with its stamp."""
    files = sorted(f"{place}/{name}" for place, _, names in os.walk(folder) for name in names)
    return tuple((file, *stamp(file)) for file in files)


@cache
def _content(folder: Path, files: tuple[tuple[str, int, int], ...]) -> bytes:
    """A hash of files and their names; 75 studies of one process share it."""
    digest = hashlib.sha256()
    for file, *_ in files:
        path = Path(file)
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.digest()


def recall(file: Path) -> dict[str, Tree] | None:
    """A kept composition; None where there is none, or none that can be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(kept, dict) and all(isinstance(kept.get(key), dict) for key in ("config", "parts"))
    return kept if whole else None


def remember(file: Path, composed: dict[str, Tree]) -> None:
    """Keep a composition, whole or not at all; where nothing can be written, each time composes anew."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as out:
            json.dump(composed, out, ensure_ascii=False)
        Path(out.name).replace(file)
    except OSError:
        return


def compose_ahead(root: Path, scale: str, studies: Sequence[str]) -> None:
    """Compose what of many studies is not kept yet, on all cores; what does not compose is told when it is loaded."""
    missing = [study for study in studies if not cache_file(root, study, scale, []).is_file()]
    if len(missing) < MANY:
        return
    shares = [missing[first :: os.cpu_count()] for first in range(os.cpu_count() or 1)]
    words = [sys.executable, "-m", __name__, str(root), scale]
    at_work = [subprocess.Popen([*words, *share]) for share in shares if share]
    for process in at_work:
        process.wait()


def main(root: Path, scale: str, studies: Sequence[str]) -> None:
    """Compose and keep studies; those that cannot be are left to whoever loads them."""
    for study in studies:
        with suppress(StudyError):
            remember(cache_file(root, study, scale, []), compose(root, study, scale, []))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
