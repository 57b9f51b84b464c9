"""The benchmarks measure what they say: paired rounds, whole process trees, the same training everywhere."""

import platform
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks import accelerator, bound, harness, inside, overhead, table, throughput
from benchmarks.contenders import CONTENDERS, OURS, PLAIN, loop, ours
from benchmarks.grid import ROOT, Grid, grid, grids
from benchmarks.harness import RESULTS, Spent
from benchmarks.throughput import Losses, same

NEEDS = {"Hydra, joblib launcher": "hydra_plugins.hydra_joblib_launcher", "Lightning loop": "lightning"}
GRIDS = [one.name for one in grids()]


def tiny(name: str, seeds: int) -> Grid:
    """A grid's own runs, a few steps long."""
    return grid(name).changed(seeds=seeds, steps=4, evaluations=2)


def installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Grid, Losses]:
    """A tiny grid, and what the plain loop gets of it: to a process that trains a run all grids are alike."""
    found = tiny("mlp", 1)
    return found, throughput.once(PLAIN, found, tmp_path_factory.mktemp("plain") / "grid")[1]


@pytest.mark.xdist_group("benchmarks")
@pytest.mark.parametrize("contender", [name for name in CONTENDERS if name != PLAIN])
def test_every_contender_reaches_the_same_losses(
    contender: str, reference: tuple[Grid, Losses], tmp_path: Path
) -> None:
    if not installed(NEEDS.get(contender, "torch")):
        pytest.skip(f"{NEEDS[contender]} belongs to the optional group `bench`")
    asked, expected = reference
    spent, losses = throughput.once(contender, asked, tmp_path / "grid")
    assert throughput.disagreements({PLAIN: expected, contender: losses}) == []
    assert spent.cpu > 0


@pytest.mark.parametrize("name", GRIDS)
def test_ours_and_the_plain_loop_train_the_same(name: str, tmp_path: Path) -> None:
    found = {}
    for who, train in (("ours", ours.main), (PLAIN, loop.main)):
        tiny(name, 2).write(tmp_path / who)
        train(tmp_path / who)
        found[who] = throughput.losses(tmp_path / who)
        assert sorted(found[who]) == sorted(tiny(name, 2).names)
    assert throughput.disagreements(found) == []


def test_a_disagreement_is_told() -> None:
    found = {PLAIN: {"a-0": {"train_loss": 1.0, "loss": 2.0}}, "other": {"a-0": {"train_loss": 1.0, "loss": 2.001}}}
    [line] = throughput.disagreements(found)
    assert "other, a-0, loss: 2.001" in line


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        (1.2344, 1.2341, True),
        (1.2344, 1.2351, False),
        (0.012344, 0.012341, True),
        (0.0123, 0.0124, False),
        (0, 0, True),
    ],
)
def test_same_to_four_digits(a: float, b: float, agree: bool) -> None:
    assert same(a, b) is agree


def test_a_loss_that_is_not_a_number_agrees_with_none() -> None:
    assert not same(float("nan"), float("nan"))


def test_grids_have_two_arms_of_eight_seeds() -> None:
    for one in grids():
        assert (len(one.arms), one.seeds) == (2, 8)
        assert one.config["recipe"]["steps"] % one.config["recipe"]["evaluations"] == 0


# --- measuring ---


def test_ratios_are_of_paired_rounds() -> None:
    found = harness.ratio([2.0, 8.0, 30.0], [1.0, 2.0, 10.0])
    assert found == {"median": 3.0, "min": 2.0, "max": 4.0, "pairs": [2.0, 4.0, 3.0]}


def test_a_contender_is_held_against_the_reference_round_by_round() -> None:
    spent = {name: [Spent(cpu, cpu / 2, 0.0, "") for cpu in cpus] for name, cpus in {"a": [1, 2], "b": [3, 8]}.items()}
    found = harness.against(spent, "a")
    assert list(found) == ["b"]
    assert found["b"]["cpu"]["pairs"] == found["b"]["wall"]["pairs"] == [3.0, 4.0]


def test_rounds_go_forwards_and_backwards() -> None:
    order: list[tuple[str, int]] = []

    def run(name: str, turn: int) -> Spent:
        order.append((name, turn))
        return Spent(len(order), 1.0, 0.0, "")

    found = harness.rounds(2, "ab", run, lambda line: None)
    assert order == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]
    assert [one.cpu for one in found["a"]] == [1, 4]


BURN = "import time; begin = time.process_time()\nwhile time.process_time() - begin < 0.3: pass"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands over a process whose parent has ended")
def test_a_process_that_outlives_its_parent_is_counted() -> None:
    spent = harness.measure(["bash", "-c", f"{sys.executable} -c '{BURN}' > /dev/null 2>&1 &"])
    assert 0.3 <= spent.cpu < 3
    assert spent.wall > 0.3


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3:\nthe reason"):
        harness.measure(["bash", "-c", "echo the reason >&2; exit 3"])


