"""Every command of the README and of the pages in docs/ runs, at smoke scale."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, copy_repository, type_in

from ablatlas.study import load

# Pages whose commands need what tests of their own set up: a cluster, a mirror of data, a store.
ELSEWHERE = ("cluster.md", "data.md", "data-versions.md")
PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in ELSEWHERE)]


def commands() -> list[str]:
    """The command lines of the pages' bash blocks, each once, their comments taken off; `make atlas` at smoke scale."""
    blocks = (block for page in PAGES for block in re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL))
    lines = (line.split(" #")[0].strip() for block in blocks for line in block.splitlines())
    typed = (f"{line} SCALE=smoke" if line == "make atlas" else line for line in lines)
    return list(dict.fromkeys(line for line in typed if line and not line.startswith("#")))


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_study_that_the_docs_add_is_a_study_of_thirty_lines(tmp_path: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "adding-a-study.md").read_text(), re.DOTALL)[0]
    assert len(text.splitlines()) <= 33
    root = copy_repository(tmp_path / "ablatlas")
    (root / "params" / "study" / "batchnorm.yaml").write_text(text)
    for scale in ("laptop", "smoke"):
        added = load("batchnorm", scale, root=root)
        assert {variant.settings[added.ablate] for variant in added.variants.values()} == {"batch", "none"}
        assert set(added.ladders) == {"depth", "examples"}


def test_the_readme_names_the_two_commands_on_its_first_screen() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "make atlas" in first_screen
    assert "make test" in first_screen


# `make test` is what runs this.
@pytest.mark.parametrize("command", [line for line in commands() if line != "make test"])
def test_command(command: str, request: pytest.FixtureRequest) -> None:
    if command.startswith("dvc"):  # in a clone of what is published
        type_in(request.getfixturevalue("published"), "bash", "-euo", "pipefail", "-c", command)
        return
    worked: Path = request.getfixturevalue("worked")
    if command.startswith("make"):
        command = f"{command} VENV=.tested"
        made = worked / ".tested"
        (made / "bin").mkdir(parents=True)
        (made / ".made").touch()
    type_in(worked, "bash", "-euo", "pipefail", "-c", command)
