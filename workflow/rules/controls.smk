# Controls: comparisons whose answer is known. Those that are studies are tuned, trained and measured by the rules of all
# studies; here is what they take besides, the file of what they found, and the verdict on all of them.

from ablatlas.controls.work import load as load_controls

WORK = load_controls(SCALE)


def known_controls():
    """The file of what this version's controls found, where they were run."""
    return [str(file) for file in WORK.found()]


JUDGES = sorted(str(path) for path in Path("src/ablatlas/controls").glob("*.py"))


localrules:
    controls,


for block in WORK.blocks():

    rule:
        name:
            f"draws_{block.first}"
        output:
            str(block.file),
        params:
            draws=f"{block.first}:{block.last}",
        shell:
            "python -m ablatlas.controls aa --draws {params.draws} --scale {SCALE} --out {output}"


for part, file in WORK.synthetic().items():

    rule:
        name:
            f"synthetic_{part}"
        output:
            str(file),
        params:
            part=part,
        shell:
            "python -m ablatlas.controls synthetic --part {params.part} --scale {SCALE} --out {output}"


for name, file in WORK.twice().items():

    rule:
        name:
            f"twice_{name}"
        output:
            str(file),
        params:
            study=name,
        shell:
            "python -m ablatlas.controls twice {params.study} --scale {SCALE} --out {output}"


rule judge:
    input:
        results=[str(study.results) for study in WORK.measured.values()],
        draws=[str(block.file) for block in WORK.blocks()],
        synthetic=[str(file) for file in WORK.synthetic().values()],
        twice=[str(file) for file in WORK.twice().values()],
        anchors=WORK.anchored(),
        held_against="params/anchors.yaml",
        judges=JUDGES,
    output:
        str(WORK.results),
    localrule: True
    shell:
        "python -m ablatlas.controls collect --scale {SCALE} --published {PUBLISHED} --out {output}"


rule controls_page:
    input:
        results=str(WORK.results),
        notebook="workflow/notebooks/controls.py",
        drawing=DRAWING,
    output:
        f"{REPORTS}/controls/index.html",
        multiext(f"{REPORTS}/controls/figure", ".svg", ".pdf", ".png"),
    localrule: True
    shell:
        f"python -m ablatlas.report controls --results {{input.results}} --out {REPORTS}/controls"


# Last, so that what was found stands, with its page, also where some of it failed.
rule controls:
    input:
        f"{REPORTS}/controls/index.html",
        results=str(WORK.results),
    shell:
        "python -m ablatlas.controls check --results {input.results}"
