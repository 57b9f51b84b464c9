"""Write with a model, symbol by symbol, beside another that writes the same: a step is a symbol of one sequence.

All variants that differ at the ablated path alone write identical symbols before any of them is timed.
"""

from pathlib import Path

from torch import Tensor

from ablatlas.procedures import beside
from ablatlas.procedures.beside import Beside, Outcome
from ablatlas.study import Study
from ablatlas.train.resume import Say

VERSION = 1
CLOCK = "itself"


class Writing(Beside):
    """One variant that writes from its prompts to the end, which is one call."""

    def __init__(self, study: Study, variant: str, cell: str, seed: int) -> None:
        super().__init__(study, variant, cell, seed)
        self.model.requires_grad_(False).eval()
        self.written = len(self.task.noise_LBV)
        self.units = self.written * self.task.examples

    @property
    def flops(self) -> float:
        prompt = self.task.prompt_BP.shape[1]
        return float(self.model.flops(prompt, self.written) / self.written)  # type: ignore[operator]

    def call(self, index: int) -> None:
        self.task.write(self.model)

    def results(self) -> dict[str, Tensor]:
        symbols, logits = self.task.write(self.model)
        return {"symbols": symbols, "logits": logits}

    def apart(self, mine: dict[str, Tensor], theirs: dict[str, Tensor]) -> Outcome:
        """That no symbol differs, and how far the last logits lie apart, over the largest of them."""
        differ = (mine["symbols"] != theirs["symbols"]).any(0)
        if differ.any():
            first = int(differ.nonzero()[0])
            raise ValueError(f"found different symbols from position {first} on, expected identical ones")
        error = (mine["logits"] - theirs["logits"]).abs().max() / theirs["logits"].abs().max()
        return {"written": self.units, "logit_error": float(error)}


def confirm(study: Study, cell: str, path: Path, say: Say, *, anew: bool = False) -> None:
    """Write with a cell's variants and write its record to `path`; it is always timed anew."""
    beside.run(study, cell, path, say, Writing)
