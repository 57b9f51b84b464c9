"""What a study is: one path, two values, and all that follows from them: variants, ladders, cells, digests, files.

`load` composes, checks and resolves one study without importing torch; the Snakefile imports this module alone.
`python -m ablatlas.study` lists the studies, `python -m ablatlas.study residual [scale=smoke] [override …]` shows one.
"""

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ablatlas import config as configuration
from ablatlas import declaration, references, source
from ablatlas.config import COMMAND_LINE, PARTS, StudyError, at, find_root, one_of, paths, put
from ablatlas.declaration import (
    CONSTRAINTS, OPTIONAL, REQUIRED, RUN_KEYS, SET_ELSEWHERE, Criterion, Ladder, Tree, Tune, Variant, Where,
)  # fmt: skip

__all__ = [
    "CONSTRAINTS", "Cell", "Cost", "Criterion", "Ladder", "Study", "StudyError", "Tune", "Variant", "find_root",
    "from_command_line", "load", "main", "names", "run_digest", "run_key",
]  # fmt: skip

# Targets, folders and commands: a study of the same name could not be asked for by it.
TARGETS = (
    "all", "headline", "controls", "plan", "publish", "atlas", "data", "tune", "train", "clock", "measure", "report",
    "resolved", "figure", "test", "check", "bench", "env", "published", "runs", "checkpoints", "raw", "results",
    "reports", "smoke", "laptop", "gpu",
)  # fmt: skip
RULE = re.compile(r"^\s*(?:rule|checkpoint)\s+(\w+)\s*:", re.MULTILINE)
FIRST_TUNING_SEED = 1000  # confirmation seeds count from 0 and stay below, so that the two never meet


@dataclass(frozen=True)
class Cell:
    """One level of one ladder, every variant and seed of it: the unit of work.

    `settings` puts the base configuration at the level; `rates_from` names the tuned cells that its rates come
    from, itself where it is tuned; `tuning_digest` is None where it is not.
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
    """One study at one scale, resolved. `unmeasured` says of each registered constraint that cannot be measured why.

    `config` holds what a run is a function of: procedure, engine, model, task, recipe. `arm` and `seed` are what
    the command line asked for; `set_aside` are contrasts that coincide with an arm. All paths are relative to `root`.
    """

    name: str
    title: str
    paper: str
    claim: Tree
    procedure: str
    ablate: str
    variants: dict[str, Variant]
    ladders: dict[str, Ladder]
    tune: Tune
    register: Tree
    expect: Tree
    config: Tree
    seeds: dict[str, tuple[int, ...]]
    scale: str
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

    @cached_property
    def levels(self) -> dict[str, Tree]:
        """Cell -> the settings that put the base configuration at its level; `base` first."""
        climbed = [ladder for ladder in self.ladders.values() if not ladder.evaluated]
        rungs = {cell: {str(ladder.path): level} for ladder in climbed for level, cell in ladder.rungs}
        return {"base": {}} | {cell: settings for cell, settings in rungs.items() if cell != "base"}

    @cached_property
    def cells(self) -> dict[str, Cell]:
        return {name: self._cell(name) for name in self.levels}

    @cached_property
    def digest(self) -> str:
        """Of the cells' digests and the versions of `stats`; of no title, claim, registration or rule."""
        stats = source.package(self.root) / "stats"
        versions = {name: source.version(stats / f"{name}.py") for name in source.modules(stats)}
        cells = {name: [cell.digest, cell.tuning_digest] for name, cell in self.cells.items()}
        return _digest({"cells": cells, "stats": {name: v for name, v in versions.items() if v is not None}})

    def ladder_of(self, cell: str) -> Ladder | None:
        """The ladder that a cell is a rung of; for `base`, the first registered one, else the first."""
        if cell != "base":
            return self.ladders[cell.split("=")[0]]
        registered = [name for name in self.register["primary"].values() if name in self.ladders]
        return self.ladders[(registered or list(self.ladders))[0]] if self.ladders else None

    def criterion(self, cell: str = "base") -> Criterion | None:
        """The criterion whose metric tuning scores in a cell; None on a resource ladder, scored by held-out loss."""
        ladder = self.ladder_of(cell)
        return ladder.solved if ladder else None

    def run_config(self, variant: str, cell: str = "base", rate: float | None = None) -> Tree:
        """The resolved configuration of one run: {procedure, engine, model, task, recipe}.

        The rate is put at `tune.path` where it is given, else the configuration's own stands there.
        """
        resolved = declaration.apply(self.config, self.variants[variant].settings | self.levels[cell])
        return resolved if rate is None else put(resolved, self.tune.path, rate)

    def run_digest(self, variant: str, cell: str = "base", rate: float | None = None) -> str:
        return run_digest(self.run_config(variant, cell, rate), self.root)

    def rates_from(self, cell: str) -> tuple[str, ...]:
        """The tuned cells that a cell's rates come from: itself, or the nearest tuned ones below and above it."""
        if cell in self.tune.cells:
            return (cell,)
        rungs = self.ladders[cell.split("=")[0]].rungs
        place = [name for _, name in rungs].index(cell)
        below = [name for _, name in rungs[:place] if name in self.tune.cells]
        above = [name for _, name in rungs[place + 1 :] if name in self.tune.cells]
        return (below[-1], above[0])

    def tuning_digest(self, cell: str) -> str:
        """Of what a tuned cell's ledger is a function of: every variant's template, the grids, seeds, criterion."""
        grids = {name: list(grid) for name, grid in self.tune.grids.items()}
        tuning = {"path": self.tune.path, "grids": grids, "seeds": list(self.seeds["tuning"])}
        return _digest({"runs": self._templates(cell), "tune": tuning, "criterion": str(self.criterion(cell))})

    def _templates(self, cell: str) -> dict[str, str]:
        """Variant -> the digest of its configuration with the rate left open, since tuning fills it in."""
        return {
            name: run_digest(put(self.run_config(name, cell), self.tune.path, None), self.root) for name in self.variants
        }

    def _cell(self, name: str) -> Cell:
        sources = self.rates_from(name)
        tuning = {cell: self.tuning_digest(cell) for cell in sources}
        seeds = list(self.seeds["confirmation"])
        digest = _digest({"runs": self._templates(name), "tuning": list(tuning.values()), "seeds": seeds})
        return Cell(name, self.levels[name], digest, tuning.get(name), sources)

    def record(self, cell: str, published: bool = True) -> Path:
        """The file of a cell's confirmation runs: the published one where there is one and it is wanted."""
        return self._stored(f"{cell}-{self.cells[cell].digest}.json.gz", published)

    def tuning_record(self, cell: str, published: bool = True) -> Path:
        """The file of a tuned cell's runs and ledger. Raises KeyError for a cell that is not tuned."""
        if cell not in self.tune.cells:
            raise KeyError(f"{self.name}: the cell {cell} is not tuned, its rates come from {self.rates_from(cell)}")
        return self._stored(f"{cell}-{self.cells[cell].tuning_digest}.tuning.json.gz", published)

    def _stored(self, file: str, published: bool) -> Path:
        kept = Path("data", "published", self.name, file)
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
            for name in self.variants
            for cell in self.levels
        }
        trials = {
            (name, cell): len(self.tune.grids[name]) * len(self.seeds["tuning"]) if cell in self.tune.cells else 0
            for name, cell in steps
        }
        fresh = len(self.seeds["confirmation"])
        total = sum(steps[key] * (trials[key] + fresh) for key in steps)
        return Cost(sum(trials.values()), fresh * len(steps), total)


# --- digests ---


def _digest(value: object) -> str:
    """The first 12 hexadecimal digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_digest(run_config: Tree, root: Path | None = None) -> str:
    """The digest of a run: its resolved configuration and the VERSION of each module that it names.

    Raises StudyError where a module does not exist or declares no VERSION.
    """
    root = root or find_root()
    versions = {kind: _version(root, kind, name) for kind, name in _modules(run_config).items()}
    return _digest({"config": run_config, "versions": versions})


FOLDERS = {"model": "models", "task": "tasks", "procedure": "procedures", "engine": "train"}


def _modules(run: Tree) -> dict[str, str]:
    """What of a run is a module, and its name."""
    return {kind: run[kind]["name"] if kind in PARTS else run[kind] for kind in FOLDERS}


def _version(root: Path, kind: str, name: str) -> int:
    folder = source.package(root) / FOLDERS[kind]
    if name not in (known := source.modules(folder)):
        raise StudyError(f"src/ablatlas/{FOLDERS[kind]}", kind, name, one_of(known), known)
    number = source.version(folder / f"{name}.py")
    if number is None:
        raise StudyError(f"src/ablatlas/{FOLDERS[kind]}/{name}.py", "VERSION", None, "VERSION = a whole number")
    return number


def run_key(digest: str, seed: int, engine: str, torch: str, device: str, threads: int) -> str:
    """What makes two runs the same run, as one word fit for a file name."""
    return f"{digest}-s{seed}-{engine}-{torch}-{device}-t{threads}"


# --- loading ---


def names(root: Path | None = None) -> list[str]:
    """The studies that exist, sorted."""
    return configuration.options(root or find_root(), "study")


def load(name: str, scale: str = "laptop", overrides: Sequence[str] = (), root: Path | None = None) -> Study:
    """One study at one scale with the command line's overrides, checked and resolved.

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
    return study


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
    if name not in (known := names(root)):
        raise StudyError("params/study", "study", name, one_of(known), known)
    file = f"params/study/{name}.yaml"
    if not declaration.NAME.fullmatch(name):
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
    return [rule for file in files if file.is_file() for rule in RULE.findall(file.read_text(encoding="utf-8"))]


def _resolve(root: Path, name: str, scale: str, overrides: Sequence[str], composed: Tree) -> Study:
    config, file = composed["config"], f"params/study/{name}.yaml"
    own = (config.get("scales") or {}).get(scale, [])
    applied = [(item, f"{file}: scales.{scale}") for item in own] + [(item, COMMAND_LINE) for item in overrides]
    where = Where(file, tuple(applied))
    where.mapping("", config, REQUIRED, (*OPTIONAL, *SET_ELSEWHERE))
    run = {key: config[key] for key in RUN_KEYS}
    _check_run(where, root, run, composed["parts"])
    variants, aside = declaration.variants(where, config, run)
    for variant in variants.values():
        _check_run(where, root, declaration.apply(run, variant.settings), composed["parts"], _label(variant))
    ladders = declaration.ladders(where, config, run, variants)
    register = _registration(where, config, ladders)
    return Study(
        name=name, title=where.text("title", config["title"]), paper=_paper(where, root, config["paper"]),
        claim=_claim(where, root, config["claim"]), procedure=config["procedure"], ablate=config["ablate"],
        variants=variants, ladders=ladders, tune=declaration.tune(where, config, run, variants, ladders),
        register=register, expect=_expectation(where, config["expect"]), config=run, seeds=_seeds(where, config),
        scale=scale, arm=_arm(where, config["arm"], variants), seed=_seed(where, config["seed"]), set_aside=aside,
        unmeasured=_unmeasured(register["primary"], ladders, scale), file=Path(file), root=root,
    )  # fmt: skip


# --- the checks that need more than the declaration itself: files of parameters, modules, the bibliography ---


def _label(variant: Variant) -> str:
    return f"arms.{variant.name}" if variant.arm == variant.name else f"contrasts.{variant.name}.set"


def _check_run(where: Where, root: Path, run: Tree, parts: Tree, label: str = "") -> None:
    """Every part is what its file declares, every module that it names exists, and so does every word in `nn`."""
    for group in PARTS:
        name = run[group].get("name") if isinstance(run[group], dict) else None
        where.choose(label or f"{group}.name", name, parts[group])
        _check_part(where, group, run[group], parts[group][name], label)
    for kind, name in _modules(run).items():
        known = source.modules(source.package(root) / FOLDERS[kind])
        where.choose(label or kind, name, known)
        _version(root, kind, name)
    nn = source.package(root) / "nn"
    for path in paths(run["model"], "model."):
        part, word = path.rsplit(".", 1)[1], at(run, path)
        if isinstance(word, str) and part in source.modules(nn) and word not in (known := source.words(nn / f"{part}.py")):
            _stray(where, run, parts, label, path, word, known)


def _stray(where: Where, run: Tree, parts: Tree, label: str, path: str, word: str, known: Sequence[str]) -> None:
    """Refuse a word that no part has, in the file that says it."""
    name, inner = run["model"]["name"], path.removeprefix("model.")
    default = parts["model"][name]
    if not label and inner in set(paths(default)) and at(default, inner) == word:
        raise StudyError(f"params/model/{name}.yaml", inner, word, one_of(known), known)
    where.fail(label or path, word, f"for {path} {one_of(known)}" if label else one_of(known), known)


def _check_part(where: Where, path: str, tree: Tree, declared: Tree, label: str) -> None:
    for key in tree:
        if key not in declared:
            where.fail(label or f"{path}.{key}", f"{path}.{key}", f"one of the keys {', '.join(declared)}", declared)
    for key, base in declared.items():
        if key not in tree:
            where.fail(label or f"{path}.{key}", None, f"a value for {path}.{key}")
        declaration.check_kind(where, f"{path}.{key}", base, tree[key], label)
        if isinstance(base, dict) and isinstance(tree[key], dict) and not label:
            _check_part(where, f"{path}.{key}", tree[key], base, label)


