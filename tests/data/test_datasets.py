"""What every dataset decodes to, from the files that the hosts serve. Needs a mirror of them."""

import hashlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ablatlas.data import corpora, images, registry, store
from ablatlas.data.registry import DataError
from ablatlas.data.split import SPLITS, carved, shuffled, tenths

# Dataset, split, sizes, and the beginning of the SHA-256 of what is decoded: a loader that gives other numbers is
# another dataset, and the VERSION of every task that reads it must rise.
CONTENT: list[tuple[str, str, Any, str]] = [
    ("mnist", "train", [[55000, 1, 28, 28], [55000]], "0f2ed5e292b7895e"),
    ("mnist", "validation", [[5000, 1, 28, 28], [5000]], "61640d2a6035ca5e"),
    ("mnist", "test", [[10000, 1, 28, 28], [10000]], "a0863a96c44e5666"),
    ("fashion_mnist", "train", [[55000, 1, 28, 28], [55000]], "17b4cb0f112c627c"),
    ("fashion_mnist", "validation", [[5000, 1, 28, 28], [5000]], "43c5f23841b46d2e"),
    ("fashion_mnist", "test", [[10000, 1, 28, 28], [10000]], "9a494dc49efeb996"),
    ("cifar10", "train", [[45000, 3, 32, 32], [45000]], "c4eb160ce47dcf5a"),
    ("cifar10", "validation", [[5000, 3, 32, 32], [5000]], "fb446a5cf01a1ee7"),
    ("cifar10", "test", [[10000, 3, 32, 32], [10000]], "2c33b053d1cd726a"),
    ("tinyshakespeare", "train", 892315, "82c5bb33905fcd3c"),
    ("tinyshakespeare", "validation", 111539, "75078a5bbeb4146f"),
    ("tinyshakespeare", "test", 111540, "d9e0b8871e216dcf"),
    ("names", "train", 182522, "441069503fe54fc9"),
    ("names", "validation", 22816, "deac495636b6dae5"),
    ("names", "test", 22808, "250f6551ebba99ed"),
    ("wikitext2_small", "train", 1009554, "4194f2ab5d2eee67"),
    ("wikitext2_small", "validation", 110638, "b29844ba5590ff3e"),
    ("wikitext2_small", "test", 1255018, "7960c99a59b61fae"),
    ("multi30k", "train", 29000, "cef9334af23bf696"),
    ("multi30k", "validation", 1014, "a6392dcf89498045"),
    ("multi30k", "test", 1000, "c621b3077d3722ec"),
    ("sst2", "train", 66477, "48eb8390e2a4b158"),
    ("sst2", "validation", 872, "b60b7d22fa284f02"),
    ("sst2", "test", 872, "29dc6662b907278a"),
    ("word_analogy", "test", 14, "02a331925e339a19"),
    ("wordsim353", "test", 353, "d321960ab9e4a4d0"),
    ("hh_rlhf", "train", 1849, "b087c2b2b9511c0a"),
    ("hh_rlhf", "validation", 231, "a09cb8da6463f058"),
    ("hh_rlhf", "test", 232, "9aeb2802278c35eb"),
    ("gsm8k", "train", 6973, "903bd8067c765712"),
    ("gsm8k", "validation", 500, "3484eaf10229c582"),
    ("gsm8k", "test", 1319, "65ae5a5b62654eaf"),
    ("omniglot", "train", [[2200, 1, 105, 105], [2200]], "bcd7c1fabc261a4e"),
    ("omniglot", "validation", [[520, 1, 105, 105], [520]], "7f1c455316027ebc"),
    ("omniglot", "test", [[2120, 1, 105, 105], [2120]], "7172c0c1cf16ef5a"),
    ("nuclei", "train", [[140, 1, 256, 256], [140, 256, 256]], "4f11b8b0ee40f882"),
    ("nuclei", "validation", [[20, 1, 256, 256], [20, 256, 256]], "87cd1f4d44db1e5e"),
    ("nuclei", "test", [[40, 1, 256, 256], [40, 256, 256]], "c2e31d8d6a438726"),
    ("emoji_captions", "train", [[1326, 4, 32, 32], 1326], "928a878a13646374"),
    ("emoji_captions", "validation", [[167, 4, 32, 32], 167], "faefaa42747150aa"),
    ("emoji_captions", "test", [[151, 4, 32, 32], 151], "e1fae898aa54beb0"),
]


mirrored = pytest.mark.usefixtures("mirrored")


def loader(name: str) -> Callable[[str], Any]:
    found: Callable[[str], Any] = getattr(images, name, None) or getattr(corpora, name)
    return found


def fingerprint(value: Any) -> str:
    digest = hashlib.sha256()
    for part in value if isinstance(value, tuple) else (value,):
        tensor = isinstance(part, torch.Tensor)
        digest.update(part.numpy().tobytes() if tensor else json.dumps(part, ensure_ascii=False).encode())
    return digest.hexdigest()[:16]


