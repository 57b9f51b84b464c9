# Ablatlas: every breakthrough with and without its key innovation.
#
#     data ─► tune (cell) ──► train (cell) ─┬─► measure (study) ──► report (study) ──► atlas
#                             clock (study) ┘
#
# A cell is one study at one level of difficulty: every arm, every seed. A record's path carries a digest of all that
# its numbers depend on, so an edit plans exactly the cells that it changes, in a fresh clone too.
#
#     snakemake --profile workflow/profiles/local headline                  the headline studies
#     snakemake --profile workflow/profiles/local residual                  one study
#     snakemake --profile workflow/profiles/local controls                  what makes the measurement believable
#     snakemake --profile workflow/profiles/local plan                      what it would cost and could show
#     snakemake --profile workflow/profiles/local all --config scale=smoke  everything, in little, for no claim
#     snakemake --profile workflow/profiles/local publish                   what the project stands behind
#     snakemake --profile slurm all                                         on a cluster, see docs/cluster.md

import sys
from pathlib import Path

from ablatlas.cluster.jobs import take_back
from ablatlas.plan.demand import Demand, gpus, memory, short
from ablatlas.site import site
from ablatlas.study import controls, find_root, load, load_all, names
from ablatlas.warm import serve

# In the order in which they are trained: forget_gate is one cell, a chain that another study can run beside.
HEADLINE = ["residual", "forget_gate", "layernorm"]


include: "workflow/rules/common.smk"


localrules:
    all,
    headline,
    publish,


# Here jobs are forked from a process that has imported torch. On a cluster what a killed Snakemake left in the queue is
# taken back before anything is submitted anew.
onstart:
    serve() if workflow.local_exec else take_back(find_root(), print)


rule all:
    default_target: True
    input:
        atlas_of(STUDIES.values()),


rule headline:
    input:
        [report_of(STUDIES[name]) for name in HEADLINE if name in STUDIES],


for study in STUDIES.values():

    rule:
        name:
            study.name
        input:
            report_of(study),
        localrule: True


include: "workflow/rules/data.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/clock.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/controls.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/publish.smk"
