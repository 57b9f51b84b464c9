"""The figure of a ladder of costs: what was put in is drawn, with its n, and told in words."""

import findings
import numpy as np

from ablatlas.report import plots, style
from ablatlas.report.view import View
from ablatlas.study import load

LEVELS, FLOPS = (16, 32, 64, 128, 256), {"with": 2e6, "without": 4e6}


def view(**tables: object) -> View:
    """Made-up costs of writing with and without a cache."""
    study = load("kv_cache")
    (ladder,) = study.ladders
    costs = [
        {
            "ladder": ladder, "level": level, "variant": name, "n": 10, "flops_per_step": flops, "mean": 0.002,
            "low": 0.001, "high": 0.004, "peak_memory": 4e6,
        }
        for name, flops in FLOPS.items()
        for level in LEVELS
    ]  # fmt: skip
    growth = [
        {
            "ladder": ladder, "quantity": quantity, "variant": name, "mean": slope, "low": slope - 0.1,
            "high": slope + 0.1, "exact": quantity != "seconds",
        }
        for quantity in ("flops_per_step", "seconds", "peak_memory")
        for name, slope in (("with", 0.0), ("without", 0.85))
    ]  # fmt: skip
    made = findings.view("residual").results
    own = {"study": study.name, "scale": study.scale, "digest": study.digest, "verdicts": []}
    return View(study, {**made, **own, "tables": {"costs": costs, "growth": growth, **tables}})


def test_a_ladder_of_costs_is_drawn_with_its_units_its_n_and_its_exponents() -> None:
    made = view()
    figure, words = plots.main(made, made.study.ladders["length"])
    drawn = style.render(figure).decode()
    for said in ("FLOPs a step (millions)", "ms a step,", "95 % interval (n = 10)", "peak memory (MB)"):
        assert said in drawn
    assert "FLOPs: with 0 and without 0.85;" in words.caption
    assert "seconds: with 0 (−0.1 to 0.1) and without 0.85 (0.75 to 0.95);" in words.caption
    [flops, seconds, _] = figure.axes
    assert [np.asarray(line.get_ydata()).tolist() for line in flops.lines] == [[2.0] * 5, [4.0] * 5]
    assert np.asarray(seconds.lines[0].get_ydata()).tolist() == [2.0] * 5


def test_costs_that_were_not_measured_are_not_drawn() -> None:
    made = view(costs=[])
    assert plots.main(made, made.study.ladders["length"])[1].alt == "Nothing was measured."
