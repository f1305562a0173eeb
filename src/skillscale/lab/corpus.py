"""Text that ships with Python, cut into tokens and windows.

The documents are Python's language reference (`pydoc_data.topics`) and the source of its library;
the tokenizer is a regular expression. The text changes a little from one Python version to the
next, and so do all numbers made from it. Derived here; tests in `tests/test_corpus.py`.
"""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks

# A newline keeps its indentation and a word keeps the space before it, so that one token is one
# thing a reader would name.
_TOKEN = re.compile(r"\n *| ?[A-Za-z]+|[0-9]| +|.", re.DOTALL)
_UNDERLINE = re.compile(r"^(.+)\n[*=\-~^\"]{3,}$", re.MULTILINE)
_TABLE_LINE = re.compile(r"^\s*[+|].*[+|]$\n?", re.MULTILINE)
_SHORTEST = 200  # characters of a section
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_BASE = (*"\n", *map(chr, range(32, 127)), _UNKNOWN)


def python_documents() -> tuple[str, ...]:
    """Return texts that ship with Python: sections of the language reference, and library modules.

    The topics of the reference quote each other at length ("compound" contains "if", "for",
    "try", ...), so a paragraph that occurred in a longer topic is dropped: otherwise held-out
    text would be text seen in training. Lines that only draw (under headings, around tables) go
    too: a long run of dashes is easy to predict and says nothing about language. Sections have 200
    characters or more, modules 2,000 to 60,000. The order depends on the texts only.

    >>> len(python_documents()) > 100
    True
    """
    return (*_reference_sections(), *_library_modules())


def _reference_sections() -> list[str]:
    from pydoc_data.topics import topics

    seen: set[str] = set()
    sections: list[str] = []
    for text in sorted(topics.values(), key=lambda text: (-len(text), text)):
        current: list[str] = []
        for paragraph in re.split(r"\n\s*\n", _TABLE_LINE.sub("", text).strip()):
            plain = _UNDERLINE.sub(r"\1", paragraph).rstrip()
            key = " ".join(plain.split())
            if key in seen:
                continue
            seen.add(key)
            if plain != paragraph.rstrip():
                sections.append("\n\n".join(current))
                current = []
            current.append(plain)
        sections.append("\n\n".join(current))
    return [section for section in sections if len(section) >= _SHORTEST]


def _library_modules() -> list[str]:
    # Only the top folder: packages hold tests, tables and site-packages. A Python without
    # readable sources (zipped, embedded) still has the reference.
    folder = Path(sysconfig.get_paths()["stdlib"])
    sources = []
    for path in sorted(folder.glob("[a-z]*.py")):
        source = path.read_text(encoding="utf-8", errors="replace")
        if 2_000 <= len(source) <= 60_000:
            sources.append(source)
    return sources


def split_sections(
    sections: Sequence[str], *, held_out: float = 0.25, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Shuffle sections by `seed`, then split them into training and held-out text, neither empty.

    `held_out`, in (0, 1), is a fraction of the *characters*.

    >>> train, test = split_sections(["aa", "b", "cc", "d"], held_out=0.5, seed=0)
    >>> sorted(train + test)
    ['aa', 'b', 'cc', 'd']
    """
    _checks.number("held_out", held_out, above=0, below=1)
    if len(sections) < 2:
        raise ValueError(f"sections must hold at least 2 texts, got {len(sections)}")
    order = np.random.default_rng(seed).permutation(len(sections))
    shuffled = [sections[i] for i in order]
    length = np.cumsum([len(section) for section in shuffled])
    n = int(np.searchsorted(length, held_out * length[-1])) + 1
    n = min(n, len(shuffled) - 1)
    return tuple(shuffled[n:]), tuple(shuffled[:n])


@dataclass(frozen=True)
class Tokenizer:
    """Strings to integers and back by a fixed vocabulary; what it lacks is spelled out.

    The first 97 tokens are the newline, printable ASCII and a sign for any other character, so
    every text can be encoded.

    >>> tokenizer = build_tokenizer(["to be or not to be"] * 9, n_tokens=102)
    >>> [tokenizer.vocabulary[i] for i in tokenizer.encode("to be")]
    ['to', ' be']
    """

    vocabulary: tuple[str, ...]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.vocabulary)}

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text."""
        index, unknown = self._index, self._index[_UNKNOWN]
        numbers: list[int] = []
        for piece in _TOKEN.findall(text):
            if piece in index:
                numbers.append(index[piece])
            else:
                numbers.extend(index.get(character, unknown) for character in piece)
        return numbers

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of a sequence of token numbers."""
        return "".join(self.vocabulary[i] for i in numbers)


def build_tokenizer(texts: Sequence[str], *, n_tokens: int = 700) -> Tokenizer:
    """Return a vocabulary of the single characters and the most frequent pieces of some texts.

    It has `n_tokens`, 97 or more, or less if the texts have fewer pieces; ties in frequency are
    broken alphabetically.

    >>> len(build_tokenizer(["a tiny text"], n_tokens=98).vocabulary)
    98
    """
    _checks.integer("n_tokens", n_tokens, minimum=len(_BASE))
    counts = Counter(piece for text in texts for piece in _TOKEN.findall(text))
    ranked = sorted(counts, key=lambda piece: (-counts[piece], piece))
    extra = [piece for piece in ranked if piece not in _BASE][: n_tokens - len(_BASE)]
    return Tokenizer((*_BASE, *extra))


def windows(documents: Sequence[Sequence[int]], *, context: int) -> Tensor:
    """Cut documents into half-overlapping windows (row, context + 1), none across two documents.

    Each holds `context` >= 2 tokens and one more, the last target. Windows start every
    `context // 2` tokens, so a token in the second half of a window is met once. Documents shorter
    than a window are skipped.

    >>> windows([[0, 1, 2, 3, 4, 5, 6]], context=4).tolist()
    [[0, 1, 2, 3, 4], [2, 3, 4, 5, 6]]
    """
    _checks.integer("context", context, minimum=2)
    rows = [
        document[start : start + context + 1]
        for document in documents
        for start in range(0, len(document) - context, context // 2)
    ]
    if not rows:
        longest = max((len(document) for document in documents), default=0)
        raise ValueError(f"context must be below the longest document, {longest}, got {context}")
    return torch.tensor([list(row) for row in rows])