def _paper(where: Where, root: Path, paper: object) -> str:
    where.choose("paper", paper, references.read(root))
    return str(paper)


def _claim(where: Where, root: Path, claim: object) -> Tree:
    declared = where.mapping("claim", claim, ("constraints", "source", "text"), ("implied",))
    for key in ("constraints", "implied"):
        if not isinstance(listed := declared.get(key, []), list):
            where.fail(f"claim.{key}", listed, "a list of constraints")
        for constraint in listed:
            where.choose(f"claim.{key}", constraint, CONSTRAINTS)
    essays = [key for key in references.read(root) if re.fullmatch(r"E\d+", key)]
    sources = declared["source"] if isinstance(declared["source"], list) else [declared["source"]]
    for essay in sources:
        where.choose("claim.source", essay, essays)
    where.text("claim.text", declared["text"])
    return declared | {"implied": declared.get("implied", [])}


def _registration(where: Where, config: Tree, ladders: dict[str, Ladder]) -> Tree:
    declared = where.mapping("register", config["register"], ("primary",), ("delta", "paired", "after_pilots"))
    if not isinstance(primary := declared["primary"], dict):
        where.fail("register.primary", primary, "a mapping from a constraint to its ladder")
    for constraint, ladder in primary.items():
        label = f"register.primary.{constraint}"
        where.choose(label, constraint, CONSTRAINTS)
        if ladder in ladders and ladders[ladder].constraint != constraint:
            where.fail(label, ladder, f"a ladder of {constraint} ({ladder} is one of {ladders[ladder].constraint})")
        if ladder not in config["ladders"] and not declaration.deleted(where, str(ladder)):
            where.fail(label, ladder, one_of(config["ladders"]), config["ladders"])
    delta, paired = declared.get("delta", 1.1), declared.get("paired", False)
    if not declaration.is_number(delta) or not delta > 1:
        where.fail("register.delta", delta, "a ratio above 1")
    if not isinstance(paired, bool):
        where.fail("register.paired", paired, "true or false")
    pilots = declared.get("after_pilots", [])
    if not isinstance(pilots, list) or not all(isinstance(pilot, str) for pilot in pilots):
        where.fail("register.after_pilots", pilots, "a list of sentences")
    return declared | {"delta": delta, "paired": paired, "after_pilots": pilots}


def _expectation(where: Where, expect: object) -> Tree:
    declared = where.mapping("expect", expect, ("direction",), ("published",))
    for key, value in declared.items():
        where.text(f"expect.{key}", value)
    return declared


def _seeds(where: Where, config: Tree) -> dict[str, tuple[int, ...]]:
    counts = where.mapping("seeds", config["seeds"], ("tuning", "confirmation"))
    for phase, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= FIRST_TUNING_SEED:
            where.fail(f"seeds.{phase}", count, f"a whole number from 1 to {FIRST_TUNING_SEED}")
    first = {"tuning": FIRST_TUNING_SEED, "confirmation": 0}
    return {phase: tuple(range(first[phase], first[phase] + counts[phase])) for phase in first}


def _arm(where: Where, arm: object, variants: dict[str, Variant]) -> str | None:
    if arm is not None:
        where.choose("arm", arm, variants)
    return None if arm is None else str(arm)


def _seed(where: Where, seed: Any) -> int | None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        where.fail("seed", seed, "a whole number from 0")
    return seed


def _unmeasured(primary: Tree, ladders: dict[str, Ladder], scale: str) -> dict[str, str]:
    return {
        constraint: f"its ladder {ladder} is not climbed at scale {scale}"
        for constraint, ladder in primary.items()
        if ladder not in ladders
    }


# --- the command line ---


def main(arguments: Sequence[str]) -> int:
    """Print the list of studies, or one study's page; 2 and one line on stderr where that cannot be."""
    from ablatlas import page

    words = [f"study={word}" if "=" not in word and word[:1] not in "~-" else word for word in arguments]
    chosen = [word for word in words if not word.startswith("scale=")]
    scale = next((word.partition("=")[2] for word in words if word.startswith("scale=")), "laptop")
    try:
        text = page.study(from_command_line(words)) if chosen else page.index([load(name, scale) for name in names()])
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    page.show(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
