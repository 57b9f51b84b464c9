"""A site's terms: the file, the environment above it, and what is refused."""

from pathlib import Path

import pytest
import snakemake_executor_plugin_slurm as plugin
import yte
from conftest import ROOT

from ablatlas.config import read_yaml
from ablatlas.errors import StudyError
from ablatlas.site import TYPES, Site, site

MODEL, PART = {"gpu_model": "a100"}, {"gpu": 0, "gres": "shard:1"}


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [*TYPES, "site"]:
        monkeypatch.delenv(f"ABLATLAS_{key.upper()}", raising=False)


def test_without_a_word_the_defaults_hold(tmp_path: Path) -> None:
    assert site(tmp_path) == Site()


def test_the_environment_stands_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yaml").write_text("account: lab\npartition: cpu\ncore_hour: 0.02\n")
    monkeypatch.setenv("ABLATLAS_PARTITION", "gpu")
    monkeypatch.setenv("ABLATLAS_CELLS", "4")
    assert site(tmp_path) == Site(account="lab", partition="gpu", core_hour=0.02, cells=4)


def test_another_file_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.yaml").write_text("qos: long\n")
    monkeypatch.setenv("ABLATLAS_SITE", str(tmp_path / "other.yaml"))
    assert site(tmp_path) == Site(qos="long")
    monkeypatch.setenv("ABLATLAS_SITE", str(tmp_path / "none.yaml"))
    with pytest.raises(StudyError, match=r"none\.yaml"):
        site(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("acount: lab", "nearest: account"),
        ("cells: 0", "cells: found 0, expected a whole number above 0"),
        ("core_hour: cheap", "core_hour: found cheap, expected a price"),
        ("gpu_hour: -1", "gpu_hour: found -1, expected a price"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(StudyError, match=told):
        site(tmp_path)


def test_the_example_names_every_key_with_its_default() -> None:
    assert read_yaml(ROOT, "workflow/profiles/slurm/site.example.yaml") == vars(Site())


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({}, None),
        ({"GPU_MODEL": "a100"}, {"clock": MODEL, "tune": MODEL, "train": MODEL}),
        ({"SHARE": "shard:1"}, {"tune": PART, "train": PART}),
        ({"SHARE": "shard:1", "GPU_MODEL": "a100"}, {"clock": MODEL, "tune": PART, "train": PART}),
    ],
)
def test_the_profile_asks_for_the_gpus_of_the_site(
    told: dict[str, str], asked: dict | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.yaml").write_text("currency: EUR\n")
    monkeypatch.setenv("ABLATLAS_SITE", str(tmp_path / "site.yaml"))
    for name in ("query_job_status", "get_submit_command"):  # which the profile mends
        monkeypatch.setattr(plugin, name, getattr(plugin, name))
    for key, value in told.items():
        monkeypatch.setenv(f"ABLATLAS_{key}", value)
    with (ROOT / "workflow" / "profiles" / "slurm" / "config.yaml").open(encoding="utf-8") as file:
        profile = yte.process_yaml(file, require_use_yte=True)
    assert profile.get("set-resources") == asked
