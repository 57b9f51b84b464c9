"""The README's table, made from `results/` and from nothing else."""

import json
from pathlib import Path
from typing import Any

from benchmarks.bound import KERNELS
from benchmarks.contenders import CONTENDERS, OURS, PLAIN
from benchmarks.grid import HERE, ROOT, settings
from benchmarks.overhead import PARTS

BEGIN, END = "<!-- benchmarks: made by `make bench`, do not edit -->", "<!-- benchmarks: end -->"
Result = dict[str, Any]


def read(folder: Path) -> dict[str, Result]:
    """Every result in a folder, by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def number(value: float) -> str:
    """Two or three digits."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def between(found: Result, scale: float = 1) -> str:
    """A median with its range."""
    low, middle, high = (number(found[key] * scale) for key in ("min", "median", "max"))
    return f"{middle} ({low}–{high})"


def percent(found: Result) -> str:
    """A share's median with its range, in percent."""
    places = 1 if found["median"] < 0.1 else 0
    low, middle, high = (f"{100 * found[key]:.{places}f}" for key in ("min", "median", "max"))
    return f"{middle} % ({low}–{high})"


def rows(*lines: tuple[str, ...]) -> list[str]:
    """A Markdown table: its head, then its rows."""
    head, *body = ("| " + " | ".join(line) + " |" for line in lines)
    return [head, "|" + "---|" * len(lines[0]), *body, ""]


def throughput(results: dict[str, Result]) -> list[str]:
    """CPU- and wall-seconds of every contender over ours, a column pair a grid."""
    order = [f"throughput-{name}" for name in settings()["grids"]]
    found = {name: results[name] for name in order if name in results}
    if not found:
        return []
    heads = [f"{one['grid']}, {unit}" for one in found.values() for unit in ("CPU", "wall")]
    lines = [
        (who, *(between(one["ratios"][who][unit]) for one in found.values() for unit in ("cpu", "wall")))
        for who in CONTENDERS
        if who != OURS
    ]
    told = "; ".join(
        f"{one['grid']}: {one['n']} runs of {one['config']['recipe']['steps']} steps, engine {one['engine']}, "
        f"arithmetic {percent(one['arithmetic_share'])} of the plain loop, {one['rounds']} rounds"
        for one in found.values()
    )
    text = (
        "Seconds of each way to train the same grid over ours, the same losses to four digits. More than 1 is slower."
    )
    return [f"{text} {told[0].upper()}{told[1:]}.", "", *rows(("over ours", *heads), *lines)]


def bound(results: dict[str, Result]) -> list[str]:
    """What stacking gains and could gain, a row a model."""
    if "bound" not in results:
        return []
    found = results["bound"]
    lines = [(name, *(between(one[who]) for who in (OURS, KERNELS))) for name, one in found["models"].items()]
    text = (
        "CPU-seconds of a member's forward and backward pass, one run alone over a stack of eight, "
        "and over the stack's kernels called one by one without any code around them: what quicker code could gain"
    )
    return [f"{text}; {found['rounds']} rounds.", "", *rows(("one alone over", "the stack", KERNELS), *lines)]


def rate(results: dict[str, Result]) -> list[str]:
    """The share of the peak rate, a row a model."""
    if "rate" not in results:
        return []
    found = results["rate"]
    size = found["matrix"]
    text = f"Operations a second of training over those of one product of {size} × {size} matrices, one thread"
    lines = [
        (name, one["engine"], *(percent(one["share"][who]) for who in (OURS, PLAIN)))
        for name, one in found["models"].items()
    ]
    return [f"{text}, {found['rounds']} rounds.", "", *rows(("share of the peak", "engine", OURS, PLAIN), *lines)]


def count(results: dict[str, Result]) -> list[str]:
    """What a run costs, a row a number of runs."""
    if "count" not in results:
        return []
    found = results["count"]
    fewest = found["runs"][0]
    steps = found["config"]["recipe"]["steps"]
    lines = [
        (f"{many:,}", between(found["each"][str(many)], 1000), between(found["ratios"][str(many)]))
        for many in found["runs"]
    ]
    text = f"Cost of a run of {steps} steps ({found['grid']}) as one process trains more of them, its start included"
    return [f"{text}; {found['rounds']} rounds.", "", *rows(("runs", "CPU-ms a run", f"over {fewest} runs"), *lines)]


