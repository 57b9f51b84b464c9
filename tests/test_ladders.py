"""Ladders of every measure: their cells, what these train and are tuned on, what is claimed, and what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import copy_repository, snakemake
from example import change, make_root

from ablatlas import study
from ablatlas.declaration.registered import registered
from ablatlas.study import Ladder, Study, StudyError, controls, from_command_line, load, names
from ablatlas.tree import at

ARMS = ["with", "without"]
FILE = "params/study/example.yaml"
# Beside the example's `depth` (a threshold) and `examples` (a resource): the other measures.
MORE: dict[str, dict[str, Any]] = {
    "rates": {"constraint": "optimization", "measure": "edges", "levels": [0.003, 0.1, 3.0], "variants": ARMS},
    "time": {
        "constraint": "optimization", "measure": "time_to_target", "path": "recipe.steps", "levels": [300, 900],
        "variants": ARMS,
    },
    "work": {"constraint": "compute", "measure": "frontier", "over": "examples"},
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose example climbs ladders of all measures, composed once. Read only."""
    return climbing(tmp_path_factory.mktemp("ladders"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return climbing(tmp_path)


@pytest.fixture
def example(shared: Path) -> Study:
    return load("example", root=shared)


def climbing(folder: Path) -> Path:
    root = make_root(folder)
    change(root, lambda s: s["ladders"].update(MORE))
    change(root, lambda s: s["ladders"]["examples"].update(variants=ARMS))
    return root


# --- cells ---


def test_cells_of_each_measure(example: Study) -> None:
    assert [cell for cell in example.cells if cell.split("=")[0] in MORE] == [
        "rates=0.003", "rates=0.1", "rates=3.0", "time=900"
    ]  # fmt: skip
    assert example.ladders["work"].rungs == (), "a frontier reads another ladder's cells"
    assert example.ladders["work"].over == "examples"


def test_rates_are_trained_as_they_stand(example: Study) -> None:
    ladder = example.ladders["rates"]
    assert (ladder.path, ladder.reference) == ("recipe.lr", None)
    for level, cell in ladder.rungs:
        assert at(example.run_config("without", cell), "recipe.lr") == level
        assert cell not in example.tuned_cells
        assert example.rates_from(cell) == example.cells[cell].rates_from == ()
        assert example.cells[cell].tuning_digest is None
    assert "rates=0.1" in example.cells, "a cell of its own, although the base configuration has that very rate"


def test_rates_of_a_cell_that_is_not_tuned_are_part_of_its_digest(root: Path, example: Study) -> None:
    """Elsewhere the rate is left open, since tuning fills it in."""
    assert len({example.cells[f"rates={rate}"].digest for rate in ("0.003", "0.1", "3.0")}) == 3
    change(root, lambda s: s["tune"].update(grid=[0.01, 0.03, 0.1]))
    made = load("example", root=root)
    for cell in example.cells:
        assert (made.cells[cell].digest == example.cells[cell].digest) == cell.startswith("rates")


@pytest.mark.parametrize(("levels", "evaluations"), [([300, 900], 30), ([300, 1200], 40), ([300, 1000], 34)])
def test_time_is_followed_to_its_limit_at_the_spacing_of_the_budget(
    root: Path, levels: list[int], evaluations: int
) -> None:
    change(root, lambda s: s["ladders"]["time"].update(levels=levels))
    made = load("example", root=root)
    cell = f"time={levels[1]}"
    assert made.cells[cell].settings == {"recipe.steps": levels[1], "recipe.evaluations": evaluations}
    assert made.run_config("with")["recipe"]["evaluations"] == 10
    assert made.rates_from(cell) == (cell,)
    assert made.targets_from(cell) == ("base",)
    assert [other for other in made.cells if made.targets_from(other)] == [cell]


def test_the_levels_of_one_training_are_of_no_cell_but_the_base(root: Path) -> None:
    length = {"constraint": "architecture", "measure": "threshold", "evaluated": True, "levels": [10, 20]}
    change(root, lambda s: s["ladders"].update(length=length))
    assert set(load("example", root=root).ladders["length"].rungs) == {(10, "base"), (20, "base")}


@pytest.mark.parametrize("level", [1, 90, 0.0003, 1.0, 3e-05, 1e-12])
def test_a_cell_has_a_name_that_files_and_rules_can_carry(level: float) -> None:
    common = (Path(__file__).parents[1] / "workflow/rules/common.smk").read_text()
    (allowed,) = re.findall(r'cell=r"(.+)"', common)
    cell = Ladder("rates", "optimization", "edges", "recipe.lr", (level,)).cell(level)
    found = re.fullmatch(f"({allowed})-([0-9a-f]{{12}})", f"{cell}-0123456789ab")
    assert found, cell
    assert found.groups() == (cell, "0123456789ab")
    assert float(cell.split("=")[1]) == level


# --- variants ---


def test_variants_of_a_ladder_are_those_of_its_own_cells(example: Study) -> None:
    every = ("with", "without", "scaled_init", "no_norm")
    assert example.variants_of("base") == example.variants_of("depth=20") == every
    for cell in ("examples=90", "rates=0.1", "time=900"):
        assert example.variants_of(cell) == ("with", "without")


def test_cost_counts_what_is_trained(example: Study) -> None:
    confirmed, tuned = example.cost.confirmation, example.cost.tuning
    assert confirmed == 10 * (6 * 4 + 4 * 2 + 3 * 2 + 1 * 2)
    assert tuned == 3 * 5 * (6 * 4 + 4 * 2 + 1 * 2)
    assert example.cost.steps == 300 * (confirmed + tuned) + 600 * 2 * (10 + 15)


def moved(before: Study, after: Study) -> tuple[set[str], set[str]]:
    """The cells whose runs, and those whose tuning, are others now."""
    pairs = [(name, before.cells[name], after.cells[name]) for name in before.cells]
    tuned = [name for name in before.tuned_cells if before.tuning_digest(name) != after.tuning_digest(name)]
    return {name for name, one, other in pairs if one.digest != other.digest}, set(tuned)


def test_tuning_of_time_rests_on_that_of_the_base_cell(root: Path, example: Study) -> None:
    """An arm that neither of them trains moves the base cell's tuning, hence the targets, and no other ladder's."""
    change(root, lambda s: s["arms"].pop("scaled_init"))
    runs, tuned = moved(example, load("example", root=root))
    assert tuned == {"base", "depth=14", "depth=20", "depth=32", "depth=56", "depth=110", "time=900"}
    assert runs == tuned


def test_rules_know_what_a_cell_is_tuned_on(tmp_path: Path) -> None:
    root = copy_repository(tmp_path / "copy")
    made = load("residual", "smoke", root=root)
    targets = [made.tuning_record("time=12"), made.record("rates=0.1")]
    planned = re.findall(r"output: (data/runs/\S+)", snakemake(root, "-n", *map(str, targets), "--quiet", "host"))
    assert set(planned) == {str(path) for path in [*targets, made.tuning_record("base")]}


# --- what is claimed, registered, tested ---


def test_what_is_claimed_keeps_its_runs_and_families(shared: Path, example: Study) -> None:
    claimed = load("example", root=shared, ladders="claimed")
    assert (example.subset, claimed.subset) == ("all", "claimed")
    assert list(claimed.ladders) == ["depth"]
    assert list(claimed.cells) == ["base", *(f"depth={level}" for level in (14, 20, 32, 56, 110))]
    assert list(claimed.variants) == ["with", "without"]
    for cell in claimed.cells:
        assert claimed.variants_of(cell) == ("with", "without")
        for variant in claimed.variants_of(cell):
            assert claimed.run_digest(variant, cell, 0.1) == example.run_digest(variant, cell, 0.1)
    assert claimed.tuned_cells == tuple(claimed.cells)
    assert claimed.score == example.score
    assert claimed.families == example.families
    assert claimed.clock is None
    assert claimed.digest != example.digest, "fewer results"
    assert "essays claim" in claimed.unmeasured["data"]
    assert "optimization" not in claimed.unmeasured


def test_the_score_is_that_of_the_first_threshold_and_of_a_registered_one_before_any(
    root: Path, example: Study
) -> None:
    assert (str(example.score.criterion), example.score.metrics) == ("train_loss < midpoint", ("train_loss",))
    length = {
        "constraint": "architecture", "measure": "threshold", "evaluated": True, "levels": [10, 20],
        "solved": "recall >= 0.9",
    }  # fmt: skip
    change(root, lambda s: s["ladders"].update(length=length))
    change(root, lambda s: s.update(register={"primary": {"data": "examples"}}))
    assert load("example", root=root).score == example.score, "depth is declared first"
    change(root, lambda s: s.update(register={"primary": {"data": "examples", "architecture": "length"}}))
    score = load("example", root=root).score
    assert (str(score.criterion), score.metrics) == ("recall >= 0.9", ("recall@10", "recall@20"))


def test_without_a_threshold_the_score_is_the_held_out_loss(root: Path) -> None:
    change(root, lambda s: s["ladders"].pop("depth"))
    change(root, lambda s: s.update(register={"primary": {"data": "examples"}}))
    score = load("example", root=root).score
    assert (str(score.criterion), score.metrics) == ("loss < midpoint", ("loss",))


def test_families_count_what_is_tested_and_no_scale_changes_them_but_for_the_gate(shared: Path, example: Study) -> None:
    # the gate, two registered ladders, two terms of the clock; the strong arm on depth, which alone trains it
    assert example.families == {"primary": 5, "strong": 1}
    assert load("example", overrides=["clock=null"], root=shared).families == {"primary": 3, "strong": 1}
    # the gate is asked at the base cell of a resource; a registered ladder that is taken away still counts
    taken = load("example", overrides=["~ladders.examples", "~ladders.work"], root=shared)
    assert taken.families == {"primary": 4, "strong": 1}


def test_strong_arms_are_counted_on_every_registered_ladder_that_trains_them(root: Path) -> None:
    change(root, lambda s: s["ladders"]["examples"].pop("variants"))
    assert load("example", root=root).families["strong"] == 2


def test_what_was_registered_is_told_whole(shared: Path, example: Study) -> None:
    told = registered(example)
    assert told["primary"] == {"optimization": "depth", "data": "examples"}
    assert (told["delta"], told["paired"], told["after_pilots"]) == (1.1, False, ["depth 8 to 56"])
    assert (told["expect"], told["score"]) == ("a crossover", "train_loss < midpoint")
    assert told["ladders"] == {
        "depth": {
            "measure": "threshold", "path": "model.depth", "levels": [8, 14, 20, 32, 56, 110], "reference": 8,
            "solved": "train_loss < midpoint",
        },
        "examples": {
            "measure": "resource", "path": "task.examples", "levels": [90, 180, 360, 720, 1437], "reference": 360,
            "solved": None,
        },
    }  # fmt: skip
    assert list(registered(load("example", root=shared, ladders="claimed"))["ladders"]) == ["depth"]


# --- the clock ---


def test_a_clock_is_part_of_the_results_and_of_no_cell(shared: Path, example: Study) -> None:
    longer = load("example", overrides=["clock.seconds=2"], root=shared)
    assert longer.clock_digest != example.clock_digest
    assert longer.digest != example.digest
    assert moved(example, longer) == (set(), set())
    assert example.clock_record() == Path(f"data/runs/example/clock-{example.clock_digest}.json.gz")
    with pytest.raises(KeyError, match="nothing is timed"):
        load("example", overrides=["clock=null"], root=shared).clock_record()


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("clock.blocks=1", "clock.blocks", "an even number from 2"),
        ("clock.blocks=3", "clock.blocks", "an even number from 2"),
        ("clock.blocks=2.5", "clock.blocks", "an even number from 2"),
        ("clock.seconds=0", "clock.seconds", "a positive number"),
        ("+clock.minutes=1", "clock.minutes", "one of blocks, seconds"),
        ("~clock.seconds", "clock.seconds", "the key seconds"),
        ("clock=3", "clock", "a mapping with blocks, seconds"),
    ],
)
def test_a_clock_that_cannot_run_is_refused(shared: Path, override: str, path: str, expected: str) -> None:
    with pytest.raises(StudyError) as caught:
        load("example", overrides=[override], root=shared)
    assert (caught.value.file, caught.value.path) == ("command line", path)
    assert caught.value.expected.startswith(expected)


