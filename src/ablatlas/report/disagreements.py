"""Where the essays and the papers disagree, each with what the atlas found so far: `params/disagreements.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ablatlas.report import numbers, trace
from ablatlas.report.atlas_map import report
from ablatlas.report.html import Column, Html, join, link, table
from ablatlas.report.tables import word
from ablatlas.report.view import CONSTRAINTS, MEASURES, ReportError, Row, Rows
from ablatlas.stats.atlas import VERDICTS, tried

FILE = Path("params/disagreements.yaml")
KEYS = {"essays", "paper", "test", "speaks"}
SIDES = ("essays", "papers")


@dataclass(frozen=True)
class Disagreement:
    """What either side says, the contrast that tells them apart, and for whom each verdict on it would speak.

    `measure` says by which measure, where it is not the registered one.
    """

    name: str
    essays: str
    paper: str
    study: str
    constraint: str
    contrast: str
    speaks: Mapping[str, str]
    measure: str = ""


def read(root: Path) -> list[Disagreement]:
    """Every entry of the file. Raises ReportError for one that is not whole."""
    found: Any = OmegaConf.to_container(OmegaConf.load(root / FILE))
    return [_entry(name, dict(entry)) for name, entry in found.items()]


def _entry(name: str, entry: dict[str, Any]) -> Disagreement:
    where = f"{FILE}: {name}"
    if set(entry) != KEYS:
        raise ReportError(f"{where} has {', '.join(sorted(entry))}; expected {', '.join(sorted(KEYS))}")
    test, speaks = entry["test"], entry["speaks"]
    if set(test) - {"measure"} != {"study", "constraint", "contrast"} or test["constraint"] not in CONSTRAINTS:
        raise ReportError(
            f"{where}.test is {test}; expected study, contrast and a constraint of {', '.join(CONSTRAINTS)}"
        )
    if test.get("measure", "") not in ("", *MEASURES):
        raise ReportError(f"{where}.test.measure is {test['measure']}; expected one of {', '.join(MEASURES)}")
    if set(speaks) != set(VERDICTS[:3]) or not set(speaks.values()) <= set(SIDES):
        raise ReportError(
            f"{where}.speaks is {speaks}; expected essays or papers for each of {', '.join(VERDICTS[:3])}"
        )
    return Disagreement(name, entry["essays"], entry["paper"], **test, speaks=speaks)


def section(studies: Rows, root: Path) -> Html:
    """A row a disagreement: what either says, and what was measured."""
    names = ("the essays", "the papers", "told apart by", "measured", "which speaks for")
    rows = [[d.essays, d.paper, _test(d), *_found(studies, d)] for d in read(root)]
    caption = (
        "Where the essays and the papers disagree, in our words. For whom which verdict would speak is declared in "
        f"{FILE}; the verdict is read from the results."
    )
    return table(caption, [Column(name) for name in names], rows, "stacked")


def _test(one: Disagreement) -> str:
    by = f" by {MEASURES[one.measure]}" if one.measure else ""
    return f"{one.study}: {one.contrast}, {CONSTRAINTS[one.constraint]}{by}"


def _found(studies: Rows, one: Disagreement) -> list[str | Html]:
    verdict = tried(studies, one.study, one.constraint, one.contrast, one.measure)
    if verdict is None:
        known = one.study in {results["study"] for results in studies}
        return [f"not yet: {'the study has no such contrast' if known else 'no such study here'}", numbers.MISSING]
    return [_told(one, verdict), one.speaks.get(verdict["verdict"], "neither, so far")]


def _told(one: Disagreement, verdict: Row) -> Html:
    ratio = link(f"ρ {numbers.ratio(verdict['rho'])}", report({"study": one.study}, trace.evidence(verdict)))
    return join(word(verdict), Html("<br>"), ratio)
