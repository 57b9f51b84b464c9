"""Across the atlas: which verdict stands for a cell, how claims fare, what may be false, and what all of it cost."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablatlas.stats.multiplicity import benjamini_hochberg
from ablatlas.stats.question import Row

VERSION = 1

Results = Mapping[str, Any]

UNCOUNTED = "no counter"  # the reason of a verdict that nothing was measured for
NOT_MEASURED = "not measured"
VERDICTS = ("RELAXED", "TIGHTENED", "UNCHANGED", "INCONCLUSIVE")
CLAIMS: tuple[bool | str, ...] = (True, "implied", False)


def with_discoveries(studies: Sequence[Results]) -> list[Row]:
    """The results of all studies, each verdict with `p_bh`, its p adjusted across the atlas.

    By Benjamini & Hochberg (1995), of the contrasts of `without` that were tested; it is None elsewhere. It stands
    beside Holm's within a study, and decides nothing.
    """
    asked = [
        (i, j)
        for i, results in enumerate(studies)
        for j, row in enumerate(results["verdicts"])
        if row["role"] == "without"
    ]
    adjusted = dict(zip(asked, benjamini_hochberg([studies[i]["verdicts"][j]["p"] for i, j in asked]), strict=True))
    return [
        {**results, "verdicts": [row | {"p_bh": adjusted.get((i, j))} for j, row in enumerate(results["verdicts"])]}
        for i, results in enumerate(studies)
    ]


def claimed(results: Results, constraint: str) -> bool | str:
    """Whether the essays tie the study to a constraint (True, False), or only suggest it ("implied")."""
    if constraint in results["claim"]["constraints"]:
        return True
    return "implied" if constraint in results["claim"].get("implied", []) else False


def measured(results: Results, constraint: str) -> list[Row]:
    """Every verdict on the plain ablation along one constraint, that which stands for the constraint first.

    That is its primary's, else its net term's, else its first ladder's. What no counter could read is no verdict.
    """
    found = [v for v in results["verdicts"] if v["constraint"] == constraint and v["role"] == "without"]
    found = [v for v in found if v["reason"] != UNCOUNTED]
    return sorted(found, key=lambda v: (not v["primary"], v["basis"] != "net"))


def standing(results: Results, constraint: str) -> Row | None:
    """The verdict that stands for one constraint; None where nothing was measured."""
    return next(iter(measured(results, constraint)), None)


def outcome(results: Results, constraint: str) -> str:
    """The word of a cell of the atlas: a verdict, or that there is none."""
    verdict = standing(results, constraint)
    return NOT_MEASURED if verdict is None else str(verdict["verdict"])


def confusion(studies: Sequence[Results], constraints: Sequence[str]) -> dict[bool | str, dict[str, int]]:
    """How many cells of the atlas were claimed, implied or neither, and found to be what."""
    cells = [(claimed(results, name), outcome(results, name)) for results in studies for name in constraints]
    return {claim: {word: cells.count((claim, word)) for word in (*VERDICTS, NOT_MEASURED)} for claim in CLAIMS}


def tried(studies: Sequence[Results], study: str, constraint: str, contrast: str, measure: str = "") -> Row | None:
    """The verdict of one contrast of a study along one constraint, by the registered measure or the one that is named.

    None where the atlas does not hold it.
    """
    found = (v for v in _tried(studies, study, constraint, contrast) if not measure or v["measure"] == measure)
    return min(found, key=lambda v: (not v["primary"], v["basis"] != "net"), default=None)


def _tried(studies: Sequence[Results], study: str, constraint: str, contrast: str) -> Iterator[Row]:
    for results in studies:
        if results["study"] == study:
            yield from (v for v in results["verdicts"] if (v["constraint"], v["contrast"]) == (constraint, contrast))


def cost(studies: Sequence[Results]) -> Row:
    """Runs and core-hours of all studies, tuning included, from the seconds that their records hold."""
    return {
        "runs": sum(results["cost"]["runs"] for results in studies),
        "core_hours": sum(hours(results) for results in studies),
    }


def hours(results: Results) -> float:
    """Core-hours of a study, tuning included."""
    return float(results["cost"]["core_seconds"] / 3600)
