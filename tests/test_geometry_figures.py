"""Figures of few skills: what is drawn is what was given, and every label."""

import numpy as np

from skillscale.figures import geometry as figures

T = np.array([0.0, 1.0, 2.0])
CURVES = np.random.default_rng(0).random((2, 3, 4))  # member, step, skill


def test_skill_curves_draw_every_seed_and_skill_under_the_theory():
    both = {"sign": CURVES, "sgd": CURVES}
    predicted = {name: curves[0] for name, curves in both.items()}
    left, right = figures.skill_curves(T, both, predicted, CURVES[1]).axes
    # two seeds, theory and sum form of four skills; gradient descent has no sum form
    drawn = [line.get_ydata() for line in left.lines if len(line.get_xdata())]
    assert len(drawn) == 4 * 4
    assert len(right.lines) == 3 * 4
    np.testing.assert_allclose(drawn[4], 1 - CURVES[1, :, 0])
    np.testing.assert_allclose(drawn[-1], 1 - CURVES[1, :, 3])


def test_two_skills_draw_more_labels_than_there_are_marks():
    ratios, fine = np.array([1.0, 10.0]), np.array([1.0, 2.0, 10.0])
    measured = {name: np.array([[1.0, 2.0], [1.5, 4.0], [2.0, 3.0]]) for name in "abcd"}
    predicted = {f"form {k}": fine * k for k in (1, 2, 3, 4)}
    (axes,) = figures.two_skills(ratios, measured, fine, predicted).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(labels) == [*"abcd", *predicted]
    np.testing.assert_allclose(axes.containers[0].lines[0].get_ydata(), [1.5, 3.0])


def test_panels_draw_each_label_over_its_own_times():
    learned = {"a": CURVES[0], "b": CURVES[1]}
    figure = figures.panels(learned, {"a": T, "b": 10 * T})
    for ax, (label, scale) in zip(figure.axes, (("a", 1), ("b", 10)), strict=True):
        assert ax.get_title() == label
        np.testing.assert_allclose(ax.lines[2].get_xdata(), scale * T)
        np.testing.assert_allclose(ax.lines[2].get_ydata(), learned[label][:, 2])
