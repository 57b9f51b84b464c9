"""The page around a notebook's outputs: one file that opens from disk, on a phone and on paper, and fetches nothing."""

from html import escape

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

CSS = """
:root { color-scheme: light; --ink: #1c1c1c; --faint: #595959; --rule: #c9c9c9; --link: #0b4f7d; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; counter-reset: figure table; color: var(--ink); background: #fff;
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 64rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1rem; font-size: .875rem; color: var(--faint); display: flex; flex-wrap: wrap;
  gap: .25rem 1.25rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
footer { padding: 2rem 1rem; font-size: .875rem; color: var(--faint); }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid #e69f00; outline-offset: 2px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .75rem 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--rule); }
p, ul { max-width: 46rem; }
li { margin: .3rem 0; }
.headline { font-size: 1.2rem; line-height: 1.45; }
.banner { border: 2px solid #8a3b00; background: #fff4e8; color: #5c2700; padding: .6rem .9rem; font-weight: 600; }
figure { margin: 1.25rem 0; counter-increment: figure; }
figure img { display: block; width: calc(100% * var(--share)); min-width: calc(40rem * var(--share)); height: auto; }
figcaption { font-size: .875rem; color: var(--faint); max-width: 50rem; margin-top: .4rem; }
figcaption::before { content: "Figure " counter(figure) ". "; font-weight: 600; color: var(--ink); }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .8125rem; line-height: 1.35; font-variant-numeric: tabular-nums;
  counter-increment: table; }
caption { text-align: left; font-size: .875rem; color: var(--faint); padding: .4rem 0; }
caption span { display: inline-block; position: sticky; left: 0; max-width: min(46rem, calc(100vw - 2rem)); }
caption span::before { content: "Table " counter(table) ". "; font-weight: 600; color: var(--ink); }
th, td { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e4e4e4; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 5.5rem; }
tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
.number { text-align: right; white-space: nowrap; }
pre { background: #f5f5f5; border: 1px solid #e0e0e0; padding: .7rem .9rem; overflow-x: auto; font-size: .8125rem;
  line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; }
pre code { font-size: inherit; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--link); }
td:not(.number) { min-width: 4.5rem; }
td[data-name="the essays say"] { min-width: 15rem; }
.questions { max-width: 46rem; } dt { font-weight: 600; } dd { margin: .1rem 0 .7rem 1rem; }
.quiet { font-size: .875rem; color: var(--faint); margin: .25rem 0; }
.role { white-space: nowrap; } .role.not-measured { white-space: normal; color: var(--faint); }
.binding { font-weight: 700; color: #0b4f7d; }
.relaxed { color: #0b4f7d; } .tightened { color: #9c3700; }
.unchanged { color: #333; } .inconclusive { color: #595959; }
.map { font-size: .6875rem; } .map .mark { white-space: nowrap; }
.map td { min-width: 0; padding: .35rem .3rem; border: 2px solid #fff; color: var(--ink); }
.map td a { color: inherit; }
.map .claimed { outline: 2px solid var(--ink); outline-offset: -4px; }
.map .implied { outline: 2px dashed var(--ink); outline-offset: -4px; }
.map .dark { color: #fff; } .map .off { opacity: .25; }
.map thead button { font: inherit; font-weight: 700; background: none; border: 0; padding: 0; color: var(--link);
  text-align: left; text-decoration: underline; cursor: pointer; }
.map [aria-sort="ascending"] button::after { content: " ▲"; }
.map [aria-sort="descending"] button::after { content: " ▼"; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: end; font-size: .875rem; margin: .75rem 0; }
.filters[hidden] { display: none; }
.filters label { display: flex; flex-direction: column; gap: .15rem; }
.filters input, .filters select, .filters button { font: inherit; padding: .3rem .4rem; min-height: 2.2rem;
  max-width: min(100%, 14rem); }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 3px solid #e69f00; outline-offset: 2px; }
[hidden] { display: none !important; }
@media (max-width: 40rem) {
  .stacked { width: 100%; }
  .stacked thead { position: absolute; clip-path: inset(50%); }
  .stacked tr, .stacked th, .stacked td { display: block; }
  .stacked tr { padding: .5rem 0; border-bottom: 1px solid #e4e4e4; }
  .stacked th, .stacked tbody td { padding: .05rem 0; border: 0 !important; text-align: left; white-space: normal; }
  .stacked tbody th { font-weight: 700; }
  .stacked td::before { content: attr(data-name) ": "; color: var(--faint); }
}
@media (max-width: 40rem) { h1 { font-size: 1.5rem; } .headline { font-size: 1.08rem; } }
@media print {
  @page { margin: 15mm; }
  html { font-size: 9.5pt; } main, header, footer { max-width: none; padding: 0; }
  figure img { min-width: 0; } .scroll { overflow: visible; } table { font-size: 7pt; }
  .number { white-space: normal; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""


def body(notebook: NotebookNode) -> str:
    """What a notebook's cells show, as HTML without any code, prompt or script."""
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    html, _ = exporter.from_notebook_node(notebook)
    return html


def page(title: str, content: str, links: dict[str, str], script: str = "") -> str:
    """A whole page. links: text to relative address, shown on top. script: what makes a table sort, inside the page."""
    run = f"<script>{script}</script>\n" if script else ""
    navigation = "".join(f'<a href="{escape(to)}">{escape(text)}</a>' for text, to in links.items())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<header><span>Ablatlas</span><nav aria-label="Files">{navigation}</nav></header>\n'
        f"<main>\n{content}\n</main>\n"
        "<footer>Ablatlas: each breakthrough with and without its key innovation.</footer>\n"
        f"{run}</body>\n</html>\n"
    )
