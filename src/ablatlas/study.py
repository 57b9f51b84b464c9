"""What a study is: one path, two values, and what follows: variants, ladders, cells, digests, files.

`load` composes, checks and resolves one study without torch; the Snakefile imports this module alone.

    python -m ablatlas.study [scale=SCALE]                         all studies
    python -m ablatlas.study STUDY [scale=SCALE] [path=value …]    one of them as a page
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from ablatlas import config as configuration
from ablatlas.config import COMMAND_LINE, GIVEN, find_root
from ablatlas.declaration import arms, claims, parts, procedures, tuning
from ablatlas.declaration import families as tested
from ablatlas.declaration import ladders as climbed
from ablatlas.declaration.arms import Variant
from ablatlas.declaration.ladders import CONSTRAINTS, Criterion, Ladder, Score
from ablatlas.declaration.tuning import Tune
from ablatlas.declaration.where import NAME, Where
from ablatlas.digest import PUBLISHED, digest, pins, run_digest, run_key, standing, stats_versions, version
from ablatlas.errors import StudyError, one_of
from ablatlas.tree import Tree, put

__all__ = [
    "CONSTRAINTS", "Cell", "Cost", "Criterion", "Ladder", "Score", "Study", "StudyError", "Tune", "Variant",
    "controls", "find_root", "from_command_line", "load", "load_all", "main", "names", "run_digest", "run_key",
]  # fmt: skip

RUN_KEYS = ("procedure", "engine", "precision", "watch", *configuration.PARTS)  # what a run is, besides its seed
REQUIRED = ("title", "paper", "claim", "ablate", "arms", "ladders", "register", "expect")
OPTIONAL = ("contrasts", "scales", "tune", *RUN_KEYS)
# Targets, folders and commands: a study of the same name could not be asked for by it.
TARGETS = (
    "all", "headline", "controls", "plan", "publish", "atlas", "data", "tune", "train", "clock", "measure",
    "report", "crate", "resolved", "figure", "test", "check", "bench", "env", "published", "runs", "checkpoints",
    "raw", "results", "reports", *configuration.SCALES,
)  # fmt: skip
RULE = re.compile(r"^\s*(?:rule|checkpoint)\s+(\w+)\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One level of one ladder, every seed of the ladder's variants: the unit of work.

    `settings` puts the base configuration at the level; `rates_from` names the tuned cells that its rates
    come from, itself where it is tuned, none where the level is a rate; `tuning_digest` is None where it is not tuned.
    """

    name: str
    settings: Tree
    digest: str
    tuning_digest: str | None
    rates_from: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """Trainings before any run is reused and any grid extended, and the optimizer steps of all of them."""

    tuning: int
    confirmation: int
    steps: int


