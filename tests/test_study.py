"""What a study file becomes: variants, ladders, cells, digests and files; and that every study of the project holds."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from example import REPOSITORY, change, make_root, replace
from hypothesis import given, settings
from hypothesis import strategies as st

from ablatlas import references, source, study
from ablatlas.config import options, read_yaml
from ablatlas.digest import digest
from ablatlas.errors import StudyError
from ablatlas.study import Study, load, names, run_digest
from ablatlas.tree import at, paths, put

STUDIES = names(REPOSITORY)
SCALES = options(REPOSITORY, "scale")


@pytest.fixture(scope="session")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of a root in which the example was composed at both scales: a composition costs 0.2 s."""
    root = make_root(tmp_path_factory.mktemp("composed"))
    for scale in ("smoke", "laptop"):
        load("example", scale, root=root)
    return root / "data"


@pytest.fixture
def root(tmp_path: Path, composed: Path) -> Path:
    root = make_root(tmp_path)
    shutil.copytree(composed, root / "data")
    return root


@pytest.fixture
def example(root: Path) -> Study:
    return load("example", root=root)


# --- the studies of the project ---


@pytest.fixture(params=[(name, scale) for name in STUDIES for scale in SCALES], ids="-".join)
def real(request: pytest.FixtureRequest) -> Study:
    name, scale = request.param
    return load(name, scale, root=REPOSITORY)


def test_project_has_its_headline_studies() -> None:
    assert {"residual", "layernorm", "forget_gate"} <= set(STUDIES)


def test_arms_differ_at_the_ablated_path_alone(real: Study) -> None:
    arms = [variant.name for variant in real.variants.values() if variant.arm == variant.name]
    neutral = [put(real.run_config(arm), real.ablate, None) for arm in arms]
    assert all(config == neutral[0] for config in neutral)
    values = [json.dumps(at(real.run_config(arm), real.ablate)) for arm in arms]
    assert len(set(values)) == len(values)


def test_contrasts_differ_from_their_arm_at_the_listed_paths_alone(real: Study) -> None:
    for variant in real.variants.values():
        ours, theirs = real.run_config(variant.name), real.run_config(variant.arm)
        named = [path for path in paths(ours) if "." in path or path == "engine"]
        different = {path for path in named if at(ours, path) != at(theirs, path)}
        arm = real.variants[variant.arm].settings
        said = {path for path in variant.settings if variant.settings[path] != arm.get(path)}
        above = {path for path in different if any(name.startswith(f"{path}.") for name in said)}  # subtrees it is in
        assert different - above <= said
        assert (variant.name == variant.arm) == (not different)


def test_reference_cell_of_every_ladder_is_base(real: Study) -> None:
    for ladder in real.ladders.values():
        assert list(ladder.levels) == sorted(ladder.levels)
        if ladder.measure in ("edges", "frontier"):
            assert ladder.reference is None
            assert "base" not in [cell for _, cell in ladder.rungs]
        else:
            assert ladder.reference in ladder.levels
            assert dict(ladder.rungs)[ladder.reference] == "base"
            assert ladder.evaluated or at(real.config, str(ladder.path)) == ladder.reference


def test_laptop_claims_rest_on_enough(real: Study) -> None:
    """Wherever a verdict may be read: seeds, rates, and rungs enough for it on the ladder's own terms."""
    if real.scale != "laptop":
        pytest.skip("a claim is made at scale laptop")
    timed = {"compute", "efficiency", "energy"} if real.clock else set()  # by the chain, which needs no ladder
    assert set(real.claim["constraints"]) <= set(real.register["primary"]) | timed
    assert not set(real.register["primary"]) & set(real.unmeasured)
    assert len(real.seeds["confirmation"]) >= 10
    assert len(real.seeds["tuning"]) >= 3
    assert all(len(grid) >= 5 for grid in real.tune.grids.values())
    for ladder in real.ladders.values():
        match ladder.measure:
            case "threshold" | "edges":
                assert len(ladder.levels) >= 3, ladder.name
            case "resource":
                place = [cell for _, cell in ladder.rungs].index("base")
                assert 2 <= place < len(ladder.levels) - 2, f"{ladder.name}: two rungs on either side"
            case "time_to_target":
                assert ladder.levels[1] >= 2 * ladder.levels[0], ladder.name


