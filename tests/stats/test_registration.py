"""What a study registered, and how a change of it shows."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablatlas.declaration.registered import registered
from ablatlas.stats.registration import changes
from ablatlas.study import load

THEN: dict[str, Any] = {
    "primary": {"optimization": "depth", "data": "examples"},
    "delta": 1.1,
    "paired": False,
    "after_pilots": ["three rates at depth 8"],
    "expect": "A crossover.",
    "score": "train_loss < midpoint",
    "ladders": {
        "depth": {"measure": "threshold", "levels": [8, 14, 20], "reference": 8, "solved": "train_loss < midpoint"},
        "examples": {"measure": "resource", "levels": [90, 360, 1437], "reference": 360, "solved": None},
    },
}
LEAVES = [
    ("primary.optimization", ["primary", "optimization"], "rates"),
    ("delta", ["delta"], 1.2),
    ("paired", ["paired"], True),
    ("after_pilots", ["after_pilots"], []),
    ("expect", ["expect"], "No difference."),
    ("score", ["score"], "loss < midpoint"),
    ("ladders.depth.levels", ["ladders", "depth", "levels"], [8, 14, 20, 32]),
    ("ladders.depth.solved", ["ladders", "depth", "solved"], "train_loss < 0.5"),
    ("ladders.examples.reference", ["ladders", "examples", "reference"], 90),
]


def put(tree: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    changed = deepcopy(tree)
    part = changed
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return changed


def at(tree: dict[str, Any], path: list[str]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def test_what_stands_as_it_was_is_no_change() -> None:
    assert changes(THEN, deepcopy(THEN)) == []
    assert changes(json.loads(json.dumps(THEN)), THEN) == []


@pytest.mark.parametrize(("key", "path", "value"), LEAVES)
def test_every_change_is_named_with_both_values(key: str, path: list[str], value: Any) -> None:
    assert changes(THEN, put(THEN, path, value)) == [{"key": key, "then": at(THEN, path), "now": value}]


@given(st.sets(st.sampled_from(range(len(LEAVES)))))
def test_several_changes_are_all_named_in_order(chosen: set[int]) -> None:
    now = THEN
    for i in chosen:
        now = put(now, LEAVES[i][1], LEAVES[i][2])
    assert [row["key"] for row in changes(THEN, now)] == sorted(LEAVES[i][0] for i in chosen)
    assert [(row["now"], row["then"]) for row in changes(now, THEN)] == [
        (row["then"], row["now"]) for row in changes(THEN, now)
    ]


def test_a_record_that_says_nothing_differs_in_all_but_the_ladders() -> None:
    keys = ["after_pilots", "delta", "expect", "paired", "primary.data", "primary.optimization", "score"]
    assert [row["key"] for row in changes(None, THEN)] == keys
    assert [row["key"] for row in changes({}, THEN)] == keys


def test_a_ladder_that_only_one_side_climbs_is_no_change_of_the_other() -> None:
    """A record of the claimed ladders, measured with all of them, and the other way round."""
    claimed = deepcopy(THEN)
    del claimed["ladders"]["examples"]
    assert changes(claimed, THEN) == changes(THEN, claimed) == []


def test_a_primary_that_goes_or_comes_is_a_change() -> None:
    less = deepcopy(THEN)
    del less["primary"]["data"], less["ladders"]["examples"]
    assert changes(THEN, less) == [{"key": "primary.data", "then": "examples", "now": None}]
    assert changes(less, THEN) == [{"key": "primary.data", "then": None, "now": "examples"}]


@pytest.fixture(scope="module")
def residual() -> Any:
    return load("residual", "smoke")


def test_a_study_registers_all_that_its_verdicts_rest_on(residual: Any) -> None:
    told = registered(residual)
    assert json.loads(json.dumps(told)) == told
    assert {"primary", "delta", "paired", "after_pilots", "expect", "score"} <= set(told)
    assert told["expect"] == residual.expect["direction"]
    for name in told["primary"].values():
        ladder = residual.ladders[name]
        found = told["ladders"][name]
        assert (found["measure"], found["path"], found["reference"]) == (ladder.measure, ladder.path, ladder.reference)
        assert found["levels"] == list(ladder.levels)
        assert found["solved"] == (str(ladder.solved) if ladder.solved else None)


@pytest.mark.parametrize(("override", "key"), [
    ("register.delta=1.3", "delta"),
    ("register.paired=true", "paired"),
    ("expect.direction=other", "expect"),
    ("ladders.depth.levels=[8,14]", "ladders.depth.levels"),
    ("+ladders.depth.solved='train_loss < 0.5'", "ladders.depth.solved"),
])  # fmt: skip
def test_an_edited_study_file_shows(residual: Any, override: str, key: str) -> None:
    edited = registered(load("residual", "smoke", [override]))
    assert key in [row["key"] for row in changes(registered(residual), edited)]


def test_a_title_is_not_registered(residual: Any) -> None:
    assert registered(load("residual", "smoke", ["title=Other"])) == registered(residual)