@dataclass(frozen=True, eq=False)
class Study:
    """One study at one scale, resolved. All its files are relative to `root`.

    `config` holds what a run is a function of: procedure, engine, model, task, recipe. `arm` and `seed` are what the
    command line asked for, `subset` whether all ladders or the claimed ones. `score` is what tuning compares, `clock`
    how long each variant's steps are timed on a clock apart (None: not at all), `alone` whether the runs themselves are
    timed, which then need the machine to themselves, `families` how many hypotheses are tested together.
    `set_aside` says which contrasts coincide with another variant, `unmeasured` why a registered constraint cannot be
    measured at this scale.
    """

    name: str
    title: str
    paper: str
    claim: Tree
    procedure: str
    ablate: str
    variants: dict[str, Variant]
    ladders: dict[str, Ladder]
    score: Score
    tune: Tune
    register: Tree
    expect: Tree
    config: Tree
    seeds: dict[str, tuple[int, ...]]
    clock: Tree | None
    alone: bool
    families: dict[str, int]
    scale: str
    device: str
    subset: str
    arm: str | None
    seed: int | None
    set_aside: dict[str, str]
    unmeasured: dict[str, str]
    file: Path
    root: Path

    @property
    def engine(self) -> str:
        return str(self.config["engine"])

    @property
    def tuned_cells(self) -> tuple[str, ...]:
        return self.tune.cells

    @property
    def timed(self) -> bool:
        """Whether there are seconds of a step, by a clock apart or in the runs themselves."""
        return self.alone or self.clock is not None

    @cached_property
    def levels(self) -> dict[str, Tree]:
        """Cell -> the settings that put the base configuration at its level; `base` first."""
        climbed = [ladder for ladder in self.ladders.values() if ladder.path]
        rungs = {cell: ladder.settings(level, self.config) for ladder in climbed for level, cell in ladder.rungs}
        return {"base": {}} | {cell: settings for cell, settings in rungs.items() if cell != "base"}

    @cached_property
    def cells(self) -> dict[str, Cell]:
        return {name: self._cell(name) for name in self.levels}

    @cached_property
    def digest(self) -> str:
        """Of the cells' and the clock's digests and the versions of `stats`; of no title, claim or registration."""
        cells = {name: [cell.digest, cell.tuning_digest] for name, cell in self.cells.items()}
        clock = {"clock": self.clock_digest} if self.clock else {}
        return digest({"cells": cells, **clock, "stats": stats_versions(self.root)})

    @cached_property
    def clock_digest(self) -> str:
        """Of what is timed, the base cell's step in every variant, and for how long."""
        timer = {"settings": self.clock, "version": version(self.root, "procedure", "clock")}
        return digest({"runs": self._templates["base"], **timer})

    def datasets(self, cell: str) -> list[str]:
        """What the variants of a cell read; nothing where their data is bundled or generated."""
        read = (self.run_config(name, cell)["task"].get("dataset") for name in self.variants_of(cell))
        return sorted({name for name in read if name})

    @property
    def all_datasets(self) -> list[str]:
        """What any cell reads."""
        return sorted({name for cell in self.levels for name in self.datasets(cell)})

    @property
    def replays(self) -> list[str]:
        """The published studies whose runs any variant replays."""
        tasks = [self.run_config(name)["task"] for name in self.variants]
        return sorted({task["published"] for task in tasks if task.get("published")})

    @property
    def data(self) -> dict[str, str]:
        """File -> SHA-256 of all that any cell reads."""
        read = {file: pinned for name in self.all_datasets for file, pinned in pins(name, self.root).items()}
        return read | {file: pinned for name in self.replays for file, pinned in standing(name, self.root).items()}

    def data_notes(self, cell: str) -> list[Path]:
        """The files that say that a cell's datasets are there, whole, as they are pinned."""
        return [Path("data", "raw", f"{name}-{digest(pins(name, self.root))}.json") for name in self.datasets(cell)]

    def ladder_of(self, cell: str) -> Ladder | None:
        """The ladder that a cell is a rung of; None for `base`, which is a rung of all."""
        return None if cell == "base" else self.ladders[cell.split("=")[0]]

    def variants_of(self, cell: str) -> tuple[str, ...]:
        """The variants that a cell trains: all in `base`, elsewhere those of its ladder."""
        ladder = self.ladder_of(cell)
        return ladder.variants if ladder else tuple(self.variants)

    def run_config(self, variant: str, cell: str = "base", rate: float | None = None) -> Tree:
        """The resolved configuration of one run: {procedure, engine, model, task, recipe}.

        The rate is put at `tune.path` where it is given, else the configuration's own stands there.
        """
        resolved = arms.apply(self.config, self.variants[variant].settings | self.levels[cell])
        return resolved if rate is None else put(resolved, self.tune.path, rate)

    def run_digest(self, variant: str, cell: str = "base", rate: float | None = None) -> str:
        return run_digest(self.run_config(variant, cell, rate), self.root)

    def rates_from(self, cell: str) -> tuple[str, ...]:
        """The tuned cells that a cell's rates come from: itself, the nearest on either side, or none."""
        ladder = self.ladder_of(cell)
        if cell in self.tune.cells:
            return (cell,)
        if ladder is None or ladder.measure == "edges":
            return ()
        rungs = [name for _, name in ladder.rungs]
        place = rungs.index(cell)
        below = [name for name in rungs[:place] if name in self.tune.cells]
        above = [name for name in rungs[place + 1 :] if name in self.tune.cells]
        return (*below[-1:], *above[:1])

    def targets_from(self, cell: str) -> tuple[str, ...]:
        """The tuned cells whose curves set what tuning a cell aims at: the base where it is time that counts."""
        ladder = self.ladder_of(cell)
        return ("base",) if ladder and ladder.measure == "time_to_target" else ()

    def tuning_digest(self, cell: str) -> str:
        """Of what a tuned cell's ledger is a function of: its variants, grids, seeds, the score."""
        grids = {name: list(self.tune.grids[name]) for name in self.variants_of(cell)}
        tuning = {"path": self.tune.path, "grids": grids, "seeds": list(self.seeds["tuning"])}
        score = {"criterion": str(self.score.criterion), "metrics": list(self.score.metrics)}
        targets = [self.tuning_digest(other) for other in self.targets_from(cell)]
        return digest({"runs": self._templates[cell], "tune": tuning, "score": score, "targets": targets})

    @cached_property
    def _templates(self) -> dict[str, dict[str, str]]:
        """Cell -> variant -> the digest of its configuration; the rate is left open where tuning fills it in."""
        return {cell: {name: self._template(name, cell) for name in self.variants_of(cell)} for cell in self.levels}

    def _template(self, variant: str, cell: str) -> str:
        config = self.run_config(variant, cell)
        return run_digest(put(config, self.tune.path, None) if self.rates_from(cell) else config, self.root)

    def _cell(self, name: str) -> Cell:
        sources = self.rates_from(name)
        tuning = {cell: self.tuning_digest(cell) for cell in sources}
        seeds = list(self.seeds["confirmation"])
        own = digest({"runs": self._templates[name], "tuning": list(tuning.values()), "seeds": seeds})
        return Cell(name, self.levels[name], own, tuning.get(name), sources)

    def record(self, cell: str, published: bool = True) -> Path:
        """The file of a cell's confirmation runs: the published one where there is one and it is wanted."""
        return self._stored(f"{cell}-{self.cells[cell].digest}.json.gz", published)

    def tuning_record(self, cell: str, published: bool = True) -> Path:
        """The file of a tuned cell's runs and ledger. Raises KeyError for a cell that is not tuned."""
        if cell not in self.tune.cells:
            raise KeyError(f"{self.name}: {cell} is not tuned, its rates come from {self.rates_from(cell)}")
        return self._stored(f"{cell}-{self.cells[cell].tuning_digest}.tuning.json.gz", published)

    def clock_record(self, published: bool = True) -> Path:
        """The file of the seconds and joules of a base cell's step. Raises KeyError where the study is not timed."""
        if self.alone:
            return self.record("base", published)
        if self.clock is None:
            raise KeyError(f"{self.name}: nothing is timed here")
        return self._stored(f"clock-{self.clock_digest}.json.gz", published)

    def _stored(self, file: str, published: bool) -> Path:
        kept = PUBLISHED / self.name / file
        return kept if published and (self.root / kept).is_file() else Path("data", "runs", self.name, file)

    @property
    def results(self) -> Path:
        return Path("data", "results", f"{self.name}-{self.digest}.json")

    @property
    def report_dir(self) -> Path:
        return Path("reports", self.name) if self.scale == "laptop" else Path("reports", self.scale, self.name)

    @cached_property
    def cost(self) -> Cost:
        steps = {
            (name, cell): self.run_config(name, cell)["recipe"].get("steps", 0)
            for cell in self.levels
            for name in self.variants_of(cell)
        }
        trials = {
            (name, cell): len(self.tune.grids[name]) * len(self.seeds["tuning"]) if cell in self.tune.cells else 0
            for name, cell in steps
        }
        fresh = len(self.seeds["confirmation"])
        total = sum(steps[key] * (trials[key] + fresh) for key in steps)
        return Cost(sum(trials.values()), fresh * len(steps), total)


