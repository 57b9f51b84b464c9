"""From a number back to its runs: every verdict has a place in the table of runs, every record one of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ablatlas.report.html import Column, Html, at, details, inline, join, link, paragraph, table
from ablatlas.report.view import Row, Rows, View
from ablatlas.report.words import measure

Cells = list[str | Html]


def place(verdict: Row) -> str:
    """Where the page lists the runs of a verdict."""
    return f"runs-{verdict['constraint']}-{verdict['ladder'] or verdict['measure']}-{verdict['contrast']}"


def evidence(verdict: Row) -> str:
    """Where the page shows what a verdict was read from: its ladder's figure, or the chain."""
    return f"ladder-{verdict['ladder']}" if verdict["ladder"] else "chain"


def linked(verdict: Row, words: str) -> str:
    """Words that lead to the runs of a verdict."""
    return f"[{words}](#{place(verdict)})"


def of(view: View, verdict: Row) -> Rows:
    """The records whose runs a verdict was computed from; of a net term the clock's, where it has one apart."""
    records: Rows = view.results.get("records") or []
    if verdict["basis"] == "net" and not verdict["runs"]:
        return [record for record in records if record["phase"] == "clock"]
    keys = set(verdict["runs"])
    return [record for record in records if keys & set(record["runs"])]


def verdicts(view: View) -> Html:
    """Which records, and how many runs of them, each verdict was computed from."""
    names = ("verdict on", "contrast", "measure", "records", "runs")
    rows: list[Cells] = [
        [
            at(place(v), v["constraint"]),
            f"{v['numerator']} / {v['denominator']}",
            measure(v),
            _cells(of(view, v)),
            str(len(v["runs"]) or sum(len(record["runs"]) for record in of(view, v))),
        ]
        for v in view.verdicts
    ]
    caption = (
        "What each verdict was computed from. Rates, and the target of a time to target, come from the tuning "
        "records of the same cells besides."
    )
    return table(caption, [Column(name, name == "runs") for name in names], rows, "stacked")


def _cells(records: Rows) -> Html:
    """The records by the names of their cells, each leading to its row."""
    if not records:
        return Html("not recorded")
    return Html(", ".join(inline(f"[{_name(record)}](#{_row(record)})") for record in records))


def _name(record: Row) -> str:
    return record["cell"] if record["phase"] == "confirmation" else f"{record['phase']} of {record['cell']}"


def _row(record: Row) -> str:
    return f"record-{record['phase']}-{record['cell']}"


def records(view: View) -> Html:
    """Every record with its file and the keys of its runs."""
    found: Rows = view.results.get("records") or []
    if not found:
        return paragraph("The results do not name the records that they were computed from.")
    rows: list[Cells] = [[at(_row(r), _name(r)), _file(view, r), str(len(r["runs"])), _keys(r["runs"])] for r in found]
    caption = (
        "Records: compressed JSON, a row a run. A run's key is the digest of its configuration, its seed, engine, "
        "torch, device and threads; `s0…s9` stands for ten keys."
    )
    names = ("record", "file", "runs", "keys")
    return table(caption, [Column(name, name == "runs") for name in names], rows, "stacked")


def _file(view: View, record: Row) -> Html:
    """The record's file, as it is reached from the folder in which the page is made."""
    root = os.path.relpath(view.study.root.resolve(), Path.cwd())
    return link(Path(record["file"]).name, f"{root}/{record['file']}")


def _keys(keys: Sequence[str]) -> Html:
    return Html("<br>".join(f"<code>{inline(key)}</code>" for key in shortened(keys)))


def shortened(keys: Sequence[str]) -> Iterator[str]:
    """Keys that differ in their seeds alone, as one: `0f3a-s0…s9-stacked-…`; seeds with gaps are all named."""
    seeds: dict[tuple[str, str], list[int]] = {}
    for key in keys:
        digest, _, rest = key.partition("-s")
        seed, _, machine = rest.partition("-")
        seeds.setdefault((digest, machine), []).append(int(seed))
    for (digest, machine), found in seeds.items():
        yield f"{digest}-{_seeds(sorted(found))}" + (f"-{machine}" if machine else "")


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"s{seeds[0]}…s{seeds[-1]}"
    return ",".join(f"s{seed}" for seed in seeds)


def section(view: View) -> Html:
    """The two tables: from verdicts to records, and from records to files and run keys."""
    return join(verdicts(view), details("Every record and the keys of its runs", records(view)))
