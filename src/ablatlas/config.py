"""One composed configuration a study: where the root is, how Hydra composes it, and its cache.

The order is fixed: `params/config.yaml`, the study's file, the scale's file, the study's own overrides for that
scale, the command line. What Hydra and OmegaConf refuse is told again with file, path, found and expected.
"""

import difflib
import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

PARTS = ("model", "task", "recipe")  # the groups that a run is made of
COMMAND_LINE = "command line"
OVERRIDE = re.compile(r"^(?P<sign>~|\+{0,2})(?P<key>[^=~+]+)(?:=(?P<value>.*))?$", re.DOTALL)


class StudyError(ValueError):
    """A study that cannot be run as declared: `file`, `path` in it, what was found, expected, and the nearest name."""

    def __init__(
        self, file: str | Path, path: str, found: object, expected: str, options: Iterable[object] = ()
    ) -> None:
        names = [str(option) for option in options]
        self.file, self.path, self.found, self.expected = str(file), path, show(found), expected
        self.nearest = nearest(str(found), names)
        hint = f"; nearest: {self.nearest}" if self.nearest else ""
        super().__init__(f"{self.file}: {path}: found {self.found}, expected {expected}{hint}")


def show(value: object) -> str:
    """A value as a message names it: `nothing` for None, words as they are, the rest as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def one_of(options: Iterable[object]) -> str:
    """The words of a message that lists what would have been right."""
    return "one of " + (", ".join(str(option) for option in options) or "(none exist)")


def nearest(word: str, options: Sequence[str]) -> str | None:
    """The option most like `word`: the same last segment first, then difflib's closest; None where there are none."""
    segment = word.rsplit(".", 1)[-1]
    same = [option for option in options if option.rsplit(".", 1)[-1] == segment]
    close = difflib.get_close_matches(word, same or options, n=1, cutoff=0.0)
    return close[0] if close else None


def find_root(start: Path | None = None) -> Path:
    """The folder that holds `params/config.yaml`: $ABLATLAS_ROOT, else the nearest at or above `start` (or here).

    Raises StudyError where there is none.
    """
    named = os.environ.get("ABLATLAS_ROOT")
    begin = Path(named or start or Path.cwd()).resolve()
    for folder in [begin] if named else [begin, *begin.parents]:
        if (folder / "params" / "config.yaml").is_file():
            return folder
    raise StudyError(begin, "params/config.yaml", None, "a folder of the repository, or ABLATLAS_ROOT naming its root")


def options(root: Path, group: str) -> list[str]:
    """The names that a group of `params/` offers, sorted."""
    return sorted(path.stem for path in (root / "params" / group).glob("*.yaml"))


def paths(tree: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Every dotted path of a nested mapping, inner nodes included."""
    for key, value in tree.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{key}.")


def at(tree: dict[str, Any], path: str) -> Any:
    """The value at a dotted path. Raises KeyError where it names nothing."""
    node: Any = tree
    for key in path.split("."):
        if not isinstance(node, dict):
            raise KeyError(path)
        node = node[key]
    return node


def put(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `tree` with `value` at an existing dotted path. Raises KeyError where it names nothing."""
    key, _, rest = path.partition(".")
    if not isinstance(tree, dict) or key not in tree:
        raise KeyError(path)
    return {**tree, key: put(tree[key], rest, value) if rest else value}


def override_key(override: str) -> str:
    """The path that an override sets, adds or deletes."""
    match = OVERRIDE.match(override)
    return match["key"].strip().lstrip("/") if match else override


def touches(override: str, path: str) -> bool:
    """Whether an override changes the value at `path`, something below it or something above it."""
    key = override_key(override)
    return key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.")


# --- reading YAML: OmegaConf everywhere, since YAML readers disagree on `1e-3` and on what a boolean is ---


def read_yaml(root: Path, relative: str) -> dict[str, Any]:
    """One parameter file as plain data, interpolations unresolved.

    Raises StudyError for what is no YAML, no mapping, or has keys or numbers that a configuration cannot hold.
    """
    import yaml
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        tree = OmegaConf.to_container(OmegaConf.load(root / relative), resolve=False)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise StudyError(relative, f"line {line}", error.problem, "YAML") from None
    except OmegaConfBaseException as error:
        raise StudyError(relative, error.full_key or "(top)", first_line(error), "words as keys") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(relative, "(top)", first_line(error), "a readable YAML file") from None
    if not isinstance(tree, dict):
        raise StudyError(relative, "(top)", tree, "a mapping")
    return plain(tree, lambda path, found, expected: _fail(relative, path, found, expected))


def _fail(file: str, path: str, found: object, expected: str) -> NoReturn:
    raise StudyError(file, path or "(top)", found, expected)


def plain(tree: Any, fail: Callable[[str, object, str], NoReturn], path: str = "") -> Any:
    """The tree itself, once every key is a word and every number finite."""
    if isinstance(tree, dict):
        for key in tree:
            if isinstance(key, bool):
                word = "a word (YAML reads on, off, yes and no as booleans: quote it, or choose another)"
                fail(path, f"the boolean {key} as a name", word)
            if not isinstance(key, str):
                fail(path, f"{key!r} as a name", "a word")
        return {key: plain(value, fail, f"{path}.{key}".lstrip(".")) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value, fail, f"{path}[{i}]") for i, value in enumerate(tree)]
    if isinstance(tree, float) and not math.isfinite(tree):
        fail(path, str(tree), "a finite number")
    return tree


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


# --- composing ---


