"""What stands under a figure, and what is read to those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablatlas.report.view import Row, View

if TYPE_CHECKING:
    from ablatlas.study import Ladder


@dataclass(frozen=True)
class Words:
    """A figure's alternative text and its caption."""

    alt: str
    caption: str


def by_variant(view: View, name: str, ladder: Ladder) -> str:
    """What each variant's rows of a table say along a ladder."""
    rows = {variant: view.table(name, ladder=ladder.name, variant=variant) for variant in view.roles}
    return "; ".join(f"{variant}: {', '.join(map(_share, found))}" for variant, found in rows.items() if found)


def _share(row: Row) -> str:
    share = f"{row['solved']}/{row['n']}" if "solved" in row else f"{row['surviving']:.0%}"
    return f"{share} at {row['level']:g}"
