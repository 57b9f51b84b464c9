"""What the controls take: every draw once, files that carry what they depend on, and nothing heavy to know it."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ablatlas.controls import doses, nulls, penalties
from ablatlas.controls.work import AA, Work, load, results_of
from ablatlas.errors import StudyError
from ablatlas.study import names

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def work() -> Work:
    return load("laptop", ROOT)


def test_the_studies_are_those_that_are_judged(work: Work) -> None:
    judged = {dose.study for dose in doses.DOSES.values()} | set(penalties.PENALTIES) | {nulls.STUDY}
    assert set(work.measured) == judged
    assert set(work.studies) == judged | {AA}
    assert set(work.anchors) <= set(names(ROOT))


def test_the_laptop_is_asked_as_often_as_the_method_says(work: Work) -> None:
    assert work.draws == 200
    assert work.simulations >= 5000
    assert work.judged
    assert len(work.studies[AA].seeds["confirmation"]) == 10
    [ladder] = work.studies[AA].ladders.values()
    assert len(ladder.levels) == 5
    assert work.studies[AA].tuned_cells == ("base",)


@pytest.mark.parametrize(("draws", "block"), [(200, 25), (7, 3), (2, 5)])
def test_every_draw_is_made_once(work: Work, draws: int, block: int) -> None:
    blocks = list(replace(work, draws=draws, block=block).blocks())
    assert [k for one in blocks for k in range(one.first, one.last)] == list(range(draws))
    assert len({one.file for one in blocks}) == len(blocks)


def test_the_digest_is_of_all_that_the_results_depend_on(work: Work) -> None:
    others = [
        replace(work, draws=201),
        replace(work, simulations=1),
        replace(work, judged=False),
        replace(work, anchors={}),
        replace(work, studies=work.studies | {nulls.STUDY: work.studies[AA]}),
        load("smoke", ROOT),
    ]
    assert len({one.digest for one in (work, *others)}) == len(others) + 1
    assert replace(work, block=10).digest == work.digest  # how the draws are dealt to jobs changes none of them


def test_results_count_only_for_the_study_as_it_is(work: Work, tmp_path: Path) -> None:
    one = replace(work.studies[nulls.STUDY], root=tmp_path)
    assert results_of(one) == []
    kept = tmp_path / "data" / "published" / "results" / f"{one.name}.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"digest": "of another version"}', encoding="utf-8")
    assert results_of(one) == []
    kept.write_text(f'{{"digest": "{one.digest}"}}', encoding="utf-8")
    assert [str(file) for file in results_of(one)] == [f"data/published/results/{one.name}.json"]


def test_a_scale_that_does_not_say_how_much_to_ask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"params/scale: scale: found moon, expected one of gpu, laptop, smoke"):
        load("moon", ROOT)
    root = shutil.copytree(ROOT / "params", tmp_path / "params").parent
    (root / "params" / "scale" / "moon.yaml").write_text(
        "controls: {draws: 2, block: 1, simulation: 3, judged: false}\n"
    )
    with pytest.raises(StudyError, match=r"moon\.yaml: controls\.simulation: .* nearest: simulations"):
        load("moon", root)


def test_the_snakefile_loads_nothing_heavy() -> None:
    program = (
        "import sys; from ablatlas.controls.work import load; assert load('smoke').digest; "
        "heavy = {'torch', 'numpy', 'pandas', 'scipy', 'statsmodels'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
