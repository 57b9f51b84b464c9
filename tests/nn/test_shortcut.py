"""What a block adds to its body, and what the substitute for it changes at the start."""

import pytest
import torch
from torch import nn

from ablatlas.models.residual_mlp import Model
from ablatlas.nn import shortcut
from ablatlas.randomness import generator

WORDS = ("identity", "none", "scaled")


def residual_mlp(word: str, norm: str = "batch") -> Model:
    model = Model(inputs=6, outputs=3, depth=8, width=5, shortcut=word, norm=norm, activation="relu", dropout=0.0)
    model.initialise(lambda name: generator(0, name))
    return model


@pytest.mark.parametrize(("word", "adds"), [("identity", True), ("none", False), ("scaled", False)])
def test_only_the_identity_adds_its_input(word: str, adds: bool) -> None:
    body, x = nn.Linear(4, 4), torch.randn(3, 4)
    assert torch.equal(getattr(shortcut, word)(body)(x), body(x) + x * adds)


@pytest.mark.parametrize("word", WORDS)
def test_a_body_that_changes_the_shape_is_added_what_the_input_is_fitted_to(word: str) -> None:
    body, x = nn.Conv2d(2, 5, 3, stride=2, padding=1), torch.randn(3, 2, 5, 5)
    fit = shortcut.Fitted(more=3, stride=2)
    added = torch.zeros(3, 5, 3, 3)
    added[:, :2] = x[:, :, ::2, ::2]
    assert torch.equal(getattr(shortcut, word)(body, fit)(x), body(x) + added * (word == "identity"))


@pytest.mark.parametrize("word", WORDS)
def test_no_shortcut_has_parameters_or_names_of_its_own(word: str) -> None:
    assert list(residual_mlp(word).state_dict()) == list(residual_mlp("identity").state_dict())


def test_the_scaled_start_changes_the_normalisations_of_blocks_and_nothing_else() -> None:
    plain, scaled = residual_mlp("none"), residual_mlp("scaled")
    inside = {f"blocks.{i}.0.body.{j}" for i in range(3) for j in (1, -1)}
    blocks = [part for part in scaled.blocks.modules() if isinstance(part, nn.BatchNorm1d)]
    assert len(blocks) == len(inside)
    for norm in blocks:
        assert (norm.weight == 0.5).all()
        assert (norm.bias == 1.0).all()
    changed = {norm.weight.data_ptr() for norm in blocks} | {norm.bias.data_ptr() for norm in blocks}
    for (name, before), (_, after) in zip(plain.named_parameters(), scaled.named_parameters(), strict=True):
        assert torch.equal(before, after) != (after.data_ptr() in changed), name


def test_the_scaled_start_leaves_a_network_without_normalisation_as_it_is() -> None:
    plain, scaled = residual_mlp("none", "none").state_dict(), residual_mlp("scaled", "none").state_dict()
    assert all(torch.equal(plain[name], scaled[name]) for name in plain)


def test_few_rectifiers_are_off_at_the_scaled_start() -> None:
    """Gain ½ and bias 1 put a rectifier's threshold two standard deviations below its mean: 2.3 % are off."""
    x = torch.randn(512, 6, generator=torch.Generator().manual_seed(0))
    shares = {}
    for word in ("none", "scaled"):
        model = residual_mlp(word)
        first = model.get_submodule("blocks.0.0.body")
        assert isinstance(first, nn.Sequential)
        shares[word] = (first[:3](model.stem(x)) == 0).double().mean().item()
    assert shares["none"] > 0.3
    assert shares["scaled"] < 0.06
