"""Elementwise optimizers against torch.optim, and per-member rates."""

from functools import partial

import numpy as np
import pytest
import torch

from skillscale.lab.optimizers import SGD, Adam, AdEMAMix, Lion, NormalisedGradient, SignDescent

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
    "adam with weight decay": (
        lambda lr: Adam(lr, weight_decay=0.3),
        lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.3),
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


def _memory_by_hand(steps, update):
    """A rule with three running means, written out for one member and one parameter at a time."""
    parameters, centre = _start()
    memory = [[torch.zeros_like(p) for _ in range(3)] for p in parameters]
    for step in range(1, steps + 1):
        leaves = [p.clone().requires_grad_() for p in parameters]
        gradients = torch.autograd.grad(_loss(leaves, centre).sum(), leaves)
        for p, g, means in zip(parameters, gradients, memory, strict=True):
            for member in range(3):
                p[member] += update(p[member], g[member], [m[member] for m in means], step)
    return parameters


def _lion(p, g, means, step, *, betas=(0.9, 0.99), decay=0.0, lr=0.02):
    m = means[0]
    move = -lr * torch.sign(betas[0] * m + (1 - betas[0]) * g) - lr * decay * p
    m.copy_(betas[1] * m + (1 - betas[1]) * g)
    return move


def _ademamix(p, g, means, step, *, betas=(0.9, 0.999, 0.9999), weight=2.0, lr=0.02):
    fast, slow, size = means
    fast.copy_(betas[0] * fast + (1 - betas[0]) * g)
    slow.copy_(betas[2] * slow + (1 - betas[2]) * g)
    size.copy_(betas[1] * size + (1 - betas[1]) * g**2)
    corrected = fast / (1 - betas[0] ** step) + weight * slow
    return -lr * corrected / ((size / (1 - betas[1] ** step)).sqrt() + 1e-8)


@pytest.mark.parametrize(
    ("rule", "by_hand"),
    [
        (Lion(0.02), _lion),
        (AdEMAMix(0.02), _ademamix),
        (
            Lion(0.02, (0.8, 0.95), weight_decay=0.3),
            partial(_lion, betas=(0.8, 0.95), decay=0.3),
        ),
        (
            AdEMAMix(0.02, (0.7, 0.9, 0.99), slow_weight=5.0),
            partial(_ademamix, betas=(0.7, 0.9, 0.99), weight=5.0),
        ),
    ],
)
def test_a_rule_with_memory_is_the_one_written_out(rule, by_hand):
    for a, b in zip(_ours(rule, 40), _memory_by_hand(40, by_hand), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        (Lion(RATES, (0.0, 0.0), weight_decay=0.1), SignDescent(RATES, weight_decay=0.1)),
        (AdEMAMix(RATES, slow_weight=0.0), Adam(RATES)),
    ],
)
def test_a_rule_without_its_memory_is_the_simpler_one(rule, limit):
    for a, b in zip(_ours(rule, 40), _ours(limit, 40), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_a_gradient_as_small_as_eps_moves_half_a_step():
    gradient = [torch.full((1, 1), 1e-8, dtype=torch.float64)]
    # the slow mean after one step, (1 - 0.9999) g, counts twice
    for rule, more in ((Adam(0.1), 0.0), (Adam(0.1, pooled=True), 0.0), (AdEMAMix(0.1), 2e-4)):
        p = [torch.ones(1, 1, dtype=torch.float64)]
        rule.step(p, gradient, rule.start(p))
        # 1 - 0.9999 is known to 1e-12
        assert 1 - p[0].item() == pytest.approx(0.1 * (1 + more) / 2, rel=1e-11)


def test_a_normalised_step_has_its_length_and_the_gradients_direction():
    parameters, centre = _start()
    leaves = [p.clone().requires_grad_() for p in parameters]
    gradients = torch.autograd.grad(_loss(leaves, centre).sum(), leaves)
    rule = NormalisedGradient(RATES)
    moved = [p.clone() for p in parameters]
    rule.step(moved, gradients, rule.start(moved))
    for member, lr in enumerate(RATES):
        step = torch.cat(
            [(a - b)[member].flatten() for a, b in zip(parameters, moved, strict=True)]
        )
        g = torch.cat([gradient[member].flatten() for gradient in gradients])
        torch.testing.assert_close(step, lr * g / g.norm(), rtol=1e-12, atol=1e-12)


def test_a_schedule_scales_weight_decay_as_well():
    gradient = [torch.zeros(1, 2)]
    for kind in (Adam, SignDescent, Lion):
        p, rule = [torch.ones(1, 2)], kind(0.1, weight_decay=0.5)
        rule.step(p, gradient, rule.start(p), factor=0.2)
        torch.testing.assert_close(p[0], torch.full((1, 2), 0.99))


def _pooled_by_hand(steps, *, pooled, lr=0.02, betas=(0.9, 0.999), eps=1e-8):
    """Adam written out, one member and one parameter at a time."""
    parameters, centre = _start()
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    for step in range(1, steps + 1):
        leaves = [p.clone().requires_grad_() for p in parameters]
        gradients = torch.autograd.grad(_loss(leaves, centre).sum(), leaves)
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            square = g**2
            if pooled[i]:
                for member in range(len(g)):
                    square[member] = square[member].mean()
            m = betas[0] * moments[i][0] + (1 - betas[0]) * g
            v = betas[1] * moments[i][1] + (1 - betas[1]) * square
            moments[i] = m, v
            p -= lr * m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)).sqrt() + eps)
    return parameters


