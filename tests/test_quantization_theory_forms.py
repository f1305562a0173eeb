"""The law as sympy expressions: equal to the functions, and printable where it says so."""

import json
import math

import numpy as np
import pytest
import sympy as sp

from skillscale.drawing.explorable import explorable
from skillscale.quantization import theory


def test_derivation_agrees_with_the_functions():
    model = theory.derivation()
    n = model.n
    at = {model.alpha: sp.Rational(2, 5), n: 7}
    midpoint = model.integral.subs(n, n + sp.Rational(1, 2))
    pairs = [
        (model.unlearned, theory.loss(7, 0.4)),
        (model.integral, theory.loss_integral(7, 0.4, midpoint=False)),
        (midpoint, theory.loss_integral(7, 0.4)),
        (-n * sp.diff(sp.log(model.unlearned), n), theory.local_exponent(7, 0.4)),
    ]
    for expression, number in pairs:
        assert float(expression.subs(at).evalf(20)) == pytest.approx(float(number), rel=1e-12)


def test_entropy_form_agrees_with_the_function():
    model = theory.derivation()
    at = {model.alpha: sp.Rational(2, 5), model.n: 10}
    total = sp.zeta(model.alpha + 1)
    tail = sp.simplify(model.unlearned * total)
    surprise = (sp.log(total) * tail - (model.alpha + 1) * sp.diff(tail, model.alpha)) / total
    # sympy has no name for the derivative of the zeta function, and finds it by differences.
    form = surprise.subs(at).replace(
        lambda part: isinstance(part, sp.Subs),
        lambda part: part.expr.doit_numerically(part.point[0]),
    )
    value = float(form.evalf())
    assert value == pytest.approx(float(theory.loss_with_entropy(10, 0.4)), rel=1e-10)


ALPHAS = np.linspace(0.1, 1.2, 12)
SIZES = (30, 32, 100, 500, 10**4, 10**6)


def test_elementary_forms_are_as_close_as_they_say():
    model = theory.derivation()
    symbols = (model.n, model.alpha, model.n_skills)
    unlearned = sp.lambdify(symbols, model.unlearned_midpoint_finite)
    slope = sp.lambdify(symbols, model.local_exponent_midpoint_finite)
    n = np.arange(1, 29)
    for alpha in ALPHAS:
        for size in SIZES:
            ratio = unlearned(n, alpha, size) / theory.loss(n, alpha, n_skills=size)
            gap = slope(n, alpha, size) - theory.local_exponent(n, alpha, n_skills=size)
            # The bounds of the docstring; below, 0.1 % is for the integral in the normaliser.
            assert ratio.min() > 0.999
            assert ratio[0] < 1.05
            assert ratio[3:].max() < 1.006
            assert gap.min() > -1e-3
            assert gap[0] < 0.06
            assert gap[3:].max() < 0.01


def fitted(name, *, alpha, n_min, n_max, n_skills, n=1.0):
    """Value of an elementary form that sums over whole numbers, in plain floats."""
    model = theory.derivation()
    symbols = (model.alpha, model.n_min, model.n_max, model.n_skills, model.n)
    form = sp.lambdify(symbols, getattr(model, f"{name}_midpoint_finite"), "math")
    return form(alpha, n_min, n_max, n_skills, n)


@pytest.mark.parametrize(("n_min", "n_max"), [(1, 10), (1, 40), (5, 29), (10, 100)])
def test_elementary_apparent_exponent(n_min, n_max):
    for alpha, size in [(0.1, 500), (0.4, 120), (1.2, 10**6)]:
        window = {"n_min": n_min, "n_max": n_max, "n_skills": size}
        read = theory.apparent_exponent(alpha, **window)
        assert 0 <= fitted("apparent", alpha=alpha, **window) - read < 0.02


def test_elementary_line_is_the_least_squares_line():
    model = theory.derivation()
    n = np.arange(2, 31)
    at = {model.alpha: 0.4, model.n_skills: 60}
    unlearned = sp.lambdify(model.n, model.unlearned_midpoint_finite.subs(at))
    slope, level = np.polyfit(np.log(n), np.log(unlearned(n)), 1)
    window = {"alpha": 0.4, "n_min": 2, "n_max": 30, "n_skills": 60}
    # The same formula: rounding in sums of 29 terms.
    assert fitted("apparent", **window) == pytest.approx(-slope, rel=1e-10)
    for shown in (2.0, 30.0):
        line = fitted("line", **window, n=shown)
        assert line == pytest.approx(np.exp(level) * shown**slope, rel=1e-10)


def test_elementary_apparent_exponent_ends_before_the_last_skill():
    window = {"alpha": 0.4, "n_min": 1, "n_skills": 30}
    stops = [fitted("apparent", **window, n_max=n_max) for n_max in (29, 30, 80)]
    assert stops[0] == stops[1] == stops[2]
    assert math.isfinite(stops[0])


def test_elementary_forms_are_computed_by_a_page():
    model = theory.derivation()
    symbols = (model.alpha, model.n_skills, model.n_min, model.n_max)
    plot = explorable(
        {
            name: getattr(model, f"{name}_midpoint_finite")
            for name in ("unlearned", "local_exponent", "apparent", "line")
        },
        x=(model.n, 1, 100, "log", "n"),
        y=(0, 1, "linear", "value"),
        sliders={symbol: (1, 100, 10, 1, str(symbol)) for symbol in symbols},
        title="All four",
    )
    assert len(json.loads(plot.text)["curves"]) == 4
