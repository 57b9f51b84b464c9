"""Every command of the README runs, at smoke scale."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, type_in

pytestmark = pytest.mark.xdist_group("dag")


def commands() -> list[str]:
    """The command lines of the README's bash blocks, their comments taken off."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


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
    if "make atlas" in command and "SCALE" not in command:
        command += " SCALE=smoke"
    type_in(worked, "bash", "-euo", "pipefail", "-c", command)
