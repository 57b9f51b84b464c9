"""Arms, which differ at the ablated path alone, and contrasts, which set further paths of an arm."""

from dataclasses import dataclass
from typing import Any

from ablatlas.config import at, one_of, paths, put, touches
from ablatlas.declaration.where import Tree, Where, check_kind

ARM_ROLES = ("strong", "placebo")
CONTRAST_ROLES = ("rescue", "matched", "factorial", "strong", "placebo")


@dataclass(frozen=True)
class Variant:
    """An arm, or a contrast: what is set on top of the base configuration. `arm` is the arm that it derives from."""

    name: str
    role: str
    arm: str
    settings: Tree


def variants(where: Where, config: Tree, run: Tree) -> tuple[dict[str, Variant], dict[str, str]]:
    """The arms, then the contrasts; and the contrasts set aside, each with the reason."""
    path = config["ablate"]
    if path not in (known := list(paths(run))):
        where.fail("ablate", path, "a path of the composed run", known)
    arms = _arms(where, config["arms"], path, at(run, path))
    return _contrasts(where, config.get("contrasts") or {}, arms, path, run)


def _arms(where: Where, declared: object, path: str, base: object) -> dict[str, Variant]:
    arms: dict[str, Variant] = {}
    for name in ("with", "without"):
        if name not in where.named("arms", declared):
            where.fail(f"arms.{name}", None, f"the arms with and without, besides {one_of(declared)[7:]}")
    for name, value in declared.items():  # type: ignore[attr-defined]
        role, value = _arm(where, name, value)
        check_kind(where, path, base, value, f"arms.{name}")
        for other in arms.values():
            if other.settings[path] == value:
                where.fail(f"arms.{name}", value, f"another value of {path} than that of the arm {other.name}")
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
    settings, known = declared["set"], list(paths(run))
    if not isinstance(settings, dict) or not settings:
        where.fail(f"{label}.set", settings, "a mapping from paths to values")
    for path, value in settings.items():
        if path not in known:
            where.fail(f"{label}.set", path, "a path of the composed run", known)
        check_kind(where, path, at(run, path), value, f"{label}.set.{path}")
    return Variant(name, declared["role"], declared["arm"], {**arms[declared["arm"]].settings, **settings})


def apply(run: Tree, settings: Tree) -> Tree:
    """A copy of `run` with each path of `settings` set. Raises KeyError for a path that names nothing."""
    for path, value in settings.items():
        run = put(run, path, value)
    return run


def _same(run: Tree, first: Variant, second: Variant) -> bool:
    return apply(run, first.settings) == apply(run, second.settings)
