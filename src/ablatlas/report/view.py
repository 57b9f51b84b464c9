"""A study's results beside its declaration: what every section of its report reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablatlas.stats import atlas
from ablatlas.stats.atlas import UNCOUNTED

if TYPE_CHECKING:
    from ablatlas.study import Ladder, Study

Row = Mapping[str, Any]
Rows = Sequence[Row]

# In the order of the atlas: what is hard to come by, then what makes more of it.
CONSTRAINTS = {
    "data": "data",
    "compute": "compute",
    "energy": "energy",
    "parameters": "parameters",
    "optimization": "optimization & regularization",
    "architecture": "architecture",
    "efficiency": "compute efficiency",
}
HARD = ("data", "compute", "energy")
# The measures that a report has words and figures for, and how a table names them.
MEASURES = {
    "threshold": "threshold",
    "edges": "range of rates",
    "resource": "resource",
    "time_to_target": "time to target",
    "frontier": "frontier",
    "flops_per_step": "FLOPs per step",
    "flop_rate": "FLOP/s",
    "power": "mean power",
}
LOSSES = ("loss", "train_loss", "val_loss", "test_loss")  # all of one unit, and of one cap
NEEDED = (
    *("study", "scale", "seeds", "digest", "states", "tuning", "registration", "claim", "expect"),
    *("ledgers", "criteria", "verdicts", "unmeasured", "tables"),
)


class ReportError(ValueError):
    """Results that cannot be reported honestly; the message names the file and what was found and expected."""


def read(path: Path) -> Row:
    """One results file. Raises ReportError if it is unreadable, incomplete or holds what a report cannot express."""
    try:
        results: Row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path}: not a results file ({error})") from error
    check(results, str(path))
    return results


def check(results: Row, where: str) -> None:
    """Refuse results that lack a section, or speak of a constraint or a measure that is unknown here."""
    if missing := [key for key in NEEDED if key not in results]:
        raise ReportError(f"{where}: no {', '.join(missing)}; expected a results file of the measuring step")
    for verdict in results["verdicts"]:
        _known(verdict, "constraint", CONSTRAINTS, where)
        _known(verdict, "measure", MEASURES, where)


def _known(verdict: Row, key: str, known: Sequence[str] | Mapping[str, str], where: str) -> None:
    if verdict[key] not in known:
        raise ReportError(
            f"{where}: verdict on {verdict['contrast']!r} has {key} {verdict[key]!r}, "
            f"which reports cannot express; expected one of {', '.join(known)}"
        )


@dataclass(frozen=True)
class View:
    """A study and its results, made sure to belong together."""

    study: Study
    results: Row
    controls: Row | None = None  # what the controls of this version found; None where they were not run

    def __post_init__(self) -> None:
        for key in ("scale", "digest"):
            found, expected = self.results[key], getattr(self.study, key)
            if found != expected:
                raise ReportError(
                    f"results of {self.results['study']}: {key} is {found}, but the study as it stands today "
                    f"has {expected}; measure it again"
                )

    @property
    def roles(self) -> dict[str, str]:
        """Role of every variant, in the study's order."""
        return {name: variant.role for name, variant in self.study.variants.items()}

    @property
    def verdicts(self) -> Rows:
        """Every verdict."""
        return list(self.results["verdicts"])

    @property
    def ladders(self) -> list[Ladder]:
        """The ladders that were measured, that of the headline first."""
        judged = [*headlines(self.results), *self.verdicts]
        names = [v["ladder"] for v in judged if v["ladder"]] + list(self.results["criteria"])
        return [self.study.ladders[name] for name in dict.fromkeys(names)]

    @property
    def leading(self) -> list[str]:
        """The cells of the main ladder, whose curves and mechanism a report shows; all where no ladder has cells."""
        main = self.ladders[0] if self.ladders else None
        rungs = [] if main is None else [cell for _, cell in main.rungs]
        return list(dict.fromkeys(rungs)) or list(self.study.cells)

    def on(self, ladder: Ladder) -> Rows:
        """The verdicts on a ladder, that of the plain ablation first."""
        found = [v for v in self.verdicts if v["ladder"] == ladder.name]
        return sorted(found, key=lambda v: v["role"] != "without")

    def shown(self, rows: Rows) -> dict[str, str]:
        """Role of every variant that some rows of a table speak of, in the study's order."""
        present = {row["variant"] for row in rows}
        return {name: role for name, role in self.roles.items() if name in present}

    def table(self, name: str, /, **where: Any) -> list[Row]:
        """Rows of a table whose columns have the values of `where`."""
        rows = self.results["tables"].get(name, [])
        return [row for row in rows if all(row[key] == value for key, value in where.items())]

    def cap(self, ladder: Ladder) -> float | None:
        """What a predictor that ignores its input scores in a ladder's metric; None where tuning read no such one."""
        if not self.study.tuned_cells:
            return None
        entry, metric = self.results["ledgers"]["base"], self.metric(ladder)
        same = entry["metric"] == metric or {entry["metric"], metric} <= set(LOSSES)
        return signed(entry, entry["cap"]) if same else None

    def metric(self, ladder: Ladder) -> str:
        """What is read on a ladder: its criterion's metric, else the held-out loss."""
        return str(self.criterion(ladder)["metric"]) if ladder.solved else "loss"

    def criterion(self, ladder: Ladder) -> Row:
        """When a run on a ladder counts as solved; the value is None where tuning set it and the results lack it."""
        declared = ladder.solved
        assert declared is not None, f"{ladder.name}: runs on a ladder of {ladder.measure} are not solved one by one"
        value = None if declared.value == "midpoint" else declared.value
        own = {"metric": declared.metric, "op": declared.op, "value": value}
        return self.results["criteria"].get(ladder.name, own)

    def label(self, variant: str) -> str:
        """A variant's name, with its role where the name does not say it."""
        role = self.roles[variant]
        return variant if role == variant else f"{variant} ({role})"

    def difference(self, variant: str) -> str:
        """A variant's values on the paths that it sets, as one line."""
        return ", ".join(f"{path} = {shown(value)}" for path, value in self.study.variants[variant].settings.items())


