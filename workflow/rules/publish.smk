# What the project stands behind: asked for by name, never part of `all`. `--config studies=relu` publishes one study.


rule publish:
    input:
        records=lambda w: [
            path
            for study in STUDIES.values()
            for path in records(study)
            + ledgers(study, study.tuned_cells)
            + clock_of(study)
        ],
        results=lambda w: [study.results for study in STUDIES.values()],
    params:
        studies=" ".join(STUDIES),
    shell:
        "python -m ablatlas.publish {params.studies} --scale {SCALE} --published {PUBLISHED}"
        + (" --replace" if REPLACE else "")
