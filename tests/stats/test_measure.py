"""The whole measurement on made-up studies whose truth is known, and everything that it refuses."""

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from synthetic import Criterion, forget_gate, forget_runs, ledger, provenance, residual, residual_runs

from ablatlas.stats.checks import Confirmation, MeasureError
from ablatlas.stats.measure import measure

FIXED = {
    "constraint", "measure", "basis", "contrast", "ladder", "claimed", "reference", "n", "rho", "beta",
    "closure", "chain", "p", "p_adjusted", "verdict", "reason", "n_needed", "runs",
}  # fmt: skip


def ledgers(made: Any, **changes: Any) -> dict[str, Any]:
    return {cell: ledger(made, cell) | changes for cell in made.tune.cells}


def results(made: Any, confirmation: Confirmation | None = None, **changes: Any) -> Any:
    runs = confirmation or (forget_runs if made.name == "forget_gate" else residual_runs)(made)
    return measure(made, runs, ledgers(made, **changes))


def verdict(found: Any, contrast: str) -> Any:
    return next(v for v in found["verdicts"] if v["contrast"] == contrast)


def altered(confirmation: Confirmation, cell: str, of: str, seed: int, **columns: Any) -> Confirmation:
    """The same runs, one of them changed."""
    runs = confirmation.runs.copy()
    row = (runs["cell"] == cell) & (runs["arm"] == of) & (runs["seed"] == seed)
    for name, value in columns.items():
        runs.loc[row, name] = value
    return replace(confirmation, runs=runs)


# --- what comes out ---


@pytest.mark.parametrize("made", [residual(), forget_gate()], ids=lambda made: made.name)
def test_results_are_valid_json_with_the_fixed_names(made: Any) -> None:
    found = json.loads(json.dumps(results(made), allow_nan=False))
    fixed = {"study", "scale", "seeds", "digest", "states", "tuning", "registration", "verdicts"}
    assert fixed <= set(found)
    assert all(set(v) >= FIXED for v in found["verdicts"])
    assert set(found["tuning"]) == set(made.variants)
    assert all(set(t) == {"trials", "seeds", "chosen"} for t in found["tuning"].values())
    runs = 10 * len(made.variants) * len(made.cells)
    assert sum(found["states"].values()) == runs
    trials = sum(t["trials"] for t in found["tuning"].values())
    assert found["cost"] == {"runs": runs + trials, "core_seconds": 2.0 * (runs + trials)}


def test_a_relaxed_constraint() -> None:
    found = verdict(results(residual()), "without")
    assert (found["verdict"], found["reason"], found["supported"]) == ("RELAXED", None, True)
    assert (found["p"], found["p_adjusted"], found["family"]) == (4 * 2**-10, 4 * 2**-10, "primary")
    assert found["rho"] == {
        "value": None,
        "low": 110 / 32,
        "high": None,
        "censored": "above",
        "text": "ρ > 3.44",
    }
    assert found["brackets"]["without"] == {"low": 20, "high": 32, "censored": None}
    assert found["closure"]["label"] is None
    assert len(found["runs"]) == len(set(found["runs"])) == 2 * 6 * 10


def test_a_ratio_with_both_ends() -> None:
    found = verdict(results(residual(), residual_runs(residual(), {"with": 80, "without": 18})), "without")
    assert found["rho"]["value"] == pytest.approx((56 * 110 / (14 * 20)) ** 0.5)
    assert (found["rho"]["low"], found["rho"]["high"], found["rho"]["censored"]) == (56 / 20, 110 / 14, None)


def test_swapping_the_arms_tightens() -> None:
    found = verdict(results(residual(), residual_runs(residual(), {"with": 18, "without": 80})), "without")
    assert (found["verdict"], found["supported"]) == ("TIGHTENED", False)
    assert found["rho"]["low"] == pytest.approx(14 / 110)


def test_a_strong_arm_has_a_family_of_its_own_and_its_reason() -> None:
    found = verdict(results(residual()), "scaled_init")
    assert (found["verdict"], found["reason"], found["family"]) == (
        "INCONCLUSIVE",
        "ladder too coarse",
        "strong",
    )
    assert found["needs"] == "levels between 56 and 110, or above 110"
    assert found["supported"] is None


def test_an_evaluated_ladder_a_rescue_and_a_matched_contrast() -> None:
    found = results(forget_gate())
    assert [(v["contrast"], v["verdict"], v["family"]) for v in found["verdicts"]] == [
        ("without", "RELAXED", "primary"),
        ("decay", "RELAXED", "strong"),
        ("reset", "RELAXED", None),
        ("matched", "RELAXED", None),
    ]
    assert all((v["p_adjusted"] is None) == (v["family"] is None) for v in found["verdicts"])
    assert all(v["log_rank"]["p"] < 0.001 for v in found["verdicts"])
    surviving = [row["surviving"] for row in found["tables"]["survival"] if row["variant"] == "without"]
    assert surviving[0] == 1
    assert surviving[-1] == 0
    scalars = {row["variant"]: row["mean"] for row in found["tables"]["mechanism"]}
    assert scalars["without"] > 100 * scalars["with"]


