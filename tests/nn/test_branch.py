"""How a residual branch is kept in bounds: with statistics, with a factor, or not at all."""

import pytest
import torch
from torch import nn

from ablatlas.models.transformer import Model
from ablatlas.nn import branch

WORDS = ("pre_norm", "plain", "scaled")


def transformer(word: str, depth: int = 3, affine: bool = True) -> Model:
    return Model(inputs=5, outputs=4, length=6, depth=depth, width=8, heads=2, ratio=2, branch=word, affine=affine)


def norms(model: nn.Module) -> list[nn.LayerNorm]:
    return [part for part in model.modules() if isinstance(part, nn.LayerNorm)]


@pytest.mark.parametrize("depth", [1, 3])
def test_only_pre_norm_normalises_each_branch_and_the_end(depth: int) -> None:
    assert len(norms(transformer("pre_norm", depth))) == 2 * depth + 1
    assert norms(transformer("plain", depth)) == norms(transformer("scaled", depth)) == []
    assert isinstance(transformer("plain", depth).final, nn.Identity)


def test_each_branch_is_its_formula() -> None:
    body, x = nn.Linear(8, 8), torch.randn(2, 3, 8)
    normalised = (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(branch.pre_norm(body, 8, 6, True)(x), x + body(normalised))
    assert torch.equal(branch.plain(body, 8, 6, True)(x), x + body(x))
    torch.testing.assert_close(branch.scaled(body, 8, 9, True)(x), x + body(x) / 3)


def test_a_model_scales_by_the_number_of_its_branches() -> None:
    parts = [part for part in transformer("scaled", 8).modules() if isinstance(part, branch.Scaled)]
    assert [part.scale for part in parts] == [0.25] * 16


@torch.no_grad()
def test_scaled_branches_keep_the_variance_of_a_deep_stack_bounded() -> None:
    """Orthogonal bodies keep variance: 2^n after n plain branches, (1 + 1/n)^n < e after n scaled ones."""
    torch.manual_seed(0)
    x, grown = torch.randn(64, 32), {}
    for word in ("plain", "scaled"):
        bodies = [nn.utils.parametrizations.orthogonal(nn.Linear(32, 32, bias=False)) for _ in range(20)]
        stack = nn.Sequential(*(getattr(branch, word)(body, 32, 20, True) for body in bodies))
        grown[word] = float(stack(x).var() / x.var())
    assert grown["scaled"] < 4
    assert grown["plain"] > 1e5


@pytest.mark.parametrize("affine", [True, False])
def test_only_an_affine_normalisation_has_parameters(affine: bool) -> None:
    counts = {word: sum(p.numel() for p in transformer(word, affine=affine).parameters()) for word in WORDS}
    assert counts["plain"] == counts["scaled"]
    assert counts["pre_norm"] - counts["plain"] == (7 * 2 * 8 if affine else 0)


@pytest.mark.parametrize("word", WORDS)
def test_arms_share_the_names_of_what_they_share(word: str) -> None:
    names = set(transformer(word).state_dict())
    assert {name for name in transformer("pre_norm").state_dict() if "norm" not in name} - names <= {
        "final.weight", "final.bias"
    }  # fmt: skip
    assert names <= set(transformer("pre_norm").state_dict())
