"""A ratio of two arms and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ablatlas.stats.threshold import Bracket

VERSION = 1


@dataclass(frozen=True)
class Ratio:
    """A ratio and its interval: no bound where `low` is 0 or `high` infinite, `value` None where unknown."""

    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, top: Bracket, bottom: Bracket) -> Ratio:
        """The ratio of two T, of which only the brackets are known; a value only where both are bounded."""
        return cls(
            value=top.middle / bottom.middle if top.bounded and bottom.bounded else None,
            low=top.low / bottom.high,
            high=top.high / bottom.low if bottom.low > 0 else math.inf,
        )

    @property
    def text(self) -> str:
        """The interval in signs."""
        if self.low == self.high:
            return f"ρ = {self.low:.3g}"
        if self.low > 0 and math.isfinite(self.high):
            return f"{self.low:.3g} < ρ < {self.high:.3g}"
        if self.low > 0:
            return f"ρ > {self.low:.3g}"
        return f"ρ < {self.high:.3g}" if math.isfinite(self.high) else "any ρ"
