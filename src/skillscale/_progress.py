"""Progress bars that appear only when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def bar(items: Iterable[Item], *, show: bool, total: int | None = None) -> Iterable[Item]:
    """Return `items`, `total` of them if they have no length, with a progress bar if `show`.

    tqdm is imported only then: in a notebook without widgets its import alone prints a warning.
    """
    if not show:
        return items
    from tqdm.auto import tqdm

    wrapped: Iterable[Item] = tqdm(items, total=total)
    return wrapped
