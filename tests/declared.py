"""The studies that are declared, by what their procedure does."""

from ablatlas.study import load, names

STUDIES = {name: load(name, "smoke") for name in names()}
TRAINED = [name for name, study in STUDIES.items() if study.procedure == "train"]
TIMED = [name for name, study in STUDIES.items() if study.alone]
