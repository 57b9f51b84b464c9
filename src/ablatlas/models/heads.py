"""A convolutional network with a head for each group of classes; what is below serves all of them (Caruana 1997).

Legend: B batch, I inputs, F features, G groups, C classes of a group.
"""

from typing import Any

from torch import Tensor

from ablatlas.models import convnet
from ablatlas.nn import body as bodies

VERSION = 1


class Model(convnet.Model):
    """`convnet`, told of every image its group of classes. (B, I), (B,) -> (B, C).

    The heads are one matrix, of which an image's errors reach the rows of its own group alone: until a group is taught,
    its head is as it was drawn.
    """

    def __init__(self, *, groups: int, body: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.groups = groups
        self.body = getattr(bodies, body)()

    def forward(self, x_BI: Tensor, group_B: Tensor) -> Tensor:  # type: ignore[override] # told more
        h_BF = self.body(self.blocks(self.image(x_BI)).flatten(1), group_B)
        logits_BGC = self.head(h_BF).unflatten(1, (self.groups, -1))
        own = group_B.view(-1, 1, 1).expand(-1, 1, logits_BGC.shape[-1])
        return logits_BGC.gather(1, own).squeeze(1)
