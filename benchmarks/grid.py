"""The grid that all contenders train, read from `grid.yaml` and resolved into one configuration a run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ablatlas.config import PARTS, read_yaml
from ablatlas.tree import put

HERE = Path(__file__).parent
ROOT = HERE.parent
FILE = "benchmarks/grid.yaml"


@dataclass(frozen=True)
class Grid:
    """The runs of one model: an arm is a value at the path `ablate` of `config`, and every arm has the same seeds."""

    name: str
    ablate: str
    arms: tuple[str, ...]
    seeds: int
    config: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Every run's name, arm by arm."""
        return [f"{arm}-{seed}" for arm in self.arms for seed in range(self.seeds)]

    def changed(self, seeds: int | None = None, **recipe: Any) -> "Grid":
        """The same grid with other seeds, or other keys of its recipe."""
        config = self.config | {"recipe": self.config["recipe"] | recipe}
        return Grid(self.name, self.ablate, self.arms, self.seeds if seeds is None else seeds, config)

    def write(self, folder: Path) -> None:
        """Write what contenders read into `folder`: the runs as `runs.json`, and `conf/config.yaml` for Hydra."""
        (folder / "losses").mkdir(parents=True)
        arms = {arm: put(self.config, self.ablate, arm) for arm in self.arms}
        runs = [
            {"name": f"{arm}-{seed}", "arm": arm, "seed": seed, "config": config}
            for arm, config in arms.items()
            for seed in range(self.seeds)
        ]
        (folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
        (folder / "conf").mkdir()
        swept = {"work": str(folder), "ablate": self.ablate, "seed": 0, **put(self.config, self.ablate, self.arms[0])}
        OmegaConf.save(OmegaConf.create(swept), folder / "conf" / "config.yaml")


def settings() -> dict[str, Any]:
    """`grid.yaml` as plain data."""
    return read_yaml(ROOT, FILE)


def grid(name: str) -> Grid:
    """One model's grid, its parts completed from `params/`."""
    told = settings()
    found = told["grids"][name]
    config = {
        "procedure": "train",
        "engine": found["engine"],
        "precision": "float32",
        "watch": "none",
        **{part: _part(part, found[part]) for part in PARTS},
    }
    return Grid(name, found["ablate"], tuple(found["arms"]), told["seeds"], config)


def _part(part: str, given: dict[str, Any]) -> dict[str, Any]:
    neutral = f"params/{part}/{given['name']}.yaml"
    return (read_yaml(ROOT, neutral) if (ROOT / neutral).is_file() else {}) | given


def grids() -> list[Grid]:
    """Every model's grid."""
    return [grid(name) for name in settings()["grids"]]
