"""The bibliography: `params/references.bib`, one field a line, read without a BibTeX engine."""

import re
from functools import cache
from pathlib import Path

ENTRY = re.compile(r"@(?P<kind>\w+)\s*\{\s*(?P<key>[^,\s]+)\s*,(?P<fields>.*?)^\}", re.MULTILINE | re.DOTALL)
IDENTIFIERS = {"eprint": "arXiv", "doi": "doi"}
FIELD = re.compile(r"^\s*(\w+)\s*=\s*[{\"](.*)[}\"],?\s*$", re.MULTILINE)


def read(root: Path) -> dict[str, dict[str, str]]:
    """Key -> its fields, in the file's order, braces removed."""
    return _entries((root / "params" / "references.bib").read_text(encoding="utf-8"))


@cache
def _entries(text: str) -> dict[str, dict[str, str]]:
    return {entry["key"]: _fields(entry["fields"]) for entry in ENTRY.finditer(text)}


def _fields(text: str) -> dict[str, str]:
    return {name.lower(): re.sub(r"[{}]", "", value) for name, value in FIELD.findall(text)}


def cite(fields: dict[str, str]) -> str:
    """One entry as a line of prose: authors (year). Title. Where. arXiv or DOI."""
    authors = fields.get("author", "Author not named").replace(" and ", "; ")
    place = fields.get("journal") or fields.get("booktitle") or fields.get("howpublished")
    volume = " ".join(part for part in (place, fields.get("volume")) if part)
    identifiers = [f"{label} {fields[key]}" for key, label in IDENTIFIERS.items() if key in fields]
    head = f"{authors} ({fields.get('year', 'no year')})"
    told = (head, fields.get("title"), volume, *identifiers, fields.get("note"))
    return ". ".join(part.rstrip(".") for part in told if part) + "."