def test_cells_train_what_their_ladder_names(real: Study) -> None:
    for cell in real.cells:
        ladder = real.ladder_of(cell)
        assert real.variants_of(cell) == (ladder.variants if ladder else tuple(real.variants))
        assert {"with", "without"} <= set(real.variants_of(cell)) <= set(real.variants)
        assert real.variants_of("base") == tuple(real.variants), "all, since every ladder reads it"


def test_every_cell_has_rates(real: Study) -> None:
    for cell in real.cells.values():
        assert set(cell.rates_from) <= set(real.tuned_cells)
        assert (cell.tuning_digest is None) == (cell.name not in real.tuned_cells)
        ladder = real.ladder_of(cell.name)
        tuned = bool(real.tuned_cells) and (ladder is None or ladder.measure != "edges")
        assert bool(cell.rates_from) == tuned
        assert not tuned or at(real.run_config("with", cell.name), real.tune.path) > 0


def test_page_shows_what_was_decided(real: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert study.main([real.name, f"scale={real.scale}"]) == 0
    page = capsys.readouterr().out
    told = [real.title, real.ablate, real.claim["text"], real.digest, real.expect["direction"]]
    told += [f"{variant} [" if variant not in ("with", "without") else f"{variant}:" for variant in real.variants]
    assert all(text in page for text in told)


GIVEN = {
    "model": {"inputs", "outputs", "length", "source", "target", "noise", "groups"},
    "task": {"batch", "keys", "steps"},
}  # by the task, by the engine
# Where a procedure looks, and what it finds there.
FOUND = {"pool": ({"published", "ladder"}, {"runs", "evaluations", "floor"})}


def arguments(group: str, module: str) -> set[str]:
    """What the class of a part takes, with what it hands on, as `**settings`, to the class that it extends."""
    body = ast.parse((REPOSITORY / f"src/ablatlas/{group}s/{module}.py").read_text()).body
    (made,) = [n for n in body if isinstance(n, ast.ClassDef) and n.name == group.capitalize()]
    (init,) = [n for n in made.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    own = {argument.arg for argument in init.args.kwonlyargs}
    return own | arguments(group, ast.unparse(made.bases[0]).split(".")[0]) if init.args.kwarg else own


@pytest.mark.parametrize("group", GIVEN)
def test_keys_of_a_part_are_the_arguments_of_its_class(group: str) -> None:
    for name in options(REPOSITORY, group):
        tree = read_yaml(REPOSITORY, f"params/{group}/{name}.yaml")
        where, there = FOUND.get(name, (set(), set()))
        assert set(tree) - {"name"} - where == arguments(group, tree["name"]) - GIVEN[group] - there, name


def test_recipes_of_one_optimizer_family_have_the_same_keys() -> None:
    recipes = [read_yaml(REPOSITORY, f"params/recipe/{name}.yaml") for name in ("adam", "momentum")]
    assert [(recipe["stream"], recipe["dose"]) for recipe in recipes] == [(0, "none")] * 2, "a study's run is as it is"
    assert set(recipes[0]) ^ set(recipes[1]) == {"betas", "momentum"}


def test_bibliography_is_whole() -> None:
    bibliography = references.read(REPOSITORY)
    text = (REPOSITORY / "params/references.bib").read_text()
    assert len(bibliography) == len(re.findall(r"^@", text, re.MULTILINE))
    assert {"E1", "E2", "E3", "E4", "E5"} <= set(bibliography)
    assert all(fields.get("title") or fields.get("note") for fields in bibliography.values())
    line = references.cite(bibliography["he2015residual"])
    assert line.startswith("He, Kaiming; Zhang, Xiangyu; Ren, Shaoqing; Sun, Jian (2016). Deep Residual Learning")
    assert "arXiv 1512.03385" in line


# --- what a file becomes ---


def test_variants(example: Study) -> None:
    told = {name: (v.role, v.arm, v.settings) for name, v in example.variants.items()}
    assert told == {
        "with": ("with", "with", {"model.shortcut": "identity"}),
        "without": ("without", "without", {"model.shortcut": "none"}),
        "scaled_init": ("strong", "scaled_init", {"model.shortcut": "scaled"}),
        "no_norm": ("factorial", "without", {"model.shortcut": "none", "model.norm": "none"}),
    }


def test_ladders_and_cells(example: Study) -> None:
    depth, examples = example.ladders["depth"], example.ladders["examples"]
    assert depth.reference == 8
    assert str(depth.solved) == "train_loss < midpoint"
    assert examples.solved is None
    assert [cell for _, cell in examples.rungs] == [
        "examples=90",
        "examples=180",
        "base",
        "examples=720",
        "examples=1437",
    ]
    assert list(example.cells) == [
        "base", "depth=14", "depth=20", "depth=32", "depth=56", "depth=110",
        "examples=90", "examples=180", "examples=720", "examples=1437",
    ]  # fmt: skip
    assert example.tuned_cells == tuple(example.cells)
    assert example.cells["depth=20"].settings == {"model.depth": 20}
    assert example.ladder_of("base") is None, "a rung of all"
    assert example.ladder_of("depth=20") is depth
    assert example.variants_of("depth=20") == example.variants_of("base") == tuple(example.variants)


def test_run_config_is_resolved(example: Study) -> None:
    config = example.run_config("no_norm", "depth=20", rate=0.05)
    assert set(config) == {"procedure", "engine", "precision", "watch", "model", "task", "recipe"}
    assert (config["model"]["depth"], config["model"]["norm"], config["model"]["shortcut"]) == (20, "none", "none")
    assert config["recipe"]["lr"] == 0.05
    assert example.run_config("with")["recipe"]["lr"] == 0.1


@pytest.mark.parametrize(("key", "other"), [("precision", "bf16"), ("watch", "activations")])
def test_what_came_later_leaves_digests_as_they_were(root: Path, example: Study, key: str, other: str) -> None:
    """It came after runs had been published; another value is another run."""
    without = {name: value for name, value in example.run_config("with").items() if name != key}
    assert run_digest(without, root) == example.run_digest("with")
    changed = load("example", overrides=[f"{key}={other}"], root=root)
    assert changed.run_digest("with") != example.run_digest("with")


def test_what_cannot_be_watched_is_refused(root: Path) -> None:
    with pytest.raises(StudyError, match=r"watch: found activation, expected .*activations"):
        load("example", overrides=["watch=activation"], root=root)
    with pytest.raises(StudyError, match=r"watch: found activations of lstm, which has none to choose, expected none"):
        load("forget_gate", overrides=["watch=activations"])


def test_a_precision_that_the_device_has_not_is_refused(root: Path) -> None:
    with pytest.raises(StudyError, match=r"precision: found tf32 on a CPU, which has none"):
        load("example", overrides=["precision=tf32"], root=root)
    with pytest.raises(StudyError, match=r"precision: found float16, expected one of float32, tf32, bf16"):
        load("example", overrides=["precision=float16"], root=root)
    with pytest.raises(StudyError, match=r"device: found tpu, expected one of cpu, cuda"):
        load("example", overrides=["device=tpu"], root=root)


def test_seeds_of_the_two_phases_are_disjoint(example: Study) -> None:
    assert example.seeds == {"tuning": (1000, 1001, 1002), "confirmation": tuple(range(10))}


def test_seeds_that_were_seen_are_left_behind(root: Path) -> None:
    made = load("example", overrides=["+seeds.first=10", "seeds.confirmation=20"], root=root)
    assert made.seeds["confirmation"] == tuple(range(10, 30))
    with pytest.raises(StudyError, match=r"seeds\.confirmation: found 10, expected a whole number from 1 to 5"):
        load("example", overrides=["+seeds.first=995"], root=root)
    with pytest.raises(StudyError, match=r"seeds\.first: found 1000, expected a whole number from 0 to 999"):
        load("example", overrides=["+seeds.first=1000"], root=root)


def test_cost_counts_runs_and_steps(root: Path) -> None:
    made = load("example", "smoke", root=root)
    assert (made.cost.tuning, made.cost.confirmation) == (2 * 4 * 5 * 2, 2 * 4 * 3)
    assert made.cost.steps == 5 * (made.cost.tuning + made.cost.confirmation)


def test_primary_whose_ladder_a_scale_deletes_is_unmeasured(root: Path) -> None:
    made = load("example", "smoke", root=root)
    assert made.unmeasured == {"data": "its ladder examples is not climbed at scale smoke"}
    assert made.register["primary"] == {"optimization": "depth", "data": "examples"}


def test_untuned_rungs_take_their_rates_from_both_sides(root: Path) -> None:
    change(root, lambda s: s["tune"].update(rungs={"depth": [8, 20, 110], "examples": [90, 1437]}))
    made = load("example", root=root)
    assert made.tuned_cells == ("base", "depth=20", "depth=110", "examples=90", "examples=1437")
    assert made.rates_from("depth=14") == ("base", "depth=20")
    assert made.rates_from("depth=32") == ("depth=20", "depth=110")
    assert made.rates_from("examples=180") == ("examples=90", "base")
    assert made.rates_from("depth=20") == ("depth=20",)
    assert made.cells["depth=32"].tuning_digest is None
    with pytest.raises(KeyError, match="not tuned"):
        made.tuning_record("depth=32")


def test_grids_of_arms_serve_their_contrasts(root: Path) -> None:
    change(root, lambda s: s.update(tune={"path": "recipe.lr", "grid": [0.1, 0.3], "grids": {"without": [0.01, 0.03]}}))
    grids = load("example", root=root).tune.grids
    assert grids == {
        "with": (0.1, 0.3), "without": (0.01, 0.03), "scaled_init": (0.1, 0.3), "no_norm": (0.01, 0.03)
    }  # fmt: skip


def test_evaluated_ladder_has_one_cell(root: Path) -> None:
    ladder = {"constraint": "architecture", "measure": "threshold", "evaluated": True, "levels": [10, 20]}
    change(root, lambda s: s.update(ladders={"length": ladder}, register={"primary": {"architecture": "length"}}))
    made = load("example", root=root)
    assert list(made.cells) == ["base"]
    assert made.ladders["length"].rungs == ((10, "base"), (20, "base"))
    assert str(made.ladders["length"].solved) == "loss < midpoint"


@pytest.mark.parametrize("without", [0.5, 1, "null", "{rate: 0.5}"])
def test_arm_may_be_a_number_nothing_or_a_subtree(root: Path, without: object) -> None:
    replace(root, "ablate: model.shortcut", "ablate: recipe.clip")
    replace(
        root,
        "{with: identity, without: none, scaled_init: {role: strong, value: scaled}}",
        f"{{with: 2.0, without: {without}}}",
    )
    values = [at(load("example", root=root).run_config(arm), "recipe.clip") for arm in ("with", "without")]
    assert values[0] == 2.0
    assert values[1] in (0.5, 1, None, {"rate": 0.5})


def test_arm_may_be_another_model(root: Path) -> None:
    change(
        root,
        lambda s: s.update(
            ablate="model",
            arms={
                "with": {"name": "residual_mlp", "depth": 8, "width": 32, "shortcut": "identity", "norm": "batch",
                         "activation": "relu", "dropout": 0.0},
                "without": {"name": "lstm", "width": 16, "forget": "open", "state": "carried"},
            },
            contrasts={},
            ladders={"examples": s["ladders"]["examples"]},
            register={"primary": {"data": "examples"}},
        ),
    )  # fmt: skip
    made = load("example", root=root)
    assert made.run_config("without")["model"]["name"] == "lstm"


# --- one run from the command line ---


def test_one_run_with_any_override(root: Path) -> None:
    asked = ["study=example", "arm=without", "model.depth=20", "seed=3", "recipe.batch=7"]
    made = study.from_command_line(asked, root)
    assert (made.arm, made.seed, made.scale) == ("without", 3, "laptop")
    config = made.run_config("without")
    assert (config["model"]["depth"], config["recipe"]["batch"]) == (20, 7)
    assert "depth" not in made.ladders


def test_one_run_has_the_digest_that_its_cell_gives_it(root: Path, example: Study) -> None:
    made = study.from_command_line(["study=example", "arm=without", "model.depth=20"], root)
    assert made.run_digest("without", rate=0.1) == example.run_digest("without", "depth=20", rate=0.1)


def test_arm_and_seed_leave_the_digests(root: Path, example: Study) -> None:
    assert load("example", overrides=["arm=with", "seed=5"], root=root).digest == example.digest


# --- digests ---


def digests(made: Study) -> dict[str, Any]:
    return {name: (cell.digest, cell.tuning_digest) for name, cell in made.cells.items()}


def test_digests_are_short_words(example: Study) -> None:
    words = [example.digest, *(word for pair in digests(example).values() for word in pair if word)]
    assert all(re.fullmatch("[0-9a-f]{12}", word) for word in words)
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Residual connections", "title: Skip connections"),
        ('text: "Depth', 'text: "Indeed, depth'),
        ("source: E3", "source: [E1, E3]"),
        ("implied: [parameters]", "implied: []"),
        ("delta: 1.1", "delta: 1.2"),
        ("paired: false", "paired: true"),
        ('["depth 8 to 56"]', "[]"),
        ('"a crossover"', '"none"'),
        ("paper: he2015residual", "paper: ba2016layer"),
        ("smoke: [recipe.steps=5,", "smoke: [recipe.steps=6,"),
        ("role: factorial", "role: matched"),
        ("# an arm plus", "# two arms plus"),
    ],
)
def test_words_leave_all_digests(root: Path, example: Study, old: str, new: str) -> None:
    replace(root, old, new)
    made = load("example", root=root)
    assert (made.digest, digests(made)) == (example.digest, digests(example))


