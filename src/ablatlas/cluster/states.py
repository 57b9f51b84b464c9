"""What Snakemake's executor reads of the accounting, mended: `CANCELLED by 1000` is CANCELLED.

The executor (2.8.0, the newest) knows a state by its whole text, and so waits for ever for a job that somebody
cancelled, or whose every process was killed. The profile mends it where Snakemake begins.
"""

import snakemake_executor_plugin_slurm as executor

States = tuple[dict[str, str] | None, float | None]


def mend() -> None:
    """Have the executor see the first word of each state, from now on in this process."""
    ask = executor.query_job_status

    async def first_words(command: str, logger: object) -> States:
        found, seconds = await ask(command, logger)
        return found and {job: state.split()[0] for job, state in found.items() if state}, seconds

    executor.query_job_status = first_words