def workflow(results: dict[str, Result]) -> list[str]:
    """Parsing and planning."""
    if "workflow" not in results:
        return []
    found = results["workflow"]
    names = {
        "an empty Snakefile": "parse an empty Snakefile",
        "warm": f"parse {found['studies']} studies, configurations cached",
        "cold": f"parse {found['studies']} studies, nothing cached",
        "plan": f"plan {found['cells']:,} cells",
    }
    lines = [(text, between(found["wall"][name])) for name, text in names.items()]
    return rows((f"Snakemake, {found['rounds']} rounds", "seconds"), *lines)


def overhead(results: dict[str, Result]) -> list[str]:
    """What a job spends besides arithmetic, a row a cell."""
    if "overhead" not in results:
        return []
    found = results["overhead"]
    lines = [
        (cell, *(percent(one[name]) for name in ("overhead", "unjudged", *PARTS)))
        for cell, one in found["cells"].items()
    ]
    text = f"Shares of the CPU-seconds of tuning jobs ({found['scale']} scale) that are no training arithmetic"
    alone = (
        "Such a job is forked from a process that has torch in it. Where none serves, as on a cluster's nodes, it "
        f"spends {between(found['import_cpu'])} CPU-s more, on imports."
    )
    return [
        f"{text}; {found['rounds']} rounds.",
        "",
        *rows(("cell", "all of it", "all but judging", *PARTS), *lines),
        alone,
        "",
    ]


def accelerator(results: dict[str, Result]) -> list[str]:
    """What stacking wins on a GPU, a row a model."""
    if "accelerator" not in results:
        return []
    found = results["accelerator"]
    lines = [(name, *(between(one[str(many)]) for many in found["members"])) for name, one in found["models"].items()]
    text = f"Seconds of a member's step on one {found['device']}, one run after another over so many at once"
    return [f"{text}; {found['rounds']} rounds.", "", *rows(("at once", *map(str, found["members"])), *lines)]


def cluster(results: dict[str, Result]) -> list[str]:
    """What a cluster's jobs cost, and how it answers meanwhile."""
    if "cluster" not in results:
        return []
    found = results["cluster"]
    lines = [
        ("a cell's process by itself, CPU-s", number(found["cell_alone_cpu"])),
        ("what a job adds, CPU-s", number(found["overhead_cpu_per_job"])),
        ("what Snakemake needs to submit and watch a job, CPU-s", number(found["snakemake_cpu_per_job"])),
        ("`squeue` answers after, s", between(found["squeue_seconds"])),
    ]
    asked = settings()["cluster"]
    text = (
        f"{found['cells']} of the shortest cells in {found['jobs']} jobs on a Slurm of {asked['nodes']} nodes of "
        f"{asked['cores']} cores, all on this machine, took {found['wall'] / 60:.0f} minutes; "
        f"{found['completed']} jobs completed, every cell has its record."
    )
    return [text, "", *rows(("once", "of a cluster"), *lines)]


def machines(results: dict[str, Result]) -> list[str]:
    """The machines that measured, and what they had to share."""
    found = dict.fromkeys(
        f"{one['machine']['processor']}, {one['machine']['cores']} cores, one thread a process, "
        + ", ".join(f"{name} {version}" for name, version in one["machine"]["versions"].items())
        for one in results.values()
    )
    shared = [name for name, one in results.items() if not one["exclusive"]]
    warning = [f"Others used the machine while {', '.join(shared)} was measured.", ""] if shared else []
    return [*(f"Measured on {machine}." for machine in found), "", *warning]


def text(results: dict[str, Result]) -> str:
    """All results as Markdown."""
    if not results:
        return "Nothing has been measured yet: `make bench` does it."
    said = "Medians, in brackets the range; a ratio is of what ran in turn in one round."
    parts = (throughput, bound, rate, count, workflow, overhead, accelerator, cluster, machines)
    return "\n".join([said, "", *(line for part in parts for line in part(results))]).strip()


def within(page: str, made: str) -> str:
    """A page with what stands between its two markers replaced. Raises ValueError where it has no such markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md: expected the markers {BEGIN} and {END}")
    return f"{before}{begin}\n{made}\n{end}{after}"


def main(results: Path = HERE / "results") -> None:
    """Write the table, on its own and into the README."""
    made, page = text(read(results)), ROOT / "README.md"
    (results / "table.md").write_text(made + "\n", encoding="utf-8")
    page.write_text(within(page.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
