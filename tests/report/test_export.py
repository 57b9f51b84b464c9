"""What a paper takes from a report: LaTeX that compiles, names that are commands, numbers that are the report's."""

import re
import shutil
import subprocess
from pathlib import Path

import findings
import pytest

from ablatlas.report import export, numbers, sections
from ablatlas.report.export import latex, macro, macros

PAPER = findings.ROOT / "docs" / "example-paper" / "paper.tex"
NAMES = ("residual", "layernorm", "forget_gate")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("> 1.75×", r"\ensuremath{>} 1.75\ensuremath{\times}"),
        ("99.17 %", r"99.17 \%"),
        ("scaled_init & 3 #", r"scaled\_init \& 3 \#"),
        ("2.8×10⁻⁹", r"2.8\ensuremath{\times}10\ensuremath{^{-9}}"),
    ],
)
def test_printed_text_becomes_latex(text: str, printed: str) -> None:
    assert latex(text) == printed


@pytest.mark.parametrize("name", NAMES)
def test_every_verdict_has_its_macros_and_none_shares_a_name(name: str) -> None:
    view = findings.view(name)
    lines = [line for line in macros(view).splitlines() if line.startswith(r"\newcommand")]
    commands = [re.match(r"\\newcommand\{(\\[A-Za-z]+)\}\{.*\} % .+", line) for line in lines]
    assert all(commands)
    assert len({found[1] for found in commands if found}) == len(lines)
    for v in view.verdicts:
        own = macro(name, v["constraint"], v["ladder"] or v["measure"], v["contrast"], "rho")
        assert f"\\newcommand{{{own}}}{{{latex(numbers.ratio(v['rho']))}}}" in macros(view)


def test_two_numbers_of_one_name_are_refused() -> None:
    twice = findings.results(findings.study("residual"))["verdicts"][:1] * 2
    with pytest.raises(ValueError, match="two numbers would be called"):
        macros(findings.view("residual", verdicts=twice))


def test_the_example_paper_compiles(tmp_path: Path) -> None:
    if not (shutil.which("pdflatex") and shutil.which("bibtex")):
        pytest.skip("no LaTeX on this machine: apt-get install texlive-latex-base")
    view = findings.view("residual")
    export.write(view, tmp_path)
    sections.main_figure(view, str(tmp_path / "figure"))
    shutil.copy(PAPER, tmp_path)
    latex_ = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    for words in (latex_, ["bibtex", "paper"], latex_, latex_):
        done = subprocess.run(
            words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False, errors="replace"
        )
        assert done.returncode == 0, done.stdout[-3000:]
    assert "undefined" not in (tmp_path / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
