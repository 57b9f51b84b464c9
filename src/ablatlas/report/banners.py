"""What a reader must know before any number: smoke scale, failed controls, a registration that was changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ablatlas.report.html import Html, bullets, inline, join, paragraph
from ablatlas.report.view import Row, View, shown
from ablatlas.report.words import listed

SMOKE = "Smoke scale: this run proves the plumbing. Nothing on this page is ever a claim."
NOT_RUN = "Controls (A/A, null, dose): not run for this version."
# How each section of the controls' file is called.
CONTROLS = {
    "aa": "A/A",
    "null": "null",
    "dose": "dose",
    "synthetic": "synthetic ground truth",
    "uniform": "uniform penalty",
    "twice": "same seed twice",
    "anchors": "anchors",
}


def banners(view: View) -> Html:
    """Every banner of a study's report, the gravest first; a quiet line where controls give no cause for one."""
    smoke = [paragraph(SMOKE, "banner")] if view.study.scale == "smoke" else []
    return join(*smoke, controls(view.controls), *registration(view.results.get("registration_changes") or []))


def controls(found: Row | None) -> Html:
    """A banner where controls failed, else a quiet line."""
    failed = found is not None and not found["passed"]
    return paragraph(controls_line(found), "banner" if failed else "quiet")


def controls_line(found: Row | None) -> str:
    """Whether the controls of this version passed, in one sentence."""
    if found is None:
        return NOT_RUN
    version = f" ({found['digest']})" if found.get("digest") else ""
    if found["passed"]:
        return f"Controls passed{version}."
    which = [CONTROLS[name] for name in failures(found)]
    return (
        f"Controls failed{version}: {listed(which) if which else 'see their page'}. Believe no verdict of this version."
    )


def failures(found: Row) -> list[str]:
    """The kinds of control of which one failed."""
    return [name for name in CONTROLS if not passed(found, name)]


def passed(found: Row, name: str) -> bool:
    """Whether all controls of a kind passed; true where none was run."""
    return all(entry["passed"] for entry in entries(found, name))


def entries(found: Row, name: str) -> list[Row]:
    """The results of one kind of control."""
    section = found.get(name) or []
    return [section] if isinstance(section, Mapping) else list(section)


def registration(changes: list[Row]) -> Iterator[Html]:
    """What was registered otherwise when the first confirmatory run was made."""
    if not changes:
        return
    words = "The registration was changed after the first confirmatory run: verdicts on this page are exploratory."
    lines = [f"`{row['key']}`: {_said(row['then'])} then, {_said(row['now'])} now" for row in changes]
    yield Html(f'<div class="banner"><p>{inline(words)}</p>{bullets(lines).text}</div>')


def _said(value: Any) -> str:
    return "nothing" if value is None else shown(value)
