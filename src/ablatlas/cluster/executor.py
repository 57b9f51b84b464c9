"""Snakemake's Slurm executor (2.8.0, the newest), mended where Snakemake begins: the profile asks for it.

It knows the state of a job by its whole text, and so waits for ever for one that somebody cancelled, or whose every
process was killed: `CANCELLED by 1000` is CANCELLED. And it takes no notice of the resource `exclusive`, by which the
rules say that what is timed must not share its machine.
"""

from typing import Any

import snakemake_executor_plugin_slurm as executor

States = tuple[dict[str, str] | None, float | None]


def mend() -> None:
    """Have the executor see the first word of each state and ask for whole nodes, from now on in this process."""
    ask, order = executor.query_job_status, executor.get_submit_command

    async def first_words(command: str, logger: object) -> States:
        found, seconds = await ask(command, logger)
        return found and {job: state.split()[0] for job, state in found.items() if state}, seconds

    def whole_node(job: Any, *words: object, **settings: object) -> str:
        exclusive = bool(job.resources.get("exclusive"))
        return f"{order(job, *words, **settings)}{' --exclusive' if exclusive else ''}"

    executor.query_job_status, executor.get_submit_command = first_words, whole_node
