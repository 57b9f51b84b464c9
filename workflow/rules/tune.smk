# Rates: at some levels, every variant over a grid of rates on tuning seeds, and the ledger of what was chosen.


rule tune:
    input:
        # Where it is time that counts, the base cell's curves set what is aimed at.
        targets=ancient(lambda w: targets(EVERY[w.study], w.cell)),
        data=ancient(lambda w: EVERY[w.study].data_notes(w.cell)),
    output:
        "data/runs/{study}/{cell}-{digest}.tuning.json.gz",
    priority: lambda w: turn(w) + 50
    group:
        batch("tuning")
    resources:
        gpu=gpu,
        mem_mb=mem_mb,
        runtime=minutes("tuning"),
    params:
        asked=asked,
    shell:
        "python -m ablatlas.procedures tune {wildcards.study} {wildcards.cell} {params.asked}"
        " --lines --out {output}"
