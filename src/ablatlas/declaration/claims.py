"""What is claimed, registered and expected: texts and names that no digest depends on, and the seeds."""

import re
from pathlib import Path
from typing import Any

from ablatlas import references
from ablatlas.declaration.arms import Variant
from ablatlas.declaration.ladders import CONSTRAINTS, Ladder
from ablatlas.declaration.where import Where, is_number
from ablatlas.tree import Tree

DELTA = 1.1  # ratios between 1 / DELTA and DELTA count as no change
DEVICES = ("cpu", "cuda")
PRECISIONS = ("float32", "tf32", "bf16")
FIRST_TUNING_SEED = 1000  # confirmation seeds count from 0 and stay below, so that the two never meet


def paper(where: Where, root: Path, key: object) -> str:
    """A key of the bibliography."""
    where.choose("paper", key, references.read(root))
    return str(key)


def claim(where: Where, root: Path, declared: object) -> Tree:
    """The constraints that the essays tie to the breakthrough or imply, which essays, and what they say."""
    told = where.mapping("claim", declared, ("constraints", "source", "text"), ("implied",))
    for key in ("constraints", "implied"):
        for constraint in where.listed(f"claim.{key}", told.get(key, []), "constraints"):
            where.choose(f"claim.{key}", constraint, CONSTRAINTS)
    essays = [key for key in references.read(root) if re.fullmatch(r"E\d+", key)]
    for essay in told["source"] if isinstance(told["source"], list) else [told["source"]]:
        where.choose("claim.source", essay, essays)
    where.text("claim.text", told["text"])
    return told | {"implied": told.get("implied", [])}


def registration(where: Where, config: Tree, ladders: dict[str, Ladder]) -> Tree:
    """What was fixed before the confirmatory runs, its defaults filled in."""
    told = where.mapping("register", config["register"], ("primary",), ("delta", "paired", "after_pilots"))
    _check_primary(where, told["primary"], config["ladders"], ladders)
    delta, paired = told.get("delta", DELTA), told.get("paired", False)
    if not is_number(delta) or not delta > 1:
        where.fail("register.delta", delta, "a ratio above 1")
    if not isinstance(paired, bool):
        where.fail("register.paired", paired, "true or false")
    pilots = where.listed("register.after_pilots", told.get("after_pilots", []), "sentences")
    for pilot in pilots:
        where.text("register.after_pilots", pilot)
    return told | {"delta": delta, "paired": paired, "after_pilots": pilots}


def _check_primary(where: Where, primary: object, declared: Tree, ladders: dict[str, Ladder]) -> None:
    if not isinstance(primary, dict):
        where.fail("register.primary", primary, "a mapping from a constraint to its ladder")
    for constraint, name in primary.items():
        label = f"register.primary.{constraint}"
        where.choose(label, constraint, CONSTRAINTS)
        if not where.deletes(f"ladders.{name}"):
            where.choose(label, name, declared)
        if name in list(ladders) and constraint not in ladders[name].constraints:
            fitting = [ladder.name for ladder in ladders.values() if constraint in ladder.constraints]
            found = f"{name}, a ladder of {ladders[name].constraint}"
            where.fail(label, found, f"a ladder of {constraint}", fitting)


def unmeasured(primary: dict[str, str], ladders: dict[str, Ladder], scale: str) -> dict[str, str]:
    """Of each registered constraint whose ladder is not climbed: why."""
    missing = {constraint: name for constraint, name in primary.items() if name not in ladders}
    why = "its ladder {} is not climbed at scale {}"
    return {constraint: why.format(name, scale) for constraint, name in missing.items()}


def expectation(where: Where, declared: object) -> Tree:
    """The direction that is expected, the published figures beside it, and what was tried after the verdict."""
    told = where.mapping("expect", declared, ("direction",), ("published", "afterwards"))
    for key, value in told.items():
        where.text(f"expect.{key}", value)
    return told


def seeds(where: Where, declared: object) -> dict[str, tuple[int, ...]]:
    """The seeds themselves, from how many there are of each kind; those of confirmation count from `first`.

    A study whose n was raised after its confirmation was seen begins behind the seeds that it has seen.
    """
    counts = where.mapping("seeds", declared, ("tuning", "confirmation"), ("first",))
    begin = {"tuning": FIRST_TUNING_SEED, "confirmation": counts.get("first", 0)}
    limits = {"tuning": (1, FIRST_TUNING_SEED), "first": (0, FIRST_TUNING_SEED - 1)}
    for phase, count in sorted(counts.items(), reverse=True):  # `first` before the seeds that begin there
        low, high = limits.get(phase) or (1, FIRST_TUNING_SEED - begin["confirmation"])
        if isinstance(count, bool) or not isinstance(count, int) or not low <= count <= high:
            where.fail(f"seeds.{phase}", count, f"a whole number from {low} to {high}")
    return {phase: tuple(range(begin[phase], begin[phase] + counts[phase])) for phase in begin}


def device(where: Where, declared: object, precision: object) -> str:
    """What the scale trains on, once it has the precision that the study asks for."""
    where.choose("device", declared, DEVICES)
    where.choose("precision", precision, PRECISIONS)
    if precision == "tf32" and declared == "cpu":
        where.fail(
            "precision", "tf32 on a CPU, which has none", "float32 or bf16 here, or a scale whose device is cuda"
        )
    return str(declared)


def clock(where: Where, declared: object) -> Tree | None:
    """How often and how long each variant's steps are timed: blocks of about so many seconds; null for not at all."""
    if declared is None:
        return None
    timer = where.mapping("clock", declared, ("blocks", "seconds"))
    blocks = timer["blocks"]
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 2 or blocks % 2:
        where.fail("clock.blocks", blocks, "an even number from 2, half of them in either order")
    if not is_number(timer["seconds"]) or not timer["seconds"] > 0:
        where.fail("clock.seconds", timer["seconds"], "a positive number")
    return timer


def chosen_arm(where: Where, arm: object, variants: dict[str, Variant]) -> str | None:
    """The variant that one run is of, where the command line asks for one."""
    if arm is not None:
        where.choose("arm", arm, variants)
    return None if arm is None else str(arm)


def chosen_seed(where: Where, seed: Any) -> int | None:
    """The seed of one run, where the command line asks for one."""
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        where.fail("seed", seed, "a whole number from 0")
    return seed
