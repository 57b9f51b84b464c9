"""The literal command on a real Slurm: three nodes with GPUs, accounting, and what happens to clusters."""

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import copy_repository, edit, environment, snakemake
from slurmhost import Cluster, install, until

from ablatlas import record
from ablatlas.cluster.jobs import SUBMITTED
from ablatlas.study import load

pytestmark = pytest.mark.cluster

PATIENCE = 900  # seconds for a whole DAG on a busy machine, after which its processes are ended
# The executor looks at its jobs more often than it would at a real cluster's, and as often when none has ended: by
# itself it then waits for ten seconds more after each look.
QUICK = ("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10")
OFTEN = """  - mend()
  - import snakemake_executor_plugin_slurm as plugin
  - 'plugin.Executor.next_seconds_between_status_checks = property(lambda self: 2, lambda self, longer: None)'
"""
# One of each engine, of few cells; `all` stands for these two.
STUDIES = ("forget_gate", "residual")
MANY = '"ladders.examples.levels=[180,360,720]", "ladders.width.levels=[16,32,64]", "ladders.places.levels=[1,4]"'
FEW = '"~ladders.examples", "~ladders.width", "~ladders.places", "~ladders.work"'
# One study whose cells take long enough to be disturbed: seven jobs of some twenty seconds each.
TINY = """
  tiny: [recipe.steps=900, recipe.evaluations=2, task.judged=4, task.span=50, "tune.grid=[0.003,0.01,0.03]",
    "tune.rungs={width: [8]}", "~contrasts", "~arms.state_decay", "~ladders.time", "~ladders.streams",
    "ladders.length.levels=[50,100,200]", "ladders.width.levels=[2,4,8,16,32]"]
"""
START = 5.0  # processor seconds after which a process that trains has begun to
AWAY = 30  # seconds that the controller and its database are gone


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that runs. Its folder's name is short, since a socket's may have 107 letters."""
    if reason := install():
        pytest.skip(reason)
    signal.signal(signal.SIGTERM, interrupted)  # by which a time limit ends us: nothing is left behind
    running = Cluster(tmp_path_factory.mktemp("s"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def impatient(root: Path) -> Path:
    """A clone whose Snakemake looks at its jobs often."""
    edit(root / "workflow" / "profiles" / "slurm" / "config.yaml", "  - mend()\n", OFTEN)
    return root


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which nothing was trained, with the one study of a scale of its own beside the smoke scale."""
    root = impatient(copy_repository(tmp_path / "ablatlas"))
    study = root / "params" / "study" / "forget_gate.yaml"
    study.write_text(study.read_text().rstrip() + TINY)
    scale = (root / "params" / "scale" / "smoke.yaml").read_text()
    (root / "params" / "scale" / "tiny.yaml").write_text(scale.replace("scale: smoke", "scale: tiny"))
    return root


