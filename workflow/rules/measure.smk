# Verdicts: from a study's records and ledgers to one JSON. A corrected statistic measures again and trains nothing.


rule measure:
    input:
        records=lambda w: records(EVERY[w.study]),
        ledgers=lambda w: ledgers(EVERY[w.study], EVERY[w.study].tuned_cells),
        clock=lambda w: clock_of(EVERY[w.study]),
        study=lambda w: EVERY[w.study].file,
        stats=sorted(str(path) for path in Path("src/ablatlas/stats").glob("*.py")),
    output:
        "data/results/{study}-{digest}.json",
    priority: turn
    localrule: True
    params:
        asked=asked,
    shell:
        "python -m ablatlas.stats {wildcards.study} {params.asked} --out {output}"
