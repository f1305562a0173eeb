"""Reproducible random streams: one per seed, purpose and step.

Philox is a counter-based generator, so a stream can be entered at any step without replaying the
steps before, and streams with different keys are independent. Deriving the key from the purpose as
well keeps a network's initial weights independent of its data when both are given the same seed.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks


class Stream:
    """A random stream that belongs to one seed and one purpose; other purposes are independent.

    >>> stream = Stream(0, "data")
    >>> first = stream.at(7).random()
    >>> _ = stream.at(8).random(100)
    >>> stream.at(7).random() == first
    True
    """

    def __init__(self, seed: int, purpose: str) -> None:
        """Derive the key from seed and purpose."""
        seed = _checks.integer("seed", seed, minimum=0)
        digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
        self._bits = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
        self._state = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def at(self, step: int) -> np.random.Generator:
        """Return the stream's generator, moved to the start of `step` (2^128 draws apart)."""
        self._state["state"]["counter"][2] = step
        self._bits.state = self._state
        return self._generator


class Epochs:
    """Minibatches without replacement: each epoch is a new permutation, cut into equal pieces.

    An epoch has floor(size / length) minibatches of `length` rows; what is left over sits out.
    Up to `length` rows, every minibatch is 0, 1, …, length - 1 (rows from `size` on are padding).
    The permutation of an epoch depends on the seed and the number of the epoch alone.
    """

    def __init__(self, size: int, length: int, seed: int) -> None:
        """Open the stream of permutations that belongs to the seed."""
        self._size, self._length = size, length
        self._stream = Stream(seed, "epochs")
        self._per_epoch = max(1, size // length)
        self._epoch = -1
        self._order = np.arange(length, dtype=np.int64)

    def rows(self, step: int) -> NDArray[np.int64]:
        """Return the row numbers of minibatch `step`, shape (length,)."""
        epoch, position = divmod(step, self._per_epoch)
        if self._size > self._length and epoch != self._epoch:
            self._epoch, self._order = epoch, self._stream.at(epoch).permutation(self._size)
        start = position * self._length if self._size > self._length else 0
        return self._order[start : start + self._length]
