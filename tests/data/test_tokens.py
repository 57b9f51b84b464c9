"""Tokenizers: each is a function of its training text, and what it takes apart it puts together again."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablatlas.data.tokens import UNKNOWN, Characters, pieces, words

LINES = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog"]


@settings(deadline=None)
@given(st.text(alphabet="abc \n", max_size=40))
def test_characters_come_back(text: str) -> None:
    characters = Characters("cab\n cab")
    assert len(characters) == 5
    assert characters.symbols == sorted(set("abc \n"))
    assert characters.decode(characters.encode(text)) == text


def test_a_strange_character_is_refused() -> None:
    with pytest.raises(ValueError, match="found the character 'z', expected those of the training text"):
        Characters("abc").encode("az")


def test_rare_words_are_unknown() -> None:
    often = words(LINES, least=2)
    assert set(often.get_vocab()) == {UNKNOWN, "the", "cat", "sat", "on", "dog", "a"}
    assert often.encode("the cat barks").tokens == ["the", "cat", UNKNOWN]
    assert often.get_vocab()["the"] == 1, "the most frequent first"
    assert len(words(LINES, most=3).get_vocab()) == 3


@settings(deadline=None)
@given(st.text(max_size=60))
def test_pieces_of_any_text_come_back(text: str) -> None:
    assert PIECES.decode(PIECES.encode(text).ids) == text


PIECES = pieces(LINES, 270)


def test_pieces_are_as_many_as_asked_for() -> None:
    assert len(PIECES.get_vocab()) == 270
    assert len(pieces(LINES, 1000).get_vocab()) < 300, "a text has no more"
    assert len(PIECES.encode(LINES[0]).ids) < len(LINES[0])
    assert pieces(LINES, 280, ["<mask>"]).encode("<mask>").ids == [0]
    with pytest.raises(ValueError, match="size: found 256, expected at least 257, the bytes and special pieces"):
        pieces(LINES, 256, ["<mask>"])


def test_another_process_trains_the_same() -> None:
    """Hash tables with a seed of their own decide nothing."""
    program = (
        f"from ablatlas.data.tokens import pieces, words; print(pieces({LINES}, 270).to_str(), words({LINES}).to_str())"
    )
    told = {
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
        for _ in "123"
    }
    assert told == {f"{PIECES.to_str()} {words(LINES).to_str()}\n"}
