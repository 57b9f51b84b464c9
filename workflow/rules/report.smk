# Pages: one notebook for all studies, one for the atlas.


report: "../report/workflow.rst"


# What they say of the controls: of this version's, which were run here or published, or that there are none.
TOLD = " ".join(f"--controls {file}" for file in known_controls())


rule report:
    input:
        results=lambda w: STUDIES[w.study].results,
        controls=known_controls(),
        notebook="workflow/notebooks/study.py",
        drawing=DRAWING,
    output:
        report(
            f"{REPORTS}/{{study}}/report.html",
            caption="../report/study.rst",
            category="Reports",
            labels={"study": "{study}"},
        ),
        f"{REPORTS}/{{study}}/report.ipynb",
        f"{REPORTS}/{{study}}/numbers.tex",
        f"{REPORTS}/{{study}}/verdicts.tex",
        f"{REPORTS}/{{study}}/cite.bib",
        f"{REPORTS}/{{study}}/forest.pdf",
        multiext(f"{REPORTS}/{{study}}/figure", ".svg", ".pdf", ".png"),
    priority: turn
    localrule: True
    shell:
        "python -m ablatlas.report study {wildcards.study} --scale {SCALE} --results {input.results}"
        f" {TOLD} --out {REPORTS}/{{wildcards.study}}"


rule atlas:
    input:
        results=lambda w: [study.results for study in STUDIES.values()],
        controls=known_controls(),
        notebook="workflow/notebooks/atlas.py",
        disagreements="params/disagreements.yaml",
        drawing=DRAWING,
    output:
        report(
            f"{REPORTS}/atlas/index.html",
            caption="../report/atlas.rst",
            category="Atlas",
            labels={"study": "all"},
        ),
        multiext(f"{REPORTS}/atlas/figure", ".svg", ".pdf", ".png"),
    localrule: True
    shell:
        f"python -m ablatlas.report atlas --results {{input.results}} {TOLD} --out {REPORTS}/atlas"


rule crate:
    input:
        results=lambda w: [study.results for study in STUDIES.values()],
        pages=atlas_of(STUDIES.values()),
    output:
        f"{REPORTS}/crate.zip",
    shell:
        f"python -m ablatlas.report crate --results {{input.results}} --reports {REPORTS} --out {{output}}"
