"""The literal command on a real Slurm: three nodes with GPUs, accounting, and what happens to clusters."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import copy_repository, environment, snakemake
from slurmhost import Cluster, install, until

from ablatlas import record
from ablatlas.cluster.jobs import SUBMITTED
from ablatlas.study import load, names

pytestmark = pytest.mark.cluster

PATIENCE = 900  # seconds for a whole DAG, after which its processes are ended
# The executor looks at its jobs more often than it would at a real cluster's.
QUICK = ("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10")
# One study whose cells take long enough to be disturbed: seven jobs of some ten seconds each.
TINY = """
  tiny: [recipe.steps=300, recipe.evaluations=2, task.judged=4, task.span=50, "tune.grid=[0.003,0.01,0.03]",
    "tune.rungs={width: [8]}", "~contrasts", "~arms.state_decay", "~ladders.time", "~ladders.streams",
    "ladders.length.levels=[50,100,200]", "ladders.width.levels=[2,4,8,16,32]"]
"""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that runs. Its folder's name is short, since a socket's may have 107 letters."""
    if reason := install():
        pytest.skip(reason)
    running = Cluster(tmp_path_factory.mktemp("s"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which nothing was trained, with the one study of a scale of its own beside the smoke scale."""
    root = copy_repository(tmp_path / "ablatlas")
    study = root / "params" / "study" / "forget_gate.yaml"
    study.write_text(study.read_text().rstrip() + TINY)
    scale = (root / "params" / "scale" / "smoke.yaml").read_text()
    (root / "params" / "scale" / "tiny.yaml").write_text(scale.replace("scale: smoke", "scale: tiny"))
    return root


class Submitting:
    """Snakemake on the cluster, as typed in `root`; it and what it started end in any case."""

    def __init__(self, cluster: Cluster, root: Path, *words: str, scale: str) -> None:
        self.told = root / "told.log"
        limit = ["timeout", "-k", "5", str(PATIENCE)]
        command = ["snakemake", "--profile", "slurm", *words, "--config", f"scale={scale}", *QUICK]
        with self.told.open("a") as log:
            self.process = subprocess.Popen(
                [*limit, *command], cwd=root, env=cluster.around(environment(root)),
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
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


def running(cluster: Cluster, rule: str) -> str:
    """The number of a job that trains, once there is one whose process is at work."""
    found: list[str] = []

    def trains() -> bool:
        lines = cluster.ask("squeue", "-h", "-t", "RUNNING", "-o", "%A|%M|%k")
        rows = sorted(line.split("|", 2) for line in lines if line.count("|") == 2)
        found[:] = [number for number, spent, comment in rows if rule in comment and spent >= "0:08"]
        return bool(found)

    until(f"a running job {rule}", trains, PATIENCE)
    return found[0]


def state(cluster: Cluster, job: str) -> str:
    return next(iter(cluster.ask("squeue", "-h", "-j", job, "-o", "%T")), "")


def outcomes(root: Path) -> dict[str, list]:
    """What of every record must be equal bit for bit."""
    files = sorted((root / "data" / "runs").glob("[a-z]*/[!.]*.json.gz"))
    return {f"{path.parent.name}/{path.name}": record.read(path).outcome for path in files}


def tidy(root: Path) -> None:
    """Nothing half written is left, nobody holds anything, nothing rests."""
    hidden = {path.relative_to(root) for path in (root / "data" / "runs").rglob(".*") if path.name != ".shelf"}
    assert hidden == set()
    assert list((root / "data" / "runs" / ".shelf").glob("*")) == []


def local(root: Path, tmp_path: Path, target: str, scale: str) -> dict[str, list]:
    """The outcomes of the same, undisturbed and without a cluster."""
    beside = tmp_path / "local"
    shutil.copytree(root, beside, symlinks=True, ignore=shutil.ignore_patterns("data", ".snakemake", "reports"))
    snakemake(beside, target, scale=scale)
    return outcomes(beside)


def test_the_command_ends_in_the_bits_of_a_local_run(cluster: Cluster, clone: Path, tmp_path: Path) -> None:
    with Submitting(cluster, clone, "all", scale="smoke") as submitted:
        submitted.ended()
    found = outcomes(clone)
    assert found == local(clone, tmp_path, "all", "smoke")
    tidy(clone)
    for name in names(clone):
        study = load(name, "smoke", root=clone)
        assert f"{name}/{study.clock_record().name}" in found
        assert (clone / "reports" / "smoke" / name / "report.html").exists()
    jobs = cluster.run("sacct", "-X", "-P", "-n", "-o", "JobName%100,AllocTRES%100,SubmitLine%1000").splitlines()
    assert all(SUBMITTED.fullmatch(job.split("|")[0]) for job in jobs)
    clocks = [job for job in jobs if "--comment rule_clock" in job]
    assert len(clocks) == len(names(clone))
    assert all("--exclusive" in job and f"cpu={cluster.cpus}," in job for job in clocks), "a node of its own"
    assert len(jobs) < len(found) / 2, "short cells share a job"


def test_costs_are_told_by_study(cluster: Cluster, clone: Path) -> None:
    with Submitting(cluster, clone, "data/runs/forget_gate/" + clock_name(clone), scale="smoke") as submitted:
        submitted.ended()
    words = ["python", "-m", "ablatlas.cluster", "costs"]
    priced = cluster.around(environment(clone)) | {"ABLATLAS_CORE_HOUR": "3600"}
    done = subprocess.run(words, cwd=clone, env=priced, capture_output=True, text=True, check=True)
    heading, row, total = (line.split() for line in done.stdout.splitlines()[:3])
    assert heading[:3] == ["study", "jobs", "retries"]
    assert heading[-1] == "EUR"
    assert row[:3] == ["forget_gate", "1", "0"]
    assert total[1:] == row[1:]
    assert float(row[-1]) >= cluster.cpus, "two cores for a second or more, at one a second"


def clock_name(root: Path) -> str:
    return load("forget_gate", "smoke", root=root).clock_record().name


def test_what_happens_to_clusters_changes_no_bit(cluster: Cluster, clone: Path, tmp_path: Path) -> None:
    """Snakemake killed and started again, a job killed, another requeued, controller and database away, a node lost."""
    with Submitting(cluster, clone, "forget_gate", scale="tiny") as submitted:
        orphan = running(cluster, "tune")
        submitted.kill()
    unlock = ["snakemake", "--profile", "slurm", "--unlock", "--config", "scale=tiny"]
    subprocess.run(unlock, cwd=clone, env=cluster.around(environment(clone)), check=True, capture_output=True)
    with Submitting(cluster, clone, "forget_gate", scale="tiny") as submitted:
        until("the orphan's end", lambda: state(cluster, orphan) != "RUNNING")
        cluster.run("scancel", "--signal=KILL", running(cluster, "train"))
        cluster.run("scontrol", "requeue", running(cluster, "train"))
        away(cluster, 30)
        lost = running(cluster, "train")
        node = cluster.run("squeue", "-h", "-j", lost, "-o", "%N").strip()
        cluster.kill_node(node)
        until(
            "the node to be missed", lambda: "down" in cluster.run("sinfo", "-h", "-n", node, "-p", "main", "-o", "%T")
        )
        cluster.start_node(node)
        told = submitted.ended()
    [taken] = [line for line in told.splitlines() if line.startswith("taking back ")]
    assert "of a Snakemake that is gone" in taken
    assert orphan in taken
    assert outcomes(clone) == local(clone, tmp_path, "forget_gate", "tiny")
    tidy(clone)


def away(cluster: Cluster, seconds: float) -> None:
    """The controller and its database are gone for a while."""
    cluster.stop_controller()
    cluster.stop_database()
    time.sleep(seconds)
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
