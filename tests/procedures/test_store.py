"""Checkpoints and raw data between two clones: one trains and pushes, the other pulls what the first had."""

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import commit, type_in, under_dvc
from servers import served
from tiny import Engine, make

from ablatlas import store
from ablatlas.procedures import cellwork
from ablatlas.procedures.train import confirm, tune
from ablatlas.train.build import fingerprint
from ablatlas.train.run import Run

KEPT = Path("data", "published", "checkpoints", "tiny")


class Fingerprinting(Engine):
    """Says what parameters a run ended with: its seed's, whatever the arm."""

    def run(self, *asked) -> Run:  # type: ignore[no-untyped-def]
        done = super().run(*asked)
        done.outcome["parameters"] = fingerprint(done.parameters)
        return done


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the base cell of one study trained and published, under git and DVC."""
    monkeypatch.setattr(cellwork, "train", Fingerprinting())
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "dvc-site"))
    root = tmp_path / "trained"
    study = make(root)
    tune(study, "base", root / study.tuning_record("base"), print)
    confirm(study, "base", root / study.record("base"), print)
    shutil.copytree(root / "data" / "runs" / "tiny", root / "data" / "published" / "tiny")
    (root / "data" / "published" / "index.json").write_text(json.dumps({"studies": {"tiny": {"scale": "smoke"}}}))
    return under_dvc(root)


def with_remote(root: Path, address: str, *more: str) -> None:
    """Set a remote for this clone alone, as a site does."""
    method = ["method = PUT"] if address.startswith("http") else []
    lines = ["[core]", "remote = site", "['remote \"site\"']", f"url = {address}", *method, *more]
    (root / ".dvc" / "config.local").write_text("\n".join(lines) + "\n")


def cloned(root: Path, name: str) -> Path:
    type_in(root.parent, "git", "clone", "--quiet", str(root), name)
    return root.parent / name


def objects(folder: Path) -> list[Path]:
    """The stored files, less the lists of what is in a folder."""
    return sorted(path for path in folder.rglob("files/md5/*/*") if path.suffix != ".dir")


def stored(root: Path) -> list[Path]:
    """The checkpoints of published runs."""
    return sorted((root / KEPT).iterdir())


@pytest.mark.parametrize("kind", ["folder", "nginx", pytest.param("python", marks=pytest.mark.slow)])
def test_one_pushes_and_the_other_pulls(kind: str, trained: Path, tmp_path: Path) -> None:
    """Equal checkpoints are stored once."""
    raw = trained / "data" / "raw" / "glyphs"
    raw.mkdir(parents=True)
    (raw / "images.bin").write_bytes(bytes(range(256)))
    store.checkpoints("tiny", trained)
    type_in(trained, "dvc", "add", "--quiet", "data/raw/glyphs")
    commit(trained)
    with served(kind, tmp_path / "remote") as address:
        with_remote(trained, address)
        type_in(trained, "dvc", "push", "--quiet")
        kept = objects(tmp_path / "remote")
        assert len(kept) == 3 + 1  # a checkpoint a seed, the same in all three arms, and the images
        other = cloned(trained, "other")
        with_remote(other, address)
        assert all("dvc pull" in line for line in store.check(other))
        type_in(other, "dvc", "pull", "--quiet")
        assert store.check(other) == ["all data are what git says of them"]
        for folder in ("data/raw/glyphs", KEPT):
            files = {path.name: path.read_bytes() for path in (trained / folder).iterdir()}
            assert files == {path.name: path.read_bytes() for path in (other / folder).iterdir()}
        assert type_in(other, "git", "status", "--porcelain") == ""


def test_damage_in_the_remote_is_named(trained: Path, tmp_path: Path) -> None:
    store.checkpoints("tiny", trained)
    commit(trained)
    with_remote(trained, str(tmp_path / "remote"))
    type_in(trained, "dvc", "push", "--quiet")
    damaged = objects(tmp_path / "remote")[0]
    damaged.chmod(0o644)
    damaged.write_bytes(b"other")
    other = cloned(trained, "other")
    with_remote(other, str(tmp_path / "remote"), "verify = true")
    with pytest.raises(AssertionError, match="data/published/checkpoints/tiny"):
        type_in(other, "dvc", "pull")
    with_remote(other, str(tmp_path / "remote"))  # DVC itself then looks at nothing
    type_in(other, "dvc", "pull", "--quiet")
    with pytest.raises(store.StoreError, match="not what git says of them") as told:
        store.check(other)
    spoilt = {path.name for path in stored(trained) if path.read_bytes() != (other / KEPT / path.name).read_bytes()}
    assert len(spoilt) == 3
    assert set(re.findall(r"\S+/(\S+\.safetensors)", str(told.value))) == spoilt


def test_damage_in_the_cache_is_named_and_pulled_anew(trained: Path, tmp_path: Path) -> None:
    store.checkpoints("tiny", trained)
    with_remote(trained, str(tmp_path / "remote"))
    type_in(trained, "dvc", "push", "--quiet")
    damaged = objects(trained / ".dvc" / "cache")[0]
    damaged.chmod(0o644)
    damaged.write_bytes(b"other")
    with pytest.raises(store.StoreError, match=re.escape(str(damaged))):
        store.check(trained)
    damaged.unlink()
    type_in(trained, "dvc", "pull", "--quiet")
    assert store.check(trained) == ["all data are what git says of them"]


def test_a_checkpoint_of_another_run_is_refused(trained: Path) -> None:
    first, *_, last = sorted((trained / "data" / "checkpoints").iterdir())
    kept = first.read_bytes()
    first.write_bytes(last.read_bytes())  # another seed's parameters
    with pytest.raises(store.StoreError, match=re.escape(f"{first.name}: not the parameters")):
        store.checkpoints("tiny", trained)
    first.unlink()
    with pytest.raises(store.StoreError, match="tiny: 1 of 9 checkpoints are not here"):
        store.checkpoints("tiny", trained)
    assert not (trained / KEPT).exists()
    first.write_bytes(kept)
    assert store.checkpoints("tiny", trained).name == "tiny"