def test_order_of_declarations_leaves_all_digests(root: Path, example: Study) -> None:
    def reverse(s: dict[str, Any]) -> None:
        s["arms"] = dict(reversed(s["arms"].items()))
        s["ladders"] = dict(reversed(s["ladders"].items()))

    change(root, reverse)
    made = load("example", root=root)
    assert (made.digest, digests(made)) == (example.digest, digests(example))


@pytest.mark.parametrize("override", ["model.width=33", "recipe.steps=301", "model.activation=tanh", "recipe.clip=1.0"])
def test_configuration_changes_every_cell(root: Path, example: Study, override: str) -> None:
    made = load("example", overrides=[override], root=root)
    before, after = digests(example), digests(made)
    assert all(before[cell][phase] != after[cell][phase] for cell in before for phase in (0, 1))
    assert made.digest != example.digest


def test_rate_that_tuning_replaces_leaves_the_cells(root: Path, example: Study) -> None:
    assert digests(load("example", overrides=["recipe.lr=0.2"], root=root)) == digests(example)


def test_rate_changes_the_run(example: Study) -> None:
    assert example.run_digest("with", rate=0.1) != example.run_digest("with", rate=0.3)


def test_base_value_of_the_ablated_path_leaves_the_cells(root: Path, example: Study) -> None:
    change(root, lambda s: s.update(model={"shortcut": "none"}))
    assert digests(load("example", root=root)) == digests(example)