def test_two_primaries_are_one_family() -> None:
    first = residual()
    second = replace(first.ladders["depth"], name="again", constraint="parameters")
    made = residual(
        ladders=first.ladders | {"again": replace(second, levels=(8,))},
        register={"primary": {"optimization": "depth", "parameters": "again"}},
    )
    found = results(made)
    depth, again = (v for v in found["verdicts"] if v["contrast"] == "without")
    assert (depth["family_size"], depth["p_adjusted"], depth["level"]) == (2, 2 * depth["p"], 0.975)
    assert (again["verdict"], again["reason"], again["level"]) == ("INCONCLUSIVE", "ladder too easy", 0.95)
    assert again["claimed"] == "implied"


def test_a_ladder_that_is_no_primary_has_no_family() -> None:
    found = verdict(results(residual(register={"primary": {}})), "without")
    assert (found["family"], found["p_adjusted"], found["verdict"]) == (None, None, "RELAXED")
    assert not found["primary"]


def test_every_constraint_is_measured_or_says_why_not() -> None:
    made = residual(unmeasured={"data": "its ladder examples is not climbed at scale smoke"})
    found = results(made)
    said = {row["constraint"]: row["why"] for row in found["unmeasured"]}
    assert len(said) + len({v["constraint"] for v in found["verdicts"]}) == 7
    assert said["data"] == "its ladder examples is not climbed at scale smoke"
    assert said["energy"] == "the study declares no ladder for it"


