"""A recurrent network over whole sequences: layers of any cell on top of each other, a linear read-out at every step.

Each batch starts from a state of zeros; a stream that goes on from batch to batch is for `models.lstm`.
Legend: B batch, T steps, I inputs, C outputs.
"""

from torch import Tensor, nn

from ablatlas.nn import cell as cells
from ablatlas.nn import entry as entries
from ablatlas.nn import initial

VERSION = 1


class Model(nn.Module):
    """`depth` layers of `width` cells. Symbols (B, T) or numbers (B, T, I), as `entry` says -> (B, T, C).

    Raises ValueError where there is no layer, and in the first step where the task's input is not what `entry` says.
    """

    def __init__(
        self, *, inputs: int, outputs: int, length: int, width: int, depth: int, cell: str, entry: str
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"model.depth: found {depth}, expected a whole number from 1")
        part = getattr(cells, cell)
        self.width = width
        self.entry = getattr(entries, entry)(inputs)
        self.layers = [part(width if above else inputs, width) for above in range(depth)]
        self.cells = nn.Sequential(*self.layers)
        self.head = initial.linear(width, outputs)
        self.flops = 2 * length * (sum(layer.products for layer in self.layers) + width * outputs)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(self.width**-0.5), keyed)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cells(self.entry(x)))
