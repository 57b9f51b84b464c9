"""`python -m ablatlas.cluster costs`: what the jobs of this clone have cost; `… take-back`: cancel those left alone.

Costs are read from Slurm's accounting. Left alone are jobs whose Snakemake ran on this machine and is gone; the next
Snakemake takes them back by itself.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from ablatlas.cluster import costs
from ablatlas.cluster.accounting import attempts
from ablatlas.cluster.jobs import take_back
from ablatlas.site import site
from ablatlas.study import controls, find_root, names


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.cluster", description=__doc__)
    kinds = parse.add_subparsers(dest="kind", required=True)
    told = kinds.add_parser("costs", help="core- and GPU-hours, efficiency, waits and retries by study")
    told.add_argument(
        "--since", default="now-30days", help="as sacct reads it: 2026-11-21, now-2hours (default %(default)s)"
    )
    kinds.add_parser("take-back", help="cancel the jobs of a Snakemake that is gone")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it was told or done; 2 and one line on stderr where the cluster does not answer."""
    given = parser().parse_args(arguments)
    try:
        root = find_root()
        if given.kind == "take-back":
            take_back(root, print)
            return 0
        print(*costs.page(attempts(root, given.since, [*names(root), *controls(root)]), site(root)), sep="\n")
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