@pytest.fixture(scope="module")
def finished(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone after `snakemake --profile slurm all`, undisturbed."""
    root = impatient(copy_repository(tmp_path_factory.mktemp("finished") / "ablatlas"))
    edit(root / "params" / "study" / "residual.yaml", MANY, FEW)
    # A whole GPU is as good as any part of one, to a scheduler.
    (root / "site.yaml").write_text("share: gpu:1\ncells: 4\ncore_hour: 3600\n")
    with Submitting(cluster, root, "all", scale="smoke", studies=",".join(STUDIES)) as submitted:
        submitted.ended()
    return root


class Submitting:
    """Snakemake on the cluster, as typed in `root`; it and what it started end in any case."""

    def __init__(self, cluster: Cluster, root: Path, *words: str, **config: str) -> None:
        self.told = root / "told.log"
        limit = ["timeout", "-k", "5", str(PATIENCE)]
        settings = [f"{key}={value}" for key, value in config.items()]
        with self.told.open("a") as log:
            self.process = subprocess.Popen(
                [*limit, "snakemake", "--profile", "slurm", *words, "--config", *settings, *QUICK],
                cwd=root, env=cluster.around(environment(root)), stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> "Submitting":
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ended(self) -> str:
        """All that it told, once it has ended well."""
        code = self.process.wait(PATIENCE + 30)
        told = self.told.read_text()
        assert code == 0, f"ended with {code}:\n{told[-6000:]}"
        return told


def training(root: Path, phase: str) -> dict[str, str]:
    """Job -> node of those of a clone whose process trains by now."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = process.cmdline()[1:4] == ["-m", "ablatlas.procedures", phase] and process.cwd() == str(root)
            if ours and sum(process.cpu_times()[:2]) > START:
                around = process.environ()
                found[around["SLURM_JOB_ID"]] = around["SLURMD_NODENAME"]
    return found


def victims(root: Path) -> tuple[str, str, tuple[str, str]]:
    """Of three jobs that train at once: one, another, and a third with its node, on which the two are not."""
    nodes: dict[str, str] = {}

    def three() -> bool:
        nodes.clear()
        nodes.update(training(root, "confirm"))
        return len(nodes) >= 3 and len(set(nodes.values())) >= 2

    until("three jobs that train", three, PATIENCE)
    node, _ = Counter(nodes.values()).most_common()[-1]
    third = next(job for job in nodes if nodes[job] == node)
    one, other = [job for job in nodes if nodes[job] != node][:2]
    return one, other, (third, node)


def history(cluster: Cluster, *asked: str) -> list[list[str]]:
    """Jobs as the accounting has them, each start of each: number, state, name, resources, folder, how submitted."""
    fields = "JobIDRaw,State,JobName%100,AllocTRES%100,WorkDir%300,SubmitLine%2000"
    lines = cluster.run("sacct", "--duplicates", "-X", "-P", "-n", "-o", fields, *asked).splitlines()
    return [line.split("|", 5) for line in lines]


def comment(row: Sequence[str]) -> str:
    """What a job is for."""
    return row[5].split("--comment ")[1].split()[0]


def outcomes(root: Path) -> dict[str, list]:
    """What of every record must be equal bit for bit."""
    files = sorted((root / "data" / "runs").glob("[a-z]*/[!.]*.json.gz"))
    return {str(path.relative_to(root)): record.read(path).outcome for path in files}


def tidy(root: Path) -> None:
    """Nothing half written is left, nobody holds anything, nothing rests."""
    hidden = {path.relative_to(root) for path in (root / "data" / "runs").rglob(".*") if path.name != ".shelf"}
    assert hidden == set()
    assert list((root / "data" / "runs" / ".shelf").glob("*")) == []


def local(root: Path, tmp_path: Path, scale: str) -> dict[str, list]:
    """The outcomes of the same records, made undisturbed and without a cluster."""
    beside = tmp_path / "local"
    made = {"data", ".snakemake", "reports", "site.yaml"}
    shutil.copytree(root, beside, symlinks=True, ignore=lambda at, _: made if at == str(root) else ())
    snakemake(beside, *outcomes(root), scale=scale)
    return outcomes(beside)


def test_the_command_ends_in_the_bits_of_a_local_run(finished: Path, tmp_path: Path) -> None:
    found = outcomes(finished)
    wanted = {str(study.clock_record()) for study in (load(name, "smoke", root=finished) for name in STUDIES)}
    assert wanted <= set(found)
    assert found == local(finished, tmp_path, "smoke")
    tidy(finished)
    assert all((finished / "reports" / "smoke" / name / "report.html").exists() for name in STUDIES)
    assert (finished / "reports" / "smoke" / "atlas" / "index.html").exists()


def test_cells_share_jobs_and_clocks_have_a_node(cluster: Cluster, finished: Path) -> None:
    jobs = [row for row in history(cluster) if row[4] == str(finished)]
    assert all(SUBMITTED.fullmatch(row[2]) for row in jobs)
    assert {row[1] for row in jobs} == {"COMPLETED"}
    clocks = [row for row in jobs if comment(row).startswith("rule_clock")]
    assert len(clocks) == len(STUDIES)
    assert all("--exclusive" in row[5] and f"cpu={cluster.cpus}," in row[3] for row in clocks), "a node of its own"
    assert len(jobs) < len(outcomes(finished)) / 2, "short cells share a job"
    assert all("gres/gpu=1" in row[3] for row in jobs if row not in clocks), "and what the site gives them of a GPU"


def test_costs_are_told_by_study(cluster: Cluster, finished: Path) -> None:
    words = ["python", "-m", "ablatlas.cluster", "costs"]
    around = cluster.around(environment(finished))
    done = subprocess.run(words, cwd=finished, env=around, capture_output=True, text=True, check=True)
    heading, *rows = (line.split() for line in done.stdout.splitlines()[: len(STUDIES) + 2])
    assert heading[:3] == ["study", "jobs", "retries"]
    assert heading[-1] == "EUR"
    assert [row[0] for row in rows] == [*STUDIES, "all"]
    assert all(row[2] == "0" for row in rows)
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1])
    assert float(rows[-1][-1]) > 2 * len(STUDIES), "a clock has two cores for seconds, at one a second"
    assert float(rows[-1][heading.index("GPU-hours")]) > 0


