"""`python -m ablatlas.data`: the datasets; `python -m ablatlas.data fetch NAME …`: bring some of them.

`python -m ablatlas.data table` prints the table of docs/data.md.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ablatlas.data import registry, store


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.data", description=__doc__)
    verbs = parse.add_subparsers(dest="verb")
    verbs.add_parser("list", help="what there is, and where it lies (the default)")
    verbs.add_parser("table", help="the registry as a table of Markdown")
    fetching = verbs.add_parser("fetch", help="bring datasets, and verify every byte of them")
    fetching.add_argument("names", nargs="+", metavar="NAME")
    fetching.add_argument("--out", type=Path, help="where to note what was verified, of one dataset")
    return parse


def listing() -> Table:
    """Every dataset, where it lies and whether its bytes are the pinned ones."""
    table = Table("dataset", "bytes", "licence", "state", "where", box=None, pad_edge=False)
    for name, of in registry.read().items():
        place = store.place(of)
        table.add_row(name, f"{of.bytes:,}", of.licence, place.state, place.where)
    return table


def markdown() -> str:
    """The registry as docs/data.md shows it."""
    head = ["| dataset | | bytes | train / validation / test | licence | source |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, registry.read().values())])


def _row(of: registry.Dataset) -> str:
    origin = ", ".join(f"<{host}>" for host in of.hosts) or of.origin
    return f"| `{of.name}` | {of.title} | {of.bytes:,} | {of.splits} | {of.licence} | {of.cite}; {origin} |"


def fetch(names: list[str], out: Path | None) -> None:
    """Bring datasets. Raises DataError where one cannot be had."""
    from ablatlas.data import fetch as fetching  # what it imports takes longer than to list

    for name in names:
        registry.dataset(name)  # a mistyped name is told before anything is fetched
    for name in names:
        fetching.fetch(name, lambda line: print(line, flush=True))
        if out:
            fetching.note(name, out)


def main(arguments: list[str] | None = None) -> int:
    """0 when it is done, 2 with a line on stderr when it cannot be, 130 when it was interrupted."""
    parse = parser()
    given = parse.parse_args(arguments)
    if given.verb == "fetch" and given.out and len(given.names) > 1:
        parse.error("--out takes one dataset")
    try:
        if given.verb == "fetch":
            fetch(given.names, given.out)
        elif given.verb == "table":
            print(markdown())
        else:
            wide = None if sys.stdout.isatty() else 200
            Console(markup=False, highlight=False, width=wide).print(listing())
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; called again, it goes on where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