@pytest.mark.parametrize(("phase", "moves"), [("confirmation", (True, False)), ("tuning", (True, True))])
def test_seeds_change_what_uses_them(root: Path, example: Study, phase: str, moves: tuple[bool, bool]) -> None:
    made = load("example", overrides=[f"seeds.{phase}=12"], root=root)
    for cell, (fresh, tuned) in digests(made).items():
        assert (fresh != digests(example)[cell][0], tuned != digests(example)[cell][1]) == moves


def test_grid_and_criterion_change_the_tuning(root: Path, example: Study) -> None:
    made = load("example", overrides=["tune.grid=[0.01,0.1]"], root=root)
    assert all(digests(made)[cell][1] != pair[1] for cell, pair in digests(example).items())
    assert all(digests(made)[cell][0] != pair[0] for cell, pair in digests(example).items())
    replace(root, "solved: train_loss < midpoint", "solved: loss < midpoint")
    made = load("example", root=root)
    assert all(digests(made)[cell][1] != pair[1] for cell, pair in digests(example).items()), "one score for all"


def test_new_arm_leaves_the_runs_of_the_others(root: Path, example: Study) -> None:
    change(
        root, lambda s: s["contrasts"].update(wide={"role": "matched", "arm": "without", "set": {"model.width": 48}})
    )
    made = load("example", root=root)
    assert made.digest != example.digest
    for variant in example.variants:
        for cell in example.cells:
            assert made.run_digest(variant, cell, 0.1) == example.run_digest(variant, cell, 0.1)


