"""A network that a run trains before its own first step, because its task learns from it.

It is a training like any other, in the sequential engine: the run's own configuration and seed, with what its task
changes of these.
So a run remains a function of its configuration and seed, and what came first is part of its digest; whoever changes
what it comes to raises the VERSION of the tasks that ask for it. The network is kept for the process: runs of one seed
that differ in rate or arm share it, yet each that learns from it is charged for it.
"""

import json
from functools import cache
from typing import Any

from torch import nn

from ablatlas.config import PARTS
from ablatlas.train.build import deterministic


def trained(config: dict[str, Any], changes: dict[str, Any], seed: int, device: str) -> tuple[nn.Module, int]:
    """The network after its last step, in evaluation mode, and the operations that it took.

    `changes` maps parts of the configuration to what differs there from the run's own.
    """
    own = config | {part: config[part] | changes.get(part, {}) for part in PARTS}
    return _trained(json.dumps(own, sort_keys=True), seed, device)


@cache
def _trained(text: str, seed: int, device: str) -> tuple[nn.Module, int]:
    from ablatlas.train.sequential import Training  # which builds its task, as this one is built

    config = json.loads(text)
    deterministic(config["precision"])  # it may be asked for before any engine is
    training = Training(config, seed, device)
    for index in range(training.recipe["steps"]):
        training.take(index)
    return training.model.eval().requires_grad_(False), training.recipe["steps"] * training.flops
