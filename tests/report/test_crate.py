"""The crate of a run, read back by its library: what it lists is in it, and leads from records to results."""

import json
import zipfile
from pathlib import Path
from urllib.parse import unquote

import findings
import pytest
from rocrate.rocrate import ROCrate

from ablatlas.report import crate
from ablatlas.report.view import ReportError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small repository after a run of one study, its records made up."""
    found = findings.results(findings.study("residual"))
    for name in ("Snakefile", "LICENSE", "CITATION.cff", "params/study/residual.yaml", "workflow/rules/train.smk"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((findings.ROOT / name).read_bytes())
    texts = {record["file"]: "record" for record in found["records"]}
    texts |= {"reports/residual/report.html": "<html>", "reports/atlas/index.html": "<html>"}
    for name, text in {**texts, "data/results/residual.json": json.dumps(found)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def written(run: Path) -> Path:
    out = run / "reports" / "crate.zip"
    crate.write([run / "data/results/residual.json"], run / "reports", out, run)
    return out


def test_a_crate_leads_from_records_to_results_and_reports(run: Path) -> None:
    read = ROCrate(written(run))
    assert read.mainEntity.id == "Snakefile"
    assert read.mainEntity["programmingLanguage"].id.endswith("snakemake")
    action = read.root_dataset["mentions"][0]
    records = [record["file"] for record in findings.results(findings.study("residual"))["records"]]
    assert [unquote(entity.id) for entity in action["object"]] == records
    assert [entity.id for entity in action["result"]] == ["data/results/residual.json", "reports/residual/report.html"]
    assert action["instrument"]["name"] == "ablatlas"
    assert crate.PROFILE in str(read.root_dataset.properties()["conformsTo"])


def test_what_a_crate_lists_is_in_it(run: Path) -> None:
    with zipfile.ZipFile(written(run)) as packed:
        listed = json.loads(packed.read("ro-crate-metadata.json"))["@graph"]
        files = {unquote(entity["@id"]) for entity in listed if "File" in entity["@type"]}
        assert files == set(packed.namelist()) - {"ro-crate-metadata.json"}


def test_a_record_that_is_not_there_is_named_and_nothing_is_written(run: Path) -> None:
    file = findings.results(findings.study("residual"))["records"][0]["file"]
    (run / file).unlink()
    with pytest.raises(ReportError, match=f"{file}: no such file"):
        written(run)
    assert not [path for path in (run / "reports").iterdir() if path.is_file()]
