"""The optimum by Newton's method: against other solvers, its two ends, capacity."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import binom

from skillscale import frequencies
from skillscale.geometry import experiments as geometry


def case(n_skills, dim, seed=0, alpha=0.5):
    vectors = geometry.task_vectors(n_skills, dim, seeds=[seed], orthonormal=False)[0].numpy()
    return vectors, frequencies.power_law(n_skills, alpha)


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 1.0, 2.0])
def test_the_optimum_equals_a_general_minimiser(alpha):
    vectors, p = case(60, 10, alpha=alpha)
    found = geometry.newton(vectors, p)

    def loss(theta):
        level = vectors @ theta
        return p @ np.logaddexp(0, -level), -(p / (1 + np.exp(level))) @ vectors

    other = minimize(loss, np.zeros(10), jac=True, method="BFGS", options={"gtol": 1e-9})
    assert found.loss == pytest.approx(other.fun, rel=1e-7)
    assert not found.satisfiable


def test_a_linear_program_agrees_on_which_skills_can_be_satisfied_together():
    answers = []
    for seed in range(40):
        vectors, p = case(30, 15, seed)
        # a feasible θ with t_k·θ ≥ 1 exists exactly if all can be positive
        program = linprog(np.zeros(15), A_ub=-vectors, b_ub=-np.ones(30), bounds=(None, None))
        found = geometry.newton(vectors, p)
        assert found.satisfiable == (program.status == 0)
        assert (found.loss == 0) == found.satisfiable
        answers.append(found.satisfiable)
    assert 5 < sum(answers) < 35  # both ends were tried


def test_two_skills_in_one_dimension_have_their_closed_form():
    # p ln(1+e^-x) + (1-p) ln(1+e^x) is smallest where σ(x) = p: the entropy of p
    p = np.array([0.8, 0.2])
    found = geometry.newton([[1.0], [-1.0]], p)
    assert found.loss == pytest.approx(-(p * np.log(p)).sum(), rel=1e-9)


def test_the_loss_falls_with_parameters_and_rises_with_skills():
    settings = geometry.DimensionScaling(
        alphas=(0.0, 1.0), n_skills=(100, 200), dims=(5, 10, 20), seeds=(1, 2)
    )
    loss = settings.run().loss
    assert loss.dims == ("member", "n_skills", "dim", "alpha")
    assert (loss.diff("dim") < 0).all()
    assert (loss.mean("member").diff("n_skills") > 0).all()
    vectors, _ = case(200, 10, seed=2)
    alone = geometry.newton(vectors[:100], frequencies.power_law(100, 1.0)).loss
    assert float(loss.sel(n_skills=100, dim=10, alpha=1.0)[1]) == pytest.approx(alone, rel=1e-6)


def test_the_exponents_in_width_equal_the_published_figure():
    alphas = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    p = [frequencies.power_law(1000, alpha) for alpha in alphas]
    loss = []
    for dim in (40, 220):
        drawn = [geometry.published_vectors(1000, dim, seed=seed).numpy() for seed in range(4)]
        # the figure shows the median over four seeds of where 100,000 steps of Adam end
        loss.append(np.median([[geometry.newton(v, q).loss for q in p] for v in drawn], axis=0))
    slope = np.log(loss[0] / loss[1]) / np.log(220 / 40)
    # read off the figure at Zipf exponents 1, 1.2, …, 2, to 0.03
    np.testing.assert_allclose(slope, [0.35, 0.48, 0.63, 0.79, 0.96, 1.13], atol=0.03)


def test_the_exponent_in_width_falls_with_more_skills():
    settings = geometry.DimensionScaling(n_skills=(1000, 4000), dims=(40, 220), seeds=(0, 1))
    loss = np.log(settings.run().loss)
    slope = (loss.sel(dim=40) - loss.sel(dim=220)) / np.log(220 / 40)
    # half of what the mass beyond skill d loses: .171, .153, .095
    drop = slope.sel(n_skills=1000) - slope.sel(n_skills=4000)
    assert (drop.mean("member") > np.array([0.085, 0.076, 0.047])).all()


def test_the_share_of_satisfiable_seeds_is_the_binomial_one():
    settings = geometry.CapacityCliff(n_skills=40, dims=(14, 20, 26), seeds=tuple(range(60)))
    found = settings.run()
    share = found.satisfiable.mean("member")
    # Wendel 1962: P = 2^(1-n) Σ_(i<d) C(n-1, i); 60 seeds scatter by at most .065
    expected = binom.cdf(np.array(settings.dims) - 1, 39, 0.5)
    np.testing.assert_allclose(share, expected, atol=4 * 0.065)
    assert ((found.loss == 0) == (found.satisfiable == 1)).all()
