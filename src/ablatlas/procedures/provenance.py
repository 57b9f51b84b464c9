"""What a run's bits depend on, and the circumstances that a record keeps beside them."""

import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ablatlas import study as declared
from ablatlas.declaration.registered import registered
from ablatlas.study import Study
from ablatlas.train.build import THREADS


def run_key(digest: str, seed: int, engine: str, device: str) -> str:
    """The identity under which a run is taken over on this machine: equal keys, equal outcomes, bit for bit."""
    return declared.run_key(digest, seed, engine, torch.__version__, model(device), THREADS)


def untuned(study: Study, variant: str, cell: str, seed: int) -> dict[str, Any]:
    """What identifies a finished confirmation run in a record, of an arm that has no rate to tune."""
    digest = study.run_digest(variant, cell)
    return {
        "key": run_key(digest, seed, study.engine, study.device), "digest": digest, "seed": seed, "arm": variant,
        "cell": cell, "rate": None, "state": "finished", "phase": "confirmation",
    }  # fmt: skip


def model(device: str) -> str:
    """What rounds alike: a type of device, and of GPUs the model, in letters that a file's name may hold."""
    return device if device == "cpu" else f"{device}.{re.sub(r'[^A-Za-z0-9]+', '_', torch.cuda.get_device_name())}"


def processor() -> str:
    """The processor's model name, as the kernel gives it where it does."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def revision(root: Path) -> dict[str, Any]:
    """The source's git commit, and whether `src` and `params` were as it has them; nulls outside a repository."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "clean": not _git(root, "status", "--porcelain", "--", "src", "params")}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout.strip()


def provenance(study: Study) -> dict[str, Any]:
    """The study and its digest, versions, machine, source, hashes of the data, the registration verbatim."""
    return {
        "study": study.name,
        "digest": study.digest,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "device": model(study.device),
        "processor": processor(),
        "threads": THREADS,
        "source": revision(study.root),
        "data": study.data,
        "scale": study.scale,
        "registration": registered(study),
    }
