"""Who is compared with whom, and in which family."""

from typing import Any

from synthetic import forget_gate, residual, study

from ablatlas.declaration.arms import Variant
from ablatlas.stats.contrasts import Contrast, contrasts, family


def with_variants(*variants: Variant) -> Any:
    arms = (
        Variant("with", "with", "with", {"model.part": "on"}),
        Variant("without", "without", "without", {"model.part": "none"}),
    )
    return study("made_up", [*arms, *variants], list(residual().ladders.values()))


def by_name(made: Any) -> dict[str, tuple[str, str]]:
    return {c.name: (c.numerator, c.denominator) for c in contrasts(made)}


def test_arms_are_denominators_of_with() -> None:
    assert by_name(residual()) == {"without": ("with", "without"), "scaled_init": ("with", "scaled_init")}


def test_a_rescue_is_measured_against_what_it_rescues() -> None:
    assert by_name(forget_gate())["reset"] == ("reset", "without")


def test_a_matched_contrast_replaces_the_arm_that_it_matches() -> None:
    assert by_name(forget_gate())["matched"] == ("with", "matched")
    smaller = Variant("smaller", "matched", "with", {"model.part": "on", "model.width": 14})
    assert by_name(with_variants(smaller))["smaller"] == ("smaller", "without")


def test_a_factorial_compares_across_the_ablated_path_alone() -> None:
    without = Variant("no_norm", "factorial", "without", {"model.part": "none", "model.norm": "none"})
    assert by_name(with_variants(without))["no_norm"] == ("with", "no_norm")
    both = Variant("with_no_norm", "factorial", "with", {"model.part": "on", "model.norm": "none"})
    pairs = by_name(with_variants(without, both))
    assert pairs["no_norm"] == ("with_no_norm", "no_norm")
    assert pairs["with_no_norm"] == ("with", "with_no_norm")


def test_families() -> None:
    made = forget_gate()
    assert {c.name: family(made, c, "length") for c in contrasts(made)} == {
        "without": "primary", "decay": "strong", "reset": None, "matched": None,
    }  # fmt: skip
    assert family(made, Contrast("without", "without", "with", "without"), "another") is None
