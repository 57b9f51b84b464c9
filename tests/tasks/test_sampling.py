"""Quality: exact counts of wrong labels and of what a filter takes out, nested along a share, fixed by the seed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks import Keys
from ablatlas.tasks.sampling import filtered, mislabelled, offsets, shifted, subset

LABELS = torch.arange(400) % 10
shares = st.floats(0, 1)


def keyed(seed: int = 0) -> Keys:
    return lambda *key: generator(seed, *key)


def wrong(share: float, examples: int = 200, seed: int = 0) -> Tensor:
    """Which of a subset's labels are wrong."""
    chosen = subset(LABELS, examples, 1, keyed(seed))
    return mislabelled(LABELS, chosen, share, keyed(seed)) != LABELS[chosen]


@settings(deadline=None)
@given(shares, st.integers(1, 400))
def test_as_many_labels_are_wrong_as_asked_for(share: float, examples: int) -> None:
    assert int(wrong(share, examples).sum()) == round(share * examples)


@settings(deadline=None)
@given(shares, shares)
def test_what_is_wrong_at_a_share_is_wrong_at_every_larger_one_in_the_same_way(one: float, other: float) -> None:
    less, more = sorted((one, other))
    chosen = subset(LABELS, 200, 1, keyed())
    few, many = (mislabelled(LABELS, chosen, share, keyed()) for share in (less, more))
    assert torch.equal(many[wrong(less)], few[wrong(less)])
    assert not (wrong(less) & ~wrong(more)).any()


def test_a_wrong_label_is_any_other_class() -> None:
    labels = torch.zeros(9000, dtype=torch.int64)
    labels[0] = 9
    seen = mislabelled(labels, torch.arange(9000), 1.0, keyed())
    counts = seen[1:].bincount(minlength=10)
    assert counts[0] == 0
    assert (counts[1:] - 1000).abs().max() < 5 * 1000**0.5


def test_each_seed_has_wrong_labels_of_its_own_and_keeps_them() -> None:
    assert torch.equal(wrong(0.3), wrong(0.3))
    assert not torch.equal(wrong(0.3), wrong(0.3, seed=1))


@settings(deadline=None)
@given(shares, shares)
def test_a_filter_takes_out_as_many_as_asked_for_and_never_what_is_right(noise: float, share: float) -> None:
    bad = wrong(noise)
    kept = filtered(bad, share, keyed())
    assert len(kept) == 200 - round(share * int(bad.sum()))
    assert torch.equal(kept, kept.sort().values)
    assert set((~bad).nonzero().flatten().tolist()) <= set(kept.tolist())


@settings(deadline=None)
@given(shares, shares)
def test_what_a_filter_keeps_is_nested(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert set(filtered(wrong(0.4), more, keyed()).tolist()) <= set(filtered(wrong(0.4), less, keyed()).tolist())


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=f"task.noise: found {share}, expected a share from 0 to 1"):
        wrong(share)
    with pytest.raises(ValueError, match=f"task.filtered: found {share}, expected a share from 0 to 1"):
        filtered(wrong(0.1), share, keyed())


@pytest.mark.parametrize(("channels", "side"), [(1, 5), (3, 4)])
def test_all_channels_of_an_image_are_rolled_alike(channels: int, side: int) -> None:
    images = torch.arange(6 * channels * side**2).view(6, -1)
    offset = offsets(6, side**2, side, keyed(), "train")
    square = images.view(6, channels, side, side)
    for before, moved, place in zip(square, shifted(images, offset, side), offset.tolist(), strict=True):
        assert torch.equal(moved, torch.roll(before, (place // side, place % side), (1, 2)).flatten())
