"""Nested mappings by dotted paths: `model.depth` is the value at `depth` in the mapping at `model`."""

from collections.abc import Iterator
from typing import Any

Tree = dict[str, Any]


def paths(tree: Tree, prefix: str = "") -> Iterator[str]:
    """Every dotted path of a nested mapping, inner nodes included."""
    for key, value in tree.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{key}.")


def leaves(tree: Tree) -> Iterator[tuple[str, Any]]:
    """Every dotted path that leads to no further mapping, with the value there."""
    return ((path, value) for path in paths(tree) if not isinstance(value := at(tree, path), dict))


def at(tree: Tree, path: str) -> Any:
    """The value at a dotted path. Raises KeyError where it names nothing."""
    node: Any = tree
    for key in path.split("."):
        if not isinstance(node, dict):
            raise KeyError(path)
        node = node[key]
    return node


def put(tree: Tree, path: str, value: Any) -> Tree:
    """A copy of `tree` with `value` at an existing dotted path. Raises KeyError where it names nothing."""
    key, _, rest = path.partition(".")
    if not isinstance(tree, dict) or key not in tree:
        raise KeyError(path)
    return {**tree, key: put(tree[key], rest, value) if rest else value}
