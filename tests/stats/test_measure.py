"""The whole measurement on made-up studies whose truth is known, and everything that it refuses."""

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from synthetic import (
    everything,
    everything_clock,
    everything_ledgers,
    everything_runs,
    forget_gate,
    forget_runs,
    ledger,
    provenance,
    residual,
    residual_runs,
)

from ablatlas.declaration.ladders import Criterion
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


def test_every_number_can_be_followed_to_its_runs_and_their_record() -> None:
    made = everything()
    found = measure(made, everything_runs(made), everything_ledgers(made), everything_clock(made))
    held = [key for record in found["records"] for key in record["runs"]]
    assert len(held) == len(set(held))
    assert {key for v in found["verdicts"] for key in v["runs"]} <= set(held)
    assert all(v["runs"] for v in found["verdicts"] if v["basis"] == "ladder")
    assert [record["phase"] for record in found["records"]].count("clock") == 1
    assert {record["cell"] for record in found["records"] if record["phase"] == "tuning"} == set(made.tune.cells)


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
        register={"primary": {"optimization": "depth", "parameters": "again"}, "delta": 1.1, "paired": False},
    )
    found = results(made)
    depth, again = (v for v in found["verdicts"] if v["contrast"] == "without")
    assert (depth["family_size"], depth["p_adjusted"], depth["level"]) == (2, 2 * depth["p"], 0.975)
    assert (again["verdict"], again["reason"], again["level"]) == ("INCONCLUSIVE", "ladder too easy", 0.95)
    assert again["claimed"] == "implied"


def test_a_ladder_that_is_no_primary_has_no_family() -> None:
    found = verdict(results(residual(register={"primary": {}, "delta": 1.1, "paired": False})), "without")
    assert (found["family"], found["p_adjusted"], found["verdict"]) == (None, None, "RELAXED")
    assert not found["primary"]


def test_every_constraint_is_measured_or_says_why_not() -> None:
    made = residual(unmeasured={"data": "its ladder examples is not climbed at scale smoke"})
    found = results(made)
    said = {row["constraint"]: row["why"] for row in found["unmeasured"]}
    assert len(said) + len({v["constraint"] for v in found["verdicts"]}) == 7
    assert said["data"] == "its ladder examples is not climbed at scale smoke"
    assert said["compute"] == "the study declares no ladder for it"
    assert said["energy"] == "the study has no clock"


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


# --- every measure ---


def whole(**changes: Any) -> Any:
    made = everything()
    return measure(made, everything_runs(made), everything_ledgers(made), everything_clock(made, **changes))


def by_measure(found: Any) -> dict[tuple[str, str | None], Any]:
    return {(v["measure"], v["ladder"]): v for v in found["verdicts"]}


def test_every_constraint_has_a_verdict_of_its_own() -> None:
    found = json.loads(json.dumps(whole(), allow_nan=False))
    rows = by_measure(found)
    assert {v["constraint"] for v in found["verdicts"]} == {
        "data", "parameters", "optimization", "architecture", "compute", "efficiency", "energy",
    }  # fmt: skip
    assert found["unmeasured"] == []
    assert all(set(v) >= FIXED for v in found["verdicts"])
    assert rows["resource", "examples"]["verdict"] == "RELAXED"
    assert rows["threshold", "depth"]["verdict"] == "RELAXED"
    assert rows["time_to_target", "time"]["verdict"] == "RELAXED"
    assert rows["flops_per_step", None]["verdict"] == "UNCHANGED"
    assert rows["flop_rate", None]["verdict"] == "RELAXED"
    assert rows["power", None]["reason"] == "no counter"


def test_the_family_holds_the_gate_each_primary_and_each_net_term_with_noise() -> None:
    found = whole()
    sizes = {(v["measure"], v["ladder"]): v["family_size"] for v in found["verdicts"] if v["family"] == "primary"}
    assert set(sizes.values()) == {1 + 4 + 2}
    assert set(sizes) == {
        ("resource", "examples"), ("resource", "width"), ("threshold", "depth"), ("time_to_target", "time"),
        ("flop_rate", None), ("power", None),
    }  # fmt: skip
    assert found["gate"]["open"]
    assert found["gate"]["p_adjusted"] >= found["gate"]["p"]


def test_the_factor_that_was_built_in_is_found_and_closes_along_its_own_resource_alone() -> None:
    rows = by_measure(whole())
    data, width = rows["resource", "examples"], rows["resource", "width"]
    assert data["rho"]["low"] < 2 < data["rho"]["high"]
    assert (data["closure"]["label"], width["closure"]["label"]) == ("closing", "persistent")
    assert width["rho"]["value"] is None or width["rho"]["value"] > 1  # an exchange rate, which supports no claim
    time = rows["time_to_target", "time"]
    assert time["rho"]["low"] < 2 < time["rho"]["high"]
    assert [f["q"] for f in time["fractions"]] == [0.25, 0.5, 0.75]


