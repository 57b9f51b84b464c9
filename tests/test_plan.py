"""The plan: what it counts against what the DAG would run, what it costs, and what a design can show."""

import importlib
import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from conftest import HEADLINE, ROOT, copy_repository, environment, snakemake

from ablatlas import record
from ablatlas.plan import __main__ as command
from ablatlas.plan import shows
from ablatlas.plan.cost import Costs, wall
from ablatlas.plan.demand import START, STEP
from ablatlas.plan.layout import duration, table
from ablatlas.plan.past import PHASES, History, Past, look_back, torch_version
from ablatlas.plan.text import Plan, Terms, page
from ablatlas.plan.work import THREADS, Job, chosen, jobs
from ablatlas.procedures.provenance import run_key
from ablatlas.record import Record
from ablatlas.site import Site
from ablatlas.stats import power
from ablatlas.stats.threshold import Comparison, Staircase
from ablatlas.study import Study, load

STUDIES = HEADLINE
SECONDS = 3.0  # of every fabricated run
TERMS = Terms(published=True, cores=2, watts=10.0, site=Site())
RATE = 0.03


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the repository in which nothing was trained."""
    return copy_repository(tmp_path / "ablatlas")


def smoke(root: Path, study: str = "residual") -> Study:
    return load(study, "smoke", root=root)


def fabricate(
    study: Study,
    cell: str,
    phase: str,
    loss: Callable[[str, int], float] = lambda variant, seed: 1.0,
    store: str = "runs",
) -> Path:
    """The record of a cell's runs as its job would write it, every chosen rate 0.03, but for the training."""
    tuning = phase == "tuning"
    made = Record(ledger={"chosen": dict.fromkeys(study.variants_of(cell), RATE)} if tuning else {})
    ledgers = {cell: {"chosen": dict.fromkeys(study.variants, RATE)} for cell in study.tuned_cells}
    for variant in study.variants_of(cell):
        rates = study.tune.grids[variant] if tuning else [confirmed(study, cell, ledgers)[variant]]
        for rate, seed in product(rates, study.seeds[phase]):
            config, digest = study.run_config(variant, cell, rate), study.run_digest(variant, cell, rate)
            identity = {
                "key": run_key(digest, seed, study.engine, study.device),
                "digest": digest,
                "seed": seed,
                "rate": rate,
            }
            run = identity | {"arm": variant, "cell": cell, "phase": phase, "state": "finished"}
            made.add(run, [], {"loss": loss(variant, seed)}, {"seconds": SECONDS}, config)
    path = study.tuning_record(cell, published=False) if tuning else study.record(cell, published=False)
    path = study.root / "data" / store / study.name / path.name
    record.write(path, made)
    return path


def confirmed(study: Study, cell: str, ledgers: dict[str, dict]) -> dict[str, float]:
    """The rates of a cell's confirmation runs, as its job finds them."""
    rates = importlib.import_module("ablatlas.procedures.train").rates
    return rates(study, cell, {name: ledgers[name] for name in study.rates_from(cell)})


def finish(study: Study) -> None:
    """All records of a study."""
    for cell in study.cells:
        if cell in study.tuned_cells:
            fabricate(study, cell, "tuning")
        fabricate(study, cell, "confirmation")


def planned(study: Study, published: bool = True) -> dict[tuple[str, str], Job]:
    found = jobs(study, look_back(study.root, published), published)
    return {(job.cell, job.phase): job for job in found}


def told(root: Path, *words: str) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ablatlas.plan", *words],
        cwd=root, env=environment(root), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- what would be trained ---


def test_with_no_record_everything_is_trained(root: Path) -> None:
    for name in STUDIES:
        study = smoke(root, name)
        found = planned(study).values()
        by_phase = {phase: [job for job in found if job.phase == phase] for phase in PHASES}
        assert sum(job.training for job in by_phase["tuning"]) == study.cost.tuning
        assert sum(job.training for job in by_phase["confirmation"]) == study.cost.confirmation
        assert {job.bound for job in by_phase["tuning"]} == {"at least"}
        assert all(job.runs == job.training and not job.stands and not job.taken for job in found)


