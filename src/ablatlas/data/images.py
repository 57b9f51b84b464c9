"""Datasets of images, decoded: one loader each, whose only argument is a split.

Images are uint8 (n, C, S, S), labels int64 (n,); what a split holds is cached for the process. Only a call for the test
split reads the test files. Legend: n images, C channels, S side.
"""

import csv
import gzip
import io
import pickle
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ablatlas.data import store, unpack
from ablatlas.data.registry import DataError
from ablatlas.data.split import LAST, TEST, TRAIN, VALIDATION, carved, known

Labelled = tuple[Tensor, Tensor]


@cache
def mnist(split: str) -> Labelled:
    """Handwritten digits (n, 1, 28, 28), 0 … 255, and labels 0 … 9: 55,000 to train, 5,000 to validate, 10,000 to test.

    Validation is the last 5,000 of the published training part.
    """
    return _idx("mnist", split)


@cache
def fashion_mnist(split: str) -> Labelled:
    """Grey pictures of clothing (n, 1, 28, 28), 0 … 255, and labels 0 … 9, split as `mnist`."""
    return _idx("fashion_mnist", split)


@cache
def cifar10(split: str) -> Labelled:
    """Colour photographs (n, 3, 32, 32), 0 … 255, and labels 0 … 9: 45,000 to train, 5,000 to validate, 10,000 to test.

    Validation is the last 5,000 of the published training part, half of its fifth batch.
    """
    known("cifar10", split)
    names = ["test_batch"] if split == TEST else [f"data_batch_{i}" for i in range(1, 6)]
    if split == VALIDATION:
        names = names[-1:]
    batches = [_pickled(store.read("cifar10", f"cifar-10-batches-py/{name}")) for name in names]
    images = torch.from_numpy(np.concatenate([batch["data"] for batch in batches])).view(-1, 3, 32, 32)
    labels = torch.tensor([label for batch in batches for label in batch["labels"]])
    rows = carved(split, len(labels), LAST["cifar10"])
    return images[rows], labels[rows]


@cache
def omniglot(split: str) -> Labelled:
    """Handwritten characters (n, 1, 105, 105), 0 ink or 255 paper, and the characters' numbers, from 0 in each split.

    2,200 images of 110 characters in four alphabets to train, 520 of 26 (Latin) to validate, both of `small1`; 2,120 of
    106 to test, in the three alphabets that `small2` does not share with `small1`, image by image, as it does two.
    """
    known("omniglot", split)
    first = _pictures("omniglot", "images_background_small1.zip")
    chosen = {name: image for name, image in first.items() if (_alphabet(name) == "Latin") == (split == VALIDATION)}
    if split == TEST:
        seen = set(map(_alphabet, first))
        second = _pictures("omniglot", "images_background_small2.zip")
        chosen = {name: image for name, image in second.items() if _alphabet(name) not in seen}
    characters = sorted({name.rsplit("/", 1)[0] for name in chosen})
    images = np.stack([np.array(image.convert("L")) for image in chosen.values()])
    labels = torch.tensor([characters.index(name.rsplit("/", 1)[0]) for name in chosen])
    return torch.from_numpy(images)[:, None], labels


@cache
def nuclei(split: str) -> Labelled:
    """Micrographs (n, 1, 256, 256), 0 … 255, and which nucleus a pixel belongs to, (n, 256, 256) int64, 0 for none.

    140 to train, 20 to validate, 40 to test, as the set's index has them. Derived from BBBC038 (CC0).
    """
    known("nuclei", split)
    files = unpack.contents("dsb2018-nuclei.tar", store.read("nuclei", "dsb2018-nuclei.tar"))
    rows = csv.DictReader(io.StringIO(files["dsb2018-nuclei/index.csv"].decode()))
    names = [row["id"] for row in rows if row["split"] == _short(split)]
    images, masks = (
        np.stack([np.array(_opened(files[f"dsb2018-nuclei/{kind}/{name}.png"])) for name in names])
        for kind in ("images", "labels")
    )
    return torch.from_numpy(images)[:, None], torch.from_numpy(masks.astype(np.int64))


@cache
def emoji_captions(split: str) -> tuple[Tensor, list[str]]:
    """Emoji (n, 4, 32, 32), 0 … 255, red, green, blue and opacity, and a caption each: its name, then its keywords.

    1,326 to train, 167 to validate, 151 to test, as the set's table has them. Derived from Noto and emojilib.
    """
    known("emoji_captions", split)
    files = unpack.contents("noto-emoji-captions.tar", store.read("emoji_captions", "noto-emoji-captions.tar"))
    text = io.StringIO(files["noto-emoji-captions/captions.tsv"].decode())
    rows = [r for r in csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE) if r["split"] == _short(split)]
    images = np.stack([np.array(_opened(files[f"noto-emoji-captions/png32/{row['file']}.png"])) for row in rows])
    captions = [f"{row['name'].strip()} {row['keywords'].strip()}".strip() for row in rows]
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), captions


# --- formats ---


def _idx(name: str, split: str) -> Labelled:
    """The images and labels of one split of a set that comes in MNIST's format."""
    known(name, split)
    part = "t10k" if split == TEST else "train"
    images, labels = (_array(name, f"{part}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
    rows = carved(split, len(labels), LAST[name])
    return images[rows, None], labels[rows].long()


@cache
def _array(name: str, file: str) -> Tensor:
    """An IDX file: two zeros, its type (8, bytes), how many axes, their lengths in four bytes each, its content."""
    data = gzip.decompress(store.read(name, file))
    axes = np.frombuffer(data, ">u4", count=data[3], offset=4).astype(int)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(axes).copy())


class _Arrays(pickle.Unpickler):
    """Reads what holds numbers, words and numpy's arrays, and calls nothing else."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"): ("numpy", "ndarray"),
        ("numpy", "dtype"): ("numpy", "dtype"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise DataError(f"a batch of pickled images: found {module}.{name} in it, expected numpy's arrays alone")
        return super().find_class(*self.ALLOWED[module, name])


def _pickled(data: bytes) -> dict[str, Any]:
    """A batch that Python 2 pickled. Only ever given bytes that were verified."""
    batch = _Arrays(io.BytesIO(data), encoding="bytes").load()
    return {key.decode(): value for key, value in batch.items()}


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _pictures(name: str, file: str) -> dict[str, Image.Image]:
    """The pictures of an archive by `alphabet/character/file`, sorted."""
    files = unpack.contents(file, store.read(name, file))
    pictures = {path.split("/", 1)[1]: data for path, data in files.items() if path.endswith(".png")}
    return {path: _opened(pictures[path]) for path in sorted(pictures)}


def _alphabet(picture: str) -> str:
    return picture.split("/", 1)[0]


def _short(split: str) -> str:
    return {TRAIN: "train", VALIDATION: "val", TEST: "test"}[split]
