"""The residual network for small images: a stem, three stages of blocks of two convolutions, a head.

He et al. 2015 (arXiv 1512.03385, §4.2), whose shortcuts have no parameters (its option A). Legend: B batch, C channels,
S side.
"""

from torch import Tensor, nn

from ablatlas.nn import activation as activations
from ablatlas.nn import initial
from ablatlas.nn import norm as norms
from ablatlas.nn import shortcut as shortcuts
from ablatlas.nn.dropout import dropout as dropped
from ablatlas.nn.image import image, shape
from ablatlas.nn.kernel import Shared

VERSION = 1

STAGES = 3


class Model(nn.Module):
    """Depth counts the layers with weights. Each stage after the first halves the side, rounded up, and doubles the
    width. Square images, given flat: (B, inputs) -> (B, outputs).

    Raises ValueError where depth is not 6 n + 2, or where the inputs are no square image.
    """

    def __init__(
        self, *, inputs: int, outputs: int, depth: int, width: int, shortcut: str, norm: str, activation: str,
        dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        count, left = divmod(depth - 2, 2 * STAGES)
        if count < 1 or left:
            raise ValueError(f"model.depth: found {depth}, expected 6 n + 2 (stem, 3 stages of n blocks of 2, head)")
        skip, normed, active = (
            getattr(shortcuts, shortcut), getattr(norms, norm), getattr(activations, activation),
        )  # fmt: skip

        def block(channels: int, width: int, side: int) -> nn.Module:
            stride = width // channels
            first = Shared(channels, width, side, stride)
            body = nn.Sequential(
                first, normed(width, image=True), active(), dropped(dropout),
                Shared(width, width, first.side), normed(width, image=True),
            )  # fmt: skip
            fit = shortcuts.Fitted(width - channels, stride) if stride > 1 else nn.Identity()
            return nn.Sequential(skip(body, fit), active())

        channels, side = shape(inputs)
        stem = Shared(channels, width, side)
        self.stem = nn.Sequential(image(inputs), stem, normed(width, image=True), active())
        self.blocks = nn.Sequential()
        channels = width
        for wide in [width << stage for stage in range(STAGES) for _ in range(count)]:
            self.blocks.append(block(channels, wide, side))
            channels, side = wide, -(-side * channels // wide)
        self.head = initial.linear(channels, outputs)
        self.layers = list(self.blocks)
        convolutions = [part for part in self.modules() if isinstance(part, Shared)]
        self.flops = sum(part.flops for part in convolutions) + 2 * self.head.weight.numel()

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.he, keyed)

    def forward(self, x: Tensor) -> Tensor:
        x_BCSS = self.blocks(self.stem(x))
        return self.head(x_BCSS.mean((2, 3)))
