"""What a resource ladder needs to decide: seeds by power at the observed effect, rungs, or a steeper reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ablatlas.stats.needs import HORIZON, Undecided
from ablatlas.stats.power import IDENTIFIED, POWER, seeds_that_show
from ablatlas.stats.threshold import ALPHA, FEWEST

if TYPE_CHECKING:
    from ablatlas.stats.resource import Resource

VERSION = 1


def undecided(resource: Resource, size: int = 1, alpha: float = ALPHA) -> Undecided:
    """The reason why `resource` is not decided in a family of `size`, and what would decide it."""
    if resource.n < FEWEST:
        return Undecided("too few seeds", FEWEST, f"at least {FEWEST} seeds")
    if resource.reason == "flat":
        return _flat(resource)
    if resource.reason == "non-monotone":
        return Undecided("non-monotone", None, "a ladder along which the loss falls")
    if (needed := seeds_needed(resource, size, alpha)) is not None:
        return Undecided("too few seeds", needed, f"{needed} seeds if the losses stay as they are")
    ratio = resource.ratio(alpha / size)
    below = [f"below {resource.levels[0]:g}"] if ratio.low == 0 else []
    above = [f"above {resource.levels[-1]:g}"] if math.isinf(ratio.high) else []
    if below or above:
        return Undecided("censored", None, "levels " + " and ".join(below + above))
    return Undecided("too few seeds", None, f"more than {HORIZON * resource.n} seeds")


def seeds_needed(resource: Resource, size: int = 1, alpha: float = ALPHA) -> int | None:
    """Fewest seeds that decide with a power of 80 % if means and spreads stay as observed.

    None if not even ten times as many do. Equivalence needs two tests to succeed, so each may miss half as often.
    """
    below, above = resource.rho.marks
    both = (1 + POWER) / 2
    relaxed = _show(resource, resource.rho.up_to(above), 1, alpha / 2 / size, POWER)
    tightened = _show(resource, resource.rho.down_to(below), -1, alpha / 2 / size, POWER)
    beyond = _show(resource, resource.rho.up_to(below), 1, alpha / size, both)
    before = _show(resource, resource.rho.down_to(above), -1, alpha / size, both)
    unchanged = max(beyond, before) if beyond and before else None
    return min((n for n in (relaxed, tightened, unchanged) if n), default=None)


def _show(resource: Resource, places: slice, sign: int, alpha: float, power: float) -> int | None:
    return seeds_that_show(resource.rho.tests.at(places), resource.n, alpha, power, sign)


def _flat(resource: Resource) -> Undecided:
    needed = seeds_that_show(resource.fall, resource.n, IDENTIFIED) if resource.fall else None
    reference = f"{resource.reference:,.0f}" if resource.reference >= 1000 else f"{resource.reference:g}"
    steeper = f"a reference where the loss still falls, unlike at {reference}"
    return Undecided("flat", needed, steeper if needed is None else f"{needed} seeds, or {steeper}")
