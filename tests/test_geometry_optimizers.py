"""The race of optimizers: plain loops with torch's own rules, companions, whitening."""

import numpy as np
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.geometry.experiments.optimizers import RULES, whitening
from skillscale.lab.randomness import Stream

SMALL = {
    "n_skills": (6,), "noises": (0.0, 0.5), "rates": (0.003, 0.02), "dim": 4, "batch_size": 16,
    "steps": 40, "early": (10, 20), "late": 10, "every": 5, "points": 5, "gradient_scale": 10.0,
    "seeds": (3, 5), "tuning_seeds": (),
}  # fmt: skip


def _run(**changed):
    return geometry.OptimizerRace(**SMALL | changed).run()


def _torch_rule(name, theta, rate):
    return {
        "adam": lambda: torch.optim.Adam([theta], lr=rate, betas=(0.9, 0.95)),
        "sign": lambda: torch.optim.Adam([theta], lr=rate, betas=(0.0, 0.0), eps=1e-30),
        "sgd": lambda: torch.optim.SGD([theta], lr=10.0 * rate),
        "normalised": lambda: torch.optim.SGD([theta], lr=2.0 * rate),  # √dim = 2
        "whitened": lambda: torch.optim.SGD([theta], lr=10.0 * rate),
    }[name]()


@pytest.mark.parametrize("name", ["adam", "sign", "sgd", "normalised", "whitened"])
def test_rules_equal_a_plain_loop_on_the_loss_itself(name):
    found = _run()
    p = frequencies.power_law(6, 1.0)
    vectors = geometry.task_vectors(6, 4, seeds=[5], orthonormal=False, normalised=False)[0]
    white = torch.linalg.inv(vectors.T @ vectors + 0.1 * torch.eye(4))
    counts = Stream(5, "skills of a batch").at(0).multinomial(16, p, size=500)
    normal = Stream(5, "gradient noise").at(0).standard_normal((500, 4))
    theta = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    rule, path = _torch_rule(name, theta, 0.02), []
    for step in range(41):
        loss = -torch.nn.functional.logsigmoid(vectors @ theta)
        path.append(float(loss.detach() @ torch.from_numpy(p)))
        rule.zero_grad()
        (loss @ torch.from_numpy(counts[step] / 16)).backward()
        theta.grad += 0.5 * torch.from_numpy(normal[step])
        if name == "normalised":
            theta.grad /= theta.grad.norm()
        if name == "whitened":
            theta.grad = white @ theta.grad
        rule.step()
    measured = found.sel(rule=name, n_skills=6, noise=0.5, rate=0.02).isel(member=1)
    # single precision, 40 steps
    assert float(measured.early) == pytest.approx(np.mean([path[10], path[15]]), rel=1e-4)
    assert float(measured.late) == pytest.approx(np.mean([path[30], path[35]]), rel=1e-4)


@pytest.mark.parametrize("n_skills", [6, 10, 40])
def test_losses_do_not_depend_on_companions_bit_by_bit(n_skills):
    seeds, changed = (3, 5, 8, 9), {"n_skills": (n_skills,), "rates": (0.003, 0.1, 0.5)}
    together = _run(seeds=seeds, **changed)
    for own in ((3,), (5,), (9,), (5, 9), (3, 8, 9)):
        found = _run(seeds=own, **changed)
        for name in ("early", "late"):
            wanted = together[name].isel(member=[seeds.index(seed) for seed in own])
            np.testing.assert_array_equal(found[name], wanted)


def test_curve_is_the_mean_over_the_seeds_that_do_not_tune():
    found = _run(tuning_seeds=(7,), early=(16, 17))
    alone = _run(early=(16, 17))
    assert found.tuning.values.tolist() == [0, 0, 1]
    judged = found.early.isel(member=[0, 1]).mean("member")
    np.testing.assert_allclose(judged, found.curve.sel(step=16), rtol=1e-5)
    np.testing.assert_allclose(found.early.isel(member=[0, 1]), alone.early, rtol=1e-5)


def test_all_rules_start_at_the_loss_of_ignorance_and_learn():
    found = _run(steps=60, late=10, early=(0, 1))
    np.testing.assert_allclose(found.early, np.log(2), rtol=1e-6)
    assert found.rule.values.tolist() == list(RULES)
    assert (found.late.sel(noise=0.0, rate=0.02).mean("member") < 0.6).all()


def test_whitening_removes_interference():
    vectors = geometry.task_vectors(5, 5, seeds=[1], orthonormal=False)
    pull = torch.rand(5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gradient = pull @ vectors[0]
    moved = vectors[0] @ whitening(vectors, 1e-12)[0] @ gradient
    torch.testing.assert_close(moved, pull, rtol=1e-5, atol=1e-6)
