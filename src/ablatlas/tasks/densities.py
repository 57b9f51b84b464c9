"""Turn noise into points of a density in the plane, judged by the energy distance to its own points.

It is a proper scoring rule of samples (Gneiting & Raftery 2007, §4.3), so that a generator without a likelihood can be
trained on it directly, and any be judged by it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ablatlas.tasks import Keys
from ablatlas.tasks import density as densities
from ablatlas.tasks.energy import energy_distance, nearest_point, unbiased
from ablatlas.tasks.generated import Examples, Generated, at_least

VERSION = 1

Batch = tuple[Tensor, ...]  # points (B, 2), standard normal noise (B, Z)


class Task(Generated):
    """Metric: `loss`, the energy distance between as many points of the model and of a split.

    In training the estimate without bias, of a batch's points and fresh noise. The floor is that of all points in one
    place. Raises ValueError where there is no noise, or a batch of fewer than two.
    """

    criterion = staticmethod(unbiased)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, density: str, noise: int, examples: int, judged: int
    ) -> None:
        at_least("noise", noise, 1)
        if batch < 2:
            raise ValueError(f"recipe.batch: found {batch}, expected at least 2, between which there is a distance")

        def make(count: int, draw: torch.Generator) -> Examples:
            return getattr(densities, density)(count, draw), torch.randn(count, noise, generator=draw)

        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        points, _ = self.data["train"]
        self.sizes = {"inputs": noise, "outputs": 2}
        self.floor = {"loss": float(energy_distance(nearest_point(points), points))}
        self.keys = keys

    def batch(self, step: int) -> Batch:
        points, noise = super().batch(step)
        fresh = torch.randn(noise.shape, generator=self.keys("noise", step))
        return points, fresh.to(noise.device)

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        points, noise = batch
        return self.criterion(model(noise), points), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        points, noise = held
        return {"loss": energy_distance(model(noise), points)}
