"""Sentences: honest in every outcome."""

from dataclasses import replace
from typing import Any

import findings
import pytest

from ablatlas.report import contrasts, limits, outcomes, sections, text
from ablatlas.report.view import View

UNBOUNDED = {"value": None, "low": None, "high": None, "censored": "both", "text": "any ρ"}


def changed(name: str = "residual", role: str = "without", **changes: Any) -> View:
    """Results in which the verdicts of one role on the first ladder are changed."""
    found = findings.results(findings.study(name))
    main = next(iter(findings.study(name).ladders))
    verdicts = [v | changes if (v["role"], v["ladder"]) == (role, main) else v for v in found["verdicts"]]
    return findings.view(name, verdicts=verdicts)


def said(view: View) -> str:
    """The paragraphs of all primaries."""
    return "\n".join(text.verdict_words(view))


def undecided(reason: str, needs: str | None = None) -> dict[str, Any]:
    return {"verdict": "INCONCLUSIVE", "reason": reason, "needs": needs, "rho": UNBOUNDED, "supported": False}


def test_a_relaxed_constraint_is_said_with_its_bound_and_n() -> None:
    said = text.headline(findings.view("forget_gate"))
    claim = findings.study("forget_gate").claim
    assert said.startswith(f"The essays say ({', '.join(claim['source'])}): “{claim['text'][:40]}")
    assert "We measured: architecture RELAXED — half of the runs of `with` get more than" in said
    assert "([n = 10 seeds](#runs-architecture-length-without))" in said


@pytest.mark.parametrize(
    ("verdict", "said"),
    [("RELAXED", "beats the strong substitute `{}` as well"),
     ("INCONCLUSIVE", "beats only the plain ablation, not the strong substitute `{}`"),
     ("UNCHANGED", "beats only the plain ablation, not the strong substitute `{}`"),
     ("TIGHTENED", "beats only the plain ablation, not the strong substitute `{}`")],
)  # fmt: skip
def test_the_headline_says_whether_the_strong_substitute_is_beaten(verdict: str, said: str) -> None:
    reason = "ladder too coarse" if verdict == "INCONCLUSIVE" else None
    view = changed(role="strong", verdict=verdict, reason=reason)
    assert said.format(findings.variant("residual", "strong")) in text.headline(view)


def test_what_was_claimed_alone_leaves_substitutes_to_the_published_report() -> None:
    view = findings.view("residual")
    alone = replace(view, study=replace(view.study, subset="claimed"))
    assert "the published report says whether it beats them" in text.headline(alone)
    assert "the published report has them" in sections.contrasts(alone).text


def test_nothing_is_said_of_a_strong_arm_where_the_plain_ablation_is_not_beaten() -> None:
    said = text.headline(changed(**undecided("ladder too coarse", "levels between 8 and 14")))
    assert findings.variant("residual", "strong") not in said
    assert "INCONCLUSIVE — whether `with` gets farther along depth than `without` is undecided" in said
    assert "it would need levels between 8 and 14" in said


@pytest.mark.parametrize("reason", [*outcomes.REASONS, "a reason of a later version"])
def test_every_reason_has_words(reason: str) -> None:
    view = changed(**undecided(reason))
    assert outcomes.REASONS.get(reason, reason) in text.headline(view)
    assert "RELAXED" not in text.headline(view)
    assert "does not support" in said(view)


def test_a_claim_that_no_ladder_answers_is_answered_by_the_clock() -> None:
    view = findings.view("residual")
    claim = view.study.claim | {"constraints": ["efficiency"]}
    assert "We measured: compute efficiency" in text.headline(replace(view, study=replace(view.study, claim=claim)))
    implied = claim | {"constraints": [], "implied": ["efficiency"]}
    told = text.headline(replace(view, study=replace(view.study, claim=implied)))
    assert "We measured: compute efficiency" in told
    assert "optimization & regularization RELAXED" in told


def test_a_tightened_constraint_is_not_dressed_up() -> None:
    rho = {"value": None, "low": None, "high": 0.364, "censored": "below", "text": ""}
    view = changed(verdict="TIGHTENED", rho=rho, supported=False)
    assert "TIGHTENED — half of the runs of `with` get less than 0.364 times as far" in text.headline(view)