def compose(root: Path, study: str, scale: str, overrides: Sequence[str]) -> dict[str, Any]:
    """{"config": the composed configuration, "parts": {group: {name: its file's tree}}} as plain data.

    `study` and `scale` must exist. Raises StudyError for any file or override that does not compose.
    """
    file = f"params/study/{study}.yaml"
    declared = read_yaml(root, file)
    parts = {group: {name: _read_part(root, group, name) for name in options(root, group)} for group in PARTS}
    _check_defaults(file, declared.get("defaults"), parts)
    own = scale_overrides(file, declared, scale, root)
    given = [f"study@_global_={study}", f"scale={scale}"]
    origins = [f"{file}: scales.{scale}"] * len(own) + [COMMAND_LINE] * len(overrides)
    try:
        config = _hydra(root, [*given, *own, *overrides])
    except Exception as error:  # Hydra raises its own, OmegaConf's, ANTLR's and plain ValueErrors
        _retell(error, root, file, given, list(zip([*own, *overrides], origins, strict=True)))
    config = plain(config, lambda path, found, expected: _fail(file, path, found, expected))
    return {"config": config, "parts": parts}


def _hydra(root: Path, overrides: list[str]) -> dict[str, Any]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(root / "params"), version_base="1.3"):
        composed = hydra_compose("config", overrides=overrides)
    return OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)  # type: ignore[return-value]


def _read_part(root: Path, group: str, name: str) -> dict[str, Any]:
    relative = f"params/{group}/{name}.yaml"
    tree = read_yaml(root, relative)
    if tree.get("name") != name:
        raise StudyError(relative, "name", tree.get("name"), f"{name}, the file's own name")
    return tree


def _check_defaults(file: str, defaults: Any, parts: dict[str, dict[str, Any]]) -> None:
    """Every part is chosen, and every chosen name is a file."""
    if not isinstance(defaults, list):
        raise StudyError(file, "defaults", defaults, "a list such as [/model: …, /task: …, /recipe: …, _self_]")
    chosen = {key.lstrip("/"): name for item in defaults if isinstance(item, dict) for key, name in item.items()}
    for group in PARTS:
        if group not in chosen:
            raise StudyError(file, "defaults", one_of(chosen)[7:], f"an item /{group}: …")
        if chosen[group] not in parts[group]:
            raise StudyError(file, f"defaults./{group}", chosen[group], one_of(parts[group]), parts[group])


def scale_overrides(file: str, declared: dict[str, Any], scale: str, root: Path) -> list[str]:
    """What the study's file overrides at `scale`. Raises StudyError for a scale that cannot be, or no list of words."""
    scales = declared.get("scales") or {}
    # gpu is a scale of the project even where its own file is not there yet
    known = sorted({*options(root, "scale"), "smoke", "laptop", "gpu"})
    if not isinstance(scales, dict):
        raise StudyError(file, "scales", scales, "a mapping from a scale to a list of overrides")
    for name, items in scales.items():
        if name not in known:
            raise StudyError(file, "scales", name, one_of(known), known)
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise StudyError(file, f"scales.{name}", items, 'a list of overrides such as "recipe.steps=5"')
    return list(scales.get(scale, []))


def _retell(
    error: Exception, root: Path, file: str, given: list[str], overrides: list[tuple[str, str]]
) -> NoReturn:
    """Find the first override that does not compose, and say of it what Hydra means."""
    before: dict[str, Any] = {}
    for count in range(len(overrides) + 1):
        try:
            before = _hydra(root, given + [override for override, _ in overrides[:count]])
        except Exception as failure:
            error = failure
            break
    else:
        raise error
    if count == 0:
        raise StudyError(file, getattr(error, "full_key", None) or "(top)", first_line(error), "what Hydra composes")
    override, origin = overrides[count - 1]
    match = OVERRIDE.match(override)
    key = override_key(override)
    if match is None or (match["value"] is None and match["sign"] != "~"):
        raise StudyError(origin, override, "no value", "path=value, or ~path to delete it")
    if key in (*PARTS, "scale") and match["value"] not in options(root, key):
        raise StudyError(origin, key, match["value"], one_of(options(root, key)), options(root, key))
    known = list(paths(before))
    if key not in known:
        raise StudyError(origin, key, f"{key}", "a path of the composed configuration", known)
    raise StudyError(origin, key, match["value"], f"a value that Hydra reads ({first_line(error)})")


# --- the cache ---


def fingerprint(root: Path, *words: str) -> str:
    """A hash of every file of `params/`, of how they are composed, and of `words`."""
    digest = hashlib.sha256()
    files = sorted(path for path in (root / "params").rglob("*") if path.is_file())
    for path in [Path(__file__), *files]:
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    digest.update(json.dumps(words).encode())
    return digest.hexdigest()[:24]


def cache_file(root: Path, study: str, scale: str, overrides: Sequence[str]) -> Path:
    """Where a composed configuration is kept."""
    return root / "data" / ".cache" / f"{fingerprint(root, study, scale, *overrides)}.json"


def recall(file: Path) -> dict[str, Any] | None:
    """A cached composition; None where there is none, or none that can be read."""
    try:
        cached = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(cached, dict) and isinstance(cached.get("config"), dict) and "parts" in cached
    return cached if whole else None


def remember(file: Path, composed: dict[str, Any]) -> None:
    """Keep a composition, whole or not at all. A root that cannot be written to is composed anew each time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".tmp", delete=False, encoding="utf-8") as out:
            json.dump(composed, out, ensure_ascii=False)
        Path(out.name).replace(file)
    except OSError:
        return
