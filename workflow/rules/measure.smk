# Verdicts: from a study's records and ledgers to one JSON. A corrected statistic measures again and trains nothing.


rule measure:
    input:
        records=lambda w: records(STUDIES[w.study]),
        ledgers=lambda w: ledgers(STUDIES[w.study], STUDIES[w.study].tuned_cells),
        study="params/study/{study}.yaml",
        stats=sorted(str(path) for path in Path("src/ablatlas/stats").glob("*.py")),
    output:
        "data/results/{study}-{digest}.json",
    priority: turn
    shell:
        "python -m ablatlas.stats {wildcards.study} --scale {SCALE} --published {PUBLISHED} --out {output}"
