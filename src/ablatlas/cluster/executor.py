"""Snakemake's Slurm executor (2.8.0, the newest), mended where Snakemake begins: the profile asks for it.

It knows the state of a job by its whole text, and so waits for ever for one that somebody cancelled, or whose every
process was killed: `CANCELLED by 1000` is CANCELLED. It takes no notice of the resource `exclusive`, by which the
rules say that what is timed must not share its machine. And where a node was lost, and its job waits for another, it
takes what sacct says of that one, `None assigned`, for the name of the lost node, and no later job can be sent.
"""

from typing import Any

import snakemake_executor_plugin_slurm as executor

States = tuple[dict[str, str] | None, float | None]

NOWHERE = "None assigned"  # sacct's words for the node of a job that has none


def mend() -> None:
    """Have the executor see the first word of each state, ask for whole nodes and avoid those that are nodes.

    From now on in this process.
    """
    ask, order = executor.query_job_status, executor.get_submit_command

    async def first_words(command: str, logger: object) -> States:
        found, seconds = await ask(command, logger)
        return found and {job: state.split()[0] for job, state in found.items() if state}, seconds

    def placed(job: Any, *words: object, failed_nodes: set[str] | None = None, **settings: object) -> str:
        lost = {node for node in failed_nodes or () if node != NOWHERE}
        exclusive = bool(job.resources.get("exclusive"))
        return f"{order(job, *words, failed_nodes=lost, **settings)}{' --exclusive' if exclusive else ''}"

    executor.query_job_status, executor.get_submit_command = first_words, placed
