"""Which figures a ladder has: by its measure, each with its caption."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from ablatlas.report import arrival, critical, frontier, growth, resource, staircase, survival
from ablatlas.report.captions import Words
from ablatlas.report.view import View

if TYPE_CHECKING:
    from ablatlas.study import Ladder

Draw = Callable[["View", "Ladder"], Figure]
Caption = Callable[["View", "Ladder"], Words]

FIGURES: dict[str, tuple[Draw, Caption, str]] = {  # measure: figure, caption, the table that it draws
    "threshold": (staircase.draw, staircase.caption, "levels"),
    "edges": (staircase.draw, staircase.caption, "levels"),
    "resource": (resource.draw, resource.caption, "levels"),
    "time_to_target": (arrival.draw, arrival.caption, "survival"),
    "frontier": (frontier.draw, frontier.caption, "frontier"),
    "cost": (growth.draw, growth.caption, "costs"),
}


def leading(view: View) -> tuple[Figure, Words]:
    """The figure of a study: its main ladder's."""
    return main(view, view.ladders[0] if view.ladders else None)


def main(view: View, ladder: Ladder | None) -> tuple[Figure, Words]:
    """A ladder's own figure; the one that says so where there is none."""
    if ladder is None or not drawable(view, ladder):
        return staircase.nothing(), staircase.NOTHING
    draw, caption, _ = FIGURES[ladder.measure]
    return draw(view, ladder), caption(view, ladder)


def drawable(view: View, ladder: Ladder) -> bool:
    """Whether the results hold what a ladder's figure shows."""
    return bool(view.table(FIGURES[ladder.measure][2], ladder=ladder.name))


def beside(view: View, ladder: Ladder) -> list[tuple[Figure, Words]]:
    """Further figures of a ladder: survival along one that is read from one training, steps along one of batches."""
    if ladder.evaluated and view.table("survival", ladder=ladder.name):
        return [(survival.draw(view, ladder), survival.caption(view, ladder))]
    if view.table("critical", ladder=ladder.name):
        return [(critical.draw(view, ladder), critical.caption(view, ladder))]
    return []