# --- loading ---


def names(root: Path | None = None) -> list[str]:
    """The studies that exist, sorted."""
    return configuration.options(root or find_root(), "study")


def controls(root: Path | None = None) -> list[str]:
    """The controls, studies whose answer is known, sorted."""
    return configuration.options(root or find_root(), f"study/{configuration.CONTROLS}")


def load(
    name: str, scale: str = "laptop", overrides: Sequence[str] = (), root: Path | None = None, *, ladders: str = "all"
) -> Study:
    """One study, or one control, at one scale with the command line's overrides, checked and resolved.

    `ladders="claimed"` keeps what a claim compares, with and without, along the registered ladders of its constraints.
    Raises StudyError for whatever cannot be run as declared; nothing is written then.
    """
    root = Path(root).resolve() if root else find_root()
    _check_names(root, name, scale, overrides)
    cache = configuration.cache_file(root, name, scale, overrides)
    composed = configuration.recall(cache)
    fresh = composed is None
    if composed is None:
        composed = configuration.compose(root, name, scale, overrides)
    study = _resolve(root, name, scale, overrides, composed)
    if fresh:
        configuration.remember(cache, composed)
    return claimed_only(study) if ladders == "claimed" else study


def load_all(studies: Sequence[str], scale: str = "laptop", *, ladders: str = "all") -> dict[str, Study]:
    """Many studies by name, as `load` does each. Raises StudyError for the first that cannot be run as declared."""
    configuration.compose_ahead(find_root(), scale, studies)
    return {name: load(name, scale, ladders=ladders) for name in studies}


def claimed_only(study: Study) -> Study:
    """With and without, and the registered ladders of the claimed constraints alone: the same runs, but fewer."""
    arms = {name: study.variants[name] for name in ("with", "without")}
    primary = study.register["primary"]
    kept = {primary.get(constraint) for constraint in study.claim["constraints"]}
    kept |= {ladder.over for name, ladder in study.ladders.items() if name in kept}
    ladders = {
        name: replace(ladder, variants=tuple(variant for variant in ladder.variants if variant in arms))
        for name, ladder in study.ladders.items()
        if name in kept
    }
    cells = {"base", *(cell for ladder in ladders.values() for _, cell in ladder.rungs)}
    measured = {ladder.constraint for ladder in ladders.values()}
    why = "its ladder belongs to `all`, and only what the essays claim was asked for"
    return replace(
        study,
        subset="claimed",
        variants=arms,
        ladders=ladders,
        tune=replace(study.tune, cells=tuple(cell for cell in study.tune.cells if cell in cells)),
        clock=None,
        unmeasured=study.unmeasured | {name: why for name in CONSTRAINTS if name not in measured},
    )


