"""Every mistake in a study is refused before anything trains, with file, path, found, expected and the nearest name."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from example import REPOSITORY, change, files, make_root, replace

from ablatlas.study import TARGETS, StudyError, load

FILE = "params/study/example.yaml"
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path)


def refused(root: Path, *overrides: str, study: str = "example", scale: str = "laptop") -> StudyError:
    before = files(root)
    with pytest.raises(StudyError) as caught:
        load(study, scale, overrides, root)
    assert files(root) == before
    return caught.value


def setting(path: str, value: Any) -> Edit:
    """Put a value at a path of the declaration, each of whose segments is a key; None deletes it."""

    def edit(study: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for key in parents:
            study = study[key]
        if value is DELETED:
            del study[last]
        else:
            study[last] = value

    return edit


DELETED = object()
SEQUENCES = {"defaults": [{"/model": "residual_mlp"}, {"/task": "sequences"}, {"/recipe": "momentum"}, "_self_"]}

# what is declared -> (path in the message, words of the message, nearest)
DECLARATIONS: list[tuple[Edit, str, str, str | None]] = [
    # the ablated path
    (setting("ablate", "model.shortcutt"), "ablate", "model.shortcutt", "model.shortcut"),
    (setting("ablate", "shortcut"), "ablate", "a path of the run's configuration", "model.shortcut"),
    (setting("ablate", "title"), "ablate", "title", None),
    (setting("ablate", None), "ablate", "nothing", None),
    (setting("ablate", 3), "ablate", "3", None),
    # arms
    (setting("arms/without", "identity"), "arms.without", "than the arm with has", None),
    (setting("arms/scaled_init/value", "none"), "arms.scaled_init", "than the arm without has", None),
    (setting("arms/without", DELETED), "arms.without", "nothing", None),
    (setting("arms/with", DELETED), "arms.with", "nothing", None),
    (setting("arms", ["with", "without"]), "arms", "a mapping", None),
    (setting("arms/scaled_init", "scaled"), "arms.scaled_init", "a mapping with role, value", None),
    (setting("arms/scaled_init/rolle", "strong"), "arms.scaled_init.rolle", "one of role, value", "role"),
    (setting("arms/scaled_init/role", "strnog"), "arms.scaled_init.role", "one of strong, placebo", "strong"),
    (setting("arms/scaled_init/set", {"model.norm": "none"}), "arms.scaled_init.set", "a contrast", None),
    (setting("arms/without", {"value": "none", "set": {"model.norm": "none"}}), "arms.without.set", "a contrast", None),
    (setting("arms/without", {"value": "none"}), "arms.without.role", "the key role", None),
    (setting("arms/with", "identty"), "arms.with", "one of identity, none, scaled", "identity"),
    (setting("arms/Scaled Init", {"role": "strong", "value": "scaled"}), "arms", "small letters", None),
    (setting("arms/without", False), "arms.without", "booleans", None),
    # contrasts
    (setting("contrasts/no_norm/set", {"model.nrm": "none"}), "contrasts.no_norm.set", "model.nrm", "model.norm"),
    (setting("contrasts/no_norm/set", {"model.norm": "bach"}), "contrasts.no_norm.set", "one of batch, none", "batch"),
    (setting("contrasts/no_norm/set", {"model.norm": "batch"}), "contrasts.no_norm.set", "without", None),
    (setting("contrasts/no_norm/set", {"model.depth": 20}), "contrasts.no_norm.set", "no ladder climbs", None),
    (setting("contrasts/no_norm/set", {"recipe.lr": 0.5}), "tune.path", "no arm, contrast or ladder sets", None),
    (setting("contrasts/no_norm/set", {"model.width": "wide"}), "contrasts.no_norm.set.model.width", "a number", None),
    (setting("contrasts/no_norm/set", {}), "contrasts.no_norm.set", "a mapping from paths", None),
    (setting("contrasts/no_norm/set", {"task.name": "digit"}), "contrasts.no_norm.set", "digit", "digits"),
    (setting("contrasts/no_norm/arm", "whithout"), "contrasts.no_norm.arm", "one of with, without", "without"),
    (setting("contrasts/no_norm/role", "factor"), "contrasts.no_norm.role", "factor", "factorial"),
    (setting("contrasts/no_norm/arms", "with"), "contrasts.no_norm.arms", "one of role, arm, set", "arm"),
    (setting("contrasts/with", {"role": "factorial", "arm": "with", "set": {"model.norm": "none"}}), "contrasts.with",
     "a name that no arm has", None),
    # ladders
    (setting("ladders/depth/path", "model.dpeth"), "ladders.depth.path", "model.dpeth", "model.depth"),
    (setting("ladders/depth/path", "model.shortcut"), "ladders.depth.path", "another path than the ablated", None),
    (setting("ladders/depth/path", DELETED), "ladders.depth.path", "nothing", None),
    (setting("ladders/depth/levels", [14, 20]), "ladders.depth.levels", "found 14, expected model.depth", None),
    (setting("ladders/depth/reference", 14), "ladders.depth.reference", "8, the easiest", None),
    (setting("ladders/examples/reference", 180), "ladders.examples.reference", "found 180", None),
    (setting("ladders/examples/reference", 100), "ladders.examples.reference", "one of 90, 180", None),
    (setting("ladders/examples/reference", DELETED), "ladders.examples.reference", "nothing", None),
    (setting("ladders/depth/levels", [8]), "ladders.depth.levels", "at least 2", None),
    (setting("ladders/depth/levels", []), "ladders.depth.levels", "at least 2", None),
    (setting("ladders/depth/levels", [8, 20, 14]), "ladders.depth.levels", "ascending", None),
    (setting("ladders/depth/levels", [8, 8, 14]), "ladders.depth.levels", "ascending", None),
    (setting("ladders/depth/levels", [8, "14"]), "ladders.depth.levels", "a number", None),
    (setting("ladders/depth/levels", [8, True]), "ladders.depth.levels", "a number", None),
    (setting("ladders/depth/constraint", "optimisation"), "ladders.depth.constraint", "optimisation", "optimization"),
    (setting("ladders/depth/measure", "treshold"), "ladders.depth.measure", "treshold", "threshold"),
    (setting("ladders/depth/solvd", "x < 1"), "ladders.depth.solvd", "solvd", "solved"),
    (setting("ladders/depth/solved", "train_loss midpoint"), "ladders.depth.solved", "a criterion such as", None),
    (setting("ladders/depth/solved", "train_loss < middle"), "ladders.depth.solved", "middle", "midpoint"),
    (setting("ladders/depth/solved", "train_loss < nan"), "ladders.depth.solved", "nan", None),
    (setting("ladders/depth/solved", 0.98), "ladders.depth.solved", "a criterion such as", None),
    (setting("ladders/depth/evaluated", True), "ladders.depth.path", "no path", None),
    (setting("ladders/depth/evaluated", 1), "ladders.depth.evaluated", "true or false", None),
    # tuning
    (setting("tune/grid", []), "tune.grid", "at least 1", None),
    (setting("tune/grid", DELETED), "tune.grid", "a list of rates", None),
    (setting("tune/grid", [0.1, "0.3"]), "tune.grid", "found 0.3, expected a number", None),
    (setting("tune/grid", [0.1, "fast"]), "tune.grid", "fast", None),
    (setting("tune/grid", [0.1, True]), "tune.grid", "true", None),
    (setting("tune/grid", [-0.1, 0.3]), "tune.grid", "a positive number", None),
    (setting("tune/grid", [0, 0.3]), "tune.grid", "a positive number", None),
    (setting("tune/grid", [0.3, 0.1]), "tune.grid", "ascending", None),
    (setting("tune/grids", {"witout": [1]}), "tune.grids", "witout", "without"),
    (setting("tune/grids", {"without": [0.1, 0.3]}), "tune.grids", "equal length", None),
    (setting("tune", {"path": "recipe.lr", "grids": {"with": [0.1]}}), "tune.grids.without", "a grid for every", None),
    (setting("tune/path", "recipe.rate"), "tune.path", "recipe.rate", None),
    (setting("tune/path", "recipe.optimizer"), "recipe.optimizer", "a positive number", None),
    (setting("tune/path", "model.shortcut"), "tune.path", "no arm, contrast or ladder sets", None),
    (setting("tune/path", "model.depth"), "tune.path", "no arm, contrast or ladder sets", None),
    (setting("tune/rungs", {"deep": [8]}), "tune.rungs", "deep", "depth"),
    (setting("tune/rungs", {"depth": [8, 21, 110]}), "tune.rungs.depth", "21", "20"),
    (setting("tune/rungs", {"depth": [8, 20]}), "tune.rungs.depth", "110 among them", None),
    (setting("tune/rungs", {"examples": [360, 1437]}), "tune.rungs.examples", "90 among them", None),
    # what is registered and claimed
    (setting("register/primary", {"optimization": "deph"}), "register.primary.optimization", "deph", "depth"),
    (setting("register/primary", {"data": "depth"}), "register.primary.data", "a ladder of optimization", "examples"),
    (setting("register/primary", {"optimisation": "depth"}), "register.primary.optimisation", "one of", "optimization"),
    (setting("register/primary", {"optimization": ["depth"]}), "register.primary.optimization", "depth", None),
    (setting("register/primary", "depth"), "register.primary", "a mapping", None),
    (setting("register/delta", 0.9), "register.delta", "a ratio above 1", None),
    (setting("register/paired", "no"), "register.paired", "true or false", None),
    (setting("register/after_pilots", "one"), "register.after_pilots", "a list", None),
    (setting("register/primry", {}), "register.primry", "primry", "primary"),
    (setting("claim/constraints", ["optimisation"]), "claim.constraints", "optimisation", "optimization"),
    (setting("claim/implied", ["depth"]), "claim.implied", "depth", None),
    (setting("claim/constraints", "data"), "claim.constraints", "a list", None),
    (setting("claim/source", "E9"), "claim.source", "E9", None),
    (setting("claim/source", "he2015residual"), "claim.source", "one of E1", None),
    (setting("claim/text", ""), "claim.text", "text", None),
    (setting("claim/text", DELETED), "claim.text", "the key text", None),
    (setting("expect/publshed", "x"), "expect.publshed", "publshed", "published"),
    (setting("expect", "a crossover"), "expect", "a mapping with direction", None),
    (setting("paper", "he2015residul"), "paper", "he2015residul", "he2015residual"),
    (setting("title", None), "title", "text", None),
    # keys
    (setting("contrast", {}), "contrast", "contrast", "contrasts"),
    (setting("seeds", {"tuning": 9}), "seeds", "no seeds here", None),
    (setting("model", {"dpth": 8}), "model.dpth", "dpth", "model.depth"),
    (setting("model", {"depth": "deep"}), "model.depth", "a number", None),
    (setting("recipe", {"lr": "0,1"}), "recipe.lr", "a number", None),
    (setting("recipe", {"lr": True}), "recipe.lr", "booleans", None),
    (setting("recipe", {"lr": -1}), "recipe.lr", "a positive number", None),
    (setting("recipe", {"lr": None}), "recipe.lr", "a positive number", None),
    (setting("model", {"shortcut": "identty"}), "model.shortcut", "identty", "identity"),
    (lambda study: study.update(SEQUENCES, task={"rule": "revers"}), "task.rule", "revers", "reverse"),
    (setting("procedure", "trian"), "procedure", "trian", "train"),
    (setting("engine", "sequental"), "engine", "sequental", "sequential"),
    (setting("defaults", DELETED), "defaults", "a list", None),
    (setting("defaults", [{"/model": "residual_mpl"}, {"/task": "digits"}, {"/recipe": "momentum"}]), "defaults./model",
     "residual_mpl", "residual_mlp"),
    (setting("defaults", [{"/modle": "residual_mlp"}]), "defaults", "/modle", "model"),
    (setting("defaults", [{"/model": "residual_mlp"}]), "defaults./task", "nothing", None),
    (setting("scales", {"smoek": []}), "scales", "smoek", "smoke"),
    (setting("scales", {"smoke": "recipe.steps=5"}), "scales.smoke", "a list of overrides", None),
    (setting("scales", ["smoke"]), "scales", "a mapping", None),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "path", "words", "nearest"), DECLARATIONS, ids=[str(row[1]) for row in DECLARATIONS])
def test_declaration_is_refused(root: Path, edit: Edit, path: str, words: str, nearest: str | None) -> None:
    change(root, edit)
    error = refused(root)
    assert (error.file, error.path) == (FILE, path)
    assert words in str(error)
    assert nearest is None or error.nearest == nearest


def test_module_that_is_no_procedure_is_refused(root: Path) -> None:
    change(root, setting("procedure", "tuning"))
    error = refused(root)
    assert error.file == "src/ablatlas/procedures/tuning.py"
    assert "VERSION" in str(error)


def test_another_part_under_the_keys_of_the_chosen_one_is_refused(root: Path) -> None:
    change(root, setting("model", {"name": "transformer"}))
    assert refused(root).path.startswith("model.")


@pytest.mark.parametrize("key", ["title", "paper", "claim", "ablate", "arms", "ladders", "tune", "register", "expect"])
def test_missing_key_is_refused(root: Path, key: str) -> None:
    change(root, setting(key, DELETED))
    error = refused(root)
    assert (error.file, error.path, error.found) == (FILE, key, "nothing")


@pytest.mark.parametrize("name", ["on", "off", "yes", "no", "true", "False"])
def test_boolean_as_the_name_of_an_arm_is_refused(root: Path, name: str) -> None:
    replace(root, "arms: {", f"arms: {{{name}: {{role: strong, value: scaled}}, ")
    error = refused(root)
    assert (error.file, error.path) == (FILE, "arms")
    assert "boolean" in str(error)


@pytest.mark.parametrize("name", ["null", "~", "1", "0.5"])
def test_name_of_an_arm_that_is_no_word_is_refused(root: Path, name: str) -> None:
    replace(root, "arms: {", f"arms: {{{name}: {{role: strong, value: scaled}}, ")
    error = refused(root)
    assert (error.file, error.path) == (FILE, "arms")


def test_quoted_boolean_is_a_name(root: Path) -> None:
    replace(root, "scaled_init: {", '"on": {')
    assert "on" in load("example", root=root).variants


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title: Residual connections", "title: [Residual", "line"),
        ("paper: he2015residual", "paper: he2015residual\npaper: he2015residual", "duplicate"),
        ("title: Residual connections", "title: ${nowhere}", "nowhere"),
        ("title: Residual connections", "title: ???", "title"),
        ("title: Residual connections", "title: .inf", "finite"),
    ],
)
def test_unreadable_study_is_refused(root: Path, old: str, new: str, words: str) -> None:
    replace(root, old, new)
    error = refused(root)
    assert error.file == FILE
    assert words in str(error)


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n", "a: [\n"])
def test_file_that_is_no_mapping_is_refused(root: Path, text: str) -> None:
    (root / FILE).write_text(text)
    assert refused(root).file == FILE


# --- the command line's overrides, and a study's own for a scale ---

OVERRIDES = [
    ("model.dpth=20", "model.dpth", "model.depth"),
    ("modle.depth=20", "modle.depth", "model.depth"),
    ("~ladders.exmples", "ladders.exmples", "ladders.examples"),
    ("model=residual_mpl", "model", "residual_mlp"),
    ("task=digit", "task", "digits"),
    ("recipe=momentun", "recipe", "momentum"),
    ("arm=wihtout", "arm", "without"),
    ("seed=-1", "seed", None),
    ("seed=first", "seed", None),
    ("seed=true", "seed", None),
    ("recipe.lr=fast", "recipe.lr", None),
    ("recipe.lr=0", "recipe.lr", None),
    ("recipe.lr=-0.1", "recipe.lr", None),
    ("recipe.lr=nan", "recipe.lr", None),
    ("recipe.lr=[0.1]", "recipe.lr", None),
    ("recipe.lr=0.1,0.3", "recipe.lr", None),
    ("recipe.steps", "recipe.steps", None),
    ("recipe.steps=[", "recipe.steps", None),
    ("+model.dropouts=0.5", "model.dropouts", "model.dropout"),
    ("+notes=1", "notes", None),
    ("~model.depth", "model.depth", None),
    ("~title", "title", None),
    ("model.depth=10", "ladders.depth.levels", None),
    ("model.shortcut=none", "model.shortcut", None),
    ("seeds.tuning=0", "seeds.tuning", None),
    ("seeds.confirmation=1001", "seeds.confirmation", None),
    ("seeds.confirmation=2.5", "seeds.confirmation", None),
    ("tune.grid=[]", "tune.grid", None),
    ("arms.without=identity", "arms.without", None),
    ("scale=smoke", "scale", None),
    ("study=example", "study", None),
    ("engine=stackd", "engine", None),
]


@pytest.mark.parametrize(("override", "path", "nearest"), OVERRIDES)
def test_override_is_refused(root: Path, override: str, path: str, nearest: str | None) -> None:
    error = refused(root, override)
    assert error.path == path
    assert nearest is None or error.nearest == nearest
    if override != "model.depth=10":
        assert error.file == "command line"


def test_last_good_override_does_not_hide_a_bad_one(root: Path) -> None:
    assert refused(root, "recipe.batch=8", "recipe.btch=9", "recipe.steps=3").path == "recipe.btch"


def test_override_of_a_scale_is_refused_where_it_stands(root: Path) -> None:
    replace(root, "smoke: [recipe.steps=5,", "smoke: [recipe.stps=5,")
    error = refused(root, scale="smoke")
    assert (error.file, error.path, error.nearest) == (f"{FILE}: scales.smoke", "recipe.stps", "recipe.steps")
    assert load("example", root=root).scale == "laptop"


# --- names ---


def test_unknown_study_is_refused(root: Path) -> None:
    error = refused(root, study="exmaple")
    assert (error.path, error.found, error.nearest) == ("study", "exmaple", "example")


@pytest.mark.parametrize("scale", ["smok", "huge"])
def test_unknown_scale_is_refused(root: Path, scale: str) -> None:
    error = refused(root, scale=scale)
    assert (error.file, error.path, error.found) == ("params/scale", "scale", scale)


def rename(root: Path, name: str) -> None:
    (root / FILE).rename(root / f"params/study/{name}.yaml")


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_study_named_like_a_target_is_refused(root: Path, name: str) -> None:
    rename(root, name)
    error = refused(root, study=name)
    assert error.file == f"params/study/{name}.yaml"
    assert "no rule and no target" in str(error)


@pytest.mark.parametrize("name", ["Upper", "two words", "a-b", "9lives"])
def test_study_whose_name_is_no_word_is_refused(root: Path, name: str) -> None:
    rename(root, name)
    assert "small letters" in str(refused(root, study=name))


@pytest.mark.parametrize("kind", ["rule", "checkpoint"])
def test_study_named_like_a_rule_is_refused(root: Path, kind: str) -> None:
    (root / "workflow/rules").mkdir(parents=True)
    (root / "workflow/rules/more.smk").write_text(f"{kind} polish:\n    input: []\n")
    rename(root, "polish")
    assert "no rule and no target" in str(refused(root, study="polish"))


# --- files of parts, and modules ---


def test_part_whose_name_is_not_its_file_is_refused(root: Path) -> None:
    replace(root, "name: momentum", "name: sgd", "params/recipe/momentum.yaml")
    error = refused(root)
    assert (error.file, error.path, error.found) == ("params/recipe/momentum.yaml", "name", "sgd")


def test_unreadable_part_is_refused(root: Path) -> None:
    (root / "params/recipe/momentum.yaml").write_text("name: [momentum\n")
    assert refused(root).file == "params/recipe/momentum.yaml"


@pytest.mark.parametrize("file", ["params/config.yaml", "params/scale/laptop.yaml"])
def test_unreadable_common_file_is_refused(root: Path, file: str) -> None:
    (root / file).write_text("a: [\n")
    assert refused(root).file == file


def test_word_of_a_part_that_no_module_has_is_refused_in_the_part(root: Path) -> None:
    replace(root, "norm: batch", "norm: bacth", "params/model/residual_mlp.yaml")
    error = refused(root)
    assert (error.file, error.path, error.nearest) == ("params/model/residual_mlp.yaml", "norm", "batch")


@pytest.mark.parametrize("group", ["model", "task"])
def test_part_without_a_module_is_refused(root: Path, group: str) -> None:
    (root / f"params/{group}/ghost.yaml").write_text("name: ghost\n")
    error = refused(root, f"{group}=ghost")
    assert error.found == "ghost"


def test_module_without_version_is_refused(tmp_path: Path) -> None:
    root = make_root(tmp_path, source=True)
    replace(root, "VERSION = 2", "NUMBER = 2", "src/ablatlas/tasks/digits.py")
    error = refused(root)
    assert error.file == "src/ablatlas/tasks/digits.py"
    assert "VERSION" in str(error)


# --- the command ---


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"ABLATLAS_ROOT": str(root), "PATH": "", "PYTHONPATH": str(REPOSITORY / "src")}
    line = [sys.executable, "-W", "error", "-m", "ablatlas.study", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["exmaple"], "nearest: example"),
        (["example", "scale=smok"], "nearest: smoke"),
        (["example", "model.dpth=1"], "nearest: model.depth"),
        (["example", "--list"], "--list"),
        (["arm=with"], "study"),
        (["example", "example=[", "arms.x"], "error: "),
    ],
)
def test_command_says_so_in_one_line(root: Path, arguments: list[str], words: str) -> None:
    before = files(root)
    done = command(root, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert files(root) == before
