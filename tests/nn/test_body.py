"""Transfer's frozen body: no value of its own, and no error of the target's images below it."""

import torch

from ablatlas.nn import body

GROUP = torch.tensor([0, 1, 1, 0])


def test_what_is_read_does_not_depend_on_who_teaches() -> None:
    h = torch.randn(4, 3)
    assert torch.equal(body.tuned()(h, GROUP), h)
    assert torch.equal(body.frozen()(h, GROUP), h)


def test_the_source_alone_teaches_a_frozen_body() -> None:
    h = torch.randn(4, 3, requires_grad=True)
    body.frozen()(h, GROUP).sum().backward()
    assert h.grad is not None
    assert torch.equal(h.grad, (GROUP == 0).float()[:, None].expand(4, 3))
