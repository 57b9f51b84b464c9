"""What a training holds: its parameters, and the most memory at any time of a step."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch._C._profiler import _EventType
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

    On a CPU from the profiler, as if no block that was there before went: drop those first.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else it tells the job's log when it starts and stops
    with profile(profile_memory=True) as profiler:
        run()
    return max(accumulate(_moves(profiler.kineto_results.experimental_event_tree()), initial=0))


def _moves(events: Iterable[Any]) -> Iterator[int]:
    """The bytes of each block that came while a profiler ran, as it came and negative as it went.

    When each did stands only in the raw events: the profiler's tables sum a whole operator's bytes. A block goes where
    one came. Torch takes any other for one that an earlier profiler saw at the same address, and counts what that held.
    """
    there = set()
    for event in sorted(_blocks(events), key=lambda event: event.start_time_ns):
        block, size = event.extra_fields.ptr, event.extra_fields.alloc_size
        if size > 0:
            there.add(block)
            yield size
        elif block in there:
            there.remove(block)
            yield size


def _blocks(events: Iterable[Any]) -> Iterator[Any]:
    """The comings and goings of blocks, in the order of the program, from a tree of what called what."""
    for event in events:
        if event.tag == _EventType.Allocation:
            yield event
        yield from _blocks(event.children)
