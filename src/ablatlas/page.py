"""A study as a page, and the list of all studies: laid out by rich on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablatlas import references
from ablatlas.data import registry
from ablatlas.errors import show as say
from ablatlas.tree import at

if TYPE_CHECKING:
    from ablatlas.study import Ladder, Study, Variant

Sections = list[tuple[str, list[str]]]  # a heading and the lines under it


def index(studies: Sequence["Study"]) -> Sections:
    """One section a study: what is claimed, which path is ablated, which levels are climbed."""
    return [(study.name, [study.title, _claimed(study), _factor(study), *_ladders(study)]) for study in studies]


def study(study: "Study") -> Sections:
    """Everything that the study's file decides, resolved."""
    bibliography = references.read(study.root)
    return [
        (study.name, [f"{study.title}, at scale {study.scale}", f"{study.file}"]),
        ("paper", [references.cite(bibliography[study.paper])]),
        (
            "claim",
            [
                _claimed(study),
                study.claim["text"],
                *(references.cite(bibliography[e]) for e in essays(study)),
            ],
        ),
        ("differs in", [_factor(study)]),
        ("arms", [_variant(study, v) for v in study.variants.values() if v.name == v.arm]),
        (
            "contrasts",
            [*(_variant(study, v) for v in study.variants.values() if v.name != v.arm), *_aside(study)],
        ),
        ("held equal", _equal(study)),
        *([("data", lines)] if (lines := data(study)) else []),
        ("ladders", _ladders(study)),
        ("tuning", _tuning(study)),
        ("seeds", [f"{phase}: {', '.join(map(str, seeds))}" for phase, seeds in study.seeds.items()]),
        ("cost", _cost(study)),
        ("registered", _registered(study)),
        ("expected", [study.expect["direction"]]),
        ("published", [study.expect.get("published", "no figure")]),
        ("digests", [f"study {study.digest}", *_digests(study)]),
    ]


def show(sections: Sections) -> None:
    """Print sections to standard output."""
    from rich.console import Console
    from rich.table import Table

    if not sys.stdout.isatty():
        print("\n".join(f"{h if i == 0 else '':12} {line}" for h, ls in sections for i, line in enumerate(ls)))
        return
    table = Table.grid(padding=(0, 2, 1, 0))
    table.add_column(style="bold", no_wrap=True)
    for heading, lines in sections:
        table.add_row(heading, "\n".join(lines))
    Console(markup=False, highlight=False).print(table)


def data(study: "Study") -> list[str]:
    """A line for each dataset that any cell reads; none where all is bundled or generated."""
    return [_dataset(registry.dataset(name)) for name in study.all_datasets]


def _dataset(of: registry.Dataset) -> str:
    files = f"{len(of.files)} file{'s' if len(of.files) > 1 else ''}"
    told = f"{of.title} ({of.cite}; licence: {of.licence}): train / validation / test {of.splits}"
    return f"{told}; {files}, {of.bytes:,} bytes, pinned by SHA-256, which every record's provenance repeats"


def essays(study: "Study") -> list[str]:
    """The keys of the essays that make the claim."""
    source = study.claim["source"]
    return list(source) if isinstance(source, list) else [source]


def _claimed(study: "Study") -> str:
    implied = f" (implied: {', '.join(study.claim['implied'])})" if study.claim["implied"] else ""
    return f"relaxes {', '.join(study.claim['constraints']) or 'nothing'}{implied}"


def _factor(study: "Study") -> str:
    arms = [variant for variant in study.variants.values() if variant.name == variant.arm]
    return f"{study.ablate}: " + ", ".join(f"{say(arm.settings[study.ablate])} ({arm.name})" for arm in arms)


def _variant(study: "Study", variant: "Variant") -> str:
    role = "" if variant.role == variant.name else f" [{variant.role}]"
    settings = ", ".join(f"{path} = {say(value)}" for path, value in variant.settings.items())
    return f"{variant.name}{role}: {settings}"


def _aside(study: "Study") -> list[str]:
    return [f"{name}: set aside, since it {reason}" for name, reason in study.set_aside.items()]


def _equal(study: "Study") -> list[str]:
    """The base configuration outside the ablated path: the same for all arms by construction."""
    group, _, rest = study.ablate.partition(".")
    lines = [f"procedure = {study.procedure}, engine = {study.engine}"]
    for part in ("model", "task", "recipe"):
        varied = {rest.split(".")[0]} if part == group else set()
        tree = at(study.config, part)
        shared = (f"{key} = {say(value)}" for key, value in tree.items() if key not in varied)
        lines.append(f"{part}: " + ", ".join(shared))
    return lines


def _ladders(study: "Study") -> list[str]:
    missing = [f"{constraint}: not measured, {reason}" for constraint, reason in study.unmeasured.items()]
    return [_ladder(ladder) for ladder in study.ladders.values()] + missing


def _ladder(ladder: "Ladder") -> str:
    axis = "evaluated at" if ladder.evaluated else f"{ladder.path} ="
    solved = f", solved: {ladder.solved}" if ladder.solved else ""
    levels = ", ".join(map(str, ladder.levels))
    kind = f"{ladder.constraint}, {ladder.measure}"
    return f"{ladder.name} ({kind}): {axis} {levels}; reference {ladder.reference}{solved}"


def _tuning(study: "Study") -> list[str]:
    """The grids, each with the variants that share it, and the cells that are tuned."""
    shared: dict[tuple[float, ...], list[str]] = {}
    for name, grid in study.tune.grids.items():
        shared.setdefault(grid, []).append(name)
    whose = {grid: "all" if len(shared) == 1 else ", ".join(names) for grid, names in shared.items()}
    if not study.tuned_cells:
        return [f"none: {study.procedure} trains nothing, there is no rate to choose"]
    grids = [f"{study.tune.path} in {', '.join(f'{r:g}' for r in grid)} ({who})" for grid, who in whose.items()]
    return [*grids, "cells: " + ", ".join(study.tune.cells)]


def _cost(study: "Study") -> list[str]:
    cost = study.cost
    cells = f"{len(study.cells)} cells, {len(study.variants)} variants"
    total = f"{cost.tuning + cost.confirmation} runs ({cost.tuning} tuning, {cost.confirmation} confirmation)"
    return [f"{cells}: {total}, {cost.steps:,} steps, before reuse and extension of a grid"]


def _registered(study: "Study") -> list[str]:
    primary = ", ".join(f"{constraint} by {ladder}" for constraint, ladder in study.register["primary"].items())
    test = "paired" if study.register["paired"] else "unpaired"
    pilots = [f"after pilots: {pilot}" for pilot in study.register["after_pilots"]]
    return [f"primary: {primary}; delta {study.register['delta']}, {test}", *pilots]


def _digests(study: "Study") -> list[str]:
    def line(name: str, digest: str, tuning: str | None) -> str:
        if not study.tuned_cells:
            return f"{name} {digest}"
        return f"{name} {digest}, " + (f"tuning {tuning}" if tuning else "rates interpolated")

    return [line(cell.name, cell.digest, cell.tuning_digest) for cell in study.cells.values()]