def test_jobs_are_those_that_the_dag_would_run(root: Path) -> None:
    """One study with its base cell done, one with all its records, one with none."""
    fabricate(smoke(root), "base", "tuning")
    fabricate(smoke(root), "base", "confirmation")
    finish(smoke(root, "layernorm"))
    dry = snakemake(root, "-n", "all", "--quiet", "host")
    outputs = re.findall(r"output: data/runs/([a-z_]+)/(\S+)-[0-9a-f]{12}(\.tuning)?\.json\.gz", dry)
    dag = {(study, cell, PHASES[not tuned]) for study, cell, tuned in outputs if cell != "clock"}
    plan = {(name, *key) for name in STUDIES for key, job in planned(smoke(root, name)).items() if not job.stands}
    assert plan == dag
    assert not {key for key in plan if key[0] == "layernorm"}
    assert ("residual", "base", "tuning") not in plan
    assert ("forget_gate", "base", "tuning") in plan


def test_a_level_that_is_a_rate_is_exact_and_a_rate_to_be_tuned_is_not(root: Path) -> None:
    study = smoke(root)
    before = planned(study)
    assert before["rates=0.1", "confirmation"].bound == ""
    assert before["base", "confirmation"].bound == "at most"
    fabricate(study, "base", "tuning")
    after = planned(study)
    assert after["base", "tuning"].stands
    assert after["base", "confirmation"].bound == ""
    assert after["depth=14", "confirmation"].bound == "at most"


def test_two_more_seeds_train_two_seeds(root: Path) -> None:
    finish(smoke(root))
    scale = root / "params" / "scale" / "smoke.yaml"
    scale.write_text(scale.read_text().replace("confirmation: 3", "confirmation: 5"))
    study = smoke(root)
    for (cell, phase), job in planned(study).items():
        variants = len(study.variants_of(cell))
        if phase == "tuning":
            assert job.stands
        else:
            assert (job.runs, job.taken, job.training, job.bound) == (5 * variants, 3 * variants, 2 * variants, "")


def test_one_more_rate_trains_that_rate(root: Path) -> None:
    fabricate(smoke(root), "base", "tuning")
    file = root / "params" / "study" / "residual.yaml"
    file.write_text(file.read_text().replace("tune.grid=[0.03,0.1,0.3]", "tune.grid=[0.01,0.03,0.1,0.3]"))
    study = smoke(root)
    job = planned(study)["base", "tuning"]
    trained = len(study.variants) * len(study.seeds["tuning"])
    assert (job.taken, job.training, job.bound) == (3 * trained, trained, "at least")


def test_a_rate_that_another_cell_has_trained_is_taken_over(root: Path) -> None:
    study = smoke(root)
    fabricate(study, "base", "tuning")
    fabricate(study, "base", "confirmation")  # at rate 0.03, which is a level of `rates`
    assert planned(study)["rates=0.03", "confirmation"].training == 0
    assert planned(study)["rates=0.1", "confirmation"].taken == 0


def test_published_records_reduce_the_count_unless_ignored(root: Path) -> None:
    study = smoke(root)
    fabricate(study, "base", "tuning", store="published")
    fabricate(study, "base", "confirmation", store="published")
    used, ignored = planned(study), planned(study, published=False)
    assert used["base", "confirmation"].stands
    assert used["rates=0.03", "confirmation"].training == 0
    assert sum(job.training for job in ignored.values()) == study.cost.tuning + study.cost.confirmation


def test_a_run_on_the_shelf_is_not_trained_again(root: Path) -> None:
    study = smoke(root)
    key = run_key(study.run_digest("with", "rates=0.1", 0.1), 0, study.engine, study.device)
    record.write(root / "data" / "runs" / ".shelf" / f"confirmation-{key}.json.gz", Record())
    assert planned(study)["rates=0.1", "confirmation"].taken == 1
    assert planned(study)["base", "tuning"].taken == 0