# --- controls ---


def test_controls_are_found_by_name_and_are_no_studies(root: Path, example: Study) -> None:
    folder = root / "params" / "study" / "control"
    folder.mkdir()
    (folder / "same.yaml").write_text((root / FILE).read_text())
    (root / FILE).unlink()
    assert names(root) == []
    assert controls(root) == ["same"]
    made = load("same", root=root)
    assert (made.name, made.file) == ("same", Path("params/study/control/same.yaml"))
    assert made.cells == example.cells, "as if it were a study"
    with pytest.raises(StudyError) as caught:
        load("smae", root=root)
    assert (caught.value.path, caught.value.nearest) == ("study", "same")


@pytest.mark.parametrize("scale", ["smoke", "laptop"])
@pytest.mark.parametrize("name", controls(Path(__file__).parents[1]))
def test_every_control_of_the_project_loads(name: str, scale: str) -> None:
    made = load(name, scale, root=Path(__file__).parents[1])
    assert made.file == Path(f"params/study/control/{name}.yaml")
    assert name not in names(made.root)
    assert not {name} & set(study.TARGETS)
    assert made.cells
    assert made.digest


def test_a_dose_is_the_role_of_a_contrast(root: Path) -> None:
    dose = {"role": "dose", "arm": "without", "set": {"recipe.stream": 1}}
    change(root, lambda s: s["contrasts"].update(disjoint=dose))
    made = load("example", root=root)
    assert made.variants["disjoint"].role == "dose"
    assert at(made.run_config("disjoint"), "recipe.stream") == 1
    assert made.run_digest("disjoint") != made.run_digest("without")


