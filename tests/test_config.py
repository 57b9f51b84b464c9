"""The composition of one study: its order, its cache, and how the root is found."""

import json
from pathlib import Path

import pytest
from example import change, make_root, replace

from ablatlas import config
from ablatlas.study import StudyError, load, load_all


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path)


def compose(root: Path, scale: str = "laptop", *overrides: str) -> dict:
    return config.compose(root, "example", scale, overrides)["config"]


def test_study_overrides_parts_and_the_command_line_overrides_all(root: Path) -> None:
    change(root, lambda study: study.update(recipe={"steps": 7, "batch": 9}, scales={"smoke": ["recipe.steps=5"]}))
    assert compose(root)["recipe"]["steps"] == 7
    assert compose(root, "smoke")["recipe"]["steps"] == 5
    assert compose(root, "smoke", "recipe.steps=3")["recipe"]["steps"] == 3
    assert compose(root, "smoke")["recipe"]["batch"] == 9


def test_scale_sets_the_seeds(root: Path) -> None:
    assert compose(root, "smoke")["seeds"] == {"tuning": 2, "confirmation": 3}
    assert compose(root, "laptop")["seeds"] == {"tuning": 3, "confirmation": 10}
    assert compose(root, "laptop")["scale"] == "laptop"


def test_scale_deletes_a_ladder_and_shortens_another(root: Path) -> None:
    ladders = compose(root, "smoke")["ladders"]
    assert list(ladders) == ["depth"]
    assert ladders["depth"]["levels"] == [8, 14]


def test_scale_may_choose_other_parts(root: Path) -> None:
    (root / "params/model/resnet.yaml").write_text("name: resnet\ndepth: 20\n")
    (root / "params/task/cifar10.yaml").write_text("name: cifar10\n")
    (root / "params/scale/gpu.yaml").write_text(
        "# @package _global_\nscale: gpu\nseeds: {tuning: 3, confirmation: 5}\n"
    )
    composed = compose(root, "gpu")
    assert composed["model"] == {"name": "resnet", "depth": 20}
    assert composed["task"] == {"name": "cifar10"}


def test_package_header_is_optional(root: Path) -> None:
    with_header = compose(root)
    replace(root, "# @package _global_\n", "# params/study/example.yaml\n")
    assert compose(root) == with_header


def test_rates_in_scientific_notation_are_numbers(root: Path) -> None:
    replace(root, "grid: [0.01,", "grid: [1e-3,")
    assert compose(root, "laptop", "recipe.lr=1e-3")["recipe"]["lr"] == 0.001
    assert compose(root)["tune"]["grid"][0] == 0.001


def test_study_may_refer_to_its_own_values(root: Path) -> None:
    change(root, lambda study: study.update(recipe={"steps": "${recipe.batch}"}))
    assert compose(root, "laptop", "recipe.batch=11")["recipe"]["steps"] == 11


# --- the cache ---


def cached(root: Path) -> list[Path]:
    return sorted((root / "data" / ".cache").glob("*"))


def refuse(*_: object) -> None:
    raise AssertionError("composed although cached")


def test_second_load_does_not_compose(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load("example", root=root)
    monkeypatch.setattr(config, "compose", refuse)
    assert load("example", root=root).digest == first.digest
    assert len(cached(root)) == 1


@pytest.mark.parametrize("change_asked", ["scale", "override", "parameters"])
def test_cache_is_keyed_by_all_that_composes(root: Path, change_asked: str) -> None:
    load("example", root=root)
    if change_asked == "parameters":
        replace(root, "momentum: 0.9", "momentum: 0.8", "params/recipe/momentum.yaml")
    study = load(
        "example",
        "smoke" if change_asked == "scale" else "laptop",
        ["recipe.momentum=0.7"] if change_asked == "override" else [],
        root,
    )
    expected = {"scale": 0.9, "override": 0.7, "parameters": 0.8}
    assert study.config["recipe"]["momentum"] == expected[change_asked]
    assert len(cached(root)) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"config": 3}', '{"config": {}}', "\x00"])
def test_corrupt_cache_is_composed_anew(root: Path, content: str) -> None:
    digest = load("example", root=root).digest
    (file,) = cached(root)
    whole = json.loads(file.read_text())
    file.write_text(content)
    assert load("example", root=root).digest == digest
    assert json.loads(file.read_text()) == whole


def test_cache_that_cannot_be_written_is_done_without(root: Path) -> None:
    (root / "data").write_text("a file where the folder should be")
    assert load("example", root=root).name == "example"


@pytest.mark.parametrize("count", [config.MANY, config.MANY - 1])
def test_many_studies_are_composed_ahead_in_other_processes(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """And one that does not compose is told of when its turn comes."""
    text = (root / "params" / "study" / "example.yaml").read_text()
    studies = [f"study_{number}" for number in range(count)]
    for study in studies:
        (root / "params" / "study" / f"{study}.yaml").write_text(text)
    replace(root, "delta: 1.1", "delta: [", "params/study/study_3.yaml")
    config.compose_ahead(root, "laptop", studies)
    if count < config.MANY:
        assert cached(root) == []  # so few are sooner composed here
        return
    assert len(cached(root)) == count - 1
    monkeypatch.setattr(config, "compose", refuse)
    assert load("study_0", root=root).digest
    monkeypatch.undo()
    monkeypatch.setenv("ABLATLAS_ROOT", str(root))
    with pytest.raises(StudyError, match=r"study_3\.yaml"):
        load_all(studies)


def test_error_leaves_nothing(root: Path) -> None:
    with pytest.raises(StudyError):
        load("example", overrides=["seeds.tuning=0"], root=root)
    assert not (root / "data").exists()


# --- the root ---


def test_root_is_found_from_below(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABLATLAS_ROOT", raising=False)
    below = root / "some" / "folder"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert config.find_root() == root


def test_environment_names_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATLAS_ROOT", str(root))
    assert config.find_root() == root
    monkeypatch.setenv("ABLATLAS_ROOT", str(root / "params"))
    with pytest.raises(StudyError, match=r"params/config\.yaml"):
        config.find_root()
