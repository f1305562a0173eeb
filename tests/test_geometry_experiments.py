"""Geometry simulations: against plain loops and exact recursions."""

from functools import partial

import numpy as np
import plain
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.lab.optimizers import SGD

SMALL = geometry.SkillCurves(n_skills=4, dim=60, steps=80, every=8, sign_lr=2e-3, seeds=(3, 5))


def test_task_vectors_are_orthonormal_and_belong_to_their_seed():
    both = geometry.task_vectors(5, 40, seeds=[1, 2])
    gram = both @ both.mT
    torch.testing.assert_close(gram, torch.eye(5, dtype=torch.float64).expand(2, 5, 5))
    alone = geometry.task_vectors(5, 40, seeds=[2])
    torch.testing.assert_close(both[1], alone[0], rtol=0, atol=0)
    assert not torch.allclose(alone, geometry.task_vectors(5, 40, seeds=[2], index=1))


def test_sign_descent_equals_torch_optimizer_on_the_loss_itself():
    curves = SMALL.run()
    p = torch.from_numpy(frequencies.power_law(4, 1.0))
    vectors = geometry.task_vectors(4, 60, seeds=[5])[0]
    # with both betas 0 Adam's step is lr · g / (|g| + eps): the sign
    sign = partial(torch.optim.Adam, lr=2e-3, betas=(0.0, 0.0), eps=1e-15)
    measured = curves.unlearned.sel(optimizer="sign")[1]
    expected = 1 - plain.levels(vectors, p, sign, 80)[::8]
    np.testing.assert_allclose(measured, expected, atol=1e-5)


def test_gradient_descent_follows_its_exact_recursion():
    curves = SMALL.run()
    p, step = frequencies.power_law(4, 1.0), np.arange(0, 81, 8)[:, None]
    expected = (1 - 2 * SMALL.sgd_lr * p) ** step
    for member in range(2):
        np.testing.assert_allclose(
            curves.unlearned.sel(optimizer="sgd")[member], expected, atol=1e-6
        )


def test_two_skills_report_the_first_step_beyond_the_threshold():
    settings = geometry.TwoSkills(ratios=(1.0, 10.0), dim=200, sgd_lr=0.03, seeds=(0, 1))
    found = settings.run().completion
    p = np.array([[0.5, 0.5], [10 / 11, 1 / 11]])
    # u = (1 - 2 lr p)^t falls below 0.1 at the next whole step
    expected = np.floor(np.log(0.1) / np.log(1 - 2 * 0.03 * p)) + 1
    np.testing.assert_array_equal(found.sel(optimizer="sgd")[0], expected)
    sign = found.sel(optimizer="sign", ratio=10.0)
    assert (sign.sel(skill=2) > sign.sel(skill=1)).all()


# Ratios of completion times found by a program of its own, with exact gradients, for one pair of
# task vectors. Between pairs Adam's ratio at 40 scatters by 5 % (its mean over seeds is 5.5), the
# others by 2 %; so the task vectors are drawn as the public code draws them, at seed 0.
SWEEP = {
    "sign": [1.01, 1.22, 1.49, 1.81, 1.94, 2.02],
    "adam": [1.00, 1.20, 1.66, 2.86, 4.04, 5.92],
    "sgd": [1.0, 2.0, 4.06, 10.0, 19.2, 40.3],
}


def test_two_skills_sweep_is_that_of_another_program(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    rows = torch.linalg.svd(torch.randn(1000, 1000, generator=generator))[0][:2].double()
    monkeypatch.setattr(geometry.curves, "task_vectors", lambda *_, **__: rows[None])
    times = geometry.TwoSkills(steps=2500, seeds=(0,)).run().completion
    for optimizer, ratios in SWEEP.items():
        late, early = (times.sel(optimizer=optimizer, skill=k)[0] for k in (2, 1))
        np.testing.assert_allclose(late / early, ratios, rtol=0.05, err_msg=optimizer)


def test_an_unfinished_skill_is_nan():
    found = geometry.TwoSkills(ratios=(10.0,), dim=50, steps=60, seeds=(0,)).run()
    assert np.isnan(found.completion.sel(optimizer="sgd", skill=2)).all()


def test_independent_task_vectors_have_length_one_or_entries_of_variance_one_over_dim():
    unit = geometry.task_vectors(50, 20, seeds=[0], orthonormal=False)
    torch.testing.assert_close(unit.norm(dim=2), torch.ones(1, 50, dtype=torch.float64))
    raw = geometry.task_vectors(50, 20, seeds=[0], orthonormal=False, normalised=False)
    assert float(raw.var()) == pytest.approx(1 / 20, rel=0.15)  # 1000 numbers: 4.5 % scatter
    assert raw.norm(dim=2).std() > 0.05
    torch.testing.assert_close(torch.nn.functional.normalize(raw, dim=2), unit)


def levels(loss="mse", rule=None, steps=30, **options):
    vectors = geometry.task_vectors(4, 20, seeds=[3, 5], orthonormal=False)
    p = torch.from_numpy(frequencies.power_law(4, 1.0))
    return torch.stack(
        list(geometry.descend(vectors, p, rule or SGD(0.3), steps, loss=loss, **options))
    )


def test_cross_entropy_descent_equals_automatic_gradients():
    p = torch.from_numpy(frequencies.power_law(4, 1.0))
    vectors = geometry.task_vectors(4, 20, seeds=[5], orthonormal=False)[0]
    sgd = partial(torch.optim.SGD, lr=0.3)
    expected = plain.levels(vectors, p, sgd, 30, loss="cross_entropy")
    torch.testing.assert_close(levels("cross_entropy")[:, 1], expected)


def test_large_batches_tend_to_the_exact_gradient_and_small_ones_do_not():
    exact = levels()
    large = levels(batch_size=10**7, seeds=(1, 2))
    small = levels(batch_size=(4, 10**7), seeds=(1, 2))
    assert float((large - exact).abs().max()) < 2e-3  # shares scatter by 1/√10^7, 30 steps of .6
    assert float((small - exact).abs().amax((0, 2))[0]) > 0.02
    torch.testing.assert_close(small[:, 1], large[:, 1])


def test_noise_may_differ_from_member_to_member():
    found = levels(noise=(0.0, 0.1), seeds=(1, 2))
    torch.testing.assert_close(found[:, 0], levels()[:, 0])
    assert not torch.allclose(found[:, 1], levels()[:, 1])
