"""What the controls take: their studies, the jobs beside them, and the files of each. The Snakefile imports this."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from ablatlas import source, study
from ablatlas.config import options, read_yaml
from ablatlas.declaration.where import Where
from ablatlas.digest import PUBLISHED, digest, stats_versions, version
from ablatlas.errors import StudyError, one_of
from ablatlas.study import Study, find_root

ANCHORS = "params/anchors.yaml"
SETTINGS = ("draws", "block", "simulations", "judged")
AA = "aa"  # the one control that is no single study: each of its draws is one
PARTS = 2  # jobs that the synthetic rows are dealt to


@dataclass(frozen=True)
class Draws:
    """One job of A/A: the draws from `first` up to but not including `last`, and its file."""

    first: int
    last: int
    file: Path


@dataclass(frozen=True, eq=False)
class Work:
    """The controls at one scale. `studies` by name, `anchors` by the study that they are held against."""

    scale: str
    studies: dict[str, Study]
    anchors: dict[str, dict[str, Any]]
    draws: int
    block: int
    simulations: int
    judged: bool
    root: Path

    @cached_property
    def digest(self) -> str:
        """Of every study's digest, of the versions of what judges them, and of how often each is asked."""
        folder = source.package(self.root) / "controls"
        versions = {name: source.version(folder / f"{name}.py") for name in source.modules(folder)}
        asked = {"draws": self.draws, "simulations": self.simulations, "judged": self.judged, "anchors": self.anchors}
        studies = {name: one.digest for name, one in self.studies.items()}
        engine = version(self.root, "engine", self.studies[AA].engine)
        return digest({"studies": studies, "versions": versions, "asked": asked, "engine": engine})

    @property
    def results(self) -> Path:
        return Path("data", "results", f"controls-{self.digest}.json")

    @property
    def measured(self) -> dict[str, Study]:
        """The controls that are measured as they stand."""
        return {name: one for name, one in self.studies.items() if name != AA}

    def found(self) -> list[Path]:
        """The results that there are, the working ones or those that were published of this version."""
        kept = PUBLISHED / "results" / "controls.json"
        for file in (self.results, kept):
            path = self.root / file
            if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["digest"] == self.digest:
                return [file]
        return []

    def blocks(self) -> Iterator[Draws]:
        """The jobs of A/A."""
        folder = Path("data", "runs", AA)
        for first, last in pairwise([*range(0, self.draws, self.block), self.draws]):
            yield Draws(first, last, folder / f"draws-{first}-{last}-{self.studies[AA].digest}.json")

    def synthetic(self) -> dict[int, Path]:
        """Part -> its file."""
        versions = {"stats": stats_versions(self.root), "simulations": self.simulations}
        own = source.version(source.package(self.root) / "controls" / "synthetic.py")
        name = digest({**versions, "synthetic": own})
        return {part: Path("data", "runs", "synthetic", f"{part}-{name}.json") for part in range(PARTS)}

    def twice(self) -> dict[str, Path]:
        """Study -> the file that says whether the same seeds gave the same bits."""
        return {name: Path("data", "runs", "twice", f"{name}-{self.digest}.json") for name in self.anchors}

    def anchored(self) -> list[str]:
        """The results of the anchors' studies that there are: nothing is trained for them."""
        studies = (study.load(name, self.scale, root=self.root) for name in self.anchors)
        return [str(file) for one in studies for file in results_of(one)]


def results_of(one: Study) -> list[Path]:
    """The results that there are of a study as it is declared today, of all its ladders or of the claimed ones."""
    mine = [one, study.claimed_only(one)]
    working = [each.results for each in mine if (one.root / each.results).is_file()]
    kept = PUBLISHED / "results" / f"{one.name}.json"
    if not (one.root / kept).is_file():
        return working
    published = json.loads((one.root / kept).read_text(encoding="utf-8"))
    return [*working, *([kept] if published["digest"] in {each.digest for each in mine} else [])]


def load(scale: str = "laptop", root: Path | None = None) -> Work:
    """The controls at a scale. Raises StudyError for a scale that there is not, or that says not how much to ask."""
    root = Path(root).resolve() if root else find_root()
    if scale not in (scales := options(root, "scale")):
        raise StudyError("params/scale", "scale", scale, one_of(scales), scales)
    file = f"params/scale/{scale}.yaml"
    asked = Where(file).mapping("controls", read_yaml(root, file).get("controls"), SETTINGS)
    return Work(
        scale=scale,
        studies={name: study.load(name, scale, root=root) for name in study.controls(root)},
        anchors=read_yaml(root, ANCHORS),
        root=root,
        **asked,
    )
