"""Two squares: block-diagonal networks, re-weighting, plain loops, tuning, noise."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from skillscale import claims
from skillscale.domino import experiments as domino
from skillscale.domino.experiments import own_loss
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam

SMALL = domino.TwoSquares(
    rates=(5e-3, 1e-2),
    tuning_seeds=(7,),
    seeds=(1, 4),
    noise_shares=(0.3,),
    n_samples=60,
    n_rare=6,
    width=8,
    steps=30,
    every=10,
)


def plain(settings, seed, arm, rate, share):
    """Train one network by hand; return its losses (step, task) and its weights."""
    inputs, mask = own_loss._data(settings, seed)
    target = inputs**2 + own_loss._noise(settings, seed, share)
    network = MLPEnsemble(
        2, [settings.width], seeds=[seed], n_outputs=2, depth=2, activation="silu"
    ).member(0)
    weights = [layer.weight for layer in network if isinstance(layer, torch.nn.Linear)]
    blocks = [torch.ones_like(weight) for weight in weights]
    if arm == "modular":
        for block in blocks:
            rows, columns = block.shape
            block[: rows // 2, columns // 2 :] = block[rows // 2 :, : columns // 2] = 0.0
    biases = [layer.bias for layer in network if isinstance(layer, torch.nn.Linear)]
    adam = torch.optim.Adam(network.parameters(), lr=rate)
    path = []
    for _ in range(settings.steps + 1):
        state = inputs
        for layer, (weight, block, bias) in enumerate(zip(weights, blocks, biases, strict=True)):
            state = functional.linear(state, weight * block, bias)
            state = functional.silu(state) if layer < 2 else state
        clean = ((state - inputs**2) ** 2 * mask).detach()
        path.append((clean.sum(0) / mask.sum(0)).numpy())
        error = (state - target) ** 2 * mask
        if arm == "own loss":
            error = error * error.detach() / error.detach().mean()
        adam.zero_grad()
        error.mean().backward()
        adam.step()
    return np.array(path)[:: settings.every]


@pytest.mark.parametrize("arm", own_loss.ARMS)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_members_equal_plain_networks_and_loops(arm, share):
    members = [("dense", 1e-2, 0.0), (arm, 5e-3, share), ("modular", 2e-3, 0.3)]
    measured = own_loss._losses(SMALL, 4, members)[1]
    # float32 rounding, amplified over 30 steps
    np.testing.assert_allclose(measured, plain(SMALL, 4, arm, 5e-3, share), rtol=1e-3)


def test_the_halves_of_a_modular_network_stay_apart():
    model = MLPEnsemble(2, [8, 8], seeds=[3, 3], n_outputs=2, depth=2, activation="silu")
    own_loss._split([False, True], model)
    before = [weight.detach().clone() for weight in model.parameters]
    inputs = torch.randn(2, 20, 2, generator=torch.Generator().manual_seed(0))
    optimizer = Adam(1e-2)
    state = optimizer.start(model.parameters)
    for _ in range(5):
        loss = (model(inputs) - inputs.flip(-1)).square().mean((-1, -2)).sum()
        gradients = torch.autograd.grad(loss, model.parameters)
        optimizer.step(model.parameters, gradients, state)
    for weight, start in zip(model.parameters[::2], before[::2], strict=True):
        rows, columns = weight.shape[1] // 2, weight.shape[2] // 2
        for cross in (weight[1, :rows, columns:], weight[1, rows:, :columns]):
            assert (cross == 0).all()
        assert (weight[1, :rows, :columns] != start[1, :rows, :columns]).all()
        assert (weight[0] != start[0]).all()
    # an output does not move with the other half's input
    moved = inputs.clone()
    moved[..., 1] += 1.0
    assert torch.equal(model(moved)[1, :, 0], model(inputs)[1, :, 0])
    assert not torch.equal(model(moved)[0, :, 0], model(inputs)[0, :, 0])


def test_own_loss_is_the_error_over_its_mean_and_cut_from_the_gradient():
    error = torch.tensor([[[1.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]], requires_grad=True)
    factor = own_loss._own_loss(error)
    # mean of the first member: 1
    assert factor[0].tolist() == [[1.0, 0.0], [3.0, 0.0]]
    assert (factor[1] == 0).all()
    assert not factor.requires_grad


def test_samples_and_noise_are_what_they_are_called():
    inputs, mask = own_loss._data(SMALL, 1)
    assert mask.sum(0).tolist() == [54.0, 6.0]
    assert (mask.sum(1) == 1).all()
    assert ((inputs != 0) == (mask == 1)).all()
    many = dataclasses.replace(SMALL, n_samples=20_000, noise=0.5)
    some, more = (own_loss._noise(many, 1, share) for share in (0.1, 0.3))
    # binomial standard error 0.002
    assert float((some[:, 0] != 0).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert float(more[more != 0].std()) == pytest.approx(0.5, abs=0.02)
    assert torch.equal(more[some != 0], some[some != 0])
    assert (more[:, 1] == 0).all()
    assert (more[-many.n_rare :] == 0).all()
    assert (own_loss._noise(many, 1, 0.0) == 0).all()


def test_arms_get_the_rate_at_which_they_finish_first():
    settings = dataclasses.replace(SMALL, rates=(1e-4, 1e-2), steps=600, every=20, width=16)
    record = settings.run()
    assert (record["rate"] == 1e-2).all()
    assert record["finish"].sel(tried=1e-4).isnull().all()
    assert (record["finish"].sel(tried=1e-2) <= 600).all()
    start = record["loss"].isel(step=0)
    np.testing.assert_array_equal(start.sel(setting="tuned"), start.sel(setting="published"))
    np.testing.assert_array_equal(start.sel(arm="own loss"), start.sel(arm="dense"))


def test_finish_is_when_the_later_task_has_been_learned(monkeypatch):
    curve = np.array([[1.0, 1.0], [5e-4, 1.0], [1e-2, 5e-4], [1e-2, 1e-2]], dtype=np.float32)
    never = np.full((4, 2), 0.5, dtype=np.float32)
    curves = np.stack([curve, never] * 3)
    monkeypatch.setattr(own_loss, "_losses", lambda *_: curves)
    _, finish = dataclasses.replace(SMALL, steps=30, every=10).measure_rates(7)["finish"]
    np.testing.assert_array_equal(finish, [[20.0, np.nan]] * 3)


@pytest.mark.parametrize(("share", "part"), [(0.05, 0), (0.2, 1)])
def test_the_predicted_error_is_that_of_one_constant_fitted_by_fourth_powers(share, part):
    n = 990
    noise = np.random.default_rng(0).normal(size=(20_000, round(share * n)))
    one, two, three = ((noise**power).sum(1) for power in (1, 2, 3))
    constant = np.zeros(len(noise))
    for _ in range(60):  # Newton on the sum of cubes, of which n (1 - q) are of -constant
        cubes = n * constant**3 - 3 * one * constant**2 + 3 * two * constant - three
        constant -= cubes / (3 * n * constant**2 - 6 * one * constant + 3 * two)
    ratio = (constant**2).mean() / ((one / n) ** 2).mean()
    predicted = claims.load()["domino.own_loss_learns_the_noise"].targets[part].predicted
    assert np.log10(ratio) == pytest.approx(predicted, abs=0.01)
    assert np.log10(5 / (3 * share**2)) > np.log10(ratio)  # the limit of many samples