def test_what_happens_to_clusters_changes_no_bit(cluster: Cluster, clone: Path, tmp_path: Path) -> None:
    """Snakemake killed and started again, jobs killed, requeued, preempted, a node lost, the controller away."""
    with Submitting(cluster, clone, "forget_gate", scale="tiny") as submitted:
        until("a job that tunes", lambda: bool(training(clone, "tune")), PATIENCE)
        [orphan] = training(clone, "tune")
        submitted.kill()
    assert list(training(clone, "tune")) == [orphan], "it runs on"
    unlock = ["snakemake", "--profile", "slurm", "--unlock", "--config", "scale=tiny"]
    subprocess.run(unlock, cwd=clone, env=cluster.around(environment(clone)), check=True, capture_output=True)
    with Submitting(cluster, clone, "forget_gate", scale="tiny") as submitted:
        killed, requeued, (lost, node) = victims(clone)
        cluster.run("scancel", "--signal=KILL", killed)
        cluster.run("scontrol", "requeue", requeued)
        ran = cluster.kill_node(node)
        assert any("-m ablatlas.procedures confirm" in command for command in ran), "it trained there"
        assert lost not in training(clone, "confirm")
        until("the node to be missed", lambda: "down" in cluster.run("sinfo", "-h", "-n", node, "-o", "%T"))
        cluster.start_node(node)
        [purpose] = {comment(row) for row in history(cluster, "-j", killed)}
        until("what was killed to be sent again", lambda: len(starts(cluster, clone, purpose)) > 1, PATIENCE)
        until("a job that trains", lambda: bool(training(clone, "confirm")), PATIENCE)
        preempted, node = training(clone, "confirm").popitem()
        urgent = ["--partition=urgent", f"--nodelist={node}", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]
        cluster.run("sbatch", *urgent)
        until("an urgent job to come first", lambda: "PREEMPTED" in states(cluster, preempted))
        away(cluster)
        told = submitted.ended()
    [taken] = [line for line in told.splitlines() if line.startswith("taking back ")]
    assert "of a Snakemake that is gone" in taken
    assert orphan in taken
    assert "NODE_FAIL" in states(cluster, lost)
    for job in (requeued, lost, preempted):
        assert len(states(cluster, job)) > 1, "Slurm itself began it again"
    assert states(cluster, killed) == ["CANCELLED"]
    assert outcomes(clone) == local(clone, tmp_path, "tiny")
    tidy(clone)


def starts(cluster: Cluster, root: Path, purpose: str) -> set[str]:
    """The numbers of a clone's jobs that were submitted for one purpose."""
    return {row[0] for row in history(cluster) if row[4] == str(root) and comment(row) == purpose}


def states(cluster: Cluster, job: str) -> list[str]:
    """In what states the starts of a job ended, in their order."""
    return [row[1].split()[0] for row in history(cluster, "-j", job)]


def away(cluster: Cluster) -> None:
    """The controller and its database are gone for a while."""
    cluster.stop_controller()
    cluster.stop_database()
    time.sleep(AWAY)
    cluster.start_database()
    cluster.start_controller()


def test_a_failure_is_shown_at_once_with_its_log(cluster: Cluster, clone: Path) -> None:
    """A disk that takes no more: the job says which file, tries again as often as it may, and leaves no half of it."""
    study = load("forget_gate", "tiny", root=clone)
    full = clone / "data" / "runs" / "forget_gate"
    full.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(full)]
    if (done := subprocess.run(mount, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"a small disk cannot be had: {done.stderr.strip()}")
    try:
        target = str(study.clock_record())
        with Submitting(cluster, clone, target, "--retries", "1", scale="tiny") as submitted:
            assert submitted.process.wait(PATIENCE) == 1
        told = submitted.told.read_text()
        assert "No space left on device" in told
        assert target in told
        assert "data/logs/rule_clock/forget_gate" in told
        assert [path.name for path in full.iterdir()] == []
    finally:
        subprocess.run(["umount", str(full)], check=True)
