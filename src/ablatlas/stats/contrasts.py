"""Which two variants of a study are compared, and in which family of tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ablatlas.study import Study, Variant

VERSION = 1


@dataclass(frozen=True)
class Contrast:
    """rho = T of `numerator` / T of `denominator`, two variants; `name` is the one that is in question."""

    name: str
    role: str
    numerator: str
    denominator: str


def contrasts(study: Study) -> tuple[Contrast, ...]:
    """Every arm and contrast of a study against what it is to be compared with, in the study's order."""
    return tuple(_contrast(study, v) for v in study.variants.values() if v.name != "with")


def primary(study: Study, ladder: str) -> bool:
    """Whether the study registered this ladder as the one that decides its constraint."""
    return ladder in study.register.get("primary", {}).values()


def family(study: Study, contrast: Contrast, ladder: str) -> str | None:
    """The Holm family of a contrast on a ladder, fixed by the study's file; None outside of any.

    The primaries are one family and the `strong` arms on them another; what explains a result (rescue,
    placebo, matched, factorial) or stands beside a primary has none.
    """
    if not primary(study, ladder):
        return None
    return {"without": "primary", "strong": "strong"}.get(contrast.role)


def _contrast(study: Study, variant: Variant) -> Contrast:
    if variant.role == "rescue":  # RELAXED = rescued
        return Contrast(variant.name, variant.role, variant.name, variant.arm)
    if variant.role == "matched" and variant.arm == "with":
        return Contrast(variant.name, variant.role, variant.name, "without")
    if variant.role == "factorial" and variant.arm == "without":
        return Contrast(variant.name, variant.role, _partner(study, variant), variant.name)
    return Contrast(variant.name, variant.role, "with", variant.name)


def _partner(study: Study, variant: Variant) -> str:
    """The factorial contrast that differs from `variant` in the ablated path alone, else `with`."""
    others = (v for v in study.variants.values() if v.role == "factorial" and v.arm == "with")
    return next((v.name for v in others if _rest(study, v) == _rest(study, variant)), "with")


def _rest(study: Study, variant: Variant) -> dict[str, object]:
    return {path: value for path, value in variant.settings.items() if path != study.ablate}
