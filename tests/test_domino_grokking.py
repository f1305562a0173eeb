"""Modular addition: plain networks, companions, tuning, the end of runs."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from skillscale.domino.experiments import grokking
from skillscale.domino.experiments.grokking import ModularAddition

SMALL = ModularAddition(
    modulus=7,
    undecayed_steps=0,
    embedding=6,
    width=12,
    rates=(),
    steps=50,
    every=5,
    done=1.0,
    at_once=4,
    seeds=(0, 1),
)


class Plain(nn.Module):
    """The source's network, one member, its two embedded numbers concatenated."""

    def __init__(self, settings, seed):
        super().__init__()
        self.embedding = nn.Embedding(settings.modulus, settings.embedding)
        width = settings.width
        self.layers = nn.Sequential(
            nn.Linear(2 * settings.embedding, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, settings.modulus),
        )  # fmt: skip
        values = grokking._initial(settings, seed)
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), values, strict=True):
                # the bench multiplies by (fan-in, fan-out) and keeps biases as rows
                table = parameter is self.embedding.weight
                parameter.copy_(value if table else value.T.reshape(parameter.shape))

    def forward(self, pairs):
        return self.layers(self.embedding(pairs).flatten(1))


def plain_run(settings, seed, lr, betas, decay):
    p = settings.modulus
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    answer = pairs.sum(1) % p
    chosen = grokking._training_pairs(settings, seed).bool()
    network, found = Plain(settings, seed), []
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, betas=betas, weight_decay=decay)
    for step in range(settings.steps + 1):
        if step % settings.every == 0:
            right = network(pairs).argmax(-1) == answer
            found.append([right[chosen].float().mean(), right[~chosen].float().mean()])
        loss = nn.functional.cross_entropy(network(pairs[chosen]), answer[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(found).T


@pytest.mark.parametrize(("rule", "betas"), [("sign", (0.0, 0.0)), ("adam", (0.9, 0.999))])
def test_ensemble_equals_plain_networks(rule, betas):
    rates = (0.003, 0.01)
    decayed = dataclasses.replace(SMALL, weight_decay=0.3)
    found = grokking._trained(decayed, rule, SMALL.seeds, rates)
    for s, seed in enumerate(SMALL.seeds):
        for r, rate in enumerate(rates):
            expected = plain_run(SMALL, seed, rate, betas, 0.3)
            # counts over float32 divisions: not one answer may differ
            np.testing.assert_allclose(found[s, r], expected, atol=1e-6)
    # a comparison of constants would show nothing
    assert found[:, 1, 0, -1].min() > found[:, 1, 0, 0].max() + 0.3


def test_logits_equal_those_of_the_concatenated_network():
    p = SMALL.modulus
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    stacked = zip(*(grokking._initial(SMALL, seed) for seed in (3, 4)), strict=True)
    found = grokking._outputs([torch.stack(each) for each in stacked], p)
    for i, seed in enumerate((3, 4)):
        # float32 rounding of sums in another order
        torch.testing.assert_close(found[i], Plain(SMALL, seed)(pairs), rtol=1e-5, atol=1e-5)


def test_members_do_not_depend_on_their_companions():
    alone = dataclasses.replace(SMALL, at_once=1)
    together = grokking._trained(SMALL, "adam", (0, 1), (0.01,))
    np.testing.assert_allclose(
        grokking._trained(alone, "adam", (0, 1), (0.01,)), together, atol=1e-6
    )
    assert not np.array_equal(together[0], together[1])


def test_splits_hold_the_share_and_differ_by_seed():
    one, other = (grokking._training_pairs(SMALL, seed) for seed in (0, 1))
    assert one.sum().item() == other.sum().item() == round(0.8 * 49)
    assert not torch.equal(one, other)
    assert set(one.tolist()) == {0.0, 1.0}


def test_first_step_is_the_first_measured_one():
    steps = np.array([0, 10, 20, 30])
    curves = np.array([[0.1, 0.95, 0.2, 1.0], [0.1, 0.2, np.nan, np.nan], [0.9, 0.1, 0.1, 0.1]])
    np.testing.assert_array_equal(grokking.first_step(steps, curves, 0.9), [10, np.inf, 0])


def test_runs_end_when_all_are_done():
    settings = dataclasses.replace(SMALL, target=0.1, done=0.1)
    found = grokking._trained(settings, "adam", (0, 1, 2), (0.01,))[:, 0]
    steps = np.arange(0, 51, 5)
    reached = grokking.first_step(steps, found[:, 1], 0.1)
    ended = np.isnan(found).all((0, 1))
    np.testing.assert_array_equal(ended, steps > reached.max())
    assert ended.any()


def test_rule_is_followed_at_the_rate_with_the_smallest_median(monkeypatch):
    # at rate r and seed s the planted test accuracy jumps to 1 at entry jump[r][s]
    jump = {0.1: (9, 2, 8), 0.2: (3, 3, 20), 0.4: (1, 20, 20), 0.3: (4, 4, 4)}

    def planted(settings, rule, seeds, rates):
        entry = np.array([[jump[float(r)][s % 3] for r in rates] for s in seeds])
        test = (np.arange(11) >= entry[..., None]).astype(np.float32)
        return np.stack([np.ones_like(test), test], 2)

    monkeypatch.setattr(grokking, "_trained", planted)
    settings = dataclasses.replace(
        SMALL, rates=(0.1, 0.2, 0.4), given_rate=0.3, tuning_seeds=(3, 4, 5), seeds=(0, 1)
    )
    data = settings.run()
    assert data["rate"].values.tolist() == [[0.3, 0.2]] * 2
    expected = [[45, 15, 5], [10, 15, np.inf], [40, np.inf, np.inf]]
    np.testing.assert_array_equal(data["tuning_step"].values[:, 1], expected)
    found = grokking.first_step(data["step"].values, data["accuracy"].values, 0.9)[..., 1]
    assert found[:, 0].tolist() == [[20, 15], [20, 15]]


def test_without_rates_to_try_there_is_no_tuned_arm():
    data = SMALL.run()
    assert data["arm"].values.tolist() == ["given rate"]
    assert data.sizes["tried"] == 0
    # memorised, not generalised: 7 numbers say too little about addition
    assert data["accuracy"].sel(split="train", rule="adam").values[..., -1].min() > 0.5


def test_the_arm_without_decay_is_the_run_without_it():
    settings = dataclasses.replace(SMALL, weight_decay=5.0, undecayed_steps=25, rules=("adam",))
    data = settings.run()
    assert data["arm"].values.tolist() == ["given rate", "no decay"]
    free = dataclasses.replace(SMALL, weight_decay=0.0)
    expected = grokking._trained(free, "adam", SMALL.seeds, (0.01,))[:, 0, :, :6]
    found = data["accuracy"].values[:, 0]
    np.testing.assert_array_equal(found[:, 1, :, :6], expected)
    assert np.isnan(found[:, 1, :, 6:]).all()
    assert not np.allclose(found[:, 0, :, :6], expected)
