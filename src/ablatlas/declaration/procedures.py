"""Procedures: what the declaration and the workflow must know of how a cell works, read from its module's source."""

from dataclasses import dataclass
from pathlib import Path

from ablatlas import source
from ablatlas.declaration.ladders import COST, Ladder
from ablatlas.declaration.where import Where
from ablatlas.digest import FOLDERS


@dataclass(frozen=True)
class Procedure:
    """How the cells of a study work.

    tunes: whether its module has a `tune`, which chooses rates. clock: how seconds and joules are come by, as its
    CLOCK says: `apart`, a record of their own for the base cell; `itself`, in the runs, which then need the machine to
    themselves; `none`.
    """

    name: str
    tunes: bool
    clock: str

    @property
    def alone(self) -> bool:
        """Whether its runs are what is timed."""
        return self.clock == "itself"


def procedure(root: Path, name: str) -> Procedure:
    """A procedure that is known to be there."""
    path = source.package(root) / FOLDERS["procedure"] / f"{name}.py"
    return Procedure(name, "tune" in source.words(path), str(source.constant(path, "CLOCK")))


def check(where: Where, kind: Procedure, ladders: dict[str, Ladder]) -> None:
    """Raise StudyError for a ladder of costs where no run is timed, and for a second one of a constraint."""
    costs = [ladder for ladder in ladders.values() if ladder.measure == COST]
    for place, ladder in enumerate(costs):
        if not kind.alone:
            found = f"{COST}, by the procedure {kind.name}"
            where.fail(f"ladders.{ladder.name}.measure", found, "a procedure whose runs are timed, or another measure")
        if place:
            where.fail(f"ladders.{ladder.name}.measure", f"{COST} once more", "one ladder of costs, for all net terms")
