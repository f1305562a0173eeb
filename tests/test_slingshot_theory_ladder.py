"""From loss to θ, and the ladder of scales, with both published sets of constants."""

import numpy as np
import pytest

from skillscale.resource.theory import (
    HOFFMANN_ROUNDED,
    REPLICATION,
    ChinchillaParameters,
    chinchilla_loss,
    compute_optimal,
)
from skillscale.slingshot import theory

CHINCHILLA = (70e9, 1.4e12)


def ladder(params=HOFFMANN_ROUNDED, *, at=CHINCHILLA, theta=0.1, decades=(0, 1), **settings):
    return theory.scaling_ladder(*at, params, theta=theta, decades=decades, **settings)


def test_excess_of_the_published_model():
    rungs = ladder()
    assert rungs.excess[0] == pytest.approx(0.2466, abs=6e-5)
    assert rungs.compute.tolist() == pytest.approx([5.88e23, 5.88e25])


def test_tenfold_parameters_and_tokens_halve_the_loss_with_one_set_of_constants_only():
    sizes = [(1e9, 2e10), (1e10, 2e11), CHINCHILLA, (1e12, 2e13)]
    kept = [float(np.divide(*ladder(at=at).excess[::-1])) for at in sizes]
    np.testing.assert_allclose(kept, [0.4979, 0.5001, 0.5019, 0.5042], atol=6e-5)
    refit = ladder(REPLICATION)
    assert refit.excess[1] / refit.excess[0] == pytest.approx(0.44, abs=6e-3)
    assert refit.tuple_growth[1] == pytest.approx(2.27, abs=6e-3)


def test_one_sided_growth_does_not_double_tuples():
    for grow, low, high in (("N", 0.78, 0.84), ("D", 0.67, 0.71)):
        kept = [
            float(np.divide(*ladder(at=at, grow=grow).excess[::-1]))
            for at in ((1e9, 2e10), CHINCHILLA, (1e12, 2e13))
        ]
        assert low - 0.005 < min(kept) < max(kept) < high + 0.005
        assert ladder(grow=grow).tuple_growth[1] < 1.5


def test_a_side_that_does_not_grow_sets_a_floor():
    far = ladder(grow="N", decades=[60.0])
    assert far.excess[0] == pytest.approx(410.7 * 1.4e12**-0.28, rel=1e-9)
    assert far.D[0] == 1.4e12


def test_compute_optimal_ladder():
    assert ladder(grow="compute").tuple_growth[1] == pytest.approx(1 / 0.702, abs=2e-3)
    assert ladder(grow="compute", decades=[2]).theta[0] == pytest.approx(0.0493, abs=6e-5)
    rungs = ladder(grow="compute")
    best = compute_optimal(6 * np.prod(CHINCHILLA), HOFFMANN_ROUNDED)
    assert rungs.N[0] == pytest.approx(float(best.N))
    assert rungs.excess[0] < ladder().excess[0]
    # any other split of the same compute is worse
    for skew in (0.5, 0.9, 1.1, 2.0):
        other = chinchilla_loss(rungs.N[1] * skew, rungs.D[1] / skew, HOFFMANN_ROUNDED)
        assert other - HOFFMANN_ROUNDED.E > rungs.excess[1]


@pytest.mark.parametrize(
    ("params", "linear", "pinsker"),
    [(HOFFMANN_ROUNDED, 91.3, 8336), (REPLICATION, 48.6, 48.6**2)],
)
def test_compute_that_doubles_the_tuples(params, linear, pinsker):
    assert theory.doubling_compute(params) == pytest.approx(linear, abs=0.06)
    assert theory.doubling_compute(params, link="pinsker") == pytest.approx(pinsker, rel=2e-3)
    for link in ("linear", "pinsker"):  # climbing the ladder by that factor
        factor = theory.doubling_compute(params, link=link)
        climbed = ladder(params, grow="compute", link=link, decades=[np.log10(factor)])
        assert climbed.tuple_growth[0] == pytest.approx(2.0, rel=1e-9)


