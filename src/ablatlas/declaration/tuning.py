"""Tuning: which path, over which grids, in which cells."""

from dataclasses import dataclass
from typing import Any

from ablatlas.declaration.arms import Variant
from ablatlas.declaration.ladders import TIME, Ladder, ascending
from ablatlas.declaration.procedures import Procedure
from ablatlas.declaration.where import Where, is_number
from ablatlas.errors import one_of
from ablatlas.tree import Tree, at

CLIMBED = ("resource", "threshold")  # the measures that may leave rungs untuned
RATED = ("edges", TIME, "frontier")  # those that are read at tuned rates, or along them


@dataclass(frozen=True)
class Tune:
    """The tuned path, each variant's grid, and the cells that are tuned; others interpolate between them.

    Where the base cell alone is tuned, its rates are those of the whole ladder.
    """

    path: str
    grids: dict[str, tuple[float, ...]]
    cells: tuple[str, ...]


UNTUNED = Tune("", {}, ())


def tune(
    where: Where, config: Tree, run: Tree, made: dict[str, Variant], rungs: dict[str, Ladder], kind: Procedure
) -> Tune:
    """The tuned path, a grid for every variant, and the tuned cells; nothing where the procedure chooses no rate."""
    if not kind.tunes:
        return _untuned(where, config, rungs, kind)
    declared = where.mapping("tune", config.get("tune"), ("path",), ("grid", "grids", "rungs"))
    path = where.path("tune.path", declared["path"], run)
    taken = [config["ablate"], *(ladder.path for ladder in rungs.values() if ladder.measure != "edges")]
    if path in taken or any(path in variant.settings for variant in made.values()):
        where.fail("tune.path", path, "a path that no arm, contrast or ladder sets")
    _rate(where, path, at(run, path))
    return Tune(path, _grids(where, declared, made), _tuned(where, declared.get("rungs"), config, rungs))


def _untuned(where: Where, config: Tree, rungs: dict[str, Ladder], kind: Procedure) -> Tune:
    if "tune" in config:
        where.fail("tune", config["tune"], f"nothing, since the procedure {kind.name} trains nothing")
    for name, ladder in rungs.items():
        if ladder.measure in RATED:
            where.fail(f"ladders.{name}.measure", ladder.measure, "a measure that no tuned rate enters")
        if ladder.solved and ladder.solved.value == "midpoint":
            where.fail(f"ladders.{name}.solved", str(ladder.solved), "a number, since a midpoint comes from tuning")
    return UNTUNED


def _rate(where: Where, path: str, value: Any) -> None:
    if not is_number(value) or not value > 0:
        where.fail(path, value, "a positive number")


def _grids(where: Where, declared: Tree, made: dict[str, Variant]) -> dict[str, tuple[float, ...]]:
    """A variant's own grid, else its arm's, else the common one."""
    own = declared.get("grids", {})
    if not isinstance(own, dict) or ("grid" not in declared and not own):
        where.fail("tune.grid", declared.get("grids"), "a list of rates, or grids: {arm: [rates]}")
    listed = {f"tune.grids.{name}": grid for name, grid in own.items()}
    listed |= {"tune.grid": declared["grid"]} if "grid" in declared else {}
    for name in own:
        where.choose("tune.grids", name, made)
    for label, grid in listed.items():
        for rate in ascending(where, label, grid, 1):
            _rate(where, label, rate)
    if len(sizes := {label: len(grid) for label, grid in listed.items()}) and len(set(sizes.values())) > 1:
        where.fail("tune.grids", sizes, "grids of equal length")
    grids = {}
    for name, variant in made.items():
        grid = own.get(name, own.get(variant.arm, declared.get("grid")))
        if grid is None:
            where.fail(f"tune.grids.{name}", None, "a grid for every arm, or a common tune.grid")
        grids[name] = tuple(float(rate) for rate in grid)
    return grids


def _tuned(where: Where, rungs: Any, config: Tree, made: dict[str, Ladder]) -> tuple[str, ...]:
    """The tuned cells: `base`, and of each climbed ladder the listed rungs, or all; rates that are levels need none."""
    listed = where.named("tune.rungs", rungs or {})
    for name in listed:
        if name not in config["ladders"] and not where.deletes(f"ladders.{name}"):
            where.fail("tune.rungs", name, one_of(made), list(made))
    cells = ["base"]
    for name, ladder in made.items():
        if (ladder.evaluated or ladder.measure not in CLIMBED) and name in listed:
            where.fail(f"tune.rungs.{name}", listed[name], "no rungs of a ladder that does not choose them")
        if ladder.measure == "edges":
            continue
        levels = _rungs(where, name, listed[name], ladder) if name in listed else ladder.levels
        cells += [cell for level in levels if (cell := ladder.cell(level)) not in cells]
    return tuple(cells)


def _rungs(where: Where, name: str, levels: Any, ladder: Ladder) -> tuple[float, ...]:
    label = f"tune.rungs.{name}"
    chosen = ascending(where, label, levels, 1)
    for level in chosen:
        where.choose(label, level, ladder.levels)
    if chosen == (ladder.reference,):  # tuned there alone, a rate that holds everywhere
        return chosen
    for end in (ladder.levels[0], ladder.levels[-1]):
        if end not in (*chosen, ladder.reference):
            where.fail(label, levels, f"{end} among them, since rates are only interpolated")
    if ladder.levels[0] <= 0:
        where.fail(label, levels, f"all rungs, since level {ladder.levels[0]} has no logarithm")
    return chosen
