"""The multilinear model is trained as it says: parameters descend, data sets and losses are right.

References are integrated flows, least-norm interpolants and sums over samples; the closed forms of
the theory are tested against flows of their own elsewhere.
"""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from skillscale import fits
from skillscale.frequencies import power_law
from skillscale.lab.randomness import Stream
from skillscale.skill_basis.experiments import descent, few_shot, model

SMALL = model.ScalingLaws(
    seeds=(3, 4), alphas=(0.3, 0.9), n_skills=60, longest=50.0, n_times=12, n_samples=4000,
    samples=(10, 40), draws=3, skills=(1, 3, 8), shown=(1, 2, 5),
)  # fmt: skip
GRID = model.ComputeFrontier(
    seeds=(3, 4), n_skills=60, largest=20, n_sizes=6, times=(1.0, 20.0), n_times=4, n_samples=4000
)
UNEQUAL = model.UnbalancedLayers(seeds=(3, 4), ratios=(1.0, 10.0, 0.1), longest=5.0, n_times=26)
SHOTS = few_shot.FewShot(seeds=(3, 4), features=(12, 20), shares=(0.25, 0.5, 2.0), steps=4000)


@pytest.fixture(scope="module")
def laws():
    return SMALL.run()


@pytest.fixture(scope="module")
def learned():
    return SHOTS.run()


@pytest.mark.parametrize("ratio", [1.0, 10.0])
def test_small_steps_follow_the_gradient_flow(ratio):
    share, S, R0, T = 0.3, 2.0, 0.05, 8.0

    def flow(_, state):
        a, b = state
        gap = share * (S - a * b)
        return [gap * b, gap * a]

    start = [np.sqrt(R0 * ratio), np.sqrt(R0 / ratio)]
    times = np.linspace(0, T, 9)
    exact = solve_ivp(flow, (0, T), start, t_eval=times, rtol=1e-10, atol=1e-12).y.prod(0)
    errors = []
    for step in (0.02, 0.01):
        at = np.rint(times / step).astype(np.int64)
        found = descent.two_layers(
            np.array([share]), at, scale=S, initial=R0, step=step, ratio=ratio
        )
        errors.append(np.abs(found[:, 0] - exact).max())
    assert errors[1] < 0.01
    # Euler's method is of first order: half the step, half the error.
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.05)


def test_layers_are_updated_together_and_keep_their_difference():
    a, b, step, share = 0.3, 0.2, 0.1, np.array([0.7])
    slope = step * share[0] * (1 - a * b)
    found = descent.two_layers(
        share, np.array([0, 1]), scale=1.0, initial=a * b, step=step, ratio=a / b
    )
    assert found[:, 0] == pytest.approx([a * b, (a + slope * b) * (b + slope * a)], rel=1e-12)


def test_losses_are_those_of_a_list_of_samples(laws):
    # A plain loop over the samples of a data set instead of their counts.
    samples, alpha, seed = 40, 0.9, 4
    frequency = power_law(60, alpha)
    counts = descent.draw_counts(frequency, samples, seed=seed, draw=2)
    drawn = np.repeat(np.arange(60), counts)
    a = np.full(60, 0.1)
    b = a.copy()
    for _ in range(round(SMALL.patience * samples / SMALL.step)):
        slope_a, slope_b = np.zeros(60), np.zeros(60)
        for k in set(drawn.tolist()):
            gap = (drawn == k).mean() * (1 - a[k] * b[k])
            slope_a[k], slope_b[k] = gap * b[k], gap * a[k]
        a, b = a + SMALL.step * slope_a, b + SMALL.step * slope_b
    expected = 0.5 * ((1 - a * b) ** 2 * frequency).sum()
    found = laws.loss_data.sel(samples=samples).isel(draw=2)[
        (laws.alpha == alpha) & (laws.seed == seed)
    ]
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_models_of_few_skills_lose_exactly_the_others(laws):
    for member, alpha in enumerate(laws.alpha.values):
        frequency = power_law(60, alpha)
        tail = [0.5 * frequency[n:].sum() for n in SMALL.skills]
        # exp(-2 · patience) · S/R0 = 6e-4 of the last skill is left; its square counts.
        np.testing.assert_allclose(laws.loss_skills[member], tail, rtol=1e-5)


def test_loss_in_time_is_the_sum_over_the_strengths():
    settings = dataclasses.replace(SMALL, n_skills=5, skills=(1, 2), shown=(1, 2, 3, 4, 5))
    run = settings.run()
    gaps = 0.5 * (1 - run.strength) ** 2
    np.testing.assert_allclose(
        (gaps * run.frequency).sum("skill").transpose("member", "model", "time"),
        run.loss_time,
        rtol=2e-5,
    )


