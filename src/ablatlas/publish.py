"""`python -m ablatlas.publish [STUDY …]`: copy records, ledgers and results to where git tracks them.

The one writer of `data/published/`, outside `all`: what lies there is what the project stands behind. A published
record gives way to one of another digest; to one of the same digest only where `--replace` asks for it; studies that
are not named stay as they are. What the controls of this version found goes with it where they were run. Everything is
looked at before anything is copied; at last the atlas that the README shows is drawn of all that is published.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablatlas import record
from ablatlas.controls import work as controls
from ablatlas.digest import INDEX, PUBLISHED, index
from ablatlas.published import files
from ablatlas.record import RecordError, write_whole
from ablatlas.report.build import figure
from ablatlas.report.view import ReportError
from ablatlas.stats.checks import MeasureError
from ablatlas.stats.collect import collect
from ablatlas.stats.measure import check
from ablatlas.study import Study, StudyError, find_root, load, names

REFUSED = "smoke"  # proves the plumbing, never a claim


def allowed(study: Study, use: bool, replace: bool) -> None:
    """Refuse what the project cannot stand behind.

    use: whether a published record stands in for the working one. replace: whether one may give way to a rerun.
    Raises StudyError for smoke runs, for a record that would be replaced unasked and for results of another digest,
    RecordError and MeasureError for records that are not whole, are of several machines, or were not tuned alike.
    """
    if study.scale == REFUSED:
        raise StudyError("command line", "scale", study.scale, "a scale whose runs can carry a claim")
    kept = PUBLISHED / study.name
    for path in files(study, use):
        if path.parent != kept and (study.root / kept / path.name).exists() and not replace:
            raise StudyError(
                kept / path.name, "record", "a published one", "replace=yes, for a rerun to take its place"
            )
    check(study, *collect(study, published=use))
    found = json.loads((study.root / study.results).read_bytes())["digest"]
    if found != study.digest:
        raise StudyError(study.results, "digest", found, study.digest)


def publish_study(study: Study, use: bool) -> dict[str, Any]:
    """Copy one study's files, drop those of other digests, and return its entry in the index."""
    folder = study.root / PUBLISHED / study.name
    working = [study.root / path for path in files(study, use)]
    runs = {path.name: len(record.read(path).run) for path in working}
    for path in working:
        if path.parent != folder:
            write_whole(folder / path.name, path.read_bytes())
    for path in folder.iterdir():
        if path.name not in runs:
            path.unlink()
    result = (study.root / study.results).read_bytes()
    write_whole(study.root / PUBLISHED / "results" / f"{study.name}.json", result)
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(runs)}
    return {"digest": study.digest, "scale": study.scale, "runs": sum(runs.values()), "records": hashes}


def publish(studies: Sequence[Study], use: bool = True, replace: bool = False) -> None:
    """Publish studies and the controls, then the index and the atlas of all that is published.

    Raises what `allowed` raises, and StudyError where a control has failed, before anything is copied.
    """
    root = studies[0].root
    judged = _controls(root, studies[0].scale)
    for study in studies:
        allowed(study, use, replace)
    if judged is not None:
        write_whole(root / PUBLISHED / "results" / "controls.json", judged)
    before = index(root) if (root / INDEX).exists() else {}
    stay = {name: before[name] for name in names(root) if name in before}
    entries = stay | {study.name: publish_study(study, use) for study in studies}
    text = json.dumps({"studies": entries}, indent=1, sort_keys=True) + "\n"
    write_whole(root / INDEX, text.encode())
    results = [root / PUBLISHED / "results" / f"{name}.json" for name in entries]
    figure("atlas", studies[0].scale, results, root / "docs" / "atlas.svg", root)
    runs = sum(entry["runs"] for entry in entries.values())
    print(f"published {len(studies)} studies; {len(entries)} stand, with {runs} runs")


def _controls(root: Path, scale: str) -> bytes | None:
    """What the controls of this version found; None where they were not run."""
    for file in controls.load(scale, root).found():
        found = (root / file).read_bytes()
        if not json.loads(found)["passed"]:
            raise StudyError(file, "passed", False, "controls that pass: see what `snakemake controls` prints")
        return found
    return None


def main(arguments: list[str] | None = None) -> int:
    """Publish studies; 0 when all of it stands, 2 with a line on stderr when it was refused."""
    parser = argparse.ArgumentParser(prog="python -m ablatlas.publish", description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="all of them where none is named")
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--published", choices=["use", "ignore"], default="use")
    parser.add_argument("--replace", action="store_true", help="let reruns take the place of published records")
    given = parser.parse_args(arguments)
    try:
        studies = [load(name, given.scale) for name in given.studies or names(find_root())]
        publish(studies, given.published == "use", given.replace)
    except (StudyError, RecordError, MeasureError, ReportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
