"""`python -m benchmarks [NAME …]`: measure all comparisons, or those named, then write the README's table.

A quiet machine is asked for: every result says whether it was.
"""

import argparse
import time
from importlib import import_module

from benchmarks import table
from benchmarks.harness import RESULTS

NAMES = ("throughput", "bound", "rate", "count", "workflow", "overhead", "accelerator", "cluster")


def main() -> None:
    """Measure one comparison after another; each is written as soon as it is there."""
    parse = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parse.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all by default")
    asked = parse.parse_args().names or NAMES
    if unknown := set(asked) - set(NAMES):
        parse.error(f"no comparison {', '.join(sorted(unknown))}: choose from {', '.join(NAMES)}")
    begin = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)

    for name in asked:
        import_module(f"benchmarks.{name}").main(RESULTS, say)
        table.main()
    say("README.md: table written")


if __name__ == "__main__":
    main()
