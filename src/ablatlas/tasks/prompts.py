"""Texts to go on with: prompts of random symbols, and the noise by which the symbols after them are drawn.

Adding Gumbel noise to logits and taking the largest draws from their softmax (Maddison et al. 2014, arXiv 1411.0030,
§2): with the noise given, what is written is a function of the model, and an untrained one does not repeat itself.
Legend: B batch, P symbols of a prompt, L symbols to write, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor

from ablatlas.tasks import Keys
from ablatlas.tasks.generated import at_least

VERSION = 1


class Task:
    """B prompts and the noise of all that is written after them; nothing is learned, so there is no floor."""

    def __init__(self, *, batch: int, keys: Keys, steps: int, prompt: int, length: int, symbols: int) -> None:
        for name, found, low in (("prompt", prompt, 1), ("length", length, 1), ("symbols", symbols, 2)):
            at_least(name, found, low)
        self.prompt_BP = torch.randint(symbols, (batch, prompt), generator=keys("prompt", 0))
        uniform_LBV = torch.rand(length, batch, symbols, generator=keys("noise", 0))
        self.noise_LBV = -(-uniform_LBV.clamp(min=1e-20).log()).log()
        self.sizes = {"inputs": symbols, "outputs": symbols, "length": prompt + length}
        self.floor: dict[str, float] = {}
        self.examples = batch

    def write(self, model: Any) -> tuple[Tensor, Tensor]:
        """What stands there in the end, (B, P + L), and the last logits (B, V)."""
        memory, seen = model.memory(), self.prompt_BP
        for noise_BV in self.noise_LBV:
            logits_BV = model(seen, memory)
            seen = torch.cat([seen, (logits_BV + noise_BV).argmax(-1, keepdim=True)], 1)
        return seen, logits_BV
