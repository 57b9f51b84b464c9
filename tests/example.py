"""A repository root in a temporary folder with one study, `example`, and the means to edit it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ablatlas import source

REPOSITORY = Path(__file__).resolve().parents[1]

# The study of the design, with a data ladder beside the depth ladder.
STUDY = """\
# @package _global_
title: Residual connections
paper: he2015residual
claim: {constraints: [optimization], implied: [parameters], source: E3, text: "Depth stops being a limit."}
defaults: [/model: residual_mlp, /task: digits, /recipe: momentum, _self_]
procedure: train

ablate: model.shortcut
arms: {with: identity, without: none, scaled_init: {role: strong, value: scaled}}
contrasts: {no_norm: {role: factorial, arm: without, set: {model.norm: none}}}    # an arm plus listed further paths
ladders:                                 # free names
  depth:    {constraint: optimization, measure: threshold, path: model.depth, levels: [8, 14, 20, 32, 56, 110],
             solved: train_loss < midpoint}
  examples: {constraint: data, measure: resource, path: task.examples, levels: [90, 180, 360, 720, 1437],
             reference: 360}
tune: {path: recipe.lr, grid: [0.01, 0.03, 0.1, 0.3, 1.0]}
register: {primary: {optimization: depth, data: examples}, delta: 1.1, paired: false, after_pilots: ["depth 8 to 56"]}
expect: {direction: "a crossover", published: "CIFAR-10 test error: ResNet-20 8.75, -56 6.97"}
scales:
  smoke: [recipe.steps=5, "ladders.depth.levels=[8,14]", "~ladders.examples"]
  gpu:   [task=cifar10, model=resnet, model.depth=20, "ladders.depth.levels=[20,32,44,56,110]", "~ladders.examples"]
"""


def make_root(folder: Path, *, source: bool = False) -> Path:
    """A root with the repository's parts, scales and bibliography and the one study; with `source`, the modules too."""
    shutil.copytree(REPOSITORY / "params", folder / "params", ignore=shutil.ignore_patterns("study"))
    (folder / "params" / "study").mkdir()
    (folder / "params" / "study" / "example.yaml").write_text(STUDY, encoding="utf-8")
    if source:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "src" / "ablatlas", folder / "src" / "ablatlas", ignore=ignored)
    return folder


def replace(root: Path, old: str, new: str, file: str = "params/study/example.yaml") -> None:
    """Replace a text that stands once in a file of the root."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
    source.forget()


def change(root: Path, edit: Callable[[dict[str, Any]], object], study: str = "example") -> None:
    """Edit a study's declaration as nested data."""
    path = root / "params" / "study" / f"{study}.yaml"
    declared: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    edit(declared)
    OmegaConf.save(OmegaConf.create(declared), path)


def files(root: Path) -> set[str]:
    """All files below a root."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
