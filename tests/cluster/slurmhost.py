"""A real Slurm cluster on one host, for tests: several nodes, fake GPUs, accounting, no systemd; root is needed.

All its state lies in one folder, and every process is ended by its id. What is unusual in its configuration: steps are
found by their parents and not by cgroups, the nodes believe what the file says of their cores, a GPU is a null device
under a name of our own, since Slurm refuses a count without a file and one file for two, and what is requeued begins
again after seconds: it waits for as long as a step's credential is good, two minutes where nothing is said.
"""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

PACKAGES = (
    "slurmctld", "slurmd", "slurm-client", "munge",
    "slurmdbd", "slurm-wlm-mysql-plugin", "mariadb-server-core", "mariadb-client-core",
)  # fmt: skip
COMMANDS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "mariadb-install-db", "mariadb", "sacctmgr")
PATIENCE = 180.0  # seconds for a daemon to answer, on a machine that is busy

SLURM = """
ClusterName=tested
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.sock,cred_expire=15
SlurmctldPort={port}
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
SwitchType=switch/none
MpiDefault=none
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,defer
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
ReturnToService=2
SlurmdTimeout=20
SlurmctldTimeout=30
MinJobAge=3600
KillWait=5
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={database_port}
AccountingStoragePass={folder}/run/munge.sock
AccountingStorageTRES=gres/gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=1-0 DefMemPerCPU=200 PriorityTier=10 State=UP
PartitionName=urgent Nodes=ALL MaxTime=1-0 DefMemPerCPU=200 PriorityTier=20 State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus}"
)
DATABASE = """
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.sock
DbdHost=localhost
DbdPort={database_port}
SlurmUser=root
PidFile={folder}/run/slurmdbd.pid
LogFile={folder}/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
"""


def install() -> str | None:
    """Install what is missing; why that cannot be, or None."""
    if os.getuid() != 0:
        return "needs root, for the packages and to act as several nodes"
    if all(map(shutil.which, COMMANDS)):
        return None
    if not shutil.which("apt-get"):
        return "needs Debian's packages: there is no apt-get"
    # RUNLEVEL: no package starts a service of its own.
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}, "capture_output": True}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *words], **quiet, text=True, check=False)  # type: ignore[call-overload]
        if done.returncode:
            return f"apt-get {words[0]} failed: {' '.join(done.stderr.split())[-300:]}"
    absent = [command for command in COMMANDS if not shutil.which(command)]
    return f"Debian's packages hold no {', '.join(absent)}" if absent else None


class Cluster:
    """The cluster in a folder. `nodes` have `cpus` cores and `gpus` GPUs each, however many the host has."""

    def __init__(self, folder: Path, nodes: int = 3, cpus: int = 2, gpus: int = 2) -> None:
        self.folder, self.cpus, self.gpus = folder, cpus, gpus
        self.nodes = [f"n{number + 1}" for number in range(nodes)]
        self.port = 20000 + os.getpid() % 2000 * 10
        self.conf = folder / "etc" / "slurm.conf"
        self.mariadb: subprocess.Popen | None = None  # the one daemon that stays our child

    def around(self, environment: Mapping[str, str]) -> dict[str, str]:
        """An environment with what clients need. Before its srun the executor drops SLURM_CONF: so ours comes first."""
        return {**environment, "SLURM_CONF": str(self.conf), "PATH": f"{self.folder}/bin:{environment['PATH']}"}

    def start(self) -> None:
        """Start everything. Raises TimeoutError for what does not answer."""
        for name in ("bin", "dev", "etc", "log", "run", "state", "munge", "spool"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self._configure()
        self._munge()
        self._mariadb()
        self.start_database()
        for words in (
            ["cluster", "tested"],
            ["account", "lab", "Cluster=tested"],
            ["user", "root", "DefaultAccount=lab"],
        ):
            self.run("sacctmgr", "--noheader", "--immediate", "add", *words)
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        until(
            "idle nodes",
            lambda: self.ask("sinfo", "-h", "-N", "-p", "main", "-t", "idle", "-o", "%N") >= set(self.nodes),
        )

    def stop(self) -> None:
        """End all jobs and daemons, by their ids, whatever state they are in."""
        if self._process("slurmctld"):
            for how in ("--full", "--signal=KILL"):
                with suppress(subprocess.TimeoutExpired):
                    self.run("scancel", how, "--user=root", check=False)
        for name in [*(f"slurmd.{node}" for node in self.nodes), "slurmctld", "slurmdbd", "mysql", "munged"]:
            self._end(name)
        left = self.processes()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self.mariadb:
            self.mariadb.wait()
        psutil.wait_procs(left, timeout=PATIENCE)

    def processes(self) -> list[psutil.Process]:
        """All that run for the cluster, daemons, steps and jobs: each has the name of its configuration from us."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == str(self.conf):
                    found.append(process)
        return found

    def run(self, *words: str, check: bool = True, timeout: float = 60) -> str:
        """What a client prints. Raises AssertionError where it fails and `check` is wanted."""
        done = subprocess.run(
            words, env=self.around(os.environ), capture_output=True, text=True, timeout=timeout, check=False
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout

    def ask(self, *words: str) -> set[str]:
        """The lines that a client prints."""
        return {line.strip() for line in self.run(*words, check=False).splitlines()}

    def start_node(self, node: str) -> None:
        (self.folder / "spool" / node).mkdir(exist_ok=True)
        self.run("slurmd", "-N", node, "-f", str(self.conf))

    def kill_node(self, node: str) -> list[str]:
        """A power cut: the node's daemon and all that it started, at once. What ran there, by its commands."""
        daemon = self._process(f"slurmd.{node}")
        assert daemon, f"{node} has no daemon"
        sockets = f"{self.folder}/spool/{node}/"
        steps = [process for process in psutil.process_iter() if _listens(process, sockets)]
        family = [daemon, *steps, *(child for step in steps for child in step.children(recursive=True))]
        told = [" ".join(process.cmdline()) for process in family]
        for process in family:
            if process.is_running():
                process.kill()
        psutil.wait_procs(family, timeout=PATIENCE)
        (self.folder / "run" / f"slurmd.{node}.pid").unlink(missing_ok=True)
        return told

    def start_controller(self) -> None:
        self.run("slurmctld", "-f", str(self.conf))
        until("slurmctld", lambda: "UP" in self.run("scontrol", "ping", check=False))

    def stop_controller(self) -> None:
        self._end("slurmctld")

    def start_database(self) -> None:
        socket = str(self.folder / "run" / "mysql.sock")
        subprocess.run(["slurmdbd"], env=self.around(os.environ) | {"MYSQL_UNIX_PORT": socket}, check=True)
        until("slurmdbd", lambda: subprocess.run(
            ["sacctmgr", "-n", "show", "cluster"], env=self.around(os.environ), capture_output=True, check=False
        ).returncode == 0)  # fmt: skip

    def stop_database(self) -> None:
        self._end("slurmdbd")

    def _configure(self) -> None:
        host, memory = platform.node(), psutil.virtual_memory().total // 2**20
        ports = {"port": self.port, "database_port": self.port + 1, "folder": self.folder}
        nodes = [
            NODE.format(name=name, host=host, port=self.port + 2 + i, cpus=self.cpus, memory=memory, gpus=self.gpus)
            for i, name in enumerate(self.nodes)
        ]
        self.conf.write_text(SLURM.format(nodes="\n".join(nodes), **ports))
        database = self.folder / "etc" / "slurmdbd.conf"
        database.write_text(DATABASE.format(**ports))
        database.chmod(0o600)
        for number in range(self.gpus):
            device = self.folder / "dev" / f"gpu{number}"
            device.unlink(missing_ok=True)
            os.mknod(device, 0o20666, os.makedev(1, 3))
        last = self.gpus - 1
        (self.folder / "etc" / "gres.conf").write_text(f"Name=gpu File={self.folder}/dev/gpu[0-{last}]\n")
        shim = self.folder / "bin" / "srun"
        shim.write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {shutil.which("srun")} "$@"\n')
        shim.chmod(0o755)

    def _munge(self) -> None:
        key = self.folder / "munge" / "key"
        key.parent.chmod(0o700)
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        run, log = self.folder / "run", self.folder / "log"
        self.run(
            "munged", "--force", f"--key-file={key}", f"--socket={run}/munge.sock", f"--pid-file={run}/munged.pid",
            f"--log-file={log}/munged.log", f"--seed-file={key.parent}/seed", "--num-threads=2",
        )  # fmt: skip

    def _mariadb(self) -> None:
        data, socket, pid = self.folder / "mysql", self.folder / "run" / "mysql.sock", self.folder / "run" / "mysql.pid"
        where = ["--no-defaults", "--user=root", f"--datadir={data}"]
        self.run(
            "mariadb-install-db", *where, "--skip-test-db", "--auth-root-authentication-method=socket", timeout=300
        )
        settings = ["--skip-networking", "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=0"]
        files = [f"--socket={socket}", f"--pid-file={pid}", f"--log-error={self.folder}/log/mysql.log"]
        self.mariadb = subprocess.Popen(
            ["mariadbd", *where, *files, *settings, "--innodb-lock-wait-timeout=900"],
            env=self.around(os.environ), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        sql = ["mariadb", "--no-defaults", f"--socket={socket}", "-e"]
        until("mariadb", lambda: subprocess.run([*sql, "select 1"], capture_output=True, check=False).returncode == 0)
        self.run(
            *sql, "create database slurm; create user slurm@localhost identified by 'slurm';"
            "grant all on slurm.* to slurm@localhost",
        )  # fmt: skip

    def _process(self, name: str) -> psutil.Process | None:
        try:
            return psutil.Process(int((self.folder / "run" / f"{name}.pid").read_text()))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    def _end(self, name: str) -> None:
        process = self._process(name)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(15)
        except psutil.TimeoutExpired:
            process.kill()
        (self.folder / "run" / f"{name}.pid").unlink(missing_ok=True)


def _listens(process: psutil.Process, folder: str) -> bool:
    """Whether a process carries a job's step: it listens at a socket in its node's folder."""
    try:
        named = process.name() == "slurmstepd"
        return named and any(str(one.laddr).startswith(folder) for one in process.net_connections("unix"))
    except psutil.Error:
        return False


def until(what: str, happens: Callable[[], bool], patience: float = PATIENCE, look: float = 0.5) -> None:
    """Wait for something. Raises TimeoutError, naming it."""
    end = time.monotonic() + patience
    while not happens():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience:.0f} s for {what}")
        time.sleep(look)


if __name__ == "__main__":
    print(f"no Slurm: {reason}" if (reason := install()) else "Slurm is there")