@pytest.mark.parametrize("name", STUDIES)
def test_rates_are_those_that_the_jobs_take(root: Path, name: str) -> None:
    study = load(name, "laptop", root=root)
    rates = [0.003, 0.01, 0.03, 0.1]
    ledgers = {
        cell: {"chosen": {variant: rates[(i + j) % 4] for j, variant in enumerate(study.variants_of(cell))}}
        for i, cell in enumerate(study.tuned_cells)
    }
    records = {study.tuning_record(cell, published=True): Record(ledger=ledger) for cell, ledger in ledgers.items()}
    past = Past(records, dict.fromkeys(PHASES, frozenset()))
    for cell in study.cells:
        wanted = {variant: [rate] for variant, rate in confirmed(study, cell, ledgers).items()}
        assert chosen(study, cell, past, published=True) == wanted


def test_keys_are_those_of_this_machine() -> None:
    torch, provenance = importlib.import_module("torch"), importlib.import_module("ablatlas.procedures.provenance")
    assert torch_version() == torch.__version__
    assert provenance.THREADS == THREADS


# --- what it costs ---


def test_seconds_come_from_the_same_cell_in_proportion_to_its_steps(root: Path) -> None:
    study = smoke(root)
    fabricate(study, "base", "confirmation")
    costs = Costs(study, History(study, look_back(root, published=True)))
    steps = study.run_config("with")["recipe"]["steps"]
    pace = costs.pace("with", "base", "confirmation")
    assert (pace.seconds, pace.cell, pace.same) == (pytest.approx(SECONDS / steps), "base", True)
    longer = Job("time=12", "confirmation", 6, False, 0, {"with": 3, "without": 3}, "")
    assert costs.job(longer) == pytest.approx(START + 6 * SECONDS * 12 / steps)
    assert costs.job(Job("base", "confirmation", 15, True, 0, {}, "")) == 0


def test_seconds_come_from_the_nearest_cell_of_the_ladder(root: Path) -> None:
    study = smoke(root)
    for cell in ("base", "depth=20"):
        fabricate(study, cell, "confirmation")
    costs = Costs(study, History(study, look_back(root, published=True)))
    near = {cell: costs.pace("with", cell, "confirmation") for cell in ("depth=14", "width=64", "places=4")}
    assert {cell: (pace.cell, pace.same) for cell, pace in near.items()} == {
        "depth=14": ("depth=20", False),
        "width=64": ("base", False),
        "places=4": ("base", False),
    }


def test_records_from_before_a_key_existed_count_but_not_for_the_levels_of_that_key(root: Path) -> None:
    study = smoke(root)
    path = fabricate(study, "base", "confirmation")
    old = record.read(path)
    for config in old.configs.values():
        del config["task"]["places"]
    record.write(path, old)
    costs = Costs(study, History(study, look_back(root, published=True)))
    same = {cell: costs.pace("with", cell, "confirmation").same for cell in ("base", "time=12", "places=4")}
    assert same == {"base": True, "time=12": True, "places=4": False}


def test_what_nothing_is_known_of_is_assumed_and_said(root: Path) -> None:
    study = smoke(root)
    past = look_back(root, published=True)
    assert Costs(study, History(study, past)).pace("with", "base", "tuning").seconds == STEP
    lines = text(page([Plan(study, past, TERMS)], TERMS))
    assert f"seconds of a step assumed ({STEP:g} s): base, depth, rates, time, examples, width, places" in lines
    assert "doublings assumed" in " ".join(lines.split())
    finish(study)
    lines = text(page([Plan(study, look_back(root, published=True), TERMS)], TERMS))
    assert "seconds of a step" not in lines


def text(sections: list[tuple[str, list[str]]]) -> str:
    return "\n".join(line for _, lines in sections for line in lines)


def test_wall_time_is_the_work_shared_out_or_the_longest_chain() -> None:
    assert wall(100.0, longest=30.0, alone=5.0, cores=2) == 55.0
    assert wall(100.0, longest=80.0, alone=5.0, cores=2) == 85.0


def test_the_longest_chain_goes_through_what_a_cell_waits_for(root: Path) -> None:
    study = smoke(root)
    costs = Costs(study, History(study, look_back(root, published=True)))
    tuned = costs.job(planned(study)["base", "tuning"])
    time = [costs.job(planned(study)["time=12", phase]) for phase in PHASES]
    depth = [costs.job(planned(study)["depth=20", phase]) for phase in PHASES]
    assert costs.chain(planned(study).values()) == pytest.approx(max(tuned + sum(time), sum(depth)))
    assert tuned + sum(time) > sum(depth)


