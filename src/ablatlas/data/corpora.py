"""Datasets of text, decoded: one loader each, whose only argument is a split. What a split holds is cached.

Only a call for the test split reads the test files, where they are files of their own.
"""

import csv
import gzip
import io
import json
from functools import cache

from ablatlas.data import store, unpack
from ablatlas.data.split import LAST, TEST, VALIDATION, carved, known, shuffled, tenths, test_only


@cache
def tinyshakespeare(split: str) -> str:
    """Plays, 65 different characters: the first 80 % to train, the next 10 % to validate, the last 10 % to test."""
    known("tinyshakespeare", split)
    text = store.read("tinyshakespeare", "input.txt").decode()
    return text[tenths(split, len(text))]


@cache
def names(split: str) -> str:
    """First names in small letters, each behind a line's end: 25,626 to train, 3,203 to validate, 3,204 to test.

    They are shuffled once and for all. Some names stand there more than once, and so in more than one split.
    """
    known("names", split)
    lines = store.read("names", "names.txt").decode().split("\n")
    rows = shuffled(len(lines))[tenths(split, len(lines))]
    return "".join(f"\n{lines[row]}" for row in rows)


@cache
def wikitext2(split: str) -> str:
    """Wikipedia in words between blanks, rare ones as `<unk>`, as published: 2.1 million to train."""
    known("wikitext2", split)
    archive = "wikitext-2-v1.zip"
    part = {VALIDATION: "valid"}.get(split, split)
    return unpack.member(archive, store.read("wikitext2", archive), f"wikitext-2/wiki.{part}.tokens").decode()


@cache
def wikitext2_small(split: str) -> str:
    """WikiText-2 without its training part: its validation part to train, but for the last tenth of its lines.

    These validate; its test part tests.
    """
    known("wikitext2_small", split)
    lines = store.read("wikitext2_small", "test.txt" if split == TEST else "valid.txt").decode().splitlines(True)
    return "".join(lines[carved(split, len(lines), len(lines) // 10)])


@cache
def multi30k(split: str) -> list[tuple[str, str]]:
    """Captions in English and German: 29,000 pairs to train, 1,014 to validate, 1,000 to test, as published."""
    known("multi30k", split)
    file, stem = {
        "train": ("training", "train"), "validation": ("validation", "val"), "test": ("mmt16_task1_test", "test"),
    }[split]  # fmt: skip
    files = unpack.contents(f"{file}.tar.gz", store.read("multi30k", f"{file}.tar.gz"))
    english, german = (files[f"{stem}.{language}"].decode().strip().split("\n") for language in ("en", "de"))
    return list(zip(english, german, strict=True))


@cache
def sst2(split: str) -> list[tuple[str, int]]:
    """Phrases of film reviews and whether they are positive (1): 66,477 to train, 872 to validate, 872 to test.

    Validation is the last 872 of the published training part, test GLUE's `dev`, whose labels are public.
    """
    known("sst2", split)
    lines = store.read("sst2", "dev.tsv" if split == TEST else "train.tsv").decode().splitlines()[1:]
    rows = [line.rsplit("\t", 1) for line in lines]
    return [(phrase.strip(), int(label)) for phrase, label in rows[carved(split, len(rows), LAST["sst2"])]]


@cache
def gsm8k(split: str) -> list[tuple[str, str]]:
    """Sums in words and their solutions, the number after `####`: 6,973 to train, 500 to validate, 1,319 to test.

    Validation is the last 500 of the published training part.
    """
    known("gsm8k", split)
    lines = store.read("gsm8k", "test.jsonl" if split == TEST else "train.jsonl").decode().splitlines()
    rows = [json.loads(line) for line in lines[carved(split, len(lines), LAST["gsm8k"])]]
    return [(row["question"], row["answer"]) for row in rows]


@cache
def hh_rlhf(split: str) -> list[tuple[str, str]]:
    """Dialogues, chosen and rejected: 1,849 pairs to train, 231 to validate, 232 to test. Offensive: never print any.

    They are the published test part of harmless-base, shuffled once and for all.
    """
    known("hh_rlhf", split)
    lines = gzip.decompress(store.read("hh_rlhf", "harmless-base-test.jsonl.gz")).decode().splitlines()
    rows = [json.loads(lines[row]) for row in shuffled(len(lines))[tenths(split, len(lines))]]
    return [(row["chosen"], row["rejected"]) for row in rows]


@cache
def word_analogy(split: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Section -> questions (a, b, c, d): a is to b as c is to d. 19,544 of them in 14 sections, to test alone."""
    test_only("word_analogy", split)
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in store.read("word_analogy", "questions-words.txt").decode().splitlines():
        if line.startswith(":"):
            section = sections.setdefault(line[1:].strip(), [])
        else:
            a, b, c, d = line.split()
            section.append((a, b, c, d))
    return sections


@cache
def wordsim353(split: str) -> list[tuple[str, str, float]]:
    """Two words and how alike people find them, 0 … 10: 353 pairs, to test alone."""
    test_only("wordsim353", split)
    rows = csv.reader(io.StringIO(store.read("wordsim353", "combined.csv").decode()))
    next(rows)
    return [(one, other, float(score)) for one, other, score in rows]