def test_one_layer_rises_at_once_and_two_layers_wait(laws):
    first = laws.strength.sel(skill=2).isel(time=0)
    assert (first.sel(model="one layer") > 2 * first.sel(model="two layers")).all()
    w = descent.one_layer(np.array([0.4]), np.array([7]), scale=3.0, step=0.1)
    assert w.item() == pytest.approx(3 * (1 - 0.96**7), rel=1e-12)


def test_grid_of_sizes_and_times_agrees_with_the_curve_in_time():
    whole = dataclasses.replace(GRID, n_skills=20, scale=1.0)
    grid = whole.run()
    curve = dataclasses.replace(
        SMALL, alphas=whole.alphas, n_skills=20, longest=20.0, n_times=4, step=whole.step
    ).run()
    assert grid.time.values[[0, -1]].tolist() == curve.time.values[[0, -1]].tolist() == [1, 20]
    np.testing.assert_allclose(
        grid.loss.sel(skills=20).isel(time=[0, -1]),
        curve.loss_time.sel(model="two layers").isel(time=[0, -1]),
        rtol=1e-5,
    )
    assert (grid.loss.diff("skills") <= 1e-6).all()
    assert (grid.loss.diff("time") <= 1e-6).all()


def test_unequal_layers_are_faster_and_the_order_does_not_matter():
    run = UNEQUAL.run()
    curves = run.strength.transpose("ratio", "member", "skill", "time")
    np.testing.assert_allclose(curves.sel(ratio=10.0), curves.sel(ratio=0.1), atol=1e-6)
    half = fits.crossing_times(run.time.values, curves.isel(skill=0).values, threshold=0.5)
    assert (half[1] < 0.9 * half[0]).all()
    np.testing.assert_allclose(curves.isel(time=0), 0.01 / 5.0, rtol=1e-6)


def test_few_shots_end_at_the_interpolant_of_least_norm(learned):
    for member, seed in enumerate(SHOTS.seeds):
        for column, count in enumerate(SHOTS.features):
            sizes = learned.samples.values[column]
            inputs = Stream(seed, f"few-shot samples {count}").at(0)
            inputs = inputs.standard_normal((sizes.max(), count))
            unit = np.full(count, count**-0.5)
            for row, d in enumerate(sizes):
                least = np.linalg.pinv(inputs[:d]) @ (inputs[:d] @ unit)
                found = learned.isel(member=member, features=column, share=row)
                # What is left of the random initial direction is of the size of `initial`.
                assert found.strength.item() == pytest.approx(least @ unit, abs=2e-3)
                assert found.loss.item() == pytest.approx(((least - unit) ** 2).sum(), abs=2e-3)


def test_few_shots_equal_a_plain_loop_with_automatic_gradients():
    settings = dataclasses.replace(
        SHOTS, seeds=(4,), features=(6,), shares=(0.5,), steps=30, scale=2.0, initial=0.1, step=0.3
    )
    inputs = torch.from_numpy(Stream(4, "few-shot samples 6").at(0).standard_normal((3, 6)))
    start = torch.from_numpy(Stream(4, "few-shot parameters 6").at(0).standard_normal(6))
    unit = torch.full((6,), 6**-0.5, dtype=torch.float64)
    a, B = torch.tensor(0.1, dtype=torch.float64), 0.1 * start / start.norm()
    largest = torch.linalg.eigvalsh(inputs.T @ inputs / 3)[-1]
    for _ in range(30):
        a, B = a.detach().requires_grad_(), B.detach().requires_grad_()
        (0.5 * (inputs @ (a * B - 2 * unit)).square().mean()).backward()
        with torch.no_grad():
            rate = 0.3 / (2 * largest)
            a, B = a - rate * a.grad, B - rate * B.grad
    error = a * B / 2 - unit
    found = settings.run().squeeze()
    assert found.strength.item() == pytest.approx((a * B @ unit / 2).item(), rel=1e-5)
    assert found.loss.item() == pytest.approx(error.square().sum().item(), rel=1e-5)
    assert found.residual.item() == pytest.approx((inputs @ error).square().mean().item(), rel=1e-5)


def test_drawn_counts_have_the_frequencies():
    frequency = power_law(50, 0.6)
    counts = descent.draw_counts(frequency, 10**6, seed=5)
    assert counts.sum() == 10**6
    # Five standard deviations of a binomial count.
    assert (np.abs(counts - 1e6 * frequency) < 5 * np.sqrt(1e6 * frequency)).all()
