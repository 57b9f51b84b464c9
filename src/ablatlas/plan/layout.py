"""Lines and columns that read well in a log."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 104  # of a wrapped line; a heading stands before it


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned lines: words to the left, numbers to the right."""
    lines = [list(heading), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    words = [i == 0 or not any(map(str.isdigit, "".join(line[i] for line in lines[1:]))) for i in range(len(widths))]
    align = [str.ljust if word else str.rjust for word in words]
    return [
        "  ".join(put(text, width) for put, text, width in zip(align, line, widths, strict=True)).rstrip()
        for line in lines
    ]


def wrapped(text: str) -> list[str]:
    """Lines short enough for a log."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def duration(seconds: float) -> str:
    """In words, to two places."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
