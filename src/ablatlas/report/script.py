"""What lets a reader sort and filter the atlas's table: a few lines that run in the page and fetch nothing.

Without it the table stands whole, in the order of the studies' names.
"""

SORTING = """
"use strict";
const table = document.querySelector("table.map"), form = document.querySelector("form.filters");
const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
const key = (row, column) => row.cells[column].dataset.sort ?? "";
function compare(a, b, column, sign) {
  const x = key(a, column), y = key(b, column);
  if (x === "" || y === "") return (x === "") - (y === "");
  return sign * (isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y);
}
function sort(column, direction) {
  heads.forEach((head, k) => head.setAttribute("aria-sort", k === column ? direction : "none"));
  const sign = direction === "descending" ? -1 : 1;
  rows.sort((a, b) => compare(a, b, column, sign)).forEach(row => body.append(row));
  form.elements.by.value = column;
  form.elements.down.checked = sign < 0;
}
function filter() {
  const {text, verdict, claim} = form.elements, wanted = text.value.trim().toLowerCase();
  const fits = cell => (!verdict.value || cell.dataset.verdict === verdict.value)
    && (!claim.value || cell.dataset.claim === claim.value);
  let shown = 0;
  for (const row of rows) {
    const cells = [...row.cells].filter(cell => cell.dataset.verdict);
    cells.forEach(cell => cell.classList.toggle("off", !fits(cell)));
    row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted) || !cells.some(fits);
    shown += !row.hidden;
  }
  form.querySelector("output").textContent = `${shown} of ${rows.length} studies`;
}
heads.forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () =>
    sort(column, head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending"));
  form.elements.by.add(new Option(button.textContent, column));
});
form.addEventListener("input", event => {
  if (["by", "down"].includes(event.target.name))
    sort(Number(form.elements.by.value), form.elements.down.checked ? "descending" : "ascending");
  else filter();
});
form.addEventListener("submit", event => event.preventDefault());
form.hidden = false;
sort(0, "ascending");
filter();
"""
