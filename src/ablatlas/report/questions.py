"""Three questions that a reader asks first: was the ablated arm tuned, would an A/A pass, what differs between arms?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablatlas.report import banners, limits
from ablatlas.report.controls_figures import shares
from ablatlas.report.html import Html, inline, join
from ablatlas.report.view import View, shown
from ablatlas.report.words import listed

if TYPE_CHECKING:
    from ablatlas.report.view import Row


def section(view: View) -> Html:
    """Each question with its answer, and where the page has the whole of it."""
    asked = {
        "Did you tune the ablated arm?": tuned(view),
        "How many seeds, and would an A/A pass?": seeds(view),
        "What exactly differs between the arms?": differs(view),
    }
    terms = (f"<dt>{inline(question)}</dt><dd>{inline(answer)}</dd>" for question, answer in asked.items())
    return join(Html(f'<dl class="questions">{"".join(terms)}</dl>'))


def tuned(view: View) -> str:
    """Trials, seeds and grids of `without` beside those of `with`, and whether an optimum stood at an edge."""
    if not view.study.tuned_cells:
        return untuned(view)
    own, base = view.results["tuning"]["without"], view.results["tuning"]["with"]
    ledgers = view.results["ledgers"]
    same = "as many as" if own["trials"] == base["trials"] else f"against {base['trials']} of"
    departs = [cell for cell, entry in ledgers.items() if entry["departed"].get("without")]
    edges = [cell for cell, entry in ledgers.items() if entry["edge"].get("without")]
    common = f"Its rate departs from the common one in {listed(departs)}." if departs else "It takes the common rate."
    edge = f"Its optimum stands at the edge of the grid in {listed(edges)}." if edges else "No optimum is at an edge."
    return (
        f"Yes: `without` had {own['trials']} trials of `{view.study.tune.path}`, {same} `with`, on the same grids, in "
        f"{len(own['chosen'])} cells, on tuning seeds {_span(own['seeds'])}. {common} {edge} [Every trial](#ledger)."
    )


def untuned(view: View) -> str:
    """What a study says that has nothing to tune."""
    return f"There is no rate to tune: the procedure `{view.study.procedure}` trains nothing."


def seeds(view: View) -> str:
    """Confirmation seeds, and what the arm against itself gave in this version."""
    own = view.results["seeds"]["confirmation"]
    unseen = ", none of which tuning saw" if view.study.tuned_cells else ""
    fresh = f"{len(own)} confirmation seeds an arm and level ({_span(own)}){unseen}."
    found = banners.entries(view.controls, "aa") if view.controls else []
    if not found:
        return f"{fresh} An A/A was not run for this version."
    return f"{fresh} {_answer(found[0])} {shares(found[0])}"


def _answer(row: Row) -> str:
    if not row.get("judged", True):
        return "An A/A of so few draws is not judged."
    return "An A/A passes." if row["passed"] else "An A/A does not pass: believe no verdict of this version."


def differs(view: View) -> str:
    """The one path with its two values, and which counts that leaves equal."""
    path = view.study.ablate
    with_, without = (shown(view.study.variants[name].settings[path]) for name in ("with", "without"))
    sizes = limits.equal(view, "without")
    return (
        f"`{path}`: `{with_}` with, `{without}` without, and nothing else of the configuration. In size, {sizes} "
        "[The whole difference](#equal)."
    )


def _span(seeds: list[int]) -> str:
    """Seeds as a range where they are one."""
    whole = len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))
