"""What a student is told of each image: its label, its label smoothed, or what a teacher makes of it.

Each word has the `warmth` T at which student and target are compared, and makes the target, a distribution over classes
of the label and the teacher's logits; `taught` says whether it needs the teacher. Legend: B batch, C classes.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SMOOTHING = 0.1  # Szegedy et al. 2016, arXiv 1512.00567, §7


class hard:  # a word of the configuration
    """The label alone."""

    taught = False

    def __init__(self, temperature: float) -> None:
        self.warmth = 1.0

    def wanted(self, label_B: Tensor, logits_BC: Tensor) -> Tensor:
        """The distribution (B, C) that is aimed at."""
        return F.one_hot(label_B, logits_BC.shape[-1]).to(logits_BC.dtype)

    def loss(self, said_BC: Tensor, label_B: Tensor, logits_BC: Tensor) -> Tensor:
        """The divergence of the student's distribution at T from the target, the mean over images, in nats.

        For a label it is the cross-entropy, and for any target at most about the floor where nothing is learned. No
        label is learned beside, so that T² of Hinton et al. 2015 (arXiv 1503.02531, §2.1), by which two losses weigh
        alike, would only be a factor of the rate.
        """
        wanted, said = self.wanted(label_B, logits_BC), F.log_softmax(said_BC / self.warmth, -1)
        return (torch.xlogy(wanted, wanted) - wanted * said).sum(-1).mean()


class smoothed(hard):
    """The label, a tenth of its weight spread over all classes."""

    def wanted(self, label_B: Tensor, logits_BC: Tensor) -> Tensor:
        return (1 - SMOOTHING) * super().wanted(label_B, logits_BC) + SMOOTHING / logits_BC.shape[-1]


class soft(hard):
    """The teacher's distribution at the temperature (Hinton et al. 2015, eq. 1)."""

    taught = True

    def __init__(self, temperature: float) -> None:
        if not temperature > 0:
            raise ValueError(f"task.temperature: found {temperature}, expected a positive number")
        self.warmth = temperature

    def wanted(self, label_B: Tensor, logits_BC: Tensor) -> Tensor:
        return F.softmax(logits_BC / self.warmth, -1)


class mirrored(soft):
    """The same numbers with those of the wrong classes exchanged: how sure the teacher is, but not what it confuses.

    Around the label, what it says of the class k behind it becomes that of the class k before it.
    """

    def wanted(self, label_B: Tensor, logits_BC: Tensor) -> Tensor:
        classes = logits_BC.shape[-1]
        places = torch.arange(classes, device=label_B.device)
        return super().wanted(label_B, logits_BC).gather(-1, (2 * label_B[:, None] - places) % classes)
