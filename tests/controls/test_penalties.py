"""A penalty that is the same everywhere is told from a resource, and a wrong label or sign of closure fails."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from invented import worked

from ablatlas.controls.penalties import PENALTIES, check
from ablatlas.stats import resource
from ablatlas.stats.closure import Closure, closure
from ablatlas.stats.collect import collect
from ablatlas.stats.measure import measure
from ablatlas.study import Study

Row = dict[str, Any]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Study]]:
    root = tmp_path_factory.mktemp("controls")
    with pytest.MonkeyPatch.context() as patch:
        yield {name: worked(name, root, patch) for name in PENALTIES}


def rows(name: str, study: Study) -> list[Row]:
    return check(name, measure(study, *collect(study)))


@pytest.mark.parametrize("name", PENALTIES)
def test_every_axis_is_judged_right(name: str, studies: dict[str, Study]) -> None:
    found = rows(name, studies[name])
    assert [row["ladder"] for row in found] == ["examples", "width", "steps"]
    assert all(row["passed"] for row in found), found


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(
    "wrong",
    [
        lambda found: replace(found, label="widening", holds_fall=False),
        lambda found: replace(found, label="closing", holds_fall=not found.holds_fall),
        lambda found: replace(found, label="undefined", value=None),
    ],
    ids=["widening", "closing", "undefined"],
)
def test_a_wrong_label_fails(name: str, wrong: Any, studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*given: Any) -> Closure:
        found: Closure = wrong(closure(*given))
        return found

    monkeypatch.setattr(resource, "closure", mistaken)
    assert not all(row["passed"] for row in rows(name, studies[name]))


def test_a_closure_of_the_wrong_sign_fails(studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch) -> None:
    """The gap taken at the wrong end: what the reference closes of the top's gap."""

    def turned(numerator: Any, denominator: Any, *rest: Any) -> Closure:
        return closure(denominator, numerator, *rest)

    monkeypatch.setattr(resource, "closure", turned)
    assert not any(row["passed"] for name in PENALTIES for row in rows(name, studies[name]))


def test_a_study_without_an_axis_fails() -> None:
    [found] = check("penalty_plus", {"verdicts": []})
    assert not found["passed"]
