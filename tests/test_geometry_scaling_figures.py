"""Figures of scaling in the geometry model draw what they are given."""

import numpy as np

from skillscale import fits
from skillscale.figures import geometry_scaling as figures

ALPHAS = np.array([0.0, 0.5, 1.0])
MEMBERS = np.array([[0.2, 0.4, 0.9], [0.3, 0.6, 1.1], [0.1, 0.5, 1.0]])


def points(container):
    """The middle of error bars, and their lower and upper ends."""
    middle, _, (bars,) = container.lines
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    return middle.get_xydata(), ends


def test_slopes_are_drawn_with_the_interval_of_their_mean():
    figure = figures.step_exponents(
        (np.array([0, 10, 100]), np.array([[0.7, 0.6, 0.5]] * 3)),
        ALPHAS,
        {"sign descent": MEMBERS, "Adam": MEMBERS},
        {"sign descent": ALPHAS, "Adam": ALPHAS},
        {"α": ALPHAS, "half": ALPHAS / 2},
    )
    left, right = figure.axes
    assert len(left.lines) == 3
    middle, ends = points(right.containers[0])
    expected = fits.mean(MEMBERS[:, 1])
    np.testing.assert_allclose(middle[1], [0.5, expected.value])
    np.testing.assert_allclose(ends[1], [expected.low, expected.high])
    assert {text.get_text() for text in right.get_legend().get_texts()} == {
        "α", "half", "read off", "sign descent", "Adam",
    }  # fmt: skip


def test_exponents_over_skills_and_over_windows_keep_their_panels():
    number = np.array([1000, 2000, 4000])
    figure = figures.width_exponents(number, {"α = 0": MEMBERS}, {"α = 0": ALPHAS}, 0.34)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == [
        "1000", "2000", "4000",
    ]  # fmt: skip
    forms = {"α = 0.3": {"L2 norm": ALPHAS}, "α = 0.5": {"L2 norm": 2 * ALPHAS}}
    measured = {"α = 0.3": MEMBERS, "α = 0.5": MEMBERS}
    figure = figures.local_exponents(np.array([100.0, 200, 400, 800]), measured, forms)
    for ax, title in zip(figure.axes, forms, strict=True):
        assert ax.get_title() == title
        np.testing.assert_allclose(ax.lines[0].get_ydata(), forms[title]["L2 norm"])
        np.testing.assert_allclose(ax.lines[0].get_xdata()[0], np.sqrt(100 * 200))


def test_the_cliff_shows_every_seed_and_the_gain_every_read_off():
    share = np.array([[0.1, 0.5, 0.9], [0.0, 0.4, 0.8], [0.2, 0.6, 1.0]])
    sizes = np.array([480, 500, 520])
    figure = figures.cliff(sizes, share, sizes, share[0], MEMBERS)
    _, ends = points(figure.axes[0].containers[0])
    np.testing.assert_allclose(ends, share[1:].T)
    assert sum(len(line.get_xdata()) for line in figure.axes[1].lines) == MEMBERS.size
    ratios = {"optimum": MEMBERS, "sign descent": MEMBERS, "one label off": 2 * MEMBERS}
    figure = figures.modular_gain(ALPHAS, {"40": ratios}, {"40": (ALPHAS, 1 + ALPHAS)})
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    np.testing.assert_allclose(crosses[0].get_ydata(), 1 + ALPHAS)
    assert len(figure.axes[0].containers) == 3
