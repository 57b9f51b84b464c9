"""`python -m ablatlas.procedures tune|confirm|clock STUDY …`, see `job`; forked from a warm process if there is one."""

import os
import sys
from importlib import import_module

from ablatlas.warm import hand_over

JOB = "ablatlas.procedures.job"  # imports torch

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    status = hand_over(JOB, sys.argv[1:])
    sys.exit(import_module(JOB).main() if status is None else status)