def test_new_level_leaves_the_other_cells(root: Path, example: Study) -> None:
    replace(root, "[8, 14, 20, 32, 56, 110]", "[8, 14, 20, 26, 32, 56, 110]")
    made = load("example", root=root)
    assert set(made.cells) - set(example.cells) == {"depth=26"}
    assert {cell: pair for cell, pair in digests(made).items() if cell != "depth=26"} == digests(example)


def test_untuned_cell_depends_on_the_cells_that_give_its_rates(root: Path) -> None:
    change(root, lambda s: s["tune"].update(rungs={"depth": [8, 20, 110]}))
    before = load("example", root=root)
    after = load("example", overrides=["seeds.tuning=4"], root=root)
    assert before.cells["depth=14"].digest != after.cells["depth=14"].digest


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("models/residual_mlp.py", True),
        ("tasks/digits.py", True),
        ("procedures/train.py", True),
        ("train/sequential.py", True),
        ("models/lstm.py", False),
        ("tasks/reber.py", False),
    ],
)
def test_versions_change_what_names_them(tmp_path: Path, file: str, changes: bool) -> None:
    root = make_root(tmp_path, source=True)
    before = load("example", root=root)
    told = before.digest, digests(before)
    (line,) = re.findall(r"^VERSION = \d+$", (root / "src/ablatlas" / file).read_text(), flags=re.MULTILINE)
    replace(root, line, "VERSION = 99", f"src/ablatlas/{file}")
    after = load("example", root=root)
    assert (after.digest != told[0], digests(after) != told[1]) == (changes, changes)


