"""`python -m ablatlas.train study=residual arm=without model.depth=20 seed=3`: one run, any override, live.

Nothing is written: runs that count are trained by the DAG, at tuned rates and on declared seeds.
"""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ablatlas.study import Study, StudyError, from_command_line
from ablatlas.train.crew import Member
from ablatlas.train.loop import train
from ablatlas.train.run import Run

HIDDEN = ("examples", "flops")


def words(value: object) -> str:
    """A number to four digits, a hash by its beginning, and what a diverged run has none of as a dash."""
    return f"{value:.4g}" if isinstance(value, float | int) else str(value or "–")[:12]


def show(run: Run, console: Console) -> None:
    """The curve as a table, the outcome below it."""
    names = [name for name, value in run.curve[0].items() if name not in HIDDEN and not isinstance(value, list)]
    table = Table(*names)
    for point in run.curve:
        table.add_row(*(words(point.get(name)) for name in names))
    console.print(table)
    outcome = ", ".join(f"{name} {words(value)}" for name, value in run.outcome.items() if not isinstance(value, list))
    console.print(f"{run.state} in {run.meters['seconds']:.1f} s; {outcome}")


def live(study: Study, console: Console) -> Run:
    """Train the arm and seed that the study was asked for, below a bar."""
    if study.procedure != "train":
        raise StudyError(study.file, "procedure", study.procedure, "train, which alone has a training to show")
    arm, seed = str(study.arm), study.seed or 0
    config, name = study.run_config(arm), f"{study.name} {arm} seed {seed}"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("loss {task.fields[loss]:.4f}"), console=console) as bar:
        task = bar.add_task(name, total=config["recipe"]["steps"], loss=float("nan"))

        def told(step: int, losses: Sequence[float]) -> None:
            bar.update(task, completed=step, loss=losses[0])

        return next(train([Member(config, seed, study.device)], progress=told))


def main(arguments: list[str]) -> int:
    """Train the run that the overrides name; 0 when it ends, finished or diverged, and 2 on a bad override."""
    console = Console()
    try:
        given = arguments if any(word.startswith("arm=") for word in arguments) else [*arguments, "arm=with"]
        run = live(from_command_line(given), console)
    except ValueError as error:  # a StudyError, or a value that a model, a task or an optimizer refuses
        print(f"error: {error}", file=sys.stderr)
        return 2
    show(run, console)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
