# What the rules ask of a study: its files, all of which carry a digest or are made from files that do.

SCALE = config.get("scale", "laptop")
# `yes` trains anew what data/published holds, for `publish` to put in its place
REPLACE = config.get("replace", "no") in ("yes", True)
# `ignore` trains it anew as well, and leaves it where it is
PUBLISHED = "ignore" if REPLACE else config.get("published", "use")
LADDERS = config.get("ladders", "all")  # `claimed` leaves out what no essay claims
# `headline`, or names with commas between: what the atlas shows and `all` stands for
CHOSEN = {"all": names(), "headline": HEADLINE}
NAMED = config.get("studies", "all")
STUDIES = load_all(CHOSEN.get(NAMED) or NAMED.split(","), SCALE, ladders=LADDERS)
CONTROLS = {name: load(name, SCALE) for name in controls()}
EVERY = STUDIES | CONTROLS
DRAWING = sorted(str(path) for path in Path("src/ablatlas/report").glob("*.py"))
REPORTS = "reports" if SCALE == "laptop" else f"reports/{SCALE}"
USED = PUBLISHED == "use"
SITE = site(find_root())
DEMAND = Demand(USED, SITE.minutes)

# A job runs by the interpreter that runs Snakemake, wherever it is sent, after what the site wants done first.
shell.prefix(
    f"{SITE.activate or ':'}; export PATH={Path(sys.executable).parent}:$PATH; set -euo pipefail; "
)


wildcard_constraints:
    study="|".join(EVERY),
    cell=r"(?!clock-)[a-z0-9_.=]+(?:-\d\d)?",
    digest="[0-9a-f]{12}",


def records(study):
    """The confirmation record of every cell, published or working."""
    return [study.record(cell, published=USED) for cell in study.cells]


def ledgers(study, cells):
    """The tuning records of cells."""
    return [study.tuning_record(cell, published=USED) for cell in cells]


def clock_of(study):
    """The record of a study's clock, of one that has a clock apart."""
    return [study.clock_record(published=USED)] if study.clock else []


def asked(wildcards):
    """What a job is told of the study it works on; of a control everything is asked."""
    ladders = LADDERS if wildcards.study in STUDIES else "all"
    return f"--scale {SCALE} --published {PUBLISHED} --ladders {ladders}"


def targets(study, cell):
    """The tuning records that set what a cell's tuning aims at."""
    return ledgers(study, study.targets_from(cell))


def report_of(study):
    return f"{REPORTS}/{study.name}/report.html"


def atlas_of(studies):
    """The atlas page and the reports that it links to."""
    return [f"{REPORTS}/atlas/index.html", *(report_of(study) for study in studies)]


def turn(wildcards):
    """Finish one study before the next begins, so that a first report stands long before the last.

    Within a study tuning goes before training, and the hardest level first: it takes longest, and would otherwise
    run alone at the end.
    """
    order = [*HEADLINE, *(name for name in EVERY if name not in HEADLINE)]
    cells = list(EVERY[wildcards.study].cells)
    level = cells.index(wildcards.cell) if hasattr(wildcards, "cell") else len(cells)
    return 100 * (len(order) - order.index(wildcards.study)) + level


# What a job asks for: the names are those that Snakemake's executors share.


def minutes(phase):
    """The time limit of a job, counted where jobs are handed out to other machines, and there alone."""

    def limit(wildcards, attempt):
        if workflow.local_exec or not workflow.is_main_process:
            return 1
        cell = getattr(wildcards, "cell", "base")
        return DEMAND.minutes(EVERY[wildcards.study], phase, cell, attempt)

    return limit


def mem_mb(wildcards, attempt):
    return memory(EVERY[wildcards.study], attempt)


def gpu(wildcards):
    return gpus(EVERY[wildcards.study])


def batch(phase):
    """The cells that one job may hold several of: those that are trained sooner than it begins."""

    def group(wildcards):
        brief = short(EVERY[wildcards.study], phase, wildcards.cell)
        return f"{wildcards.study}_short_{phase}" if brief else None

    return group
