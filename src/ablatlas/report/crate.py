"""A run of the workflow as one file: an RO-Crate by the profiles Workflow RO-Crate and Process Run Crate.

The workflow, its parameters and rules, the records that went in, the results and the reports that came out.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.softwareapplication import SoftwareApplication
from rocrate.rocrate import ROCrate

from ablatlas import __version__
from ablatlas.report.view import ReportError, Row, read

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"  # the library adds that of a workflow by itself
TOLD = (
    "Each breakthrough of deep learning, trained with and without its key innovation: which of seven constraints did "
    "it relax? Workflow, parameters, run records, results and reports."
)
FORMATS = {
    ".json": "application/json", ".gz": "application/gzip", ".html": "text/html", ".yaml": "application/yaml",
    ".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png", ".bib": "application/x-bibtex",
    ".tex": "application/x-tex", ".ipynb": "application/x-ipynb+json",
}  # fmt: skip
MADE_BY_HAND = ("Snakefile", "LICENSE", "CITATION.cff", "params/**/*.*", "workflow/**/*.*")


def write(results: Sequence[Path], reports: Path, out: Path, root: Path) -> None:
    """Write the crate of a run to the zip file `out`, whole or not at all.

    results: the results files of all studies; reports: the folder of their pages. Raises ReportError for results that
    name a record that is not there.
    """
    crate = ROCrate()
    crate.name, crate.description = "Ablatlas: a run of the ablation atlas", TOLD
    crate.license = "https://spdx.org/licenses/MIT"
    crate.root_dataset["author"] = crate.add(ContextEntity(crate, "#authors", _organization()))
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset.append_to("conformsTo", crate.add(ContextEntity(crate, PROFILE, profile)))
    read_files = {path: read(path) for path in results}
    made_by_hand = [path for pattern in MADE_BY_HAND for path in sorted(root.glob(pattern)) if path.is_file()]
    for path in (path for path in made_by_hand if path.name != "Snakefile"):
        _add(crate, path, root)
    workflow = crate.add_workflow(root / "Snakefile", "Snakefile", main=True, lang="snakemake")
    workflow["name"] = "Ablatlas"
    for path, found in read_files.items():
        crate.add(*_run(crate, root, path, found, reports / found["study"]))
    for path in _files(reports / "atlas"):
        _add(crate, path, root)
    _zip(crate, out)


def _organization() -> dict[str, str]:
    return {"@type": "Organization", "name": "The Ablatlas authors"}


def _run(crate: ROCrate, root: Path, path: Path, found: Row, report: Path) -> Iterator[ContextEntity]:
    """How one study came to its results: its records in, its results and its report out, and by which software."""
    records = [_add(crate, root / record["file"], root) for record in found["records"]]
    made = [_add(crate, file, root) for file in (path, *_files(report))]
    software = [_software(crate, name, version) for name, version in sorted((found.get("versions") or {}).items())]
    own = _software(crate, "ablatlas", __version__)
    own["softwareRequirements"] = software
    properties: Mapping[str, Any] = {
        "@type": "CreateAction",
        "name": f"{found['title']} at scale {found['scale']}, digest {found['digest']}",
        "description": f"{found['states']} of the confirmation runs; device {found.get('device')}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    action = ContextEntity(crate, f"#{found['study']}-{found['digest']}", dict(properties))
    action["instrument"], action["object"], action["result"] = own, records, made
    action["agent"] = crate.dereference("#authors")
    crate.root_dataset.append_to("mentions", action)
    yield action


def _software(crate: ROCrate, name: str, version: str) -> SoftwareApplication:
    place = f"#{name}-{version}"
    known = crate.dereference(place)
    told = {"name": name, "softwareVersion": version, "url": f"https://pypi.org/project/{name}/"}
    return known or crate.add(SoftwareApplication(crate, place, told))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file())


def _add(crate: ROCrate, path: Path, root: Path) -> Any:
    """A file of the repository, once, under the path that it has there."""
    if not path.is_file():
        raise ReportError(f"{path}: no such file, which a crate of this run has to hold")
    place = Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()
    told = {"name": place, "encodingFormat": FORMATS.get(path.suffix, "text/plain")}
    return crate.dereference(quote(place)) or crate.add_file(path, place, properties=told)


def _zip(crate: ROCrate, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        whole = Path(folder, "crate.zip")
        crate.write_zip(whole)
        whole.replace(out)
