"""Strengths measured without listing all inputs, against the listed population."""

import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch, MultitaskParity
from skillscale.lab.strengths import BatchAverages, antithetic_strengths, by_skill


def test_by_skill_averages_the_listed_population():
    task = MultitaskParity(3, 4)
    target = task.population().target[None]
    parities = torch.stack([task.skill_basis(k, task.population().bits[:16]) for k in range(3)])
    torch.testing.assert_close(by_skill(target * target, 3), torch.ones(1, 3).double())
    torch.testing.assert_close(by_skill(target, 3)[0], parities.mean(-1))


def test_antithetic_strengths_are_exact_where_all_bits_matter():
    task = MultitaskParity(1, 3, 3, seed=5)
    model = MLPEnsemble(3, [20, 20], seeds=[0, 1], n_categories=1, dtype=torch.float64)
    population = task.population()
    outputs = model(population.bits, population.skill)[..., 0]
    strengths, powers = antithetic_strengths(model, [task, task], backgrounds=1)
    torch.testing.assert_close(strengths[:, 0], (outputs * population.target).mean(-1))
    torch.testing.assert_close(powers[:, 0], outputs.square().mean(-1))


def test_antithetic_strengths_are_unbiased_and_quiet():
    """Against the listed population; a plain sample of as many inputs is far noisier."""
    tasks = [MultitaskParity(2, 8, 3, seed=seed) for seed in range(20)]
    model = MLPEnsemble(8, [50] * 20, seeds=range(20), n_categories=2, init=0.1)
    population = tasks[0].population(torch.float32)
    outputs = model(population.bits, population.skill)[..., 0].double().reshape(20, 2, 256)
    parities = torch.stack(
        [
            torch.stack([task.skill_basis(k, population.bits[:256]) for k in range(2)])
            for task in tasks
        ]
    )
    exact = (outputs * parities).mean(-1)
    found, _ = antithetic_strengths(model, tasks, backgrounds=200)
    error = (found - exact).square().mean().sqrt()
    plain = (outputs.square().mean() / (200 * 8)).sqrt()
    assert error < plain / 5
    # Forty errors of zero mean: their mean is within three standard errors of 0.
    assert abs((found - exact).mean()) < 3 * error / 40**0.5


def test_averages_over_batches_are_sums_over_their_samples():
    averages = BatchAverages(1, 3, scale=2.0)
    batch = Batch(
        torch.zeros(1, 4, 1), torch.tensor([[0, 0, 1, 0]]), torch.tensor([[2.0, -2.0, 2.0, 2.0]])
    )
    averages.observe(0, batch, torch.tensor([[[1.0], [1.0], [2.0], [0.0]]]))
    strength, loss, count = averages.read()
    torch.testing.assert_close(strength[0, :2], torch.tensor([0.0, 1.0]).double())
    torch.testing.assert_close(loss[0, :2], torch.tensor([(1 + 9 + 4) / 12, 0.0]).double())
    assert strength[0, 2].isnan()
    assert loss[0, 2].isnan()
    assert count.tolist() == [[3, 1, 0]]
    assert averages.read()[0].isnan().all()
