"""Procedures: how a cell works. `procedure: x` in a study is `procedures/x.py`; all of them write the same record."""
