"""Tokenizers: characters, words, and pieces of words (byte-level BPE), each made from a training text alone.

Words and pieces are the library `tokenizers`' own, which numbers them the same way from the same text, every time.
"""

from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

UNKNOWN = "<unk>"


class Characters:
    """The characters of a text, numbered in their own order."""

    def __init__(self, text: str) -> None:
        self.symbols = sorted(set(text))
        self.numbers = {symbol: number for number, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str) -> list[int]:
        """Raises ValueError for a character that the training text has not."""
        strange = sorted(set(text) - set(self.symbols))
        if strange:
            raise ValueError(f"text: found the character {strange[0]!r}, expected those of the training text")
        return [self.numbers[symbol] for symbol in text]

    def decode(self, numbers: Sequence[int]) -> str:
        return "".join(self.symbols[number] for number in numbers)


def words(lines: Iterable[str], least: int = 1, most: int = 2**31) -> Tokenizer:
    """Words between blanks, those that stand there at least `least` times and at most `most` of them; else `<unk>`."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(
        vocab_size=most, min_frequency=least, special_tokens=[UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def pieces(lines: Iterable[str], size: int, special: Sequence[str] = ()) -> Tokenizer:
    """Up to `size` pieces of words by byte-pair encoding, from the 256 bytes up, so that every text has its pieces.

    Sennrich et al. 2016 (arXiv 1508.07909, §3.2), on bytes as in Radford et al. 2019. Raises ValueError for a size that
    leaves no room for the bytes.
    """
    if size < 256 + len(special):
        raise ValueError(f"size: found {size}, expected at least {256 + len(special)}, the bytes and special pieces")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer
