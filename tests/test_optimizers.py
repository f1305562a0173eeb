"""Elementwise optimizers against torch.optim, and per-member rates."""

import numpy as np
import pytest
import torch

from skillscale.lab.optimizers import SGD, Adam, SignDescent

RATES = [0.3, 0.01, 0.07]


def _start():
    """Parameters of three members and a curved, non-separable loss; float64."""
    generator = torch.Generator().manual_seed(0)
    options = {"generator": generator, "dtype": torch.float64}
    parameters = [torch.randn(3, 2, 4, **options), torch.randn(3, 1, 4, **options)]
    centre = torch.randn(3, 1, 4, **options)
    return parameters, centre


def _loss(parameters, centre):
    """One loss per member."""
    weight, shift = parameters
    return (torch.tanh(weight) + shift - centre).square().sum((1, 2)) + shift.cos().sum((1, 2))


def _ours(rule, steps):
    parameters, centre = _start()
    parameters = [p.requires_grad_() for p in parameters]
    state = rule.start(parameters)
    for _ in range(steps):
        gradients = torch.autograd.grad(_loss(parameters, centre).sum(), parameters)
        rule.step(parameters, gradients, state)
    return [p.detach() for p in parameters]


def _torchs(make, steps, member=slice(None)):
    parameters, centre = _start()
    parameters = [p[member].clone().requires_grad_() for p in parameters]
    optimizer = make(parameters)
    for _ in range(steps):
        optimizer.zero_grad()
        _loss(parameters, centre[member]).sum().backward()
        optimizer.step()
    return [p.detach() for p in parameters]


PAIRS = {
    "sgd": (SGD, lambda p, lr: torch.optim.SGD(p, lr=lr)),
    "momentum": (
        lambda lr: SGD(lr, momentum=0.9),
        lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    ),
    "adam": (Adam, lambda p, lr: torch.optim.Adam(p, lr=lr)),
    "adam, other betas": (
        lambda lr: Adam(lr, betas=(0.5, 0.99), eps=1e-3),
        lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.5, 0.99), eps=1e-3),
    ),
}


# 100 steps, each with a few roundings of relative size 1.1e-16, on a loss that contracts or is
# mildly unstable: differences stay orders below 1e-11.
@pytest.mark.parametrize("name", PAIRS)
def test_one_rate_equals_torch_over_100_steps(name):
    ours, theirs = PAIRS[name]
    for a, b in zip(_ours(ours(0.02), 100), _torchs(lambda p: theirs(p, 0.02), 100), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", PAIRS)
def test_per_member_rates_equal_separate_runs_of_torch(name):
    ours, theirs = PAIRS[name]
    together = _ours(ours([0.03, 0.002, 0.01]), 100)
    for i, lr in enumerate([0.03, 0.002, 0.01]):
        alone = _torchs(lambda p, lr=lr: theirs(p, lr), 100, slice(i, i + 1))
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[i : i + 1], b, rtol=1e-11, atol=1e-11)


def test_sign_descent_is_adam_without_memory():
    steps = 50
    sign, adam = _ours(SignDescent(RATES), steps), _ours(Adam(RATES, (0.0, 0.0), 1e-300), steps)
    for a, b in zip(sign, adam, strict=True):
        # Adam's g / sqrt(g²) differs from ±1 by a rounding per step.
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", [SGD(0.1), SGD(0.1, 0.9), Adam(0.1), SignDescent(0.1)])
def test_zero_gradient_leaves_zero_exactly(rule):
    parameters, gradients = [torch.zeros(2, 3)], [torch.zeros(2, 3)]
    state = rule.start(parameters)
    for _ in range(20):
        rule.step(parameters, gradients, state)
    assert torch.equal(parameters[0], torch.zeros(2, 3))
    assert state.steps == 20


def test_rates_may_be_an_array():
    assert SGD(np.array(RATES)) == SGD(RATES) == SGD(tuple(RATES))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SGD(0.0), r"lr must be .* > 0, got 0.0"),
        (lambda: Adam([0.1, float("nan")]), r"lr must be .* > 0, got nan"),
        (lambda: SignDescent(-1), r"lr must be .* > 0, got -1"),
        (lambda: SGD(0.1, momentum=1.0), r"momentum must be .* < 1 and >= 0, got 1.0"),
        (lambda: Adam(0.1, betas=(0.9, 1.0)), r"betas must be .* got 1.0"),
        (lambda: Adam(0.1, betas=(0.9,)), r"betas must be two numbers, got \(0.9,\)"),
        (lambda: Adam(0.1, eps=0), r"eps must be .* > 0, got 0"),
        (
            lambda: SGD([0.1, 0.2]).start([torch.zeros(3, 1, 1)]),
            r"one per member \(3\), got 2 rates",
        ),
        (lambda: SGD([]).start([torch.zeros(3, 1, 1)]), r"one per member \(3\), got 0 rates"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
