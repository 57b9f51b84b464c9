"""What a cache has read, and what it gives back."""

import torch

from ablatlas.nn import cache


def test_what_is_kept_is_read_once_and_given_back_in_order() -> None:
    memory = cache.cached()
    assert [memory.fresh(total) for total in (3, 4, 5)] == [3, 1, 1]
    parts = [torch.full((1, 1, length, 2), float(length)) for length in (3, 1)]
    for layer in (0, 1):
        for part in parts:
            k, v = memory.join(layer, part, -part)
        assert torch.equal(k, torch.cat(parts, 2))
        assert torch.equal(v, -k)


def test_without_one_all_is_read_again_and_nothing_given_back() -> None:
    memory = cache.none()
    assert [memory.fresh(total) for total in (3, 4, 5)] == [3, 4, 5]
    part = torch.ones(1, 1, 3, 2)
    assert all(given is part for given in memory.join(0, part, part))
