"""What tests share: a repository of their own to work in, the commands that a person types there, and real data."""

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ablatlas.study import load

MIRROR = "ABLATLAS_MIRROR"
NAMED = os.environ.get(MIRROR)
ROOT = Path(__file__).parent.parent
COPIED = (
    "Snakefile", "Makefile", "README.md", "LICENSE", "CITATION.cff", "pyproject.toml", "constraints.txt",
    "workflow", "params", "src", "slurm",
)  # fmt: skip
HEADLINE = ["forget_gate", "layernorm", "residual"]
# What these leave of their smoke scale here: of each measure a ladder, of most ladders two levels. The whole of it is
# trained in one process, by workflow/test_from_tuning_to_report.py.
LESS = {
    "forget_gate": "ladders.width.levels=[4,8] ~ladders.streams ~ladders.time",
    "layernorm": "ladders.depth.levels=[4,6] ~ladders.examples ~ladders.width ~ladders.places ~ladders.work",
    "residual": "ladders.depth.levels=[8,14] ~ladders.time ~ladders.examples ~ladders.width ~ladders.places"
    " ~ladders.work",
}
DVC = ("dvc.yaml", ".dvcignore", ".gitignore", ".dvc/config", ".dvc/.gitignore")


def copy_repository(target: Path, studies: Sequence[str] = HEADLINE, less: bool = False) -> Path:
    """A copy of the project's files at `target`, with nothing trained in it, and with these studies alone.

    With `less` a few cells of each are left at smoke scale.
    """
    for name in COPIED:
        source = ROOT / name
        if source.is_symlink():
            (target / name).symlink_to(source.readlink())
        elif source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    shutil.copytree(ROOT / "docs", target / "docs")
    for file in (target / "params" / "study").glob("*.yaml"):
        if file.stem not in studies:
            file.unlink()
        elif less and file.stem in LESS:
            shorten(file, LESS[file.stem])
    return target


def shorten(file: Path, words: str) -> None:
    """Add overrides to a study's smoke scale."""
    more = ", ".join(f'"{word}"' for word in words.split())
    text, found = re.subn(r"(\n  smoke: \[.*?)\]\n", rf"\1, {more}]\n", file.read_text(), count=1, flags=re.DOTALL)
    assert found == 1
    file.write_text(text)


def environment(root: Path) -> dict[str, str]:
    """The environment in which the commands of `root` run its own source, with this interpreter's tools."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    site = str(root.parent / "dvc-site")  # what DVC remembers of files
    own = {"PATH": path, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1", "DVC_SITE_CACHE_DIR": site}
    return os.environ | own


def type_in(root: Path, *words: str, timeout: float = 1800) -> str:
    """Run a command in `root` and return all that it printed. Fails the test where the command fails."""
    done = subprocess.run(
        words, cwd=root, env=environment(root), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return done.stdout


def snakemake(root: Path, *words: str, scale: str = "smoke", published: str = "use") -> str:
    """Run Snakemake as the README does, at a scale."""
    profile = ("--profile", "workflow/profiles/local", "--cores", "2")
    return type_in(root, "snakemake", *profile, *words, "--config", f"scale={scale}", f"published={published}")


def reported(root: Path, study: str) -> None:
    """Fails where a study's results or its report lack something."""
    results = json.loads((root / load(study, "smoke", root=root).results).read_text())
    assert {"study", "scale", "seeds", "digest", "states", "tuning", "registration", "verdicts"} <= set(results)
    assert results["scale"] == "smoke"
    assert {v["contrast"] for v in results["verdicts"]} >= set(load(study, "smoke", root=root).variants) - {"with"}
    report = root / "reports" / "smoke" / study
    for name in ("report.html", "report.ipynb", "figure.svg", "figure.pdf", "figure.png"):
        assert (report / name).stat().st_size > 1000, name


def planned(root: Path, target: str = "all", published: str = "use") -> set[str]:
    """The records (cells', their ledgers', clocks') that a dry run would make, without their digests."""
    told = snakemake(root, "-n", target, "--quiet", "host", published=published)
    return set(re.findall(r"output: data/runs/(\S+?)-[0-9a-f]{12}(?:\.tuning)?\.json\.gz", told))


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that a file holds. Fails the test where it does not."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def under_dvc(root: Path) -> Path:
    """Make a folder a git repository with this project's DVC settings, and commit all that git does not ignore."""
    for name in DVC:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    type_in(root, "git", "init", "--quiet")
    type_in(root, "git", "config", "user.email", "nobody@example.org")
    type_in(root, "git", "config", "user.name", "nobody")
    commit(root)
    return root


def commit(root: Path) -> None:
    """Commit all that git does not ignore."""
    type_in(root, "git", "add", "--all")
    type_in(root, "git", "commit", "--quiet", "--allow-empty", "--message", "as it is")


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The headline studies' repository after `all` at smoke scale. Read only: copy it to change it.

    The first worker that asks makes it, for all of them.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (shared / "smoke.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "smoke").exists():
            root = copy_repository(tmp_path_factory.mktemp("smoke") / "ablatlas", less=True)
            snakemake(root, "all")
            root.rename(shared / "smoke")
    return shared / "smoke"


@pytest.fixture
def worked(smoke: Path, tmp_path: Path) -> Path:
    """A copy of the finished smoke repository, file times and all, to edit."""
    return Path(shutil.copytree(smoke, tmp_path / "ablatlas"))


@pytest.fixture
def cloned(smoke: Path, tmp_path: Path) -> Path:
    """What a fresh clone would hold, had the smoke runs been published: no working output, no old file times."""
    root = copy_repository(tmp_path / "clone", less=True)
    for record in (smoke / "data" / "runs").rglob("[!.]*.json.gz"):
        kept = root / "data" / "published" / record.relative_to(smoke / "data" / "runs")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(record, kept)
    for path in root.rglob("*"):
        os.utime(path)
    return root


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but this machine can be reached."""
    connect = socket.socket.connect

    def local(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            raise OSError(f"a test reached for {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of the same studies without any data, and no mirror."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "params").symlink_to(ROOT / "params")
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path / "root"))
    monkeypatch.delenv(MIRROR, raising=False)
    return tmp_path / "root"


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror with every folder of the one that is set, CIFAR-10 unpacked where it is only packed there."""
    if not NAMED:
        pytest.skip(f"{MIRROR} is not set: it would be a folder with the real files, which no repository holds")
    folder = tmp_path_factory.mktemp("mirror")
    for named in Path(NAMED).iterdir():
        if named.is_dir() and not (named / "packed").is_dir():
            (folder / named.name).symlink_to(named)
    packed = Path(NAMED, "cifar-10", "packed")
    if packed.is_dir():
        batches = folder / "cifar-10" / "cifar-10-batches-py"
        subprocess.run([sys.executable, packed.parent / "unpack.py", packed, batches], check=True, capture_output=True)
        shutil.copy(packed / "batches.meta", batches)
    return folder


@pytest.fixture
def mirrored(mirror: Path, bare: Path, monkeypatch: pytest.MonkeyPatch, no_network: None) -> None:
    """All data lies in the mirror, and nowhere else."""
    monkeypatch.setenv(MIRROR, str(mirror))


@pytest.fixture
def published(cloned: Path) -> Path:
    """The fresh clone under git and DVC, with the index of two of its studies."""
    studies = {name: {"scale": "smoke"} for name in ("layernorm", "residual")}
    (cloned / "data" / "published" / "index.json").write_text(json.dumps({"studies": studies}))
    return under_dvc(cloned)
