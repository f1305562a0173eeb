"""Figures of noise, modules, optimizers: what is drawn is what was given."""

import numpy as np

from skillscale.figures import geometry_noise, geometry_optimizers

RANDOM = np.random.default_rng(0)
T = np.arange(5.0)


def _lines(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 0]


def test_noisy_curves_draw_learned_fractions_in_a_panel_per_label():
    u = RANDOM.random((3, 5, 2))
    figure = geometry_noise.noisy_curves(
        {"a": T, "b": T}, {"a": u, "b": u}, {"a": u[0], "b": u[0]}, {"a": u[1], "b": u[1]}
    )
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    drawn = [line.get_ydata() for line in _lines(figure.axes[1])]
    np.testing.assert_allclose(drawn[0], 1 - u[0][:, 0])
    np.testing.assert_allclose(drawn[-1], 1 - u.mean(0)[:, 1])


def test_wasted_shows_the_mean_over_seeds():
    fitted = RANDOM.uniform(1, 2, (4, 3))
    ax = geometry_noise.wasted(np.array([0.1, 0.2, 0.5]), fitted, T + 1, T + 1).axes[0]
    np.testing.assert_allclose(ax.containers[0].lines[0].get_ydata(), fitted.mean(0))
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_module_speedups_label_each_curve():
    n, fine = np.array([4.0, 10.0]), np.array([2.0, 20.0])
    measured = {"α = 0": RANDOM.uniform(1, 2, (3, 2))}
    figure = geometry_noise.module_speedups(n, measured, fine, {"α = 0": fine / 2}, fine**0.5)
    assert [text.get_text() for text in figure.axes[0].texts] == ["α = 0"]


def test_alignment_and_overlapping_draw_every_skill():
    shares = RANDOM.random((3, 5, 4))
    ax = geometry_noise.alignment(T, shares, shares[0]).axes[0]
    assert len(ax.containers) == 4
    ax = geometry_optimizers.overlapping(T, shares[0], shares[1]).axes[0]
    np.testing.assert_allclose(_lines(ax)[1].get_ydata(), 1 - shares[0][:, 0])


def test_race_and_tuning_have_a_panel_per_condition_and_mark_the_choice():
    losses = {f"c{i}": {"adam": T + 1, "lion": T + 2} for i in range(4)}
    figure = geometry_optimizers.race(T + 1, losses)
    assert [ax.get_title() for ax in figure.axes[:4]] == list(losses)
    chosen = {name: {"adam": 1, "lion": 3} for name in losses}
    ax = geometry_optimizers.tuning(T + 1, losses, chosen).axes[0]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [float(line.get_ydata()[0]) for line in marks] == [2.0, 5.0]


def test_directions_can_have_a_logarithmic_axis():
    sizes = {"a": RANDOM.random((5, 2)), "b": RANDOM.random((5, 2))}
    figure = geometry_optimizers.directions({"a": T, "b": T + 1}, sizes, sizes, logarithmic=("b",))
    assert [ax.get_xscale() for ax in figure.axes] == ["linear", "log"]
