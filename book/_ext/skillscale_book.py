"""What the book needs of Sphinx beyond configuration.

Chapters are highlighted as the IPython that they are, docstrings read as plain text.
A page asks no other host for anything and carries no script that it does not use:
Jupyter Book always loads sphinx-thebe, whose script names a CDN and throws an error on every
page, and the offline MathJax comes with every input, output and language that exists.
The bibliography labels a work as the text cites it. A measured number in the text is read from
the stored verdicts.
"""

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from math import nan
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from ipython_pygments_lexers import IPython3Lexer
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import OptionSpec
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import join, year

import skillscale
from skillscale import _published

MATHJAX_USED = (
    "tex-chtml.js",
    "output/chtml",
    "input/tex/extensions",
    "ui",
    "a11y",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)


class AuthorYearLabels(BaseLabelStyle):  # type: ignore[misc]
    """Label works by what `bibtex_reference_style: author_year` writes in the text."""

    def format_labels(self, entries: list[Any]) -> Iterator[str]:
        """Yield for each entry its authors and year: Nam et al., 2024."""
        cited = AuthorYearReferenceStyle()
        authors = cited.person.author_or_editor_or_title(full=False)
        label = join(sep=cited.author_year_sep)[authors, year]
        for entry in entries:
            yield str(label.format_data({"entry": entry, "style": cited}))


class AuthorYearStyle(AlphaStyle):  # type: ignore[misc]
    """The default bibliography, under the labels of the text."""

    default_label_style = AuthorYearLabels


def escape_docstring(
    _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Take docstrings as the plain text that they are: |x| and x* are formulas, not markup."""
    shown = False  # an example and its output, up to the next empty line
    for i, line in enumerate(lines):
        shown = line.lstrip().startswith(">>>") or (shown and bool(line.strip()))
        if shown:
            continue
        parts = re.split(r"(`+[^`]*`+|^\s*\* )", line)
        parts[::2] = [re.sub(r"([*|]|_(?=\W|$))", r"\\\1", part) for part in parts[::2]]
        lines[i] = "".join(parts)


class EveryTheory(SphinxDirective):
    """Document one part of every theory that has it: theories are found, not listed."""

    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {"exclude-members": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return what an `automodule` of that part gives, theory after theory."""
        part, hidden = self.arguments[0], self.options.get("exclude-members", "")
        root = Path(skillscale.__file__).parent
        found = sorted(path.parent.name for path in root.glob(f"*/{part}*") if path.stem == part)
        lines = [
            line
            for theory in found
            for line in (
                f".. rubric:: {theory.replace('_', ' ').capitalize()}",
                "",
                f".. automodule:: skillscale.{theory}.{part}",
                "   :members:",
                f"   :exclude-members: {hidden}" if hidden else "",
                "",
            )
        ]
        return self.parse_text_to_nodes("\n".join(lines))


ENDS = ("low", "high")
MEASURED = re.compile(r"([\w.]+?)(?:\[(.+)\])?(?: (low|high))?:([^:]+)")


@cache
def stored() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what was measured by id and part, with its page, from the stored verdicts."""
    # not beside this file: `make book` runs a copy of it
    path = _published.root() / "results" / "verdicts.json"
    return {
        (entry["id"], part["name"]): {"page": entry.get("page"), **part}
        for entry in json.loads(path.read_text(encoding="utf-8"))
        for part in entry["parts"]
    }


def measured(text: str) -> tuple[str, str, str]:
    """Return number, interval and address for "theory.name[part] low:format".

    The part may be left out where there is one; "low" or "high" asks for an end of the interval;
    the format is Python's.
    """
    match = MEASURED.fullmatch(text)
    if match is None:
        raise ValueError(f"value must read 'theory.name[part] low:format', got {text!r}")
    name, part, end, spec = match.groups(default="")
    if (name, part) not in stored():
        parts = [each for known, each in stored() if known == name]
        raise ValueError(f"value must name what was measured, got {text!r}; parts: {parts}")
    found = stored()[name, part]
    if found[end or "value"] is None:
        raise ValueError(f"value must name what has a number, got {text!r}")
    number = format(found[end or "value"], spec).replace("-", "−").replace("%", " %")
    low, high = (nan if found[each] is None else found[each] for each in ENDS)
    place = f"{found['page']}.html#claim-{name}" if found["page"] else "ledger.html#measured"
    return number, f"{name} {part}: 95 % interval {low:.4g} to {high:.4g}", place


class Value(SphinxRole):
    """Show a measured number, linked to its claim, with its interval as a title."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the number, or what is wrong with the name."""
        try:
            number, title, address = measured(self.text)
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        link = nodes.reference("", number, refuri=address, reftitle=title, classes=["measured"])
        return [link], []


def drop_thebe(app: Sphinx, _config: Any) -> None:
    """Disconnect sphinx-thebe, which cannot be left out of Jupyter Book's extensions."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    app.registry.css_files = [
        entry for entry in app.registry.css_files if entry[0] != "sphinx-thebe.css"
    ]


def prune_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Remove the parts of MathJax that no page can ask for (20 of 24 MB)."""
    folder = Path(app.outdir) / "_static" / "mathjax"
    if exception is not None or not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(MATHJAX_USED):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            shutil.rmtree(path)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle)
    app.add_directive("every-theory", EveryTheory)
    app.add_role("value", Value())
    app.add_lexer("python", IPython3Lexer)  # the install cell holds a ! and a % line
    # Before napoleon, which turns what is left into reStructuredText.
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)
    app.connect("config-inited", drop_thebe, priority=900)
    app.connect("build-finished", prune_mathjax, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
