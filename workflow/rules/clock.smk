# Seconds and joules of a step: every variant of a study's base cell, in turn, on a machine of their own.


rule clock:
    input:
        ancient(lambda w: EVERY[w.study].data_notes("base")),
    output:
        "data/runs/{study}/clock-{digest}.json.gz",
    # Before everything else: all cores are free at once only while nothing has begun.
    priority: 10_000
    # All cores here, so that nothing else runs beside it; on a cluster, where `workflow.cores` counts as one,
    # `exclusive` asks for a node of its own.
    threads: workflow.cores
    resources:
        exclusive=1,
        gpu=gpu,
        mem_mb=mem_mb,
        runtime=minutes("clock"),
    shell:
        "python -m ablatlas.procedures clock {wildcards.study} --scale {SCALE} --lines --out {output}"


# A cell's name has a level in it, or is `base`.
ruleorder: clock > train