def test_at_one_and_the_same_rate_the_slower_arm_is_found_where_both_get_there() -> None:
    """`without` is half as fast and has farther to go; rates of 0.01 and 10 are those at which nothing is learned."""
    rows = {row["rate"]: row for row in whole()["tables"]["equal_rates"]}
    assert list(rows) == [0.01, 0.1, 1.0, 10.0]
    for rate in (0.1, 1.0):
        arms = rows[rate]["arms"]
        assert arms["with"]["reached"] == rows[rate]["n"]
        assert arms["without"]["reached"] > rows[rate]["n"] / 2
        assert 2 < rows[rate]["low"] < arms["without"]["steps"] / arms["with"]["steps"]
    for rate in (0.01, 10.0):
        assert rows[rate]["arms"] == {name: {"reached": 0, "steps": None} for name in ("with", "without")}
        assert (rows[rate]["value"], rows[rate]["low"], rows[rate]["high"]) == (None, None, None)


def test_a_chain_multiplies_and_ends_where_there_is_no_counter() -> None:
    terms = {row["term"]: row for row in whole()["chain"]["terms"]}
    assert terms["rho_C"]["value"] == pytest.approx(terms["rho_T"]["value"])
    assert terms["rho_W"]["value"] == pytest.approx(terms["rho_C"]["value"] * terms["flop_rate"]["value"])
    assert terms["flop_rate"]["value"] == pytest.approx(1.5, rel=0.02)
    assert terms["rho_J"]["value"] is None
    assert "no counter" in terms["rho_J"]["why"]
    assert {row["term"]: row["verdict"] for row in whole()["chain"]["terms"] if "verdict" in row} == {}


def test_power_is_measured_where_there_is_a_counter() -> None:
    rows = by_measure(whole(watts=20.0))
    assert (rows["power", None]["verdict"], rows["power", None]["rho"]["value"]) == ("UNCHANGED", pytest.approx(1))


def test_a_registration_that_changed_makes_every_verdict_exploratory() -> None:
    made = everything()
    runs = everything_runs(made)
    made.register = made.register | {"delta": 1.2}
    found = measure(made, runs, everything_ledgers(made), everything_clock(made))
    assert found["registration_changes"] == [{"key": "delta", "then": 1.1, "now": 1.2}]
    assert all(v["exploratory"] for v in found["verdicts"])


def test_a_diverged_run_improves_its_arm_in_no_measure() -> None:
    made = everything()
    before = everything_runs(made)
    old = by_measure(measure(made, before, everything_ledgers(made), everything_clock(made)))
    for cell in ("base", "examples=1440", "depth=32", "rates=1.0"):
        after = altered(before, cell, "with", 3, state="diverged", loss=1e-9, train_loss=1e-9)
        new = by_measure(measure(made, after, everything_ledgers(made), everything_clock(made)))
        for name in (("resource", "examples"), ("threshold", "depth"), ("edges", "rates")):
            assert (new[name]["rho"]["low"] or 0) <= (old[name]["rho"]["low"] or 0) + 1e-12, (cell, name)


def test_a_width_whose_every_run_stopped_early_has_its_frontier_at_the_cap() -> None:
    """Its tuning runs went on, so that there are budgets at which it stands for nothing."""
    made = everything()
    before = everything_runs(made)
    rest = before.curves["arm"].eq("without") & before.curves["cell"].str.startswith("width=")
    rest |= before.curves["arm"].eq("without") & before.curves["cell"].eq("base")
    after = replace(before, curves=before.curves[~(rest & (before.curves["step"] > 60))])
    found = measure(made, after, everything_ledgers(made), everything_clock(made))
    rows = [row for row in found["tables"]["frontier"] if row["variant"] == "without"]
    floor = everything_ledgers(made)["base"]["floor"]["loss"]
    late = [row["loss"] for row in rows if row["flops"] > 1.5e6 * 90]  # five of nine budgets between 30 and 300 steps
    assert late == pytest.approx([floor] * 5)
    assert rows[0]["loss"] < floor


# --- what is refused ---


def test_a_clock_without_a_variant() -> None:
    made = everything()
    clock = everything_clock(made)
    fewer = replace(clock, blocks=clock.blocks[clock.blocks["variant"] == "with"])
    with pytest.raises(MeasureError, match=r"clock-\w+.*numbers of blocks.*'without': 0"):
        measure(made, everything_runs(made), everything_ledgers(made), fewer)


def test_a_clock_of_another_machine() -> None:
    made = everything()
    other = replace(everything_clock(made), provenance=provenance(device="cuda"))
    with pytest.raises(MeasureError, match=r"clock-.*cuda"):
        measure(made, everything_runs(made), everything_ledgers(made), other)


def test_a_time_ladder_without_targets() -> None:
    made = everything()
    entries = everything_ledgers(made)
    del entries["time=1200"]["targets"]
    with pytest.raises(MeasureError, match=r"time=1200.*no targets"):
        measure(made, everything_runs(made), entries, everything_clock(made))


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
