"""A list of clusters that a reader sorts and filters in the browser alone.

Without a script, as on GitHub or Colab, it is a list of cards that unfold;
`book/_static/cluster-browser.js` adds the controls. No kernel and no other host takes part.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks

# Control characters have pictures of their own, 0x2400 places up; a line break is easier to read
# as an arrow.
_VISIBLE = {code: chr(0x2400 + code) for code in range(32)} | {ord("\n"): "⏎", ord("\t"): "⇥"}
_SPACES = {ord(" "): "·"}
_NOTHING = "∅"
_CONTEXT = 3


@dataclass(frozen=True, repr=False)
class ClusterBrowser:
    """Clusters of predicted tokens, each token marked in its context, for a notebook's last line.

    Clusters come largest first. A line break is written ⏎, a space in a marked token ·.

    Attributes:
        tokens: last tokens of each sample, the predicted one first, (sample, back).
        label: cluster of each sample, (sample,).
        vocabulary: text of each token number.
        coherence: mean cosine of two samples of a cluster, (cluster,); nan for a cluster of one.
        examples: samples of a cluster seen at once, evenly spaced in the text; others unfold.
        most: samples of a cluster that are listed at all; of others only the number is given.

    >>> tokens, label = np.array([[1, 0], [1, 0]]), np.array([0, 0])
    >>> shown = ClusterBrowser(tokens, label, ["a", " b"], np.ones(1))._repr_html_()
    >>> "<li>a<mark>·b</mark></li>" in shown
    True
    """

    tokens: NDArray[np.int64]
    label: NDArray[np.int64]
    vocabulary: Sequence[str]
    coherence: NDArray[np.float64]
    examples: int = 12
    most: int = 100

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        shape = np.shape(self.tokens)
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"tokens must have shape (sample, back), got {shape}")
        if np.shape(self.label) != shape[:1]:
            raise ValueError(f"label must have shape ({shape[0]},), got {np.shape(self.label)}")
        limits = (
            ("tokens", self.tokens, len(self.vocabulary)),
            ("label", self.label, len(self.coherence)),
        )
        for name, values, count in limits:
            low, high = int(np.min(values)), int(np.max(values))
            if low < 0 or high >= count:
                raise ValueError(f"{name} must be from 0 to {count - 1}, got {low} to {high}")
        _checks.integer("examples", self.examples, minimum=1)
        _checks.integer("most", self.most, minimum=1)

    def __repr__(self) -> str:
        """Return how many clusters and samples there are."""
        return f"{len(np.unique(self.label))} clusters of {len(self.label)} samples"

    def _repr_html_(self) -> str:
        numbers, sizes = np.unique(self.label, return_counts=True)
        largest_first = numbers[np.argsort(-sizes, kind="stable")]
        inside = {int(cluster): np.flatnonzero(self.label == cluster) for cluster in largest_first}
        common = {
            cluster: Counter(self.tokens[samples, 0].tolist()).most_common(1)[0]
            for cluster, samples in inside.items()
        }
        clusters_of = Counter(token for token, _ in common.values())
        cards = "".join(
            self._card(cluster, samples, *common[cluster], clusters_of[common[cluster][0]])
            for cluster, samples in inside.items()
        )
        name = html.escape(repr(self), quote=True)
        return f'<div class="cluster-browser" role="group" aria-label="{name}">{cards}</div>'

    def _card(
        self, cluster: int, samples: NDArray[np.int64], token: int, count: int, n_clusters: int
    ) -> str:
        size, cosine = len(samples), float(self.coherence[cluster])
        known = math.isfinite(cosine)
        attributes = f' data-size="{size}"' + " data-shared" * (n_clusters > 1)
        attributes += f' data-cosine="{cosine:.4f}"' * known
        mean = f"mean cosine {cosine:.2f}" if known else "no pair"
        title = (
            f"<span>{self._typical(samples, token)}</span> {count} of {size} samples "
            f"({100 * count / size:.0f} %), {mean}"
        )
        listed = samples[_spread(size, min(self.most, size))]
        first = np.zeros(len(listed), dtype=bool)
        first[_spread(len(listed), min(self.examples, len(listed)))] = True
        lines = self._lines(listed[first])
        if rest := int((~first).sum()):
            lines += (
                f"<details><summary>{rest} more</summary>{self._lines(listed[~first])}</details>"
            )
        if size > len(listed):
            lines += f"<p>{size - len(listed)} are not listed.</p>"
        return f'<details class="cluster"{attributes}><summary>{title}</summary>{lines}</details>'

    def _typical(self, samples: NDArray[np.int64], token: int) -> str:
        """Return a cluster's commonest token after what most often comes before it."""
        ending = self.tokens[samples[self.tokens[samples, 0] == token], :_CONTEXT]
        return "…" + self._text(Counter(map(tuple, ending.tolist())).most_common(1)[0][0])

    def _lines(self, samples: NDArray[np.int64]) -> str:
        lines = "".join(
            f"<li>{self._text(tokens)}</li>" for tokens in self.tokens[samples].tolist()
        )
        return f"<ul>{lines}</ul>"

    def _text(self, tokens: Sequence[int]) -> str:
        """Return tokens, the last one first, as text with that one marked."""
        before = "".join(self.vocabulary[number] for number in reversed(tokens[1:]))
        target = self.vocabulary[tokens[0]].translate(_VISIBLE | _SPACES) or _NOTHING
        return f"{html.escape(before.translate(_VISIBLE))}<mark>{html.escape(target)}</mark>"


def _spread(size: int, count: int) -> NDArray[np.int64]:
    """Evenly spaced places: neighbours often come from one line, distant ones from two texts."""
    return np.linspace(0, size - 1, count).astype(np.int64)
