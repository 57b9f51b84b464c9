"""Across the atlas: of all verdicts on the innovations themselves, how many may be false?"""

from collections.abc import Mapping, Sequence
from typing import Any

from ablatlas.stats.multiplicity import benjamini_hochberg
from ablatlas.stats.question import Row

VERSION = 1


def with_discoveries(studies: Sequence[Mapping[str, Any]]) -> list[Row]:
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
