"""What a study fixed before its confirmatory runs: stored with every record, and compared with today's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablatlas.tree import Tree

if TYPE_CHECKING:
    from ablatlas.declaration.ladders import Ladder
    from ablatlas.study import Study


def registered(study: Study) -> Tree:
    """The registration verbatim: primaries, delta, pairing, pilots, expectation, and how each primary ladder is read.

    A ladder that the scale has taken away, or that was not asked for, is left out.
    """
    names = [name for name in study.register["primary"].values() if name in study.ladders]
    return {
        **study.register,
        "expect": study.expect["direction"],
        "score": str(study.score.criterion) if study.tune.cells else None,
        "ladders": {name: _ladder(study.ladders[name]) for name in names},
    }


def _ladder(ladder: Ladder) -> Tree:
    solved = str(ladder.solved) if ladder.solved else None
    return {
        "measure": ladder.measure,
        "path": ladder.path,
        "levels": list(ladder.levels),
        "reference": ladder.reference,
        "solved": solved,
    }
