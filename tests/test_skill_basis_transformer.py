"""The transformer experiment measures what it says: its networks are plain transformers."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from skillscale import fits
from skillscale.lab.parity import MultitaskParity
from skillscale.skill_basis.experiments import transformer as experiments

SMALL = experiments.TransformerEmergence(
    n_skills=2,
    n_bits=4,
    width=16,
    n_heads=2,
    learning_rate=0.005,
    steps=1000,
    alone_steps=900,
    every=20,
    scale=1.5,
    seeds=(3, 4),
)


@pytest.fixture(scope="module")
def run():
    return SMALL.run()


def plain(model, inputs, n_heads):
    """Evaluate a transformer as it is usually written: every token of every sequence."""
    weight = model.parameters
    sequences, positions = inputs.shape
    one_hot = torch.eye(positions).expand(sequences, -1, -1)
    token = torch.cat([one_hot, inputs.float().unsqueeze(-1)], -1)
    stream = functional.relu(token @ weight[0] + weight[1])
    width = stream.shape[-1]
    query, key, value = (
        part.view(sequences, positions, n_heads, -1).transpose(1, 2)
        for part in (functional.layer_norm(stream, (width,)) @ weight[2] + weight[3]).chunk(3, -1)
    )
    mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    stream = stream + mixed.transpose(1, 2).flatten(2) @ weight[4] + weight[5]
    hidden = functional.relu(functional.layer_norm(stream, (width,)) @ weight[6] + weight[7])
    stream = stream + hidden @ weight[8] + weight[9]
    # The read-out of the flattened positions.
    return (stream * weight[10].T).sum((1, 2)) + weight[11]


def sequences(n_skills, n_bits):
    bits = torch.cartesian_prod(*[torch.tensor([0, 1])] * n_bits)
    control = torch.eye(n_skills, dtype=torch.int64).repeat_interleave(len(bits), 0)
    return torch.cat([control, bits.repeat(n_skills, 1)], 1)


def test_prefixes_give_the_outputs_of_the_plain_network():
    inputs = sequences(2, 5)
    for seed in (0, 1):
        model = experiments.PrefixTransformer(inputs, width=12, n_heads=3, seed=seed)
        # float32 sums over 7 positions.
        torch.testing.assert_close(model(), plain(model, inputs, 3), atol=1e-6, rtol=1e-5)
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(0))
    shuffled = experiments.PrefixTransformer(inputs[order], width=12, n_heads=3, seed=1)
    torch.testing.assert_close(shuffled(), model()[order], atol=1e-6, rtol=1e-5)


def test_gradients_are_those_of_the_plain_network():
    inputs = sequences(1, 4)
    model = experiments.PrefixTransformer(inputs, width=8, n_heads=2, seed=5)
    target = torch.linspace(-1, 1, len(inputs))
    found, expected = (
        torch.autograd.grad((output - target).square().mean(), model.parameters)
        for output in (model(), plain(model, inputs, 2))
    )
    assert all(gradient.abs().max() > 0 for gradient in expected)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_strength_is_the_projection_of_a_plain_network_on_the_parity(run):
    inputs = sequences(2, 4)
    for member, seed in enumerate(SMALL.seeds):
        task = MultitaskParity(2, 4, 3, SMALL.alpha, seed=seed)
        model = experiments.PrefixTransformer(inputs, width=16, n_heads=2, seed=seed)
        output = plain(model, inputs, 2).view(2, 16)
        for k in range(2):
            parity = task.skill_basis(k, inputs[:16, 2:].float())
            expected = (output[k] * parity).mean().item() / SMALL.scale
            found = run.isel(member=member, skill=k)
            # float32 sums over 16 inputs.
            assert found.strength[0] == pytest.approx(expected, abs=1e-6)
            assert found.strength_alone[0] == pytest.approx(expected, abs=1e-6)


def test_training_equals_a_plain_loop():
    # Gentle steps: rounding, which differs between the two, is then not amplified.
    settings = dataclasses.replace(
        SMALL, steps=25, alone_steps=10, every=10, learning_rate=0.01, momentum=0.5, seeds=(4,)
    )
    found = settings.run().isel(member=0)
    task = MultitaskParity(2, 4, 3, SMALL.alpha, seed=4)
    inputs, share = sequences(2, 4), torch.from_numpy(task.frequency).float()
    bits = inputs[:16, 2:].float()
    target = 1.5 * torch.stack([task.skill_basis(k, bits) for k in range(2)]).float()

    def trained(rows, target, share, times):
        model = experiments.PrefixTransformer(inputs, width=16, n_heads=2, seed=4)
        rule = torch.optim.SGD(model.parameters, 0.01, momentum=0.5)
        strengths = []
        for step in range(max(times) + 1):
            output = plain(model, rows, 2).view(target.shape)
            if step in times:
                strengths.append((output * target).mean(1).detach().numpy() / 1.5**2)
            rule.zero_grad()
            (share @ (output - target).square().mean(1)).backward()
            rule.step()
        return np.array(strengths)

    assert found.step.values.tolist() == [0, 10, 20, 25]
    expected = trained(inputs, target, share, [0, 10, 20, 25])
    np.testing.assert_allclose(found.strength, expected, atol=1e-5)
    assert found.alone_step.values.tolist() == [0, 10]
    for k in range(2):
        alone = trained(inputs[16 * k : 16 * (k + 1)], target[[k]], share[:1], [0, 10])
        np.testing.assert_allclose(found.strength_alone[:, k], alone[:, 0], atol=1e-5)


def test_training_learns_skills_together_and_alone(run):
    curves = run.strength.transpose("member", "skill", "step").values
    half_time = fits.crossing_times(run.step.values, curves, threshold=0.5)
    assert np.isfinite(half_time).all()
    assert (half_time[:, 0] < half_time[:, 1]).all()
    assert (run.strength.isel(step=-1) > 0.9).all()
    assert (run.strength_alone.isel(alone_step=-1) > 0.9).all()


def test_a_skill_that_is_all_of_the_mixture_is_learned_as_alone():
    one = experiments.TransformerEmergence(
        n_skills=1, n_bits=4, width=8, steps=40, alone_steps=40, every=10, learning_rate=0.02
    )
    run = one.run()
    np.testing.assert_array_equal(run.strength.values, run.strength_alone.values)


def test_training_ends_where_every_skill_is_learned(run):
    joint = run.strength.transpose("member", "step", "skill").values
    for curve in joint:
        learned = (curve >= 0.95).all(1)
        end = learned.argmax()
        assert learned[end]
        assert not learned[:end].any()
        np.testing.assert_array_equal(curve[end:], curve[[end]].repeat(len(curve) - end, 0))


def test_divergence_is_named():
    wild = dataclasses.replace(SMALL, learning_rate=1e3, steps=40)
    with pytest.raises(FloatingPointError, match="network of seed 3 diverged by step 20"):
        wild.run()
