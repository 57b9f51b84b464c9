"""Arms, which differ at the ablated path alone, and contrasts, which set further paths of an arm."""

from dataclasses import dataclass
from typing import Any

from ablatlas.config import override_key, touches
from ablatlas.declaration.where import Where, check_kind
from ablatlas.errors import one_of
from ablatlas.tree import Tree, at, put

ARM_ROLES = ("strong", "placebo")
CONTRAST_ROLES = ("rescue", "matched", "factorial", "strong", "placebo", "dose")


@dataclass(frozen=True)
class Variant:
    """An arm, or a contrast: what is set on the base configuration. `arm` is the arm that it derives from."""

    name: str
    role: str
    arm: str
    settings: Tree


def variants(where: Where, config: Tree, run: Tree) -> tuple[dict[str, Variant], dict[str, str]]:
    """The arms, then the contrasts; and the contrasts set aside, each with the reason."""
    path = where.path("ablate", config["ablate"], run)
    for override, _ in where.overrides:
        if override_key(override) == path or override_key(override).startswith(f"{path}."):
            where.fail(path, override, f"no override of the ablated path: choose an arm, {one_of(config['arms'])}")
    arms = _arms(where, config["arms"], path, at(run, path))
    return _contrasts(where, config.get("contrasts") or {}, arms, path, run)


def _arms(where: Where, declared: object, path: str, base: object) -> dict[str, Variant]:
    arms: dict[str, Variant] = {}
    entries = where.named("arms", declared)
    for name in ("with", "without"):
        if name not in entries:
            where.fail(f"arms.{name}", None, "a value for each of with and without")
    for name, entry in entries.items():
        role, value = _arm(where, name, entry)
        check_kind(where, path, base, value, f"arms.{name}")
        for other in arms.values():
            if other.settings[path] == value:
                where.fail(f"arms.{name}", value, f"another value of {path} than the arm {other.name} has")
        arms[name] = Variant(name, role, name, {path: value})
    return arms


def _arm(where: Where, name: str, value: Any) -> tuple[str, Any]:
    """(role, value) of an arm; `with` and `without` name only their value, which may be a subtree."""
    label = f"arms.{name}"
    if isinstance(value, dict) and "set" in value:
        where.fail(f"{label}.set", value["set"], "no further path in an arm: what sets one is a contrast")
    if name in ("with", "without") and not (isinstance(value, dict) and {"role", "value"} & set(value)):
        return name, value
    declared = where.mapping(label, value, ("role", "value"))
    where.choose(f"{label}.role", declared["role"], [name] if name in ("with", "without") else ARM_ROLES)
    return declared["role"], declared["value"]


def _contrasts(
    where: Where, declared: object, arms: dict[str, Variant], ablate: str, run: Tree
) -> tuple[dict[str, Variant], dict[str, str]]:
    made, aside = dict(arms), {}
    for name, entry in where.named("contrasts", declared).items():
        variant = _contrast(where, name, entry, arms, run)
        twin = next((v.name for v in made.values() if _same(run, v, variant)), None)
        if twin is None:
            made[name] = variant
        elif any(touches(path, ablate) for path in entry["set"]):
            # A study that ablates what an older contrast sets: the contrast is now an arm under another name.
            aside[name] = f"sets the ablated path, and is then the same as {twin}"
        else:
            where.fail(f"contrasts.{name}.set", entry["set"], f"values that differ from those of {twin}")
    return made, aside


def _contrast(where: Where, name: str, entry: object, arms: dict[str, Variant], run: Tree) -> Variant:
    label = f"contrasts.{name}"
    if name in arms:
        where.fail(label, name, "a name that no arm has")
    declared = where.mapping(label, entry, ("role", "arm", "set"))
    where.choose(f"{label}.role", declared["role"], CONTRAST_ROLES)
    where.choose(f"{label}.arm", declared["arm"], arms)
    settings = declared["set"]
    if not isinstance(settings, dict) or not settings:
        where.fail(f"{label}.set", settings, "a mapping from paths to values")
    for path, value in settings.items():
        where.path(f"{label}.set", path, run)
        check_kind(where, path, at(run, path), value, f"{label}.set.{path}")
    return Variant(name, declared["role"], declared["arm"], {**arms[declared["arm"]].settings, **settings})


def apply(run: Tree, settings: Tree) -> Tree:
    """A copy of `run` with each path of `settings` set. Raises KeyError for a path that names nothing."""
    for path, value in settings.items():
        run = put(run, path, value)
    return run


def _same(run: Tree, first: Variant, second: Variant) -> bool:
    return apply(run, first.settings) == apply(run, second.settings)