def test_watts_and_cores_are_the_callers(root: Path) -> None:
    def numbers(*words: str) -> tuple[float, float]:
        found = re.findall(r"([\d.]+) core-hours, (\S+) kWh", told(root, "residual", "--scale", "smoke", *words))
        return float(found[-1][0]), float(found[-1][1])

    plain, hot = numbers(), numbers("--watts", "20", "--cores", "1")
    assert plain[0] == hot[0] > 0
    assert hot[1] == pytest.approx(2 * plain[1], rel=0.01)


# --- what a design can show ---

LADDERS = [(1.0, 2.0), (8.0, 14.0, 20.0, 32.0), (1.0, 1.05, 3.0)]


def crisp(levels: tuple[float, ...], n: int) -> Iterator[tuple[float, Staircase]]:
    """Every arm whose runs all solve up to some level and none beyond it; that level, 0 if none."""
    for last in (0.0, *levels):
        yield last, Staircase(levels, tuple(n if x <= last else 0 for x in levels), n)


@pytest.mark.parametrize("levels", LADDERS)
@pytest.mark.parametrize(("n", "size"), [(6, 1), (7, 1), (9, 7), (10, 7), (10, 13)])
def test_patterns_are_those_that_decide(levels: tuple[float, ...], n: int, size: int) -> None:
    found = {(p.solves, p.fails): p.low for p in shows.patterns(levels, n, size, 1.1)}
    for (top, upper), (bottom, lower) in product(crisp(levels, n), crisp(levels, n)):
        comparison = Comparison(upper, lower)
        seen = {pair: low for pair, low in found.items() if pair[0] <= top and pair[1] > bottom}
        assert bool(seen) == (size * comparison.p_relaxed <= 0.05)
        if seen:
            assert max(seen.values()) == pytest.approx(comparison.ratio(0.05 / size).low)


def test_no_other_counts_show_another_ratio() -> None:
    """Over all outcomes of seven seeds at two levels."""
    levels, n = (1.0, 2.0), 7
    lows = set()
    for upper, lower in product(product(range(n + 1), repeat=2), repeat=2):
        comparison = Comparison(Staircase(levels, upper, n), Staircase(levels, lower, n))
        if comparison.p_relaxed <= 0.05:
            lows.add(comparison.ratio().low)
    assert lows == {pattern.low for pattern in shows.patterns(levels, n, 1, 1.1)} == {2.0}


@pytest.mark.parametrize("levels", [(8.0, 14.0, 20.0, 32.0, 44.0, 56.0), (1.0, 1.05, 1.2, 4.0, 5.0)])
def test_from_the_sure_ratio_on_every_pair_of_limits_is_told_apart(levels: tuple[float, ...]) -> None:
    decisive = {(p.solves, p.fails) for p in shows.patterns(levels, 10, 1, 1.1)}
    sure = shows.sure(levels, shows.patterns(levels, 10, 1, 1.1))
    assert sure is not None
    limits = [math.nextafter(x, side) for x in levels for side in (0, math.inf)][1:-1]
    limits += [math.sqrt(a * b) for a, b in pairwise(levels)]
    missed = []
    for above, below in product(limits, limits):
        solves, fails = max(x for x in levels if x <= above), min(x for x in levels if x > below)
        if (solves, fails) not in decisive:
            missed.append(above / below)
    assert max(missed) == pytest.approx(sure)


def test_where_nothing_decides_nothing_is_sure() -> None:
    assert shows.patterns(LADDERS[1], 9, 7, 1.1) == []
    assert shows.sure(LADDERS[1], []) is None


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_seeds_that_hold_an_end_of_a_range(size: int) -> None:
    needed = shows.edges_needed(size)
    assert 8 * size * 0.5**needed <= 0.05 < 8 * size * 0.5 ** (needed - 1)


