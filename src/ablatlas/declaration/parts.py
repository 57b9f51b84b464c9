"""Parts: each key is one that the part's file has, each word one that its module has, each module and dataset there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from ablatlas import digest, source
from ablatlas.config import PARTS
from ablatlas.data import registry
from ablatlas.declaration.arms import Variant, apply
from ablatlas.declaration.where import Where, check_kind
from ablatlas.errors import one_of
from ablatlas.tree import Tree, at, paths


def check_base(where: Where, root: Path, run: Tree, parts: Tree) -> None:
    """Raise StudyError unless the base configuration is made of `parts`: group -> name -> its file's tree."""
    _check(where, root, run, parts, label="")


def check_variant(where: Where, root: Path, run: Tree, parts: Tree, variant: Variant) -> None:
    """The same of a variant, whose values may name other modules, words and keys."""
    label = f"arms.{variant.name}" if variant.arm == variant.name else f"contrasts.{variant.name}.set"
    _check(where, root, apply(run, variant.settings), parts, label)


def _check(where: Where, root: Path, run: Tree, parts: Tree, label: str) -> None:
    pinned = registry.read(source.package(root) / "data" / registry.FILE)
    for group in PARTS:
        name = run[group].get("name") if isinstance(run[group], dict) else None
        files = _files(parts[group])
        where.choose(label or f"{group}.name", name, files)
        declared = [parts[group][file] for file in files[str(name)]]
        _check_keys(where, group, run[group], declared[0], label)
        if "dataset" in run[group]:
            offered = [tree["dataset"] for tree in declared if tree["dataset"] in pinned]
            where.choose(label or f"{group}.dataset", run[group]["dataset"], offered)
    for kind, name in digest.named_modules(run).items():
        where.choose(label or kind, name, _modules(root, kind, name))
        digest.version(root, kind, name)
    where.choose(label or "watch", run["watch"], source.words(source.part(root, "train") / "watch.py"))
    if run["watch"] == "activations" and "activation" not in run["model"]:
        where.fail(label or "watch", f"activations of {run['model']['name']}, which has none to choose", "none")
    for path, word, known in _words(root, run):
        if word not in known:
            _refuse(where, run, parts, label, path, word, known)


def _files(group: Tree) -> dict[str, list[str]]:
    """Module -> the files of a group that name it: its own, or one a dataset."""
    found: dict[str, list[str]] = {}
    for file, tree in group.items():
        found.setdefault(tree["name"], []).append(file)
    return found


def _modules(root: Path, kind: str, name: str) -> list[str]:
    """The right names; one that only lacks its VERSION is let through, since that has its own message."""
    there = (source.package(root) / digest.FOLDERS[kind] / f"{name}.py").is_file()
    return [*digest.candidates(root, kind), *([name] if there else [])]


def _check_keys(where: Where, path: str, tree: Tree, declared: Tree, label: str) -> None:
    for key in tree:
        if key not in declared:
            known = [f"{path}.{other}" for other in declared]
            where.fail(label or f"{path}.{key}", f"{path}.{key}", one_of(known), known)
    for key, base in declared.items():
        if key not in tree:
            where.fail(label or f"{path}.{key}", None, f"a value for {path}.{key}")
        check_kind(where, f"{path}.{key}", base, tree[key], label)


def _words(root: Path, run: Tree) -> Iterator[tuple[str, str, Sequence[str]]]:
    """(path, word, words there are) of each leaf whose key is a module's name in the folder of its group's words."""
    for group, folder in (("model", "nn"), ("task", "tasks"), ("recipe", "train")):
        home = source.package(root) / folder
        for path in paths(run[group], f"{group}."):
            part, word = path.rsplit(".", 1)[1], at(run, path)
            if isinstance(word, str) and part in source.modules(home):
                yield path, word, source.words(home / f"{part}.py")


def _refuse(where: Where, run: Tree, parts: Tree, label: str, path: str, word: str, known: Sequence[str]) -> NoReturn:
    """Refuse a word that no part has, in the file that says it."""
    group, key = path.split(".", 1)
    files = _files(parts[group])[run[group]["name"]]
    if not label and parts[group][files[0]].get(key) == word:
        where = Where(f"params/{group}/{files[0]}.yaml")
        path = key
    where.fail(label or path, word, f"{one_of(known)} at {path}" if label else one_of(known), known)