@pytest.mark.parametrize("pooled", [(True, True), (False, True), (True, False)])
def test_pooled_adam_is_the_one_written_out(pooled):
    choice = True if all(pooled) else pooled
    found = _ours(Adam(0.02, pooled=choice), 40)
    for a, b in zip(found, _pooled_by_hand(40, pooled=pooled), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_padding_changes_nothing_for_pooled_adam():
    generator = torch.Generator().manual_seed(1)
    narrow = torch.randn(2, 3, 4, generator=generator)
    wide = torch.zeros(2, 3, 9)
    wide[..., :4] = narrow
    rule = Adam(0.1, pooled=True)
    states = rule.start([narrow]), rule.start([wide])
    for _ in range(10):
        for p, state in zip((narrow, wide), states, strict=True):
            rule.step([p], [p.sin()], state)
    # One sum is over more zeros than the other: equal up to rounding in float32.
    torch.testing.assert_close(wide[..., :4], narrow, rtol=1e-5, atol=1e-6)
    assert (wide[..., 4:] == 0).all()


def test_pooled_adam_keeps_the_ratio_of_gradients():
    p, g = [torch.ones(1, 2)], [torch.tensor([[1.0, 1e-3]])]
    for rule, ratio in ((Adam(0.1), 1.0), (Adam(0.1, pooled=True), 1e-3)):
        moved = [p[0].clone()]
        rule.step(moved, g, rule.start(moved))
        step = 1 - moved[0][0].double()
        assert float(step[1] / step[0]) == pytest.approx(ratio, rel=2e-3)


@pytest.mark.parametrize(
    "rule",
    [
        SGD(0.1),
        SGD(0.1, 0.9),
        Adam(0.1),
        Adam(0.1, pooled=True),
        SignDescent(0.1, weight_decay=1.0),
        NormalisedGradient(0.1),
        Lion(0.1),
    ],
)
def test_zero_gradient_leaves_zero_exactly(rule):
    parameters, gradients = [torch.zeros(2, 3)], [torch.zeros(2, 3)]
    state = rule.start(parameters)
    for _ in range(20):
        rule.step(parameters, gradients, state)
    assert torch.equal(parameters[0], torch.zeros(2, 3))
    assert state.steps == 20


def test_rates_may_be_an_array():
    assert SGD(np.array(RATES)) == SGD(RATES) == SGD(tuple(RATES))
