"""The task on real images. Needs a mirror of them."""

from typing import Any

import pytest
import torch

from ablatlas.data import images as decoded
from ablatlas.randomness import generator
from ablatlas.tasks import images

pytestmark = pytest.mark.usefixtures("mirrored")
USUAL = {"examples": 100, "copies": 1, "places": 1, "noise": 0.0, "filtered": 0.0}


def task(dataset: str = "mnist", seed: int = 0, **changes: Any) -> images.Task:
    settings = {"batch": 20, "steps": 10, **USUAL, **changes}
    return images.Task(dataset=dataset, keys=lambda *key: generator(seed, *key), **settings)


@pytest.mark.parametrize("dataset", images.SCALE)
def test_a_training_split_has_mean_0_and_deviation_1_a_channel(dataset: str) -> None:
    pixels = getattr(decoded, dataset)("train")[0].double() / 255
    assert [round(x, 4) for x in pixels.mean((0, 2, 3)).tolist()] == list(images.SCALE[dataset][0])
    deviation = pixels.transpose(0, 1).flatten(1).std(1, correction=0)
    assert [round(x, 4) for x in deviation.tolist()] == list(images.SCALE[dataset][1])


@pytest.mark.parametrize(("dataset", "inputs"), [("mnist", 784), ("fashion_mnist", 784), ("cifar10", 3072)])
def test_what_a_model_is_given(dataset: str, inputs: int) -> None:
    made = task(dataset)
    assert made.sizes == {"inputs": inputs, "outputs": 10}
    x, y = made.batch(3)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((20, inputs), torch.float32, (20,), torch.int64)
    assert made.held_out("validation")[0].shape == (5000, inputs)
    assert made.held_out("test")[0].shape == (10000, inputs)
    assert made.held_out("train")[0].shape == (100, inputs)
    assert made.floor == pytest.approx({"loss": 2.302585, "error": 0.9})


def test_what_a_seed_trains_on_stays_what_it_was() -> None:
    """Where this changes, every record of the task is of other data: its VERSION must rise."""
    made = task(noise=0.3, filtered=0.5, copies=2, places=5)
    drawn = [made.pixels.sum(1), made.labels, made.offsets, made.order(7)]
    assert [int((part * torch.arange(len(part))).sum()) for part in drawn] == [88144082, 16342, 8109, 6915]


def test_a_channel_goes_by_rows() -> None:
    x, y = task("cifar10").held_out("validation")
    pixels, labels = decoded.cifar10("validation")
    mean, deviation = (torch.tensor(number).view(3, 1, 1) for number in images.SCALE["cifar10"])
    assert torch.allclose(x.view(-1, 3, 32, 32), (pixels / 255 - mean) / deviation, atol=1e-5)
    assert torch.equal(y, labels)


@pytest.mark.parametrize(
    ("changes", "rows", "different", "bad"),
    [
        ({}, 100, 100, 0),
        ({"copies": 4}, 100, 25, 0),
        ({"noise": 0.2}, 100, 100, 20),
        ({"noise": 0.2, "copies": 2}, 100, 50, 20),
        ({"noise": 0.2, "filtered": 0.5}, 90, 90, 10),
        ({"noise": 0.2, "filtered": 1.0, "copies": 2}, 80, 40, 0),
    ],
)
def test_how_many_and_how_good(changes: dict[str, Any], rows: int, different: int, bad: int) -> None:
    x, y = task(**changes).held_out("train")
    right = {
        row.tobytes(): label for row, label in zip(*(part.numpy() for part in task().held_out("train")), strict=True)
    }
    found = [row.tobytes() for row in x.numpy()]
    assert (len(found), len(set(found))) == (rows, different)
    assert sum(right[row] != label for row, label in zip(found, y.tolist(), strict=True)) == bad


def test_places_move_every_split() -> None:
    still, moved = task(), task(places=9)
    for split in ("train", "validation", "test"):
        assert not torch.equal(still.held_out(split)[0], moved.held_out(split)[0])
        assert torch.equal(still.held_out(split)[1], moved.held_out(split)[1])


def test_the_test_files_are_read_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    read = decoded.mnist

    def noted(split: str) -> Any:
        asked.append(split)
        return read(split)

    monkeypatch.setattr(decoded, "mnist", noted)
    made = task()
    made.batch(0)
    made.held_out("validation")
    assert asked == ["train", "validation"]
    made.held_out("test")
    assert asked[-1] == "test"