def test_noise_along_a_resource_is_that_of_the_records(root: Path) -> None:
    study = smoke(root)
    ladder = study.ladders["examples"]
    level = {"examples=180": 1.5, "base": 1.0, "examples=720": 0.7}
    losses = {cell: [mean - 0.1, mean, mean + 0.1] for cell, mean in level.items()}
    assert shows.scatter(ladder, History(study, look_back(root, published=True))) is None
    for cell, found in losses.items():
        fabricate(study, cell, "confirmation", loss=lambda variant, seed, found=found: found[seed])  # type: ignore[misc]
    s = shows.scatter(ladder, History(study, look_back(root, published=True)))
    assert s == pytest.approx(0.1 / ((1.5 - 0.7) / 2))
    plan = Plan(study, look_back(root, published=True), TERMS)
    told = " ".join(text(page([plan], TERMS)).split())
    assert f"1 is excluded from ρ = {power.detectable(3, 0.25):.3g} ({power.detectable_effect(3):.3g} s" in told
    assert "s = 0.25 doublings recorded" in told


def test_runs_of_another_design_say_nothing_of_the_noise(root: Path) -> None:
    study = smoke(root)
    for cell in ("examples=180", "base", "examples=720"):
        fabricate(study, cell, "confirmation", loss=lambda variant, seed: float(np.float64(seed)))
    longer = load("residual", "smoke", ["recipe.steps=7", "ladders.time.levels=[7,14]"], root=root)
    history = History(longer, look_back(root, published=True))
    assert shows.scatter(longer.ladders["examples"], history) is None
    assert Costs(longer, history).pace("with", "examples=180", "confirmation").same


@pytest.mark.parametrize(("n", "effect"), [(5, 2.02), (10, 1.33)])
def test_the_effects_that_the_method_names(n: int, effect: float) -> None:
    assert power.detectable_effect(n) == pytest.approx(effect, abs=0.01)


# --- the command ---


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file's time and bytes, but for caches."""
    files = (path for path in root.rglob("*") if path.is_file() and not {"__pycache__", ".cache"} & set(path.parts))
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_it_names_every_study_and_writes_nothing(root: Path) -> None:
    finish(smoke(root))
    before = snapshot(root)
    lines = told(root, "--scale", "smoke").splitlines()
    assert snapshot(root) == before
    headings = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert [heading for heading in headings if heading in STUDIES] == STUDIES
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 120


def test_claimed_ladders_are_what_make_atlas_trains(root: Path) -> None:
    claimed = told(root, "residual", "--scale", "smoke", "--ladders", "claimed", "--published", "ignore")
    assert re.search(r"^ +depth +tuning", claimed, re.MULTILINE)
    assert not re.search(r"^ +(rates|time|examples|width|places) +", claimed, re.MULTILINE)
    assert re.search(r"^clock +none$", claimed, re.MULTILINE)


def test_it_needs_no_torch(root: Path) -> None:
    program = (
        "import sys; from ablatlas.plan.__main__ import main; "
        "assert main(['--scale', 'smoke']) == 0; "
        "heavy = {'torch', 'matplotlib', 'seaborn', 'sklearn'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment(root), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--scale", "smok"], "error: params/scale: scale: found smok, expected one of gpu, laptop, smoke; nearest: "),
        (["residul"], "error: params/study: study: found residul, expected one of "),
    ],
)
def test_a_mistake_is_told_in_one_line(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert command.main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(error)
    assert printed.err.count("\n") == 1


def test_a_damaged_record_is_named(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fabricate(smoke(root), "base", "confirmation")
    path.write_bytes(path.read_bytes()[:-20])
    monkeypatch.chdir(root)
    assert command.main(["residual", "--scale", "smoke"]) == 2
    error = capsys.readouterr().err
    assert str(path) in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["--cores", "0"], ["--cores", "1.5"], ["--watts", "-3"], ["--watts", "nan"]])
def test_cores_and_watts_are_positive(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(words)


def test_lines_are_aligned() -> None:
    assert table(["what", "n"], [["a", "5"], ["bcd", "≥12"]]) == ["what    n", "a       5", "bcd   ≥12"]


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (600, "10 min"), (7200, "2.0 h")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
