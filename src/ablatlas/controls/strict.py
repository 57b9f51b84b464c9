"""Intervals at 99.9 %, for what is asked once and whose answer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablatlas.stats import ask_resource, ask_time
from ablatlas.stats.collect import collect
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.ratio import Ratio

if TYPE_CHECKING:
    from ablatlas.study import Study

ALPHA = 0.001


def intervals(study: Study, published: bool = True) -> dict[tuple[str, str], Ratio]:
    """(contrast, ladder) -> rho at 99.9 %, of every resource and time to target that a study's records answer."""
    return of(Evidence(study, *collect(study, published)))


def of(evidence: Evidence) -> dict[tuple[str, str], Ratio]:
    """The same of evidence that is at hand."""
    asked = [*ask_resource.ask(evidence), *ask_time.ask(evidence)]
    return {(q.contrast.name, str(q.ladder)): q.compared.ratio(ALPHA) for q in asked if q.compared and q.testable}
