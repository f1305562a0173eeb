"""Mathematics written in ASCII, as in claims, shown as a reader expects it."""

from __future__ import annotations

import html as escaping
import re

_GREEK = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eps": "ε"},
    **{"eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ"},
    **{"tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω"},
}
_NAME = "[A-Za-zα-ω]"
_INSIDE = r"(?:[^()]|\([^()]*\))*"  # of parentheses, with one more pair of them at most
_SIGNS = {"&lt;=": "≤", "&gt;=": "≥", "-&gt;": "→", "+-": "±", "sqrt(": "√(", "sqrt ": "√"}


def html(text: str) -> str:
    """Return text as HTML, its ASCII mathematics as Greek letters, indices, powers and signs.

    A letter followed by a digit is an indexed name, but for L: L1 and L2 are norms.

    >>> html("C^-(alpha/(alpha+2)) <= D_c, 3e-4")
    'C<sup>−α/(α+2)</sup> ≤ D<sub>c</sub>, 3 × 10<sup>−4</sup>'
    """
    shown = escaping.escape(text, quote=False)
    for written, sign in _SIGNS.items():
        shown = shown.replace(written, sign)
    greek = rf"(?<![\w.])({'|'.join(_GREEK)})(?![A-Za-z])"
    shown = re.sub(greek, lambda found: _GREEK[found[1]], shown)
    shown = re.sub(rf"(?<![\w.])({_NAME})_(\w+)", r"\1<sub>\2</sub>", shown)
    shown = re.sub(r"(?<![\w.])([A-KM-Za-z])(\d)(?![A-Za-z\d_])", r"\1<sub>\2</sub>", shown)
    shown = re.sub(r"(?<![\w.])1e\+?(-?)0*(\d+)(?!\w)", r"10^\1\2", shown)
    shown = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)e\+?(-?)0*(\d+)(?!\w)", r"\1 × 10^\2\3", shown)
    power = rf"\^(-?)(?:\(({_INSIDE})\)|(\d[\d./]*\d|\d|{_NAME}+(?:<sub>\w+</sub>)?))"
    shown = re.sub(power, _power, shown)
    shown = re.sub(rf"(?<!\w)({_NAME})\*(?!\w)", r"\1<sup>∗</sup>", shown)
    shown = re.sub(rf"(?<![A-Za-z'])({_NAME})'(?![a-z])", r"\1′", shown)
    minus = (
        rf"(?<= )-(?= )|(?<![\w)\]])-(?=[\w(√])|(?<=(?<![\w.]){_NAME})-(?=\d)|(?<=\d)-(?={_NAME}\W)"
    )
    return re.sub(minus, "−", shown)


def _power(found: re.Match[str]) -> str:
    sign, inside, plain = found.groups()
    if inside is not None and sign and re.search(r"[+-]", re.sub(r"\(.*?\)", "", inside)):
        inside = f"({inside})"
    return f"<sup>{'−' if sign else ''}{plain if inside is None else inside}</sup>"
