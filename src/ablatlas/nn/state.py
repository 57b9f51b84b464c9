"""What becomes of a recurrent state where a string of the stream begins: it is carried on, or reset to zero.

Legend: T steps, B streams, S segments, I inputs, H width. A scan is the fused recurrence: it maps equally long
sequences (T, B, I), or segments packed as torch packs them (all first steps, all second steps, …, the longest
segment first) with how many take each step, and a state to outputs and the last states.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # h and c, each (1, B, H)


class Scan(Protocol):
    def __call__(self, x: Tensor, state: State, sizes: Tensor | None = None) -> tuple[Tensor, State]: ...


class Carried(nn.Module):
    """The state runs on across strings."""

    def forward(self, scan: Scan, x: Tensor, state: State, fresh: Tensor) -> tuple[Tensor, State]:
        """(T, B, I), state, (T, B) bool -> (T, B, H), state."""
        return scan(x, state)


class Reset(nn.Module):
    """The state is zeroed wherever `fresh` marks the first symbol of a string.

    Streams are cut there into segments that run side by side through the same fused kernel: exact, where a
    Python loop over the steps would cost several times as much.
    """

    def forward(self, scan: Scan, x: Tensor, state: State, fresh: Tensor) -> tuple[Tensor, State]:
        """(T, B, I), state, (T, B) bool -> (T, B, H), state."""
        steps, streams = fresh.shape
        cut = fresh.T.clone()
        cut[:, 0] = True
        stream, start = cut.nonzero(as_tuple=True)  # (S,), stream by stream, in order
        end = torch.cat([start[1:], start.new_zeros(1)])
        length = torch.where(end > start, end, steps) - start
        length, rank = length.sort(descending=True, stable=True)
        stream, start = stream[rank], start[rank]

        sizes = (length[:, None] > torch.arange(int(length[0]), device=length.device)).sum(0)
        counts = [torch.arange(size, device=sizes.device) for size in sizes.tolist()]
        offset = torch.cat(counts)  # the segment of every packed row
        step = torch.repeat_interleave(torch.arange(len(sizes), device=sizes.device), sizes)
        packed = (start[offset] + step) * streams + stream[offset]  # and where it stands in the flattened x
        resumed = ~fresh[start, stream]
        begin = (state[0][:, stream] * resumed[:, None], state[1][:, stream] * resumed[:, None])

        outputs, (h, c) = scan(x.flatten(0, 1)[packed], begin, sizes.cpu())
        final = (start + length == steps).nonzero()[:, 0]
        final = final[stream[final].argsort()]
        return outputs[packed.argsort()].unflatten(0, (steps, streams)), (h[:, final], c[:, final])


carried = Carried
reset = Reset