def test_version_of_stats_changes_the_results_alone(tmp_path: Path) -> None:
    root = make_root(tmp_path, source=True)
    before = load("example", root=root)
    told = before.digest, digests(before)
    (root / "src/ablatlas/stats/extra.py").write_text("VERSION = 1\n")
    source.forget()
    after = load("example", root=root)
    assert after.digest != told[0]
    assert digests(after) == told[1]


def test_version_is_that_of_the_code_a_process_has_loaded(tmp_path: Path) -> None:
    root = make_root(tmp_path, source=True)
    before = load("example", root=root)
    config, path = before.run_config("with"), root / "src/ablatlas/models/residual_mlp.py"
    told = run_digest(config, root)
    path.write_text(path.read_text().replace("VERSION = ", "VERSION = 9"))
    assert run_digest(config, root) == told


def test_source_without_a_new_version_changes_nothing(tmp_path: Path) -> None:
    root = make_root(tmp_path, source=True)
    before = load("example", root=root)
    told = before.digest, digests(before)
    replace(root, "class Model(", "# a remark\n\n\nclass Model(", "src/ablatlas/models/residual_mlp.py")
    after = load("example", root=root)
    assert (after.digest, digests(after)) == told


@pytest.mark.parametrize("hash_seed", ["0", "1", "12345"])
def test_digests_are_the_same_in_every_process(root: Path, example: Study, hash_seed: str) -> None:
    program = (
        "import sys; from pathlib import Path; from ablatlas.study import load\n"
        "s = load('example', root=Path(sys.argv[1]))\n"
        "print(s.digest, *(f'{c.digest} {c.tuning_digest}' for c in s.cells.values()))\n"
        "print(*(m for m in ('torch', 'pandas', 'numpy', 'hydra') if m in sys.modules))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    line = [sys.executable, "-W", "error", "-c", program, str(root)]
    done = subprocess.run(line, capture_output=True, text=True, env=environment, check=True)
    expected = [example.digest, *(f"{c.digest} {c.tuning_digest}" for c in example.cells.values())]
    told, imported = done.stdout.split("\n")[:2]
    assert told == " ".join(expected)
    assert imported == ""


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()))
def test_digest_ignores_the_order_of_keys_and_survives_json(tree: dict[str, Any]) -> None:
    shuffled = dict(reversed(tree.items()))
    assert digest(tree) == digest(shuffled) == digest(json.loads(json.dumps(tree)))


