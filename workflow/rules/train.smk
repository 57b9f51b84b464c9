# Confirmation: one level, every variant, fresh seeds, at the rates that tuning chose there or on either side of it.
# Where the runs themselves are timed they have the machine to themselves, as a clock has.


rule train:
    input:
        # What a ledger says is in its name's digest, so its date says nothing.
        ledgers=ancient(
            lambda w: ledgers(EVERY[w.study], EVERY[w.study].rates_from(w.cell))
        ),
        data=ancient(lambda w: EVERY[w.study].data_notes(w.cell)),
    output:
        "data/runs/{study}/{cell}-{digest}.json.gz",
    priority: lambda w: 10_000 if EVERY[w.study].alone else turn(w)
    group:
        batch("confirmation")
    threads: lambda w: workflow.cores if EVERY[w.study].alone else 1
    resources:
        exclusive=lambda w: int(EVERY[w.study].alone),
        gpu=gpu,
        mem_mb=mem_mb,
        runtime=minutes("confirmation"),
    params:
        asked=asked,
    shell:
        "python -m ablatlas.procedures confirm {wildcards.study} {wildcards.cell} {params.asked}"
        " --lines --out {output}"