# --- refusals ---

DELETED = object()
OF = {
    "depth": "one of constraint, measure, levels, path, reference, evaluated, solved, variants",
    "examples": "one of constraint, measure, path, levels, reference, variants",
    "rates": "one of constraint, measure, levels, solved, variants",
    "time": "one of constraint, measure, path, levels, variants",
    "work": "one of constraint, measure, over",
}
# ladder, key, value there -> found, expected (or how it begins), nearest
REFUSED: list[tuple[str, str, Any, str, str, str | None]] = [
    # keys that another measure has
    ("depth", "over", "examples", "over", OF["depth"], None),
    ("examples", "solved", "loss < 1", "solved", OF["examples"], None),
    ("examples", "evaluated", True, "evaluated", OF["examples"], None),
    ("rates", "path", "recipe.lr", "path", OF["rates"], None),
    ("rates", "reference", 0.1, "reference", OF["rates"], None),
    ("time", "reference", 300, "reference", OF["time"], None),
    ("time", "solved", "loss < 1", "solved", OF["time"], None),
    ("work", "levels", [1, 2], "levels", OF["work"], None),
    ("work", "variants", ARMS, "variants", OF["work"], None),
    # keys that none has
    ("depth", "lvels", [8, 14], "lvels", "one of constraint, measure", "levels"),
    ("examples", "refernce", 360, "refernce", "one of constraint, measure", "reference"),
    ("rates", "variant", ARMS, "variant", "one of constraint, measure", "variants"),
    ("time", "paht", "recipe.steps", "paht", "one of constraint, measure", "path"),
    ("work", "ovr", "examples", "ovr", "one of constraint, measure", "over"),
    # keys that are needed
    *((name, key, DELETED, "nothing", f"the key {key}", None) for name in OF for key in ("constraint", "measure")),
    ("depth", "path", DELETED, "nothing", "a path of the run's configuration", None),
    ("depth", "levels", DELETED, "nothing", "the key levels", None),
    ("examples", "path", DELETED, "nothing", "the key path", None),
    ("examples", "reference", DELETED, "nothing", "the key reference", None),
    ("rates", "levels", DELETED, "nothing", "the key levels", None),
    ("time", "path", DELETED, "nothing", "the key path", None),
    ("work", "over", DELETED, "nothing", "the key over", None),
    # values
    ("examples", "measure", "resorce", "resorce", "one of resource, threshold, edges, time_to_target", "resource"),
    ("examples", "reference", 361, "361", "one of 90, 180, 360, 720, 1437", "360"),
    ("examples", "path", "task.exmaples", "task.exmaples", "a path of the run's", "task.examples"),
    ("rates", "levels", [0, 0.1], "0", "a positive number", None),
    ("rates", "levels", [-0.1, 0.1], "-0.1", "a positive number", None),
    ("rates", "levels", [0.1, 0.03], "[0.1, 0.03]", "ascending numbers", None),
    ("rates", "solved", "loss < middle", "middle", "a criterion such as", "midpoint"),
    ("time", "path", "model.depth", "model.depth", "recipe.steps", None),
    ("time", "levels", [300], "[300]", "a list of at least 2 numbers", None),
    ("time", "levels", [300, 600, 900], "[300, 600, 900]", "the budget and a limit of at most 4 times", None),
    ("time", "levels", [300, 1201], "[300, 1201]", "the budget and a limit of at most 4 times", None),
    ("time", "levels", [200, 400], "200", "recipe.steps of the base configuration, 300", None),
    ("work", "over", "exmples", "exmples", "one of examples", "examples"),
    ("work", "over", "depth", "depth", "one of examples", "examples"),
    ("time", "variants", "with", "with", "a list of arms and contrasts", None),
    ("time", "variants", ["with"], '["with"]', "without among them", None),
    ("time", "variants", ["without", "no_norm"], '["without", "no_norm"]', "with among them", None),
    ("time", "variants", [*ARMS, "scald_init"], "scald_init", "one of with, without", "scaled_init"),
]


