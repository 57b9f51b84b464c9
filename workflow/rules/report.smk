# Pages: one notebook for all studies, one for the atlas.

# What they say of the controls: of this version's, which were run here or published, or that there are none.
TOLD = " ".join(f"--controls {file}" for file in known_controls())


rule report:
    input:
        results=lambda w: STUDIES[w.study].results,
        controls=known_controls(),
        notebook="workflow/notebooks/study.py",
        drawing=DRAWING,
    output:
        f"{REPORTS}/{{study}}/report.html",
        f"{REPORTS}/{{study}}/report.ipynb",
        multiext(f"{REPORTS}/{{study}}/figure", ".svg", ".pdf", ".png"),
    priority: turn
    localrule: True
    shell:
        "python -m ablatlas.report study {wildcards.study} --scale {SCALE} --results {input.results}"
        f" {TOLD} --out {REPORTS}/{{wildcards.study}}"


rule atlas:
    input:
        results=[study.results for study in STUDIES.values()],
        controls=known_controls(),
        notebook="workflow/notebooks/atlas.py",
        drawing=DRAWING,
    output:
        f"{REPORTS}/atlas/index.html",
        multiext(f"{REPORTS}/atlas/figure", ".svg", ".pdf", ".png"),
    localrule: True
    shell:
        f"python -m ablatlas.report atlas --results {{input.results}} {TOLD} --out {REPORTS}/atlas"
