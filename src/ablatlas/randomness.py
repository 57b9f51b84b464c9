"""Keyed randomness: every draw comes from a generator that is a function of (seed, purpose, index) alone."""

import hashlib

import torch


def key(*parts: object) -> int:
    """A 63-bit seed from the text of `parts`; independent of the process, unlike Python's own hash."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(*parts: object) -> torch.Generator:
    """A CPU generator seeded by `key(*parts)`."""
    return torch.Generator().manual_seed(key(*parts))