def test_an_unchanged_constraint() -> None:
    view = changed(verdict="UNCHANGED", rho={"value": 1.0, "low": 0.95, "high": 1.05}, supported=False)
    assert "UNCHANGED — `with` and `without` get equally far along depth" in text.headline(view)


def test_a_verdict_on_few_seeds_is_exploratory() -> None:
    assert "RELAXED (exploratory)" in text.headline(changed(exploratory=True))


def test_too_few_seeds_test_nothing() -> None:
    open_ends = {name: {"low": None, "high": None} for name in ("with", "without")}
    view = changed(p=None, p_adjusted=None, brackets=open_ends, **undecided("too few seeds", "at least 7 seeds"))
    assert "nothing is tested" in said(view)
    assert "fail at a level that cannot be located" in said(view)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(1, 2, "`without` fail between {} and {}"), (None, 1, "`without` fail below {1}"),
     (None, 0, "`without` fail below {1}, where the ladder begins"), (2, None, "`without` fail beyond {}"),
     (-1, None, "`without` fail beyond {}, where the ladder ends")],
)  # fmt: skip
def test_a_bracket_says_no_more_than_it_knows(low: int | None, high: int | None, told: str) -> None:
    levels = findings.study("residual").ladders["depth"].levels
    ends = [None if place is None else levels[place] for place in (low, high)]
    brackets = {"with": {"low": levels[-1], "high": None}, "without": {"low": ends[0], "high": ends[1]}}
    assert f"{told.format(*ends)} (95 % brackets" in said(changed(brackets=brackets))


def test_a_claim_whose_ladder_is_not_climbed_at_this_scale_is_not_measured() -> None:
    why = [{"constraint": "optimization", "why": "its ladder depth is not climbed at scale laptop"}]
    said = text.headline(findings.view("residual", verdicts=[], unmeasured=why))
    assert said.endswith("Not measured at scale laptop: its ladder depth is not climbed at scale laptop.")


def test_every_contrast_is_told_in_words() -> None:
    told = {name: "\n".join(contrasts.sentences(findings.view(name))) for name in ("forget_gate", "residual")}
    rescue, matched = (findings.variant("forget_gate", role) for role in ("rescue", "matched"))
    assert f"`{rescue}`, rescue (model.forget = open, " in told["forget_gate"]
    assert "It undoes damage of `without`, as the claimed mechanism predicts." in told["forget_gate"]
    assert f"`{matched}`, matched (model.forget = open, " in told["forget_gate"]
    assert "The difference to `with` remains when sizes are matched." in told["forget_gate"]
    assert "with these further settings on both sides" in told["residual"].lower()


@pytest.mark.parametrize("role", ["strong", "placebo", "rescue", "matched"])
@pytest.mark.parametrize("word", ["RELAXED", "TIGHTENED", "UNCHANGED", "INCONCLUSIVE"])
def test_every_answer_of_every_role_has_words(role: str, word: str) -> None:
    answers = contrasts.ANSWERS[role]
    assert answers.get(word, answers["else"]).format(other="`with`")


def test_what_differs_in_size_is_said() -> None:
    said = limits.equality(findings.view("forget_gate"))
    without = next(line for line in said if line.startswith("`without`"))
    assert "trainable parameters differ: 447 against 575" in without
    assert "as many parameters and FLOPs a step as `with` in every cell" in without


def test_limits_name_the_data_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    view = findings.view("residual")
    assert not any(line.startswith("Data: ") for line in limits.limits(view)), "bundled"
    monkeypatch.setattr(type(view.study), "datasets", lambda study, cell: ["mnist"])
    [line] = [line for line in limits.limits(view) if line.startswith("Data: ")]
    assert line.startswith("Data: MNIST (LeCun, Bottou, Bengio & Haffner 1998; licence: none stated)")
    assert "11,594,722 bytes, pinned by SHA-256" in line


def test_limits_name_every_constraint_that_was_not_measured() -> None:
    said = "\n".join(limits.limits(findings.view("residual", verdicts=[])))
    for label in ("data", "compute", "energy", "parameters", "architecture", "compute efficiency"):
        assert f"Not measured: {label} (" in said
    assert "Controls (A/A, null, dose): not run for this version." in said
