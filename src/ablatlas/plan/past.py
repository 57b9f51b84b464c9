"""What records hold already: runs that need not be trained again, the seconds of a step, the scatter of seeds."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ablatlas import record
from ablatlas.config import PARTS
from ablatlas.digest import PUBLISHED
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.tree import Tree, leaves

PHASES = ("tuning", "confirmation")
LENGTH = ("recipe.steps", "recipe.evaluations")  # how long a run is says nothing of how long a step takes


Place = tuple[str, str, str]  # variant, cell, phase


class Run(NamedTuple):
    """One recorded run. `loss` is None where it did not finish."""

    study: str
    variant: str
    cell: str
    phase: str
    seconds: float
    loss: float | None
    config: Tree


@dataclass(frozen=True)
class Past:
    """The records of a repository by path, and by phase the keys of runs that a cell would take over."""

    records: Mapping[Path, Record]
    keys: Mapping[str, frozenset[str]]

    @cached_property
    def runs(self) -> list[Run]:
        return [run for path, found in self.records.items() for run in _runs(path.parent.name, found)]

    def ledger(self, path: Path) -> dict[str, Any] | None:
        """A tuning record's ledger, None where there is no such record."""
        return self.records[path].ledger if path in self.records else None


def look_back(root: Path, published: bool) -> Past:
    """Read all records below `root`. `published`: whether published runs are taken over, as working ones always are.

    Raises RecordError for a record that cannot be read.
    """
    records = {path.relative_to(root): record.read(path) for path in _files(root)}
    stores = ("runs", "published") if published else ("runs",)
    held = [found for path, found in records.items() if path.parts[1] in stores]
    resting = [path.name.removesuffix(".json.gz") for path in (root / "data/runs/.shelf").glob("[!.]*.json.gz")]
    return Past(records, {phase: _keys(phase, held, resting) for phase in PHASES})


def _files(root: Path) -> list[Path]:
    folders = (root / PUBLISHED, root / "data" / "runs")
    found = (path for folder in folders for path in folder.rglob("[!.]*.json.gz"))
    return sorted(path for path in found if ".shelf" not in path.parts)


def _keys(phase: str, records: list[Record], resting: list[str]) -> frozenset[str]:
    shelved = (name.removeprefix(f"{phase}-") for name in resting if name.startswith(f"{phase}-"))
    return frozenset([*(run["key"] for found in records for run in found.run if run["phase"] == phase), *shelved])


def _runs(study: str, found: Record) -> list[Run]:
    return [
        Run(
            study, run["arm"], run["cell"], run["phase"], meters["seconds"],
            outcome.get("loss") if run["state"] == "finished" else None, found.configs[run["digest"]],
        )
        for run, meters, outcome in zip(found.run, found.meters, found.outcome, strict=True)
        if run["phase"] in PHASES
    ]  # fmt: skip


@cache
def torch_version() -> str:
    """The version that run keys carry, of the torch that would train, which is not imported; `absent` without one."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return "absent"
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    found = re.search(r"^__version__ = ['\"](.+?)['\"]", text, re.MULTILINE)
    return found[1] if found else "unknown"


class History:
    """One study's recorded runs, compared by design: all that a configuration says but its rate, as path -> value."""

    def __init__(self, study: Study, past: Past) -> None:
        self.study = study
        self.runs = [run for run in past.runs if run.study == study.name]
        self.designs = {
            id(config): self.design(config) for config in {id(r.config): r.config for r in self.runs}.values()
        }

    def design(self, config: Tree) -> Tree:
        parts = {part: config[part] for part in PARTS}
        return {path: value for path, value in leaves(parts) if path != self.study.tune.path}

    @cached_property
    def paces(self) -> dict[Place, list[tuple[Tree, float]]]:
        """(variant, cell, phase) -> (design, mean seconds of a step) of whatever was recorded there."""
        seconds: dict[Place, dict[str, list[float]]] = {}
        designs = {str(design): design for design in self.designs.values()}
        for run in self.runs:
            here = seconds.setdefault((run.variant, run.cell, run.phase), {})
            design = self.designs[id(run.config)]
            here.setdefault(str(design), []).append(run.seconds / design.get("recipe.steps", 1))
        return {
            place: [(designs[name], float(np.mean(found))) for name, found in here.items()]
            for place, here in seconds.items()
        }

    def similar(self, variant: str, cell: str) -> Callable[[Tree], bool]:
        """Whether a step of a recorded design is one of this variant and cell, as a function of the design.

        The length of the run may differ, and keys may be missing that the recipe has gained since; not those that the
        cell itself sets.
        """
        planned = self.design(self.study.run_config(variant, cell))
        own = set(self.study.levels[cell]) - {*LENGTH, self.study.tune.path}

        def alike(design: Tree) -> bool:
            return own <= design.keys() and all(planned.get(p, v) == v for p, v in design.items() if p not in LENGTH)

        return alike

    def losses(self, variant: str, cell: str) -> list[float]:
        """Held-out losses of finished confirmation runs that differ from the planned ones at most in rate and seed."""
        planned = self.design(self.study.run_config(variant, cell))
        own = (run for run in self.runs if (run.variant, run.phase) == (variant, "confirmation"))
        return [run.loss for run in own if run.loss is not None and self.designs[id(run.config)] == planned]
