"""Keys: stable across processes and versions of Python, and apart from each other."""

import torch

from ablatlas.randomness import generator, key


def test_a_key_is_fixed_for_all_time() -> None:
    """Every stored number rests on these: another value here makes every published run unrepeatable."""
    assert key(0, "order", 0) == 2537739582326302707
    assert key(3, "initial", "head.weight") == 6368594490650537427


def test_keys_tell_their_parts_apart() -> None:
    parts = [(seed, purpose, index) for seed in range(20) for purpose in ("order", "stream") for index in range(20)]
    assert len({key(*part) for part in parts}) == len(parts)
    assert key(1, 23) != key(12, 3)
    assert all(0 <= key(*part) < 2**63 for part in parts)


def test_a_generator_begins_anew_each_time() -> None:
    assert torch.equal(torch.rand(3, generator=generator(1, "x")), torch.rand(3, generator=generator(1, "x")))
