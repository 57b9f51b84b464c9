"""Whether a process of this machine still lives: numbers are given again, births are not."""

import psutil


def lives(process: int, born: float) -> bool:
    """Whether there is a process of this number that was born then, in seconds since the epoch, to within one."""
    try:
        return abs(psutil.Process(process).create_time() - born) <= 1
    except psutil.NoSuchProcess:
        return False
