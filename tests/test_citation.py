"""CITATION.cff has what the format asks for (Citation File Format 1.2.0), and is of the version that is installed."""

import re
from typing import Any

from conftest import ROOT
from omegaconf import OmegaConf

import ablatlas

REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = REQUIRED | {
    "type",
    "version",
    "date-released",
    "license",
    "keywords",
    "abstract",
    "doi",
    "url",
    "repository-code",
}


def test_the_citation_file_is_whole_and_of_this_version() -> None:
    found: Any = OmegaConf.to_container(OmegaConf.load(ROOT / "CITATION.cff"))
    assert set(found) >= REQUIRED
    assert set(found) <= KNOWN
    assert found["cff-version"] == "1.2.0"
    assert found["version"] == ablatlas.__version__
    assert found["type"] == "software"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(found["date-released"]))
    assert all(author.get("name") or author.get("family-names") for author in found["authors"])
