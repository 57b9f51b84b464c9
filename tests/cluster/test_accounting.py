"""What sacct prints, read; what a comment means; whose jobs are orphans."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake_executor_plugin_slurm as plugin

from ablatlas.cluster import accounting, costs, executor, jobs
from ablatlas.cluster.accounting import FIELDS, read, seconds
from ablatlas.cluster.jobs import SUBMITTED, Job, Work, orphans, prefix, work
from ablatlas.site import Site

STUDIES = ["forget", "forget_gate", "residual"]
NAME = f"{prefix()}_7beb25e0-042b-4a92-87b6-c11b96c31696"
ROOT = Path("/clone")


@pytest.mark.parametrize(
    ("comment", "meant"),
    [
        ("rule_train_wildcards_forget_gate_width=2_d6fb3fdb0432", Work("forget_gate", "confirmation", "width=2")),
        ("rule_tune_wildcards_forget_base_d6fb3fdb0432", Work("forget", "tuning", "base")),
        ("rule_clock_wildcards_forget_gate_1e512caad901", Work("forget_gate", "clock", "base")),
        ("rule_forget_gate_short_tuning", Work("forget_gate", "tuning", None)),
        ("rule_twice_residual", Work("residual", "twice_residual", None)),
        ("rule_draws_25", Work("controls", "draws_25", None)),
    ],
)
def test_a_comment_says_what_a_job_is_for(comment: str, meant: Work) -> None:
    assert work(comment, STUDIES) == meant


def test_a_prefix_is_one_that_the_executor_takes() -> None:
    assert len(prefix()) <= 50
    assert SUBMITTED.fullmatch(NAME)
    assert set(prefix()) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def test_a_job_is_an_orphan_when_its_process_is_gone() -> None:
    named = SUBMITTED.fullmatch(NAME)
    assert named
    node, process, born = named["node"], str(os.getpid()), named["born"]
    mine = Job("1", "RUNNING", NAME, "")
    older = Job("2", "RUNNING", NAME.replace(f"-{born}_", "-1_"), "")  # another process once had the number
    elsewhere = Job("3", "RUNNING", NAME.replace(f"-{node}-{process}-", "-another-1-"), "")
    assert orphans([mine, older, elsewhere]) == [older]


@pytest.mark.parametrize(
    ("text", "expected"), [("00:50.071", 50.071), ("01:00:01", 3601), ("2-00:00:10", 172810), ("", 0), ("INVALID", 0)]
)
def test_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


def line(**changes: str) -> str:
    row = {
        "JobIDRaw": "7", "JobName": NAME, "State": "COMPLETED",
        "Submit": "2026-11-21T12:00:00", "Start": "2026-11-21T12:01:00",
        "ElapsedRaw": "1800", "TotalCPU": "00:15:00", "AllocTRES": "billing=2,cpu=2,gres/gpu=1,mem=2000M,node=1",
        "TRESUsageInAve": "", "WorkDir": str(ROOT),
        "SubmitLine": "sbatch --comment rule_train_wildcards_residual_depth=8_d6fb3fdb0432 --wrap 'a|b'",
    } | changes  # fmt: skip
    return "|".join(row[field] for field in FIELDS)


def test_a_job_is_read_with_what_its_steps_count() -> None:
    step = line(JobIDRaw="7.0", JobName="python", TRESUsageInAve="cpu=1,gres/gpuutil=50", ElapsedRaw="1000")
    [found] = read("\n".join([line(), step]), ROOT, STUDIES)
    assert found.work == Work("residual", "confirmation", "depth=8")
    assert (found.queued, found.seconds, found.cores, found.gpus, found.used) == (60, 1800, 2, 1, 900)
    assert found.gpu_used == 500


def test_others_are_not_ours() -> None:
    others = [line(WorkDir="/another"), line(JobName="interactive"), line(Start="Unknown"), line(JobIDRaw="7.0")]
    assert read("\n".join(others), ROOT, STUDIES) == []


def test_costs_hold_what_was_lost_and_what_was_tried_again() -> None:
    lost = line(State="NODE_FAIL", ElapsedRaw="3600", TotalCPU="00:00:00")
    heading, row, total, *_ = costs.page(read("\n".join([lost, line()]), ROOT, STUDIES), Site(core_hour=2, gpu_hour=10))
    assert row.split()[:8] == ["residual", "1", "1", "3.000", "0.250", "8%", "1.500", "-"]
    assert row.split()[8] == "2.000"
    assert row.split()[-1] == "21.00"
    assert total.split()[1:] == row.split()[1:]
    assert heading.split()[-1] == "EUR"


def test_without_accounting_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OSError, match="sacct: not found"):
        accounting.attempts(ROOT, "now-1days", STUDIES)
    assert jobs.queued(ROOT) == []


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The executor is as it was once a test has mended it."""
    for name in ("query_job_status", "get_submit_command"):
        monkeypatch.setattr(plugin, name, getattr(plugin, name))


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (({"1": "CANCELLED by 1000", "2": "RUNNING"}, 0.1), ({"1": "CANCELLED", "2": "RUNNING"}, 0.1)),
        (({}, 0.1), ({}, 0.1)),
        ((None, None), (None, None)),
    ],
)
def test_the_executor_sees_that_a_job_was_cancelled(
    told: executor.States, seen: executor.States, monkeypatch: pytest.MonkeyPatch, restored: None
) -> None:
    async def silent(command: str, logger: object) -> executor.States:
        return told

    monkeypatch.setattr(plugin, "query_job_status", silent)
    executor.mend()
    assert asyncio.run(plugin.query_job_status("sacct", None)) == seen


def sent(resources: dict[str, int], **settings: object) -> list[str]:
    """The words with which a job is submitted."""
    asked = dict.fromkeys(("run_uuid", "slurm_logfile", "comment_str", "account", "partition", "workdir"), "x")
    words: list[str] = plugin.get_submit_command(
        SimpleNamespace(resources=resources, threads=1), asked, **settings
    ).split()
    return words


@pytest.mark.parametrize(("resources", "whole"), [({"exclusive": 1}, True), ({"exclusive": 0}, False), ({}, False)])
def test_what_is_timed_asks_for_a_node(resources: dict[str, int], whole: bool, restored: None) -> None:
    executor.mend()
    assert ("--exclusive" in sent(resources)) == whole


def test_a_lost_node_is_avoided_and_a_job_that_waits_for_one_names_none(restored: None) -> None:
    executor.mend()
    assert "--exclude=n2" in sent({}, failed_nodes={"None assigned", "n2"})
    assert not any("exclude" in word for word in sent({}, failed_nodes={"None assigned"}))
