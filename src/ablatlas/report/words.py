"""Single words and small turns of phrase that sections, tables and figures share."""

from __future__ import annotations

from collections.abc import Iterable

from ablatlas.report.numbers import p_value
from ablatlas.report.view import MEASURES, Row

WORDS = {
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "test_loss": "test loss",
    "loss": "held-out loss",
    "preactivation_mean": "pre-activation mean",
    "preactivation_spread": "pre-activation spread",
    "preactivation_drift": "largest over smallest spread",
    "dead_units": "share of dead units",
    "flops_per_step": "FLOPs per step",
    "flop_rate": "FLOP/s",
    "power": "mean power",
    "rho_D": "ρ_D (examples)",
    "rho_T": "ρ_T (steps)",
    "rho_C": "ρ_C (FLOPs)",
    "rho_W": "ρ_W (seconds)",
    "rho_J": "ρ_J (joules)",
}
MARKS = {"RELAXED": "▲", "TIGHTENED": "▼", "UNCHANGED": "=", "INCONCLUSIVE": "?"}
CLAIMED = {True: "claimed", "implied": "implied", False: "not claimed"}


def words(name: str) -> str:
    """An identifier as words."""
    return WORDS.get(name, name.replace("_", " "))


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence."""
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """Text that begins like a sentence and ends like one."""
    text = " ".join(text.split())
    return capitalized(text) + ("" if text.endswith((".", "!", "?", "…")) else ".")


def capitalized(text: str) -> str:
    """Text that begins like a sentence."""
    return text[:1].upper() + text[1:]


def equals(p: float | None) -> str:
    """A p value with its relation, as in `p = 0.004`."""
    printed = p_value(p)
    return printed if printed.startswith("<") else f"= {printed}"


def sign(op: str) -> str:
    """A comparison as it is printed."""
    return {"<=": "≤", ">=": "≥"}.get(op, op)


def measure(verdict: Row) -> str:
    """What a verdict was read from: a ladder and its measure, or a net term."""
    name = MEASURES[verdict["measure"]]
    return f"{words(verdict['ladder'])} ({name})" if verdict["ladder"] else f"{name} ({verdict['basis']})"
