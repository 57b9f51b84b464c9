"""Topics: the text that is drawn, its pairs, and the probe that judges vectors alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks.topics import Task, chances, cosines, kept, pairs, sentences, votes
from ablatlas.tasks.words import shares

SIZES: dict[str, Any] = {
    "topics": 3, "words": 8, "common": 4, "share": 0.25, "tail": 1.0, "length": 6, "window": 2, "noise": 5,
    "threshold": 1.0, "examples": 100, "judged": 4,
}  # fmt: skip
WORDS = 3 * 8 + 4


def made(seed: int = 0, **changes: Any) -> Task:
    return Task(batch=8, steps=5, keys=lambda *key: generator(seed, *key), **{**SIZES, **changes})


def test_chances_are_the_shares_of_each_kind() -> None:
    chance, words = chances(3, 8, 4, 0.25, 1.0)
    torch.testing.assert_close(chance.sum(1), torch.ones(3, dtype=torch.float64))
    for topic in range(3):
        torch.testing.assert_close(chance[topic, :4], 0.25 * shares(4, 1.0))
        torch.testing.assert_close(chance[topic, words[topic]], 0.75 * shares(8, 1.0))
    assert sorted(words.flatten().tolist()) == list(range(4, WORDS)), "every other word is of one topic"


def test_a_text_has_the_words_that_its_chances_say() -> None:
    chance, words = chances(3, 8, 4, 0.25, 1.0)
    text, _ = sentences(20_000, generator("text"), chance, 6)
    counts = text.flatten().bincount(minlength=WORDS) / text.numel()
    torch.testing.assert_close(counts.double(), chance.mean(0), atol=0.004, rtol=0)
    topic_of = torch.full((WORDS,), -1).scatter(0, words.flatten(), torch.arange(3).repeat_interleave(8))
    told = topic_of[text]
    assert ((told == told.amax(1, keepdim=True)) | (told == -1)).all(), "and a sentence has one topic"


def test_a_frequent_word_is_dropped_as_the_paper_says() -> None:
    share = torch.tensor([0.04, 0.01, 0.0025])
    torch.testing.assert_close(kept(share, 0.0025), torch.tensor([0.25, 0.5, 1.0]))
    assert kept(share, 1.0).tolist() == [1, 1, 1]


def test_pairs_are_those_within_a_window_of_what_is_left() -> None:
    draw = generator("pairs")
    text, keep = torch.randint(50, (30, 7), generator=draw), torch.rand(30, 7, generator=draw) < 0.6
    keep[0] = False
    by_hand = []
    for sentence, stays in zip(text.tolist(), keep.tolist(), strict=True):
        left = [word for word, stay in zip(sentence, stays, strict=True) if stay]
        by_hand += [
            (word, other) for i, word in enumerate(left) for j, other in enumerate(left) if i != j and abs(i - j) <= 2
        ]
    assert sorted(map(tuple, pairs(text, keep, 2).tolist())) == sorted(by_hand)


def test_subsampling_leaves_fewer_pairs_of_frequent_words() -> None:
    plain, thinned = made(examples=400), made(examples=400, threshold=0.01)
    counts = [task.pairs[:, 0].bincount(minlength=WORDS) / len(task.pairs) for task in (plain, thinned)]
    assert len(thinned.pairs) < len(plain.pairs)
    assert counts[1][0] < 0.6 * counts[0][0]


def test_a_topic_is_what_a_words_neighbours_vote_for() -> None:
    draw = generator("vectors")
    vectors, topic = torch.randn(6, 3, generator=draw), torch.tensor([0, 0, 1, 1, 2, 2])
    found = votes(cosines(vectors), topic)
    for i in range(6):
        weights = [
            0.0 if i == j else float((10 * torch.cosine_similarity(vectors[i], vectors[j], dim=0)).exp())
            for j in range(6)
        ]
        own = sum(weight for weight, other in zip(weights, topic.tolist(), strict=True) if other == topic[i])
        assert float(found[i]) == pytest.approx(-torch.tensor(own / sum(weights)).log().item(), rel=1e-5)


def judged(task: Task, vectors: Tensor) -> dict[str, float]:
    """The metrics of a model that gives each judged word a vector, whatever its own loss."""
    held = task.held_out("test")
    return {k: v.item() for k, v in task.metrics(lambda *_: (vectors, torch.full((len(held[0]),), 2.5)), held).items()}


def test_vectors_that_are_all_alike_score_the_floor_and_those_of_topics_next_to_nothing() -> None:
    task = made()
    topic = task.held_out("test")[3]
    alike = judged(task, torch.ones(12, 5))
    assert alike["loss"] == pytest.approx(task.floor["loss"], rel=1e-6)
    assert alike["own"] == 2.5
    told = judged(task, torch.nn.functional.one_hot(topic, 5).float())
    assert told["error"] == 0
    assert told["loss"] == pytest.approx(told["rare"]) == pytest.approx(told["frequent"])
    assert told["loss"] < 1e-3


def test_a_split_judges_every_other_word_of_each_topic() -> None:
    task = made()
    validation, test = (task.held_out(split) for split in ("validation", "test"))
    assert not set(validation[0].tolist()) & set(test[0].tolist())
    for words, _, noise, topic, rare in (validation, test):
        assert topic.bincount().tolist() == [4, 4, 4]
        assert rare.sum() == 6
        assert noise.shape == (12, 5)
        assert (words >= 4).all()


def test_fewer_sentences_are_the_first_of_more_and_batches_depend_on_seed_and_step_alone() -> None:
    few, many, other = made(examples=37), made(), made(seed=1)
    words = [task.pairs.flatten().bincount(minlength=WORDS) for task in (few, many)]
    assert (words[0] <= words[1]).all()
    assert all(torch.equal(a, b) for a, b in zip(many.batch(11), made().batch(11), strict=True))
    assert not torch.equal(many.batch(11)[2], other.batch(11)[2])
    assert not torch.equal(many.batch(11)[2], many.batch(12)[2])
    assert [part.shape for part in many.batch(0)] == [(8,), (8,), (8, 5)]


@pytest.mark.parametrize(("changes", "found"), [
    ({"topics": 1}, "task.topics: found 1, expected at least 2"),
    ({"words": 7}, "task.words: found 7, expected at least 8"),
    ({"share": 1.0}, "task.share: found 1.0, expected a number between 0 and 1"),
    ({"threshold": 0.0}, "task.threshold: found 0.0, expected a number above 0, at most 1"),
])  # fmt: skip
def test_what_makes_no_text_is_refused(changes: dict[str, Any], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        made(**changes)