def signed(ledger: Row, score: float) -> float:
    """A score of a ledger in units of its metric: where more is better, ledgers hold the negative."""
    return -score if ledger["goal"] == "max" else score


def shown(value: Any) -> str:
    """A configuration's value in a line of text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def load(
    study: str, scale: str, results: str | Path, root: str | Path | None = None, controls: str | Path | None = None
) -> View:
    """The view of one study. Raises ReportError or the study's own error."""
    from ablatlas.study import load as load_study

    found = read(Path(results))
    if found["study"] != study:
        raise ReportError(f"{results}: results of study {found['study']}, expected {study}")
    declared = load_study(study, scale, root=Path(root) if root else None, ladders=found.get("subset", "all"))
    return View(declared, found, read_controls(controls))


def read_controls(path: str | Path | None) -> Row | None:
    """What the controls found; None where no file is named. Raises ReportError for what is no such file."""
    if not path:
        return None
    try:
        found: Row = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path}: not a file of controls ({error})") from error
    if not isinstance(found, dict) or "passed" not in found:
        raise ReportError(f"{path}: does not say whether the controls passed; expected a file of the controls step")
    return found


def headlines(results: Row) -> Rows:
    """The verdicts that answer the essays: `with` against `without` on each primary ladder, claimed ones first."""
    main = [v for v in results["verdicts"] if v["role"] == "without" and v["primary"]]
    return sorted(main, key=lambda v: (v["claimed"] is not True, v["claimed"] is False))


def headline(results: Row, constraint: str) -> Row | None:
    """The verdict that stands for one constraint. None where nothing was measured; `why_not` then says why."""
    return atlas.standing(results, constraint)


def why_not(results: Row, constraint: str) -> str:
    """Why a constraint that has no verdict has none."""
    if constraint in (said := unmeasured(results)):
        return said[constraint]
    uncounted = any(v["constraint"] == constraint and v["reason"] == UNCOUNTED for v in results["verdicts"])
    return UNCOUNTED if uncounted else "the results do not say why"


def unmeasured(results: Row) -> dict[str, str]:
    """Why each constraint that has no verdict has none."""
    return {row["constraint"]: row["why"] for row in results["unmeasured"]}


def term(results: Row, name: str) -> Row | None:
    """A term of the chain, such as `rho_C`; None where the chain was not measured."""
    chain = results.get("chain") or {"terms": []}
    return next((row for row in chain["terms"] if row["term"] == name), None)
