"""The dose control finds the answers that were built in, and fails where the statistics are turned around."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from invented import worked

from ablatlas.controls import doses, strict
from ablatlas.controls.doses import DOSES, check
from ablatlas.stats import ask_chain, contrasts
from ablatlas.stats.collect import collect
from ablatlas.stats.contrasts import Contrast
from ablatlas.stats.curve import Curve
from ablatlas.stats.measure import measure
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.resource import Resource
from ablatlas.study import Study

Row = dict[str, Any]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Study]]:
    """Every dose's study, trained by a law."""
    root = tmp_path_factory.mktemp("controls")
    with pytest.MonkeyPatch.context() as patch:
        yield {name: worked(dose.study, root, patch) for name, dose in DOSES.items()}


def rows(name: str, study: Study) -> list[Row]:
    return check(name, measure(study, *collect(study)), strict.intervals(study))


@pytest.mark.parametrize("name", DOSES)
def test_every_answer_is_found_and_nothing_fires_that_must_not(name: str, studies: dict[str, Study]) -> None:
    found = rows(name, studies[name])
    assert [row["measure"] for row in found] == ["rho_D" if t == "ladder" else t for t in DOSES[name].answers]
    assert all(row["covered"] and not row["astray"] and row["passed"] for row in found), found
    assert set(found[0]["fired"]) <= set(found[0]["allowed"])


def test_doses_fire_where_they_should(studies: dict[str, Study]) -> None:
    fired = {name: set(rows(name, studies[name])[0]["fired"]) for name in DOSES}
    assert fired == {
        "D": {"examples"},
        "T": {"time", "rho_T", "rho_C", "rho_W"},
        "C": {"flops_per_step", "rho_C", "rho_W"},
        "W": {"flop_rate", "rho_W"},
    }


@pytest.mark.parametrize("name", ["D", "T"])
def test_a_contrast_the_wrong_way_round_fails(
    name: str, studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned(study: Study, variant: Any) -> Contrast:
        return Contrast(variant.name, variant.role, variant.name, "with")

    monkeypatch.setattr(contrasts, "_contrast", turned)
    assert not any(row["passed"] for row in rows(name, studies[name]))


def test_a_ladder_read_the_wrong_way_round_fails(studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch) -> None:
    read = Resource.ratio

    def turned(self: Resource, alpha: float = 0.05) -> Ratio:
        def flipped(curve: Curve) -> Curve:
            return Curve(curve.levels, curve.losses[::-1])

        return read(replace(self, numerator=flipped(self.numerator), denominator=flipped(self.denominator)), alpha)

    monkeypatch.setattr(Resource, "ratio", turned)
    assert not any(row["passed"] for row in rows("D", studies["D"]))


@pytest.mark.parametrize(("name", "wrong"), [("C", "rho_C"), ("C", "rho_W"), ("W", "rho_W")])
def test_a_wrong_sign_in_the_chain_fails(
    name: str, wrong: str, studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = ask_chain.net

    def turned(*given: Any) -> Any:
        found = link(*given)
        assert found is not None
        per_step = 1 / found.flops_per_step.low
        rate = replace(found.flop_rate, logs=-found.flop_rate.logs)
        return replace(found, flops_per_step=Ratio(per_step, per_step, per_step), flop_rate=rate)

    monkeypatch.setattr(ask_chain, "net", turned)
    found = {row["measure"]: row for row in rows(name, studies[name])}
    assert not found[wrong]["covered"]
    assert not found[wrong]["passed"]


def test_what_fires_astray_fails_every_row(studies: dict[str, Study]) -> None:
    results = measure(studies["W"], *collect(studies["W"]))
    for row in results["verdicts"]:
        row["verdict"] = "RELAXED" if row["measure"] == "flops_per_step" else row["verdict"]
    found = check("W", results, {})
    assert all(row["astray"] == ["flops_per_step"] and row["covered"] and not row["passed"] for row in found)


def test_without_judgement_only_what_is_exact_can_fail() -> None:
    nothing: Row = {"verdicts": [], "chain": None}
    passed = {(r["dose"], r["measure"]): r["passed"] for d in DOSES for r in check(d, nothing, {}, judged=False)}
    assert {key for key, value in passed.items() if not value} == {
        ("C", "rho_T"), ("C", "rho_C"), ("W", "rho_T"), ("W", "rho_C"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "answer", "sure", "expected"),
    [
        (None, 2.0, False, False),
        (Ratio(2.0, 1.5, 2.5), 2.0, False, True),
        (Ratio(2.6, 2.1, 3.0), 2.0, False, False),
        (Ratio(None, 1.5, float("inf")), 2.0, False, False),  # an open interval holds any answer
        (Ratio(2.0, 2.0, 2.0), 2.0, True, True),
        (Ratio(2.001, 1.0, 3.0), 2.0, True, False),
        (Ratio(2.19, 1.0, 3.0), (1.8, 2.2), False, True),
        (Ratio(2.21, 2.0, 3.0), (1.8, 2.2), False, False),
    ],
)
def test_an_answer_is_held(ratio: Ratio | None, answer: Any, sure: bool, expected: bool) -> None:
    assert doses.holds(ratio, answer, sure) is expected
