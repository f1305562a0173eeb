"""Tables for notebooks, in the look of the book and never cut short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


def html(rows: Iterable[Mapping[str, object]]) -> Any:
    """Return rows as an HTML table object, or a sentence where there are none.

    >>> html([{"a": 1}]).data.count("<td>")
    1
    """
    from IPython.display import HTML

    table = pd.DataFrame(list(rows))
    if table.empty:
        return HTML("<p>None in this version.</p>")  # type: ignore[no-untyped-call]
    with pd.option_context("display.max_colwidth", None):
        text = table.to_html(index=False, border=0, classes="claims-table", justify="left")
    return HTML(f'<div class="claims-scroll">{text}</div>')  # type: ignore[no-untyped-call]
