"""Time a layer beside another that computes the same: a step is a pass forward and back, nothing is updated.

Outputs and gradients of all variants that differ at the ablated path alone agree within a tolerance before any of them
is timed.
"""

from pathlib import Path

import torch
from torch import Tensor

from ablatlas.procedures import beside
from ablatlas.procedures.beside import Beside, Outcome
from ablatlas.study import Study
from ablatlas.train.resume import Say

VERSION = 1
CLOCK = "itself"

TOLERANCE = 1e-4  # of a tensor's largest number: float32 holds seven digits, of which long sums lose two or three


class Step(Beside):
    """One variant's step."""

    @property
    def flops(self) -> float:
        """Each product once forward and twice back, for what it reads and for its weights."""
        return float(3 * self.model.flops * self.task.examples)  # type: ignore[operator]

    def call(self, index: int) -> None:
        self.model.zero_grad()
        loss, _ = self.task.loss(self.model, self.task.batch(index), None)
        loss.backward()

    def results(self) -> dict[str, Tensor]:
        """Outputs, and the gradients of the loss with respect to what is read and to every parameter."""
        (x,) = (part.detach().clone().requires_grad_() for part in self.task.batch(0))
        wanted = {"gradient of input": x, **dict(self.model.named_parameters())}
        loss, _ = self.task.loss(self.model, (x,), None)
        back = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True)
        gradients = {name: found for name, found in zip(wanted, back, strict=True) if found is not None}
        with torch.no_grad():
            return {"output": self.model(x), **gradients}

    def apart(self, mine: dict[str, Tensor], theirs: dict[str, Tensor]) -> Outcome:
        """The largest difference in outputs and in gradients, each over the largest number of its tensor."""
        if mine.keys() != theirs.keys():
            raise ValueError(f"found {sorted(mine)}, expected {sorted(theirs)}")
        errors = {name: float((mine[name] - theirs[name]).abs().max() / theirs[name].abs().max()) for name in mine}
        for name, error in errors.items():
            if not error <= TOLERANCE:
                raise ValueError(f"{name}: found them {error:.2g} of its largest number apart, expected {TOLERANCE:g}")
        output = errors.pop("output")
        return {"output_error": output, "gradient_error": max(errors.values())}


def confirm(study: Study, cell: str, path: Path, say: Say, *, anew: bool = False) -> None:
    """Time a cell's variants and write its record to `path`; it is always timed anew."""
    beside.run(study, cell, path, say, Step)
