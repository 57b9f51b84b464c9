# Pages: one notebook for all studies, one for the atlas.

DRAWING = sorted(str(path) for path in Path("src/ablatlas/report").glob("*.py"))


rule report:
    input:
        results=lambda w: STUDIES[w.study].results,
        notebook="workflow/notebooks/study.py",
        drawing=DRAWING,
    output:
        f"{REPORTS}/{{study}}/report.html",
        f"{REPORTS}/{{study}}/report.ipynb",
        multiext(f"{REPORTS}/{{study}}/figure", ".svg", ".pdf", ".png"),
    priority: turn
    shell:
        "python -m ablatlas.report study {wildcards.study} --scale {SCALE} --results {input.results}"
        f" --out {REPORTS}/{{wildcards.study}}"


rule atlas:
    input:
        results=[study.results for study in STUDIES.values()],
        notebook="workflow/notebooks/atlas.py",
        drawing=DRAWING,
    output:
        f"{REPORTS}/atlas/index.html",
        multiext(f"{REPORTS}/atlas/figure", ".svg", ".pdf", ".png"),
    shell:
        f"python -m ablatlas.report atlas --results {{input.results}} --out {REPORTS}/atlas"
