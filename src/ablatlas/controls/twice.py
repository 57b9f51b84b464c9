"""The same seed twice: do two fresh processes end in the same bits? Reported; no test rests on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from ablatlas.study import Study

VERSION = 1

ARMS = ("with", "without")
Row = dict[str, Any]


def fingerprints(study: Study) -> dict[str, str]:
    """Arm -> the hash of its parameters after a run of the base cell on the first tuning seed."""
    from ablatlas.train.crew import Member  # this process only asks others where it compares
    from ablatlas.train.loop import train

    seed = study.seeds["tuning"][0]
    runs = {arm: next(train([Member(study.run_config(arm), seed, study.device)])) for arm in ARMS}
    return {arm: run.outcome["parameters"] for arm, run in runs.items()}


def compare(study: Study) -> list[Row]:
    """A row for each arm. Raises CalledProcessError where a training process fails."""
    first, second = (_ask(study) for _ in range(2))
    seed = study.seeds["tuning"][0]
    return [{"study": study.name, "variant": arm, "seed": seed, "same": first[arm] == second[arm]} for arm in ARMS]


def _ask(study: Study) -> dict[str, str]:
    command = [sys.executable, "-m", "ablatlas.controls", "fingerprints", study.name, "--scale", study.scale]
    environment = os.environ | {"ABLATLAS_ROOT": str(study.root)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, str] = json.loads(done.stdout)
    return found
