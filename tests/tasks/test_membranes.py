"""Membranes: edges against distances found by search, thickness measured on the masks, greys, overlap."""

import pytest
import torch
from made import judged, made

from ablatlas.randomness import generator
from ablatlas.tasks import membranes
from ablatlas.tasks.membranes import edges, images


@pytest.mark.parametrize("thickness", [1, 2, 3, 5])
def test_between_two_sites_side_by_side_a_membrane_is_as_thick_as_said(thickness: int) -> None:
    """The bisector stands at column 8, between two pixels; for odd thickness at 8.5, on the middle of one."""
    middle = 8.0 + 0.5 * (thickness % 2)
    away, cell = edges(torch.tensor([[[7.0, middle - 3], [7.0, middle + 3]]]), 16)
    columns = torch.arange(16) + 0.5
    away, cell = away.unflatten(1, (16, 16)), cell.unflatten(1, (16, 16))
    torch.testing.assert_close(away[0], (columns - middle).abs().expand(16, 16))
    assert ((away < thickness / 2).sum(-1) == thickness).all(), "in every row"
    assert torch.equal(cell[0, 0, columns != middle], (columns > middle).long()[columns != middle])


@pytest.mark.parametrize("cells", [2, 3, 8])
def test_distances_to_edges_are_those_found_by_search(cells: int) -> None:
    """Around a pixel a circle of less than the distance is all of one cell, and a slightly larger one is not."""
    sites = 16 * torch.rand(1, cells, 2, generator=generator("sites", cells))
    away, cell = (part.unflatten(1, (16, 16)) for part in edges(sites, 16))
    angle = torch.arange(0, 6.2832, 0.01)
    circle = torch.stack([angle.cos(), angle.sin()], 1)
    for row, column in ((0, 0), (3, 11), (8, 8), (15, 2), (10, 13)):
        at, mine = torch.tensor([row + 0.5, column + 0.5]), int(cell[0, row, column])
        radius = float(away[0, row, column])
        within, beyond = (torch.cdist(at + r * circle, sites[0]).argmin(1) for r in (0.98 * radius, 1.02 * radius))
        assert (within == mine).all()
        assert (beyond != mine).any()
        assert int(torch.cdist(at[None], sites[0]).argmin()) == mine


@pytest.mark.parametrize("thickness", [1.0, 2.0, 4.0])
def test_masks_hold_as_much_membrane_as_edges_are_long(thickness: float) -> None:
    """Twice the thickness, twice the area, but where membranes meet: measured against a thin one, much enlarged."""
    share = {
        t: float(images(40, generator("test"), 64, 4, t, 0.0)[1].mean()) for t in (thickness / 2, thickness)
    }  # fmt: skip
    assert share[thickness] / share[thickness / 2] == pytest.approx(2, rel=0.1)


def test_without_noise_greys_tell_membranes_from_cells() -> None:
    image, mask = images(20, generator("test"), 32, 6, 2.0, 0.0)
    assert image.shape == mask.shape == (20, 1024)
    assert set(mask.flatten().tolist()) == {0.0, 1.0}
    assert (image[mask > 0] == membranes.MEMBRANE).all()
    cells = image[mask == 0]
    assert membranes.DARKEST <= float(cells.min()) < float(cells.max()) <= membranes.LIGHTEST
    assert all(1 < len(set(one[m == 0].tolist())) <= 6 for one, m in zip(image, mask, strict=True))


def test_noise_is_normal_and_changes_no_mask() -> None:
    clean, mask = images(20, generator("test"), 32, 6, 2.0, 0.0)
    noisy, same = images(20, generator("test"), 32, 6, 2.0, 0.3)
    assert torch.equal(mask, same)
    difference = noisy - clean
    assert float(difference.std()) == pytest.approx(0.3, rel=0.03)
    assert abs(float(difference.mean())) < 4 * 0.3 / difference.numel() ** 0.5


def test_overlap_is_intersection_over_union() -> None:
    task = made("membranes")
    mask = task.held_out("test")[1]
    perfect = judged(task, 20 * mask - 10)
    assert (perfect["overlap"], perfect["error"]) == (1.0, 0.0)
    assert judged(task, torch.full_like(mask, -1.0))["overlap"] == 0.0
    assert judged(task, 10 - 20 * mask)["overlap"] == 0.0
    shifted = mask.unflatten(1, (16, 16)).roll(1, -1).flatten(1)
    both, either = float((mask * shifted).sum()), float(((mask + shifted) > 0).sum())
    assert judged(task, shifted - 0.5)["overlap"] == pytest.approx(both / either)
