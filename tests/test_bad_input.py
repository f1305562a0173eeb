"""Bad input across the public interface: one error that names argument, value and range.

`bad_input.txt` has a call and what its error says on every line, in sections. Lines without an
arrow prepare the calls of their section; a message that ends in "…" goes on.
"""

import dataclasses
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

PARTS = Path(__file__).with_name("bad_input.txt").read_text().removeprefix("# ").split("\n\n# ")
SECTIONS = {title: lines for title, *lines in map(str.splitlines, PARTS)}
CALLS = {
    f"{title}: {line}": (title, *line.split(" → "))
    for title, lines in SECTIONS.items()
    for line in lines
    if " → " in line
}


def test_every_section_and_every_call_stands_once():
    assert len(SECTIONS) == len(PARTS)
    assert len(CALLS) == "\n".join(PARTS).count(" → ")


@cache
def prepared(title):
    known = {"math": math, "np": np, "replace": dataclasses.replace, "torch": torch}
    exec("\n".join(line for line in SECTIONS[title] if " → " not in line), known)
    return known


@pytest.mark.parametrize(("title", "call", "message"), CALLS.values(), ids=CALLS)
def test_bad_input_is_named(title, call, message):
    known = prepared(title)
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        eval(call, known)
    said = str(raised.value)
    if message.endswith("…"):
        said = said[: len(message) - 1] + "…"
    assert said == message
