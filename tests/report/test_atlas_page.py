"""The atlas's table in a real browser: it sorts, filters, says so aloud, and stands whole without a script."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import findings
import pytest

from ablatlas.report import atlas, atlas_figures, style
from ablatlas.report.page import page
from ablatlas.report.script import SORTING
from ablatlas.report.view import CONSTRAINTS

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NAMES = ("residual", "layernorm", "forget_gate")
# What a reader does, and what the page then shows: typed into the page, answered in an element that the test reads.
ASKED = """
const shown = () => rows.filter(row => !row.hidden).length;
const order = () => [...body.rows].map(row => row.cells[0].textContent);
const sorted = () => heads.map(head => head.getAttribute("aria-sort"));
const change = (name, value) => {
  form.elements[name].value = value;
  form.elements[name].dispatchEvent(new Event("input", {bubbles: true}));
};
const answer = {form: form.hidden, first: order(), firstSort: sorted()};
const button = heads[1].querySelector("button");
button.focus(); answer.focused = document.activeElement === button;
button.click(); answer.byYear = rows.map(row => row.cells[1].dataset.sort); answer.yearSort = sorted();
button.click(); answer.back = rows.map(row => row.cells[1].dataset.sort); answer.backSort = sorted();
heads[7].querySelector("button").click(); answer.sizes = [...body.rows].map(row => row.cells[7].dataset.sort);
change("text", "FORGET"); answer.found = shown(); answer.said = form.querySelector("output").textContent;
change("text", ""); change("verdict", "not measured"); change("claim", "claimed"); answer.none = shown();
change("verdict", ""); answer.claimed = shown();
answer.off = body.querySelectorAll("td.off").length;
answer.on = body.querySelectorAll("td[data-claim=claimed]:not(.off)").length;
answer.wide = document.documentElement.scrollWidth <= window.innerWidth;
const told = document.createElement("pre");
told.id = "told";
told.textContent = JSON.stringify(answer);
document.body.append(told);
"""


def studies() -> list[dict[str, Any]]:
    return [findings.results(findings.study(name)) for name in NAMES]


@pytest.fixture(scope="module")
def table() -> str:
    return atlas.studies_table(studies(), findings.ROOT).text


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine: apt-get install chromium")
def test_the_table_sorts_and_filters_by_mouse_and_keyboard(table: str, tmp_path: Path) -> None:
    file = tmp_path / "atlas.html"
    file.write_text(page("atlas", table, {}, SORTING + ASKED), encoding="utf-8")
    assert BROWSER is not None
    words = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*words, "--window-size=500,900", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2000:]
    answer = json.loads(unescape(found[1]))
    assert not answer["form"]
    assert answer["first"] == sorted(answer["first"], key=str.lower)
    assert answer["firstSort"] == ["ascending", *["none"] * 8]
    assert answer["focused"]
    assert answer["byYear"] == sorted(answer["byYear"])
    assert answer["yearSort"] == ["none", "ascending", *["none"] * 7]
    assert answer["back"] == sorted(answer["byYear"], reverse=True)
    assert answer["backSort"][1] == "descending"
    known = [float(size) for size in answer["sizes"] if size]
    assert known == sorted(known)
    assert answer["sizes"][: len(known)] == [size for size in answer["sizes"] if size]
    assert (answer["found"], answer["said"]) == (1, "1 of 3 studies")
    assert (answer["none"], answer["claimed"]) == (0, 3)
    assert answer["on"] + answer["off"] == 3 * len(CONSTRAINTS)
    assert answer["wide"]


def test_without_a_script_the_table_stands_whole_and_its_form_is_hidden(table: str) -> None:
    assert table.count("<tr>") == 1 + len(NAMES)
    assert table.count("data-verdict=") == len(NAMES) * len(CONSTRAINTS)
    assert '<form class="filters" hidden' in table
    assert table.count('<th scope="col" aria-sort="none">') == 2 + len(CONSTRAINTS)


def contrast(text: str, ground: str) -> float:
    """The ratio of WCAG 2.2 between two colours, #rrggbb each."""
    light = [luminance(color) for color in (text, ground)]
    return (max(light) + 0.05) / (min(light) + 0.05)


def luminance(color: str) -> float:
    shares = [byte / 255 for byte in bytes.fromhex(color[1:])]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_cell_can_be_read(table: str) -> None:
    cells = re.findall(r'<td class="([^"]*)" style="background:(#[0-9a-f]{6})"', table)
    assert len(cells) == len(NAMES) * len(CONSTRAINTS)
    for kinds, ground in cells:
        assert contrast("#ffffff" if "dark" in kinds else "#1c1c1c", ground) >= 4.5, (kinds, ground)


def test_the_confusion_table_keeps_implied_cells_apart() -> None:
    shown = atlas.claims(studies()).text
    rows = re.findall(r'<th scope="row">(claimed|not claimed|implied \(apart\))</th>(.*?)</tr>', shown)
    assert [name for name, _ in rows] == ["claimed", "not claimed", "implied (apart)"]
    counts = [int(n) for _, cells in rows for n in re.findall(r">(\d+)</td>", cells)]
    assert sum(counts) == len(NAMES) * len(CONSTRAINTS)


def test_forests_and_years_draw_to_the_same_bytes() -> None:
    found, known = studies(), atlas.years(studies(), findings.ROOT)
    assert known["forget_gate"] == "2000"
    for draw in (lambda: atlas_figures.forest(found, "compute"), lambda: atlas_figures.timeline(found, known)):
        assert style.render(draw()) == style.render(draw())
    assert next(r["study"] for r in atlas_figures.by_year(found, known)) == "forget_gate"


def test_a_constraint_that_nobody_measured_says_so() -> None:
    bare = [results | {"verdicts": []} for results in studies()]
    assert "Energy: not measured" in atlas.forests(bare).text
    with pytest.raises(ValueError, match="nothing was measured along energy"):
        atlas_figures.forest(bare, "energy")


def test_cost_is_told_with_its_sum() -> None:
    shown = atlas.cost(studies()).text
    assert shown.count(">0.24</td>") == len(NAMES)
    assert ">0.72</td>" in shown
    assert "990 runs" in shown
