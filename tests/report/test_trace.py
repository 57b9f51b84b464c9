"""From a verdict to its runs: keys are told whole or shortened without loss."""

import findings

from ablatlas.report import trace


def test_keys_that_differ_in_their_seeds_alone_are_one() -> None:
    keys = [f"0f3a-s{seed}-stacked-2.13.0-cpu-t1" for seed in range(10)]
    assert list(trace.shortened(keys)) == ["0f3a-s0…s9-stacked-2.13.0-cpu-t1"]
    assert list(trace.shortened([keys[0], keys[2]])) == ["0f3a-s0,s2-stacked-2.13.0-cpu-t1"]
    assert list(trace.shortened(["0f3a-s1-a", "beef-s1-a"])) == ["0f3a-s1-a", "beef-s1-a"]


def test_a_verdict_names_the_records_of_its_runs_and_a_net_term_the_clock() -> None:
    view = findings.view("residual")
    ladder = next(v for v in view.verdicts if v["basis"] == "ladder")
    net = next(v for v in view.verdicts if v["basis"] == "net")
    assert [(r["phase"], r["cell"]) for r in trace.of(view, ladder)] == [("confirmation", "base")]
    assert [r["phase"] for r in trace.of(view, net)] == ["clock"]


def test_results_that_name_no_records_say_so() -> None:
    shown = trace.section(findings.view("residual", records=[])).text
    assert "not recorded" in shown
    assert "do not name the records" in shown
