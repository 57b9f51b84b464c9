# What the project stands behind: asked for by name, never part of `all`.


rule publish:
    input:
        records=[
            path
            for study in STUDIES.values()
            for path in records(study)
            + ledgers(study, study.tuned_cells)
            + clock_of(study)
        ],
        results=[study.results for study in STUDIES.values()],
        atlas=f"{REPORTS}/atlas/figure.svg",
    shell:
        "python -m ablatlas.publish --scale {SCALE} --published {PUBLISHED} --atlas {input.atlas}"
        + (" --replace" if REPLACE else "")