def from_command_line(arguments: Sequence[str], root: Path | None = None) -> Study:
    """The study of `study=… [scale=…] [arm=…] [seed=…] [any override]`."""
    given = {"scale": "laptop"}
    rest = []
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key in ("study", "scale"):
            given[key] = value
        else:
            rest.append(argument)
    if "study" not in given:
        raise StudyError(COMMAND_LINE, "study", None, "study=" + one_of(names(root)))
    return load(given["study"], given["scale"], rest, root)


def _check_names(root: Path, name: str, scale: str, overrides: Sequence[str]) -> None:
    if name not in (known := [*names(root), *controls(root)]):
        raise StudyError("params/study", "study", name, one_of(known), known)
    file = configuration.study_file(root, name)
    if not NAME.fullmatch(name):
        raise StudyError(file, "the file's name", name, "a name of small letters, digits and _")
    if name in {*TARGETS, *rules(root)}:
        raise StudyError(file, "the file's name", name, "a name that no rule and no target has")
    if scale not in (scales := configuration.options(root, "scale")):
        raise StudyError("params/scale", "scale", scale, one_of(scales), scales)
    for key in map(configuration.override_key, overrides):
        if key in ("study", "scale"):
            raise StudyError(COMMAND_LINE, key, "an override", f"one study and one scale, {name} at {scale} here")


def rules(root: Path) -> list[str]:
    """The names of the workflow's rules."""
    files = [root / "Snakefile", *(root / "workflow" / "rules").glob("*.smk")]
    return [rule for file in files if file.is_file() for rule in _rules(file, configuration.stamp(file))]


@cache
def _rules(file: Path, stamp: tuple[int, int]) -> list[str]:
    """Those of a file as it is with this stamp; 75 studies of one process share it."""
    return RULE.findall(file.read_text(encoding="utf-8"))


def _resolve(root: Path, name: str, scale: str, overrides: Sequence[str], composed: Tree) -> Study:
    config, file = composed["config"], configuration.study_file(root, name)
    own = (config.get("scales") or {}).get(scale, [])
    where = Where(file, tuple(configuration.with_origin(file, scale, own, overrides)))
    where.mapping("", config, REQUIRED, (*OPTIONAL, *GIVEN))
    run = {key: config[key] for key in RUN_KEYS}
    parts.check_base(where, root, run, composed["parts"])
    variants, aside = arms.variants(where, config, run)
    for variant in variants.values():
        parts.check_variant(where, root, run, composed["parts"], variant)
    ladders = climbed.ladders(where, config, run, variants)
    kind = procedures.procedure(root, run["procedure"])
    register = claims.registration(where, config, ladders)
    procedures.check(where, kind, ladders)
    clock = claims.clock(where, config["clock"]) if kind.clock == "apart" else None
    return Study(
        name=name,
        title=where.text("title", config["title"]),
        paper=claims.paper(where, root, config["paper"]),
        claim=claims.claim(where, root, config["claim"]),
        procedure=config["procedure"],
        ablate=config["ablate"],
        variants=variants,
        ladders=ladders,
        score=climbed.score(register["primary"], ladders),
        tune=tuning.tune(where, config, run, variants, ladders, kind),
        register=register,
        expect=claims.expectation(where, config["expect"]),
        config=run,
        seeds=claims.seeds(where, config["seeds"]),
        clock=clock,
        alone=kind.alone,
        families=tested.families(register["primary"], ladders, variants, kind.alone or clock is not None),
        scale=scale,
        device=claims.device(where, config["device"], run["precision"]),
        subset="all",
        arm=claims.chosen_arm(where, config["arm"], variants),
        seed=claims.chosen_seed(where, config["seed"]),
        set_aside=aside,
        unmeasured=claims.unmeasured(register["primary"], ladders, scale),
        file=Path(file),
        root=root,
    )


# --- the command line ---


def main(arguments: Sequence[str]) -> int:
    """Print the list of studies, or one study's page; 2 and one line on stderr where that cannot be."""
    from ablatlas import page

    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    words = [word if re.search("[=~]", word) else f"study={word}" for word in arguments]
    try:
        if all(word.startswith("scale=") for word in words):
            studies = [from_command_line([f"study={name}", *words]) for name in names()]
            sections = page.index(studies)
        else:
            sections = page.study(from_command_line(words))
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    page.show(sections)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
