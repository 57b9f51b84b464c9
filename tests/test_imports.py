"""Who may import whom: one direction, and nothing heavy where it is not needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ablatlas"

# What a study is, told without any number being computed: all that the Snakefile sees.
DECLARED = {"errors", "tree", "source", "references", "config", "digest", "declaration", "page", "study"}
# nn → models; data → tasks; models, tasks → train → procedures; record → stats → report; plan and controls stand above
# both.
# Each may import what is listed for it.
MAY: dict[str, set[str]] = {
    **{part: {"data", *DECLARED} for part in DECLARED},  # of data the registry alone, see below
    "randomness": set(),
    "nn": set(),
    "models": {"nn"},
    "data": {"errors", "config", "record"},
    "tasks": {"nn", "data", "randomness"},
    "train": {"record", "randomness", "nn", "models", "tasks", *DECLARED},
    "crossing": set(),
    "processes": set(),
    "warm": set(),
    "record": set(),
    "procedures": {"train", "models", "tasks", "randomness", "crossing", "processes", "warm", "record", *DECLARED},
    "stats": {"crossing", "record", *DECLARED},
    "site": DECLARED,
    "plan": {"procedures", "stats", "record", "site", *DECLARED},
    "cluster": {"plan", "processes", "site", *DECLARED},
    "controls": {"procedures", "train", "stats", "record", *DECLARED},
    "report": {"stats", "record", *DECLARED},
    "changes": {"record", *DECLARED},
    "published": {"changes", "record", *DECLARED},
    "agreement": {"published", "record", *DECLARED},
    "store": {"train", "published", "record", *DECLARED},
    "publish": {"controls", "published", "report", "stats", "record", *DECLARED},
}
TRAINING = {"randomness", "nn", "models", "data", "tasks", "train", "procedures"}
PLOTTING = {"matplotlib", "seaborn"}
TABLES = {"pandas", "statsmodels"}
NEVER: dict[str, set[str]] = {
    **{part: {"torch", "numpy", "scipy"} | TABLES | PLOTTING for part in DECLARED},
    **dict.fromkeys(TRAINING, TABLES | PLOTTING),
    **dict.fromkeys(["crossing", "processes", "warm"], {"torch", "numpy"} | TABLES | PLOTTING),
    **dict.fromkeys(
        ["agreement", "changes", "cluster", "controls", "plan", "published", "record", "site", "stats"],
        {"torch"} | PLOTTING,
    ),
    "report": {"torch"},
    "publish": {"torch"},
    "store": TABLES | PLOTTING,
}
FILES = sorted(PACKAGE.rglob("*.py"))


def unit(file: Path) -> str:
    """A package, or a module on its own, below `ablatlas`."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


UNITS = {unit(file) for file in FILES} - {"__init__"}


def imported(file: Path) -> Iterator[str]:
    """Every module that the file imports, wherever it does: `torch.nn`, `ablatlas.nn`, …"""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            # `from ablatlas import x` may mean the module x
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_what_is_declared_sees_of_the_data_the_registry_alone() -> None:
    files = [file for file in FILES if unit(file) in DECLARED]
    assert {name for file in files for name in imported(file) if name.startswith("ablatlas.data")} == {
        "ablatlas.data.registry"
    }


def test_every_part_of_the_package_has_its_place() -> None:
    assert set(MAY) == UNITS


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_run_one_way(file: Path) -> None:
    if file.parent == PACKAGE and file.stem == "__init__":
        assert list(imported(file)) == []
        return
    own = {name.split(".")[1] for name in imported(file) if name.startswith("ablatlas.")} & UNITS
    assert own <= MAY[unit(file)] | {unit(file)}
    foreign = {name.split(".")[0] for name in imported(file)}
    lazily = {"pandas"} if unit(file) == "record" else set()  # within a function, and for type checking
    assert foreign & NEVER[unit(file)] - lazily == set()


JOB = '''
import sys
from importlib.machinery import ModuleSpec

class Absent:
    """A module that is found, since torch looks around itself, but that cannot be imported."""

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name.split(".")[0] in absent else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        raise ModuleNotFoundError(module.__name__, name=module.__name__)

sys.meta_path.insert(0, Absent())
import ablatlas.procedures.job, ablatlas.procedures.train
from ablatlas.study import load, names
from ablatlas.train.crew import Member
from ablatlas.train.loop import train

for name in names():
    if load(name, "smoke").procedure != "train":
        continue
    [run] = train([Member(load(name, "smoke").run_config("with"), 0)])
    assert run.state in ("finished", "diverged")
ours = [name for name in sys.modules if name.startswith(("ablatlas.stats", "ablatlas.report"))]
assert not ours, ours
'''


def run(program: str) -> None:
    """Run a program in a process of its own. Fails with what it printed where it does not end well."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_the_snakefile_imports_loads_nothing_heavy() -> None:
    run(
        "import sys; from ablatlas.study import load, names; "
        "import ablatlas.cluster.jobs, ablatlas.plan.demand, ablatlas.site; "
        "assert [load(name, 'smoke').digest for name in names()]; "
        "heavy = {'torch', 'numpy', 'pandas', 'scipy', 'sklearn', 'matplotlib', 'seaborn', 'rich', 'pooch'}; "
        "heavy &= set(sys.modules); "
        "assert not heavy, heavy"
    )


def test_training_needs_no_tables_and_no_plots() -> None:
    """scikit-learn loads pandas by itself where it is installed, so here it is not."""
    run(f"absent = {sorted(TABLES | PLOTTING)}\n" + JOB)
