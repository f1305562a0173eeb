"""What a straight-line fit reads off the exact loss of the quantization model, in words."""

from __future__ import annotations

import math

from skillscale.quantization import theory


def lines(
    *, alpha: float | None, measured: float | None, n_min: int, n_max: int, n_skills: int | None
) -> list[str]:
    """Return the exponent read for `alpha`, or for the one behind a `measured` exponent.

    >>> lines(alpha=0.4, measured=None, n_min=1, n_max=40, n_skills=None)[3]
    'bias                               -0.0303  (-7.6%)'
    """
    size = math.inf if n_skills is None else n_skills
    if measured is not None:
        alpha = theory.true_exponent(measured, n_min=n_min, n_max=n_max, n_skills=size)
    assert alpha is not None
    read = theory.apparent_exponent(alpha, n_min=n_min, n_max=n_max, n_skills=size)
    ends = {
        f"local exponent at n = {n}": f"{float(theory.local_exponent(n, alpha, n_skills=size)):.4f}"
        for n in (n_min, n_max)
    }
    rows = {
        "alpha": f"{alpha:.4f}",
        f"a fit over n = {n_min} ... {n_max} reads": f"{read:.4f}",
        "bias": f"{read - alpha:+.4f}  ({read / alpha - 1:+.1%})",
        **ends,
    }
    world = "infinitely many skills" if n_skills is None else f"{n_skills} skills"
    title = f"Exact loss of {world}, P(k) ~ k^-(alpha+1)"
    return [title, *(f"{label:34} {value:>8}" for label, value in rows.items())]
