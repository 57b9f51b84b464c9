"""A study on real data: its pins are part of what its runs are, and no other study notices."""

from pathlib import Path

import pytest
from example import make_root, replace

from ablatlas import page, source
from ablatlas.data import registry
from ablatlas.errors import StudyError
from ablatlas.study import Study, load, names, run_digest

REGISTRY = "src/ablatlas/data/registry.toml"
LABELS = "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
MNIST = {
    "mnist/t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "mnist/t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    "mnist/train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "mnist/train-labels-idx1-ubyte.gz": LABELS,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path, source=True)


def on(root: Path, *overrides: str) -> Study:
    study = load("example", "laptop", ["~ladders.examples", "~register.primary.data", *overrides], root)
    assert study.digest, "made now, of the pins of now"
    return study


def repin(root: Path) -> None:
    """Pin another file of labels of MNIST."""
    replace(root, LABELS, "0" * 64, REGISTRY)
    source.forget()
    registry.read.cache_clear()


def test_a_changed_pin_changes_every_digest_of_who_reads_it(root: Path) -> None:
    before, other = on(root, "task=mnist"), on(root, "task=fashion_mnist")
    noted, timed = before.data_notes("base"), before.clock_digest
    repin(root)
    after = on(root, "task=mnist")
    assert all(before.cells[name].digest != cell.digest for name, cell in after.cells.items())
    assert all(
        before.cells[name].tuning_digest != cell.tuning_digest
        for name, cell in after.cells.items()
        if cell.tuning_digest
    )
    assert timed != after.clock_digest
    assert noted != after.data_notes("base")
    assert on(root, "task=fashion_mnist").digest == other.digest


def test_studies_without_a_dataset_notice_nothing(root: Path) -> None:
    before = on(root)
    (root / REGISTRY).write_text("")
    registry.read.cache_clear()
    assert on(root).digest == before.digest
    assert (before.data, before.data_notes("base"), page.data(before)) == ({}, [], [])


def test_the_headline_studies_need_no_download() -> None:
    studies = [load(name, "laptop") for name in names()]
    assert not any(study.datasets(cell) for study in studies for cell in study.cells)


def test_what_a_study_says_of_its_data(root: Path) -> None:
    study = on(root, "task=mnist")
    assert study.data == MNIST
    assert study.datasets("base") == ["mnist"]
    [note] = study.data_notes("base")
    assert note.parent == Path("data/raw")
    assert note.name.startswith("mnist-")
    [line] = page.data(study)
    assert line.startswith(
        "MNIST (LeCun, Bottou, Bengio & Haffner 1998; licence: none stated): train / validation / test 55,000"
    )
    assert ("data", [line]) in page.study(study)


def test_one_task_on_several_datasets_is_told_apart(root: Path) -> None:
    assert (
        len({run_digest(on(root, f"task={name}").run_config("with"), root) for name in ("mnist", "fashion_mnist")}) == 2
    )


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            ["task.dataset=mnits"],
            "task.dataset: found mnits, expected one of cifar10, fashion_mnist, mnist; nearest: mnist",
        ),
        (["task.dataset=names"], "task.dataset: found names, expected one of cifar10, fashion_mnist, mnist"),
        (["task.nose=0.1"], "task.nose"),
        (["task.noise=much"], "task.noise: found much, expected a number"),
    ],
)
def test_mistakes(root: Path, overrides: list[str], told: str) -> None:
    with pytest.raises(StudyError, match=told):
        on(root, "task=mnist", *overrides)


def test_a_part_names_itself_or_another_module(root: Path) -> None:
    replace(root, "name: images", "name: image", "params/task/mnist.yaml")
    with pytest.raises(
        StudyError, match=r"params/task/mnist.yaml: name: found image, expected mnist, the file's own name"
    ):
        on(root)


def test_a_dataset_that_is_not_pinned_is_refused(root: Path) -> None:
    replace(root, "dataset: mnist", "dataset: imagenet", "params/task/mnist.yaml")
    with pytest.raises(StudyError, match=r"task.dataset: found imagenet, expected one of cifar10, fashion_mnist"):
        on(root, "task=mnist")


def test_a_single_run_may_leave_the_ladders_of_another_task(root: Path) -> None:
    """Its own task has no such path: the ladder is left out, as one that was moved from its base is."""
    assert "examples" in load("example", "laptop", [], root).ladders
    replace(root, "path: task.examples", "path: task.positions")
    assert "examples" not in load("example", "laptop", ["task=mnist", "arm=with"], root).ladders