@pytest.mark.parametrize(("module", "path"), [*inside.STEPS, *inside.METERS])
def test_what_is_watched_is_there(module: str, path: str) -> None:
    owner, name = inside.place(module, path)
    assert callable(getattr(owner, name))


# --- what is written ---


def numbers(value: Any) -> list[dict[str, Any]]:
    """Every ratio in a tree."""
    if isinstance(value, dict):
        own = [value] if "pairs" in value else []
        return own + [one for below in value.values() for one in numbers(below)]
    return [one for below in value for one in numbers(below)] if isinstance(value, list) else []


def test_the_readme_says_what_the_results_give() -> None:
    made, page = table.text(table.read(RESULTS)), (ROOT / "README.md").read_text(encoding="utf-8")
    assert table.within(page, made) == page
    assert (RESULTS / "table.md").read_text(encoding="utf-8") == made + "\n"


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: file.stem)
def test_a_result_states_its_rounds_and_machine_and_no_name(file: Path) -> None:
    found = table.read(RESULTS)[file.stem]
    assert found["rounds"] >= 3
    assert {"processor", "cores", "versions"} <= set(found["machine"])
    for one in numbers(found):
        assert one["min"] <= one["median"] <= one["max"]
        assert len(one["pairs"]) == found["rounds"]
    assert platform.node() not in file.read_text(encoding="utf-8")


def test_a_table_is_made_of_any_results() -> None:
    """Of a result of each kind, as the measurements write them."""
    share = {"median": 0.5, "min": 0.4, "max": 0.6, "pairs": [0.4, 0.5, 0.6]}
    machine = {"processor": "a processor", "cores": 2, "versions": {"torch": "2"}}
    common = {"rounds": 3, "machine": machine, "exclusive": True}
    both = {"cpu": share, "wall": share}
    results: dict[str, Any] = {
        "throughput-mlp": common | {
            "grid": "mlp", "n": 16, "engine": "stacked", "config": {"recipe": {"steps": 5}}, "arithmetic_share": share,
            "ratios": dict.fromkeys(CONTENDERS, both),
        },
        "rate": common | {
            "matrix": 8, "models": {"mlp": {"engine": "stacked", "share": {"ours": share, PLAIN: share}}},
        },
        "count": common | {
            "grid": "mlp", "runs": [16, 1024], "config": {"recipe": {"steps": 5}},
            "each": {"16": share, "1024": share}, "ratios": {"16": share, "1024": share},
        },
        "workflow": common | {
            "studies": 75, "cells": 1000, "wall": dict.fromkeys(("an empty Snakefile", "cold", "warm", "plan"), share),
        },
        "overhead": common
        | {
            "scale": "laptop", "import_cpu": share,
            "cells": {"x, base": dict.fromkeys(("overhead", "unjudged", *overhead.PARTS), share)},
        },
        "cluster": common | {
            "cells": 300, "jobs": 38, "completed": 38, "wall": 600.0, "cell_alone_cpu": 3.0,
            "overhead_cpu_per_job": 5.0, "snakemake_cpu_per_job": 1.0, "squeue_seconds": share,
        },
    }  # fmt: skip
    made = table.text(results)
    assert "| Hydra, basic launcher | 0.50 (0.40–0.60) | 0.50 (0.40–0.60) |" in made
    assert "| mlp | stacked | 50 % (40–60) | 50 % (40–60) |" in made
    assert "| 1,024 | 500.0 (400.0–600.0) | 0.50 (0.40–0.60) |" in made
    assert "| plan 1,000 cells | 0.50 (0.40–0.60) |" in made
    assert "| x, base | 50 % (40–60) | 50 % (40–60) |" in made
    assert "| `squeue` answers after, s | 0.50 (0.40–0.60) |" in made
    assert "Measured on a processor, 2 cores" in made


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the markers"):
        table.within("a page", "a table")


def test_stacking_is_compared_on_any_device(tmp_path: Path) -> None:
    """As it would be on a GPU, on the processor that every machine has."""
    asked = {"mlp": grid("mlp").changed(steps=9)}
    found, others = accelerator.compare(asked, "cpu", [2, 3], 1, lambda line: None)
    assert set(found["models"]["mlp"]) == {"2", "3"}
    for many, one in found["models"]["mlp"].items():
        [row] = found["seconds"][f"mlp, {many} at once"]
        assert one["pairs"] == [row[accelerator.SEQUENTIAL] / row[many]]
    assert len(others) == 2
    [made, *_] = table.accelerator({"accelerator": found | {"device": "processor"}})
    assert "one processor" in made


@pytest.mark.parametrize("name", [one.name for one in grids() if one.config["engine"] == "stacked"])
def test_the_bound_is_of_the_same_gradients(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`once` itself refuses kernels that give others."""
    monkeypatch.setattr(bound, "seconds", lambda step: float(step() is not None))
    grid(name).changed(seeds=2).write(tmp_path / name)
    assert bound.once(tmp_path / name) == {bound.ALONE: 1.0, OURS: 0.5, bound.KERNELS: 0.5}
