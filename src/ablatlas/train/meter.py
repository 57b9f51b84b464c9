"""What a training holds: its parameters, and the most memory at any time of a step."""

import gc
import os
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile  # `torch.profiler` imports torch's compiler when it starts: 1.4 s

if TYPE_CHECKING:  # the engine imports this module
    from ablatlas.train.sequential import Training


def parameters(model: nn.Module) -> dict[str, int]:
    """Counts of numbers, by tensor, after a backward pass.

    `parameters` are all of them, `trainable` those that an optimizer may change, `active` those that it does: the
    last backward pass left a gradient that is not zero everywhere. In a dense model a trainable tensor is inactive
    only where no path leads from it to the loss, or a dead one. `non_embedding` leaves out the tables that are looked
    up, of symbols and of positions, and keeps the read-out, which is multiplied (Kaplan et al. 2020, arXiv
    2001.08361, §2.1).
    """
    tensors = list(model.parameters())
    tables = {part.weight for part in model.modules() if isinstance(part, nn.Embedding)}
    return {
        "parameters": _numbers(tensors),
        "trainable": _numbers(p for p in tensors if p.requires_grad),
        "active": _numbers(p for p in tensors if p.grad is not None and p.grad.count_nonzero()),
        "non_embedding": _numbers(p for p in tensors if p not in tables),
    }


def _numbers(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)


def peak_memory(training: "Training", index: int) -> int:
    """The most bytes of tensors at any time of step `index`: the training's own and what the step adds to them.

    Its own are parameters, buffers and the optimizer's state; not the data. Gradients and all else are the step's.
    What kernels allocate for themselves, past torch, is not seen. The training starts from a fresh carried state here.
    """
    training.optimizer.zero()
    training.carry = None
    training.task.batch(index)  # what a task keeps of its data is not the step's
    device = next(training.model.parameters()).device
    return own_bytes(training) + peak(lambda: training.take(index), device)


def own_bytes(training: "Training") -> int:
    """The bytes of a training's parameters, buffers and optimizer state."""
    moments = (moment for kind in training.optimizer.moments for moment in kind)
    return sum(tensor.nbytes for tensor in [*training.model.state_dict().values(), *moments])


def peak(run: Callable[[], object], device: torch.device) -> int:
    """The most bytes that torch's allocator of `device` gives out while `run` runs, beyond what stood before.

    On a CPU from the profiler, which sees no block go that was there before it: drop those first. Of blocks that an
    earlier profiler had seen it does, so that no garbage may be left which is collected meanwhile.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    gc.collect()
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else it tells the job's log when it starts and stops
    with profile(profile_memory=True) as profiler:
        run()
    # The profiler's tables sum a whole operator's bytes; when each came and went stands only in the raw events.
    events = profiler.kineto_results.events()
    moves = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    return max(accumulate((size for _, size in moves), initial=0))
