"""Tables for notebooks, in the look of the book: never cut short, stacked on narrow screens."""

from __future__ import annotations

import html as escaping
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def markup(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML text; cells are HTML already.

    Each cell repeats the title of its column as data, which the style sheet shows where a narrow
    screen stacks the cells of a row.
    """
    names = [escaping.escape(title, quote=True) for title in titles]
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-title="{name}">{cell}</td>' for name, cell in zip(names, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="claims-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Any:
    """Return a table object whose cells are HTML already, or a sentence where there are no rows."""
    from IPython.display import HTML

    cells = list(rows)
    if not cells:
        return HTML("<p>None in this version.</p>")  # type: ignore[no-untyped-call]
    return HTML(markup(titles, cells))  # type: ignore[no-untyped-call]


def html(rows: Iterable[Mapping[str, object]]) -> Any:
    """Return rows as an HTML table object, or a sentence where there are none."""
    entries = list(rows)
    cells = [[escaping.escape(str(value)) for value in entry.values()] for entry in entries]
    return table(list(entries[0]) if entries else [], cells)


def parts(lines: Iterable[str]) -> str:
    """Return the lines of one cell, HTML already, as HTML text."""
    return f'<ul class="parts">{"".join(f"<li>{line}</li>" for line in lines)}</ul>'


def folded(sections: Mapping[str, Any]) -> Any:
    """Return table objects one below the other, each folded under its title."""
    from IPython.display import HTML

    parts = (
        f"<details><summary>{escaping.escape(title)}</summary>{section.data}</details>"
        for title, section in sections.items()
    )
    return HTML("".join(parts))  # type: ignore[no-untyped-call]