@pytest.mark.parametrize(
    ("ladder", "key", "value", "found", "expected", "nearest"), REFUSED,
    ids=[f"{row[0]}-{row[1]}-{row[3]}" for row in REFUSED],
)  # fmt: skip
def test_a_ladder_of_any_measure_is_refused_where_it_is_wrong(
    root: Path, ladder: str, key: str, value: Any, found: str, expected: str, nearest: str | None
) -> None:
    def edit(declared: dict[str, Any]) -> None:
        entry = declared["ladders"][ladder]
        if value is DELETED:
            del entry[key]
        else:
            entry[key] = value

    change(root, edit)
    with pytest.raises(StudyError) as caught:
        load("example", root=root)
    error = caught.value
    assert (error.file, error.path, error.found) == (FILE, f"ladders.{ladder}.{key}", found)
    assert error.expected.startswith(expected)
    assert nearest is None or error.nearest == nearest
    assert not (root / "data").exists()


@pytest.mark.parametrize("ladder", ["rates", "time", "work"])
def test_rungs_to_tune_are_chosen_on_ladders_that_are_climbed_alone(root: Path, ladder: str) -> None:
    change(root, lambda s: s["tune"].update(rungs={ladder: [0.1]}))
    with pytest.raises(StudyError) as caught:
        load("example", root=root)
    assert (caught.value.path, caught.value.found) == (f"tune.rungs.{ladder}", "[0.1]")


def test_a_rate_tuned_at_the_reference_alone_holds_on_the_whole_ladder(root: Path) -> None:
    change(root, lambda s: s["tune"].update(rungs={"examples": [360]}))
    made = load("example", root=root)
    assert [cell for cell in made.tuned_cells if cell.startswith("examples")] == []
    assert [made.rates_from(cell) for cell in ("examples=90", "examples=1437")] == [("base",), ("base",)]


@pytest.mark.parametrize("tune", [None, 3, ["recipe.lr"], {"grid": [0.1]}])
def test_rates_need_to_know_what_is_tuned(root: Path, tune: Any) -> None:
    change(root, lambda s: s.update(tune=tune))
    with pytest.raises(StudyError) as caught:
        load("example", root=root)
    assert caught.value.path in ("tune", "tune.path")


def test_one_run_may_be_moved_along_a_ladder_that_a_frontier_reads() -> None:
    study = from_command_line(["study=residual", "arm=without", "model.width=64"])
    assert {"width", "work"}.isdisjoint(study.ladders)
    assert study.run_config("without")["model"]["width"] == 64