def test_run_digest_takes_a_plain_configuration(example: Study) -> None:
    config = example.run_config("with", "depth=14", 0.3)
    assert run_digest(config, example.root) == example.run_digest("with", "depth=14", 0.3)


# --- files ---


def test_files_of_a_study(root: Path, example: Study) -> None:
    cell = example.cells["depth=14"]
    assert example.record("depth=14") == Path(f"data/runs/example/depth=14-{cell.digest}.json.gz")
    assert example.tuning_record("depth=14") == Path(f"data/runs/example/depth=14-{cell.tuning_digest}.tuning.json.gz")
    assert example.results == Path(f"data/results/example-{example.digest}.json")
    assert example.report_dir == Path("reports/example")
    assert load("example", "smoke", root=root).report_dir == Path("reports/smoke/example")


def test_published_record_is_preferred_where_it_is_wanted(root: Path, example: Study) -> None:
    for path in (example.record("base"), example.tuning_record("base")):
        kept = root / str(path).replace("runs", "published")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
    assert example.record("base").parts[1] == example.tuning_record("base").parts[1] == "published"
    assert example.record("base", published=False).parts[1] == "runs"
    assert example.record("depth=14").parts[1] == "runs"


# --- a copied study ---


@pytest.mark.parametrize(
    ("ablate", "values"),
    [
        ("model.dropout", (0.5, 0.0)),
        ("model.norm", ("batch", "none")),
        ("model.activation", ("relu", "tanh")),
        ("recipe.momentum", (0.9, 0.0)),
        ("recipe.schedule", ("cosine", "constant")),
        ("recipe.clip", (1.0, None)),
    ],
)
@pytest.mark.parametrize("scale", ["smoke", "laptop"])
def test_copy_that_ablates_another_part_works(
    tmp_path: Path, ablate: str, values: tuple[object, object], scale: str
) -> None:
    root = make_root(tmp_path)
    text = (REPOSITORY / "params/study/residual.yaml").read_text()
    (root / "params/study/copied.yaml").write_text(text)
    arms = {"with": values[0], "without": values[1]}
    change(root, lambda s: s.update(ablate=ablate, arms=arms), "copied")
    made = load("copied", scale, root=root)
    assert made.name == "copied"
    assert [at(made.run_config(arm), ablate) for arm in arms] == list(values)
    whole = load("residual", scale, root=REPOSITORY)
    assert list(made.ladders) == list(whole.ladders), "each ladder works as it did"
    assert list(made.cells) == list(whole.cells)
    assert [made.rates_from(cell) for cell in made.cells] == [whole.rates_from(cell) for cell in whole.cells]
    assert names(root) == ["copied", "example"]


def test_contrast_that_has_become_an_arm_is_set_aside(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(root, lambda s: s.update(ablate="model.norm", arms={"with": "batch", "without": "none"}))
    made = load("example", root=root)
    assert list(made.variants) == ["with", "without"]
    assert list(made.set_aside) == ["no_norm"]


# --- the command ---


def test_list_names_every_study(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ABLATLAS_ROOT", str(REPOSITORY))
    assert study.main([]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines() if not line.startswith(" ")] == STUDIES
    for name in STUDIES:
        made = load(name, root=REPOSITORY)
        assert made.title in listed
        assert f"{made.ablate}: " in listed


def test_page_of_the_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ABLATLAS_ROOT", str(root))
    assert study.main(["example", "scale=smoke", "recipe.batch=17"]) == 0
    page = capsys.readouterr().out
    for text in ("identity (with), none (without), scaled (scaled_init)", "data: not measured", "batch = 17",
                 "no_norm [factorial]: model.shortcut = none, model.norm = none", "104 runs (80 tuning"):  # fmt: skip
        assert text in page, page


def test_help_tells_the_two_uses(capsys: pytest.CaptureFixture[str]) -> None:
    assert study.main(["--help"]) == 0
    assert "python -m ablatlas.study" in capsys.readouterr().out
