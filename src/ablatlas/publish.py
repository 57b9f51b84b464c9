"""`python -m ablatlas.publish`: copy records, ledgers, results and the atlas figure to where git tracks them.

The one writer of `data/published/`, outside `all`: what lies there is what the project stands behind. A published
record is kept, unless it is of another digest or `--published ignore` asks for the working one in its place. What the
controls of this version found goes with it where they were run; if one has failed nothing is published.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from ablatlas import record
from ablatlas.controls import work as controls
from ablatlas.record import RecordError, write_whole
from ablatlas.study import Study, StudyError, find_root, load, names

REFUSED = "smoke"  # proves the plumbing, never a claim


def files_of(study: Study, use: bool) -> list[Path]:
    """A study's confirmation and tuning records and its clock's, relative to the root."""
    tuned = [study.tuning_record(cell, published=use) for cell in study.tuned_cells]
    timed = [study.clock_record(published=use)] if study.clock else []
    return [study.record(cell, published=use) for cell in study.cells] + tuned + timed


def publish_study(study: Study, use: bool) -> dict[str, Any]:
    """Copy one study's files, drop those of other digests, and return its entry in the index.

    Raises RecordError for a record that is not whole, before anything is copied.
    """
    folder = study.root / "data" / "published" / study.name
    files = [study.root / path for path in files_of(study, use)]
    runs = {path.name: len(record.read(path).run) for path in files}
    result = (study.root / study.results).read_bytes()
    for path in files:
        if path.parent != folder:
            write_whole(folder / path.name, path.read_bytes())
    for path in folder.iterdir():
        if path.name not in runs:
            path.unlink()
    write_whole(study.root / "data" / "published" / "results" / f"{study.name}.json", result)
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(runs)}
    return {"digest": study.digest, "scale": study.scale, "runs": sum(runs.values()), "records": hashes}


def publish(studies: list[Study], atlas: Path, use: bool) -> None:
    """Publish studies, the controls and the figure that the README shows, then the index of all.

    Raises StudyError, before anything is copied, where a control has failed.
    """
    root = studies[0].root
    judged = _controls(root, studies[0].scale)
    if judged is not None:
        write_whole(root / "data" / "published" / "results" / "controls.json", judged)
    index = {study.name: publish_study(study, use) for study in studies}
    shutil.copyfile(root / atlas, root / "docs" / "atlas.svg")
    text = json.dumps({"studies": index}, indent=1, sort_keys=True) + "\n"
    write_whole(root / "data" / "published" / "index.json", text.encode())
    print(f"published {len(studies)} studies, {sum(entry['runs'] for entry in index.values())} runs")


def _controls(root: Path, scale: str) -> bytes | None:
    """What the controls of this version found; None where they were not run."""
    for file in controls.load(scale, root).found():
        found = (root / file).read_bytes()
        if not json.loads(found)["passed"]:
            raise StudyError(file, "passed", False, "controls that pass: see what `snakemake controls` prints")
        return found
    return None


def main(arguments: list[str] | None = None) -> int:
    """Publish every study; 0 when all of it stands, 2 with a line on stderr when it was refused."""
    parser = argparse.ArgumentParser(prog="python -m ablatlas.publish", description=__doc__)
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--published", choices=["use", "ignore"], default="use")
    parser.add_argument("--atlas", type=Path, required=True, help="the atlas figure, as SVG")
    given = parser.parse_args(arguments)
    try:
        if given.scale == REFUSED:
            raise StudyError("command line", "scale", given.scale, "a scale whose runs can carry a claim")
        studies = [load(name, given.scale) for name in names(find_root())]
        publish(studies, given.atlas, given.published == "use")
    except (StudyError, RecordError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
