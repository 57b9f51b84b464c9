"""What was equal, what was tried before, and what a report does not show."""

from __future__ import annotations

from typing import Any

from ablatlas import page
from ablatlas.report import banners
from ablatlas.report.numbers import number
from ablatlas.report.view import CONSTRAINTS, Rows, View, headline, shown, why_not
from ablatlas.report.words import capitalized, listed

COUNTS = {"parameters": "parameters", "trainable": "trainable parameters", "flops_per_step": "FLOPs a step"}


def equality(view: View) -> list[str]:
    """For every variant, which counts it shares with `with` in the cells of both, and which differ where."""
    return [equal(view, name) for name in view.roles if name != "with"]


def equal(view: View, name: str) -> str:
    """Which counts a variant shares with `with`, and which differ where."""
    differing = {label: _differing(view, name, key) for key, label in COUNTS.items()}
    shared = [label for label, difference in differing.items() if not difference]
    same = [f"as many {listed(shared)} as `with` in every cell"] if shared else []
    said = {d: [label for label in differing if differing[label] == d] for d in differing.values() if d}
    return f"`{name}`: {'; '.join([*same, *(f'{listed(labels)} differ: {d}' for d, labels in said.items())])}."


def _differing(view: View, name: str, key: str) -> str:
    """The first cell in which a count differs from that of `with`; empty where none does."""
    own = {row["cell"]: row[key] for row in view.table("meters", variant=name)}
    base = {row["cell"]: row[key] for row in view.table("meters", variant="with")}
    cells = [cell for cell in own if own[cell] != base.get(cell)]
    if not cells:
        return ""
    first = cells[0]
    more = f", and in {len(cells) - 1} more cells" if len(cells) > 1 else ""
    return f"{number(own[first])} against {number(base.get(first))} in cell {first}{more}"


def difference(view: View) -> str:
    """The arms and contrasts as the study's file has them: path, values and roles."""
    study = view.study
    lines = [f"ablate: {study.ablate}", "arms:"]
    for variant in study.variants.values():
        if variant.arm == variant.name:
            role = "" if variant.role == variant.name else f"  # {variant.role}"
            lines.append(f"  {variant.name}: {shown(variant.settings[study.ablate])}{role}")
    others = [variant for variant in study.variants.values() if variant.arm != variant.name]
    lines += ["contrasts:"] if others else []
    for variant in others:
        further = {path: value for path, value in variant.settings.items() if path != study.ablate}
        listed = ", ".join(f"{path}: {shown(value)}" for path, value in further.items())
        lines.append(f"  {variant.name}: {{arm: {variant.arm}, set: {{{listed}}}}}  # {variant.role}")
    return "\n".join(lines)


def limits(view: View) -> list[str]:
    """What this report does not show."""
    study = view.study
    config = study.config
    missing = [name for name in CONSTRAINTS if headline(view.results, name) is None]
    return [
        f"Scale {study.scale}, device {view.results.get('device') or 'not recorded'}: model "
        f"{config['model']['name']}, task {config['task']['name']}, recipe {config['recipe']['name']}. "
        "Nothing here says how the effect grows or shrinks at the size of the original paper.",
        *(f"Data: {line}." for line in page.data(study)),
        *_ladder_limits(view.verdicts),
        *_measure_limits(view.verdicts),
        *([text] if (text := _clock(view)) else []),
        banners.controls_line(view.controls),
        *(f"Not measured: {CONSTRAINTS[name]} ({why_not(view.results, name)})." for name in missing),
    ]


def _ladder_limits(verdicts: Rows) -> list[str]:
    floors: dict[str, Any] = {v["floor"]["text"]: None for v in verdicts if v.get("floor")}
    return [f"{capitalized(text)}; smaller differences could not have been shown." for text in floors]


# What each kind of measure leaves open.
OPEN = {
    "threshold": "Levels between two rungs were not run: a bracket is as wide as the ladder is coarse.",
    "resource": "A ratio along a resource is an exchange rate at one reference and one size: gains at small scale are "
    "known not to transfer as one number.",
    "time_to_target": "Times to target hold at a constant rate after warm-up; a decaying schedule would need its own "
    "ladder of budgets.",
}


def _measure_limits(verdicts: Rows) -> list[str]:
    found = {v["measure"] for v in verdicts}
    return [text for measure, text in OPEN.items() if measure in found]


def _clock(view: View) -> str:
    clock = view.results.get("clock")
    if not clock:
        return ""
    alone = "to itself" if clock["exclusive"] else "shared with other work, so its times are not for comparison"
    return f"Seconds were taken on one {clock['device']}, {alone}; another machine has other net terms."


def registered(view: View) -> list[str]:
    """Designs that were tried on tuning seeds and discarded before the confirmatory runs."""
    after: Any = view.results["registration"].get("after_pilots") or []
    return [after] if isinstance(after, str) else [str(item) for item in after]
