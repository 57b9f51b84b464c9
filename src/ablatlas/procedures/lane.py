"""What is timed: one variant that takes the same steps over and over."""

import time
from abc import ABC, abstractmethod

import torch


class Lane(ABC):
    """One variant on a device; `units` is how many of the things that are counted, a step or a token, a call makes."""

    variant: str
    device: torch.device
    units = 1

    @abstractmethod
    def rewind(self) -> None:
        """Back to the beginning, and a first call from there: it fills the caches with what is this variant's own."""

    @abstractmethod
    def call(self, index: int) -> None:
        """Do the work of call `index`."""

    def steps(self, count: int, first: int = 1) -> None:
        """Make `count` calls and wait for the last."""
        for index in range(first, first + count):
            self.call(index)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def pace(self, seconds: float) -> float:
        """Warm up for at least `seconds` and return those of a call."""
        count = 1
        while True:
            self.rewind()
            begin = time.perf_counter()
            self.steps(count)
            if (spent := time.perf_counter() - begin) >= seconds:
                return spent / count
            count *= 2