def test_pinskers_link_takes_the_square_root():
    linear, pinsker = ladder(), ladder(link="pinsker")
    np.testing.assert_allclose(pinsker.tuple_growth, np.sqrt(linear.tuple_growth), rtol=1e-12)
    assert pinsker.tuple_growth[1] == pytest.approx(1.41, abs=6e-3)


def test_certified_fraction_on_the_ladder():
    """θ = 0.2 at N = 1e8 and D = 20 N; competent is at most a quarter wrong."""
    rungs = ladder(at=(1e8, 2e9), theta=0.2, decades=np.arange(7))
    expected = {
        1: [0.200, 0.713, 0.904, 0.964, 0.985, 0.993, 0.997],
        2: [0, 0.207, 0.715, 0.904, 0.963, 0.985, 0.993],
        4: [0, 0, 0.210, 0.715, 0.904, 0.963, 0.985],
        8: [0, 0, 0, 0.210, 0.713, 0.902, 0.962],
    }
    for size, row in expected.items():
        found = [float(theory.certified_fraction(0.25, t, 8, tuple_size=size)) for t in rungs.theta]
        np.testing.assert_allclose(found, row, atol=6e-4)
    wide = [float(theory.certified_fraction(0.25, t, 16)) for t in rungs.theta[:4]]
    np.testing.assert_allclose(wide, [0.224, 0.816, 0.947, 0.981], atol=6e-4)
    assert theory.certified_fraction(0.25, rungs.theta[4], 16, tuple_size=8) == pytest.approx(
        0.816, abs=6e-4
    )


def test_the_certificate_of_grown_tuples_is_unchanged():
    """Where the excess falls as 1/sqrt(N) a fourfold step takes single skills to pairs."""
    params = ChinchillaParameters(A=1.0, B=1.0, E=0.0, alpha_N=0.5, alpha_D=0.5)
    rungs = ladder(params, decades=np.log10([1, 4, 16]))
    for theta, size in zip(rungs.theta, rungs.tuple_growth, strict=True):
        found = theory.certified_fraction(0.25, theta, 8, tuple_size=round(size))
        assert size == pytest.approx(round(size))
        assert found == pytest.approx(float(theory.certified_fraction(0.25, 0.1, 8)), rel=1e-9)
    assert np.round(rungs.tuple_growth).tolist() == [1, 2, 4]


def test_pinskers_inequality_on_pairs_of_distributions():
    rng = np.random.default_rng(5)
    p, q = rng.dirichlet(np.ones(3) * 0.5, (2, 20_000)) + 1e-12
    excess = (p * np.log(p / q)).sum(axis=1)
    distance = np.abs(p - q).sum(axis=1)
    reach = theory.theta_from_loss(np.maximum(excess, 0), link="pinsker")
    assert np.all(distance <= np.where(reach < 1, reach, 2) + 1e-9)
    near = np.array([0.5, 0.5]), np.array([0.501, 0.499])  # two coins: attained to leading order
    excess = (near[0] * np.log(near[0] / near[1])).sum()
    ratio = 0.002 / float(theory.theta_from_loss(excess, link="pinsker"))
    assert ratio == pytest.approx(1.0, abs=1e-5)


def test_links():
    epsilon = np.array([0.0, 0.1, 0.4, 100.0])
    np.testing.assert_allclose(
        theory.theta_from_loss(epsilon, reference=(0.4, 0.2)), [0, 0.05, 0.2, 1]
    )
    np.testing.assert_allclose(
        theory.theta_from_loss(epsilon, link="pinsker", reference=(0.4, 0.2)), [0, 0.1, 0.2, 1]
    )


def test_equal_exponents_give_a_round_law():
    params = ChinchillaParameters(A=1.0, B=1.0, E=0.0, alpha_N=0.5, alpha_D=0.5)
    assert theory.doubling_compute(params) == pytest.approx(16.0)
    rungs = theory.scaling_ladder(1e4, 1e4, params, theta=0.1, decades=[2], grow="both")
    assert rungs.tuple_growth[0] == pytest.approx(10.0)
