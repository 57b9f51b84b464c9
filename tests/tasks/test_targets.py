"""What a student is told: the label, smoothed or not, and what a teacher makes of an image."""

import pytest
import torch
from torch.nn import functional as F

from ablatlas.tasks import targets

LABEL = torch.tensor([3, 0, 9, 5])
SAID, TEACHER = torch.randn(2, 4, 10, generator=torch.Generator().manual_seed(1))


def test_a_hard_target_is_the_cross_entropy() -> None:
    assert float(targets.hard(7.0).loss(SAID, LABEL, TEACHER)) == pytest.approx(float(F.cross_entropy(SAID, LABEL)))


def test_a_smoothed_target_has_torchs_own_gradient() -> None:
    gradients = []
    for loss in (
        lambda x: targets.smoothed(1.0).loss(x, LABEL, TEACHER),
        lambda x: F.cross_entropy(x, LABEL, label_smoothing=targets.SMOOTHING),
    ):
        x = SAID.clone().requires_grad_()
        loss(x).backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_a_student_that_says_what_its_teacher_does_has_nothing_to_learn(temperature: float) -> None:
    told = targets.soft(temperature)
    x = (TEACHER + 3).requires_grad_()  # a constant is no difference
    loss = told.loss(x, LABEL, TEACHER)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    assert x.grad is not None
    assert x.grad.abs().max() < 1e-6


def test_at_a_high_temperature_logits_are_matched() -> None:
    """Hinton et al. 2015, eq. 4: for logits of mean zero the gradient is their difference over C T²."""
    x, v = (logits - logits.mean(1, keepdim=True) for logits in (SAID, TEACHER))
    x.requires_grad_()
    targets.soft(1000.0).loss(x, LABEL, v).backward()
    assert x.grad is not None
    torch.testing.assert_close(1000.0**2 * len(LABEL) * x.grad, ((x - v) / 10).detach(), rtol=0.02, atol=1e-3)


def test_a_mirror_keeps_how_sure_the_teacher_is_and_not_of_what() -> None:
    told, mirrored = (word(4.0).wanted(LABEL, TEACHER) for word in (targets.soft, targets.mirrored))
    rows = torch.arange(4)
    assert torch.equal(told[rows, LABEL], mirrored[rows, LABEL])
    assert torch.equal(told.sort(1)[0], mirrored.sort(1)[0])
    assert torch.equal(told[rows, (LABEL + 2) % 10], mirrored[rows, (LABEL - 2) % 10])
    assert not torch.equal(told, mirrored)


@pytest.mark.parametrize("word", ["hard", "smoothed", "soft", "mirrored"])
def test_every_target_is_a_distribution(word: str) -> None:
    wanted = getattr(targets, word)(2.0).wanted(LABEL, TEACHER)
    assert torch.allclose(wanted.sum(1), torch.ones(4))
    assert (wanted >= 0).all()


def test_a_temperature_is_positive() -> None:
    with pytest.raises(ValueError, match=r"task\.temperature: found 0"):
        targets.soft(0)
