"""Segment thin membranes between cells: Voronoi cells of random sites, their edges dark, under noise.

A drawn stand-in for the electron microscopy of Ronneberger et al. 2015 (arXiv 1505.04597, §4), in which a pixel or two
make a membrane. Images are flat, row by row. Legend: B images, S side, C cells.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys
from ablatlas.tasks.generated import Examples, Generated, at_least

VERSION = 1

Batch = tuple[Tensor, ...]  # images (B, S²), masks (B, S²), float32, 1 where there is membrane

MEMBRANE, DARKEST, LIGHTEST = 0.2, 0.5, 0.9  # greys: of membranes, of cells


def edges(sites_BC2: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The distance (B, S²) of each pixel's centre to the nearest edge between cells, in pixels, and its cell.

    The edge between two sites is their bisector, from which a point at d and e from them is (e² - d²) / 2 |site - site|
    away; the nearest of all bisectors around a pixel's own site is an edge.
    """
    middle = torch.arange(side) + 0.5
    pixels = torch.cartesian_prod(middle, middle)  # (S², 2)
    squares = (pixels[:, None] - sites_BC2[:, None]).square().sum(-1)  # (B, S², C)
    own, cell = squares.min(-1, keepdim=True)
    home = sites_BC2.gather(1, cell.expand(-1, -1, 2))  # (B, S², 2)
    apart = torch.linalg.vector_norm(home[:, :, None] - sites_BC2[:, None], dim=-1)
    away = ((squares - own) / (2 * apart)).scatter(2, cell, torch.inf).amin(-1)  # 0/0 at its own site
    return away, cell.squeeze(-1)


def images(count: int, draw: torch.Generator, side: int, cells: int, thickness: float, noise: float) -> Examples:
    """Images and masks, each (count, S²)."""
    sites = side * torch.rand(count, cells, 2, generator=draw)
    away, cell = edges(sites, side)
    mask = away < thickness / 2
    grey = DARKEST + (LIGHTEST - DARKEST) * torch.rand(count, cells, generator=draw)
    image = grey.gather(1, cell).masked_fill(mask, MEMBRANE)
    return image + noise * torch.randn(away.shape, generator=draw), mask.float()


class Task(Generated):
    """Metrics: `loss` (nats per pixel), `error` (share of wrong pixels) and `overlap` (of the membrane as it is said
    and as it is, intersection over union in a whole split: more is better).

    Raises ValueError where an image has no two cells, or a membrane no thickness.
    """

    criterion = staticmethod(F.binary_cross_entropy_with_logits)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, side: int, cells: int, thickness: float, noise: float,
        examples: int, judged: int,
    ) -> None:  # fmt: skip
        for name, found, low in (
            ("side", side, 2),
            ("cells", cells, 2),
            ("thickness", thickness, 1),
            ("noise", noise, 0),
        ):
            at_least(name, found, low)
        make = partial(images, side=side, cells=cells, thickness=thickness, noise=noise)
        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": side**2, "outputs": side**2}
        share = self.data["train"][1].double().mean()
        entropy = torch.special.entr(torch.stack([share, 1 - share])).sum()
        self.floor = {"loss": float(entropy), "error": float(min(share, 1 - share)), "overlap": float(share)}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        """The model gives each pixel's logit of being membrane, (B, S²)."""
        image, mask = batch
        return self.criterion(model(image), mask), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        image, mask = held
        logits, true = model(image), mask > 0
        said = logits > 0
        return {
            "loss": self.criterion(logits, mask),
            "error": (said != true).double().mean(),
            "overlap": (said & true).sum().double() / (said | true).sum().clamp(min=1),
        }
