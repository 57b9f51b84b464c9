"""The bibliography: `params/references.bib`, one field a line, read without a BibTeX engine."""

import re
from pathlib import Path

ENTRY = re.compile(r"@(?P<kind>\w+)\s*\{\s*(?P<key>[^,\s]+)\s*,(?P<fields>.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^\s*(\w+)\s*=\s*[{\"](.*)[}\"],?\s*$", re.MULTILINE)


def read(root: Path) -> dict[str, dict[str, str]]:
    """Key -> its fields, in the file's order, braces removed."""
    text = (root / "params" / "references.bib").read_text(encoding="utf-8")
    return {
        entry["key"]: {name.lower(): re.sub(r"[{}]", "", value) for name, value in FIELD.findall(entry["fields"])}
        for entry in ENTRY.finditer(text)
    }


def cite(fields: dict[str, str]) -> str:
    """One entry as a line of prose: authors (year). Title. Where. arXiv or DOI."""
    authors = fields.get("author", "Author not named").replace(" and ", "; ")
    place = fields.get("journal") or fields.get("booktitle") or fields.get("howpublished")
    volume = " ".join(part for part in (place, fields.get("volume")) if part)
    identifier = f"arXiv {fields['eprint']}" if "eprint" in fields else fields.get("doi") and f"doi {fields['doi']}"
    head = f"{authors} ({fields.get('year', 'no year')})"
    return ". ".join(part for part in (head, fields.get("title"), volume, identifier, fields.get("note")) if part) + "."