def test_a_ladder_of_another_measure_gives_no_verdict() -> None:
    made = residual()
    examples = replace(made.ladders["depth"], name="examples", constraint="data", measure="resource", solved=None)
    made.ladders["examples"] = examples
    found = results(made)
    assert {v["ladder"] for v in found["verdicts"]} == {"depth"}
    assert {row["constraint"]: row["why"] for row in found["unmeasured"]}["data"] == (
        "no verdict is drawn from a ladder of measure 'resource'"
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_seeds_give_a_reason_and_no_number(n: int) -> None:
    made = residual(seeds={"tuning": (1000, 1001, 1002), "confirmation": tuple(range(n))})
    found = verdict(results(made), "without")
    assert (found["verdict"], found["reason"], found["n_needed"]) == ("INCONCLUSIVE", "too few seeds", 7)
    assert found["exploratory"]
    assert (found["rho"]["low"], found["rho"]["high"]) == (None, None)
    assert found["rho"]["censored"] == (None if n < 3 else "both")
    assert (found["p"] is None) == (n < 3)


def test_sensitivity_to_the_share_that_defines_the_threshold() -> None:
    for found in verdict(results(residual()), "without")["sensitivity"]:
        assert (found["censored"], found["n_needed"]) == ("both", 16)  # ten seeds cannot test such a share
        assert found["observed"]["low"] > 1


def test_a_rung_at_the_edge_of_its_grid_says_nothing() -> None:
    made = residual()
    entries = ledgers(made)
    entries["depth=110"]["edge"] = entries["depth=110"]["edge"] | {"with": True}
    found = measure(made, residual_runs(made), entries)
    without = verdict(found, "without")
    assert (without["verdict"], without["edge"], len(without["runs"])) == ("RELAXED", [110], 100)
    assert without["brackets"]["with"]["low"] == 56
    strong = verdict(found, "scaled_init")
    assert (strong["verdict"], strong["reason"]) == ("INCONCLUSIVE", "edge")
    assert strong["needs"] == "a wider rate grid at depth 110"


def test_rungs_between_tuned_ones_share_their_edge() -> None:
    made = residual()
    made.cells["depth=32"] = replace(made.cells["depth=32"], rates_from=("depth=20", "depth=56"))
    entries = {cell: entry for cell, entry in ledgers(made).items() if cell != "depth=32"}
    made.tune.cells = tuple(entries)
    entries["depth=56"]["edge"] = entries["depth=56"]["edge"] | {"without": True}
    assert verdict(measure(made, residual_runs(made), entries), "without")["edge"] == [32, 56]


def test_an_edge_on_an_evaluated_ladder_leaves_nothing() -> None:
    made = forget_gate()
    found = results(made, edge={"with": True})
    without = verdict(found, "without")
    assert (without["verdict"], without["reason"], without["runs"]) == ("INCONCLUSIVE", "edge", [])
    assert without["rho"]["censored"] == "both"


def test_a_diverged_run_never_improves_its_arm() -> None:
    made = residual()
    before = residual_runs(made, {"with": 80, "without": 18})
    old = verdict(results(made, before), "without")
    for cell in ("base", "depth=56"):
        after = altered(before, cell, "with", 3, state="diverged", train_loss=1e-9)
        new = verdict(results(made, after), "without")
        assert (new["rho"]["low"] or 0) <= old["rho"]["low"]
        assert new["p"] >= old["p"]


def test_a_diverged_run_scores_the_cap() -> None:
    made = residual()
    runs = altered(residual_runs(made), "base", "with", 0, state="diverged", train_loss=None)
    rows = results(made, runs)["tables"]["levels"]
    row = next(r for r in rows if (r["variant"], r["level"]) == ("with", 8))
    assert (row["solved"], row["states"]) == (9, {"diverged": 1, "finished": 9})
    assert row["mean"] == pytest.approx((9 * 0.02 + 2.302) / 10, rel=1e-3)


def test_a_criterion_with_a_number_of_its_own() -> None:
    made = residual()
    made.ladders["depth"] = replace(made.ladders["depth"], solved=Criterion("loss", "<=", 1.0))
    assert results(made)["criteria"] == {"depth": {"metric": "loss", "op": "<=", "value": 1.0}}


# --- what is refused ---


def refused(match: str, made: Any, runs: Confirmation, entries: dict[str, Any] | None = None) -> None:
    with pytest.raises(MeasureError, match=match):
        measure(made, runs, ledgers(made) if entries is None else entries)


def test_a_run_that_stands_twice() -> None:
    runs = residual_runs(residual())
    twice = pd.concat([runs.runs, runs.runs.iloc[[0]]])
    refused(r"base-\w+\.json\.gz: more than one run of .*'with', 0", residual(), replace(runs, runs=twice))


def test_a_missing_run() -> None:
    runs = residual_runs(residual())
    refused(r"base-\w+\.json\.gz: no run of .*'with', 0", residual(), replace(runs, runs=runs.runs.iloc[1:]))


def test_a_missing_arm() -> None:
    runs = residual_runs(residual())
    fewer = runs.runs[runs.runs["arm"] != "without"]
    refused(r"base-.*: no run of .*'without', 9", residual(), replace(runs, runs=fewer))


def test_a_stranger_among_the_runs() -> None:
    runs = altered(residual_runs(residual()), "base", "with", 0, arm="placebo")
    more = pd.concat([residual_runs(residual()).runs, runs.runs[runs.runs["arm"] == "placebo"]])
    refused("'placebo', 0.*not part of the study", residual(), replace(runs, runs=more))


def test_a_missing_cell() -> None:
    runs = residual_runs(residual())
    files = {cell: file for cell, file in runs.files.items() if cell != "depth=20"}
    refused("no confirmation record of cell 'depth=20'", residual(), replace(runs, files=files))


def test_a_run_lost_to_infrastructure() -> None:
    runs = altered(residual_runs(residual()), "depth=14", "with", 2, state="infrastructure")
    refused("depth=14.*never scored.*residual/depth=14/with/2", residual(), runs)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_finished_run_without_a_number(value: float | None) -> None:
    runs = altered(residual_runs(residual()), "depth=14", "with", 2, train_loss=value)
    refused("depth=14.*train_loss is not a number.*residual/depth=14/with/2", residual(), runs)


def test_an_outcome_without_the_metric() -> None:
    runs = residual_runs(residual())
    fewer = replace(runs, runs=runs.runs.drop(columns="train_loss"))
    refused("base-.*no 'train_loss'", residual(), fewer)


@pytest.mark.parametrize("other", [{"torch": "2.12.0"}, {"device": "cuda"}, {"threads": 2}])
def test_mixed_machines(other: dict[str, Any]) -> None:
    runs = residual_runs(residual())
    mixed = {**runs.provenance, "depth=56": provenance(**other)}
    word = str(next(iter(other.values())))
    refused(rf"depth=56.*made with .*{word}.* but .*base-", residual(), replace(runs, provenance=mixed))


def test_unequal_grids() -> None:
    entries = ledgers(residual())
    entries["depth=20"]["grids"] = entries["depth=20"]["grids"] | {"without": [0.1, 0.3]}
    refused(r"depth=20.*unequal or empty rate grids.*'without': 2", residual(), residual_runs(residual()), entries)


@pytest.mark.parametrize("gone", ["without", "scaled_init"])
def test_unequal_numbers_of_trials(gone: str) -> None:
    entries = ledgers(residual())
    trials = entries["base"]["trials"]
    entries["base"]["trials"] = [t for t in trials if t["variant"] != gone]
    refused(rf"base.*numbers of trials.*'{gone}': 0", residual(), residual_runs(residual()), entries)


def test_a_missing_ledger() -> None:
    entries = ledgers(residual())
    del entries["depth=20"]
    refused("no tuning ledger of cell 'depth=20'", residual(), residual_runs(residual()), entries)


@pytest.mark.parametrize("criterion", [
    None, {"metric": "loss", "op": "<", "value": 1.0}, {"metric": "train_loss", "op": "<", "value": None},
])  # fmt: skip
def test_a_midpoint_that_tuning_did_not_compute(criterion: dict[str, Any] | None) -> None:
    entries = ledgers(residual(), criterion=criterion)
    refused("base-.*expected the value of train_loss < midpoint", residual(), residual_runs(residual()), entries)


def test_a_threshold_without_a_criterion() -> None:
    made = residual()
    made.ladders["depth"] = replace(made.ladders["depth"], solved=None)
    refused("'depth' declares no criterion", made, residual_runs(residual()), ledgers(residual()))