def sizes(value: Any) -> Any:
    if isinstance(value, tuple):
        return [list(part.shape) if isinstance(part, torch.Tensor) else len(part) for part in value]
    return len(value)


@mirrored
@pytest.mark.parametrize(("name", "split", "size", "content"), CONTENT)
def test_content(name: str, split: str, size: Any, content: str) -> None:
    found = loader(name)(split)
    assert sizes(found) == size
    assert fingerprint(found) == content
    assert loader(name)(split) is found, "decoded once"


def test_every_dataset_is_tried_but_the_one_that_the_mirror_lacks() -> None:
    assert {name for name, *_ in CONTENT} == set(registry.read()) - {"wikitext2"}


@mirrored
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_classes(name: str) -> None:
    counts = {split: loader(name)(split)[1].bincount() for split in SPLITS}
    assert counts["test"].tolist() == [1000] * 10 or name == "mnist"
    assert (counts["train"] + counts["validation"]).tolist() == ([6000] * 10 if name == "fashion_mnist" else MOST[name])
    assert all(len(count) == 10 for count in counts.values())


MOST = {"cifar10": [5000] * 10, "mnist": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]}


@mirrored
def test_omniglot_tests_no_picture_that_was_trained_on() -> None:
    """The archives share two alphabets, picture by picture."""
    seen = {picture.numpy().tobytes() for split in ("train", "validation") for picture in images.omniglot(split)[0]}
    assert not seen & {picture.numpy().tobytes() for picture in images.omniglot("test")[0]}
    assert [int(images.omniglot(split)[1].max()) + 1 for split in SPLITS] == [110, 26, 106]


@mirrored
def test_masks_number_their_nuclei() -> None:
    _, mask = images.nuclei("validation")
    assert int(mask.min()) == 0
    assert all(len(one.unique()) == int(one.max()) + 1 for one in mask)


@mirrored
@pytest.mark.parametrize("name", ["tinyshakespeare", "wikitext2_small"])
def test_training_and_validation_are_one_text(name: str) -> None:
    whole = "".join(loader(name)(split) for split in SPLITS[:2])
    file = {"tinyshakespeare": "input.txt", "wikitext2_small": "valid.txt"}[name]
    assert store.read(name, file).decode().startswith(whole)


@mirrored
def test_names_are_all_there_once() -> None:
    found = "".join(map(corpora.names, SPLITS)).removeprefix("\n").split("\n")
    assert sorted(found) == sorted(store.read("names", "names.txt").decode().split("\n"))


@mirrored
def test_only_the_test_split_reads_the_test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    kept: Any
    read = store.read

    def noted(name: str, file: str) -> bytes:
        asked.append(file)
        return read(name, file)

    monkeypatch.setattr(store, "read", noted)
    for name in ("mnist", "cifar10", "sst2", "gsm8k", "multi30k", "wikitext2_small", "omniglot"):
        for split in SPLITS:
            asked.clear()
            for kept in (loader(name), images._array):
                kept.cache_clear()
            loader(name)(split)
            other = [file for file in asked if any(word in file for word in ("t10k", "test", "dev", "small2"))]
            assert other == (asked if split == "test" and name != "omniglot" else asked[1:] if split == "test" else [])


@mirrored
def test_the_registry_has_the_hashes_of_the_mirror() -> None:
    """Every file of every dataset, read and hashed."""
    for of in registry.read().values():
        if of.name != "wikitext2":
            assert store.place(of).state == "verified", of.name


# --- without the mirror's files ---


def test_wikitext_is_read_from_its_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in ("train", "valid", "test"):
            archive.writestr(f"wikitext-2/wiki.{part}.tokens", f" = {part} = \n")
    monkeypatch.setattr(store, "read", lambda name, file: packed.getvalue())
    assert [corpora.wikitext2.__wrapped__(split) for split in SPLITS] == [
        " = train = \n", " = valid = \n", " = test = \n",
    ]  # fmt: skip


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this must never be called",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_calls_nothing(protocol: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match=r"found \w+.print in it, expected numpy's arrays alone"):
        images._pickled(pickle.dumps({"data": Evil()}, protocol))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["mnist", "names", "wordsim353", "nuclei"])
def test_an_unknown_split_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: found the split dev, expected"):
        loader(name)("dev")


def test_nothing_is_trained_on_what_only_tests() -> None:
    with pytest.raises(DataError, match="wordsim353: found the split train, expected test"):
        corpora.wordsim353("train")


@pytest.mark.parametrize("count", [10, 11, 2312, 32033])
def test_splits_are_whole_and_disjoint(count: int) -> None:
    order = shuffled(count)
    assert sorted(order) == list(range(count))
    assert [row for split in SPLITS for row in order[tenths(split, count)]] == order
    rows = list(range(count))
    assert (
        rows[carved("train", count, 3)] + rows[carved("validation", count, 3)] == rows == rows[carved("test", count, 3)]
    )
