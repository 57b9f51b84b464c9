# A Snakemake job a run, in the folder that `--directory` names.

import json
import sys
from pathlib import Path

NAMES = [run["name"] for run in json.loads(Path("runs.json").read_text())]


rule all:
    input:
        expand("losses/{name}.json", name=NAMES),


rule run:
    output:
        "losses/{name}.json",
    params:
        python=sys.executable,
    shell:
        "{params.python} -m benchmarks.contenders.one . {wildcards.name}"
