"""A network's numbers do not change, bit by bit, with the networks trained beside it."""

import pytest
import torch
from precision import cast

from skillscale.lab import two_layer
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, MultitaskParity, fresh_batches
from skillscale.lab.training import train
from skillscale.lab.two_layer import TwoLayerGradient

N_MEMBERS = 7
WIDTHS = [1, 2, 3, 5, 6, 7, 10, 30]


def members(width, n_bits, who, dtype=torch.float32):
    return MLPEnsemble(n_bits, [width] * len(who), seeds=who, n_categories=3, dtype=dtype)


def part(batch, who):
    return Batch(*(None if field is None else field[list(who)] for field in batch))


def companies():
    """A member by itself, two that are neighbours, and one that moves to another place."""
    yield from ([i] for i in range(N_MEMBERS))
    yield from ([i, i + 1] for i in range(N_MEMBERS - 1))
    yield [5, 0, 2]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("n_bits", "n_samples"), [(6, 320), (7, 33), (9, 250)])
@pytest.mark.parametrize("joined", [16, 0])  # control bits as columns, or as rows to gather
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_do_not_depend_on_companions(
    monkeypatch, width, n_bits, n_samples, joined, dtype
):
    monkeypatch.setattr(two_layer, "_JOINED", joined)
    # blocks of three, so that the last of seven members has nobody to share a block with
    monkeypatch.setattr(two_layer, "_CACHED", 3 * n_samples * width)
    everybody = range(N_MEMBERS)
    tasks = [MultitaskParity(3, n_bits, seed=seed) for seed in everybody]
    batch = cast(fresh_batches(tasks, n_samples, seeds=everybody), dtype)(0)
    losses, outputs, gradients = TwoLayerGradient(members(width, n_bits, everybody, dtype))(batch)
    for who in companies():
        model = members(width, n_bits, who, dtype)
        own_losses, own_outputs, own_gradients = TwoLayerGradient(model)(part(batch, who))
        assert torch.equal(own_losses, losses[who])
        assert torch.equal(own_outputs, outputs[who])
        for own, all_of_them in zip(own_gradients, gradients, strict=True):
            assert torch.equal(own, all_of_them[who])


@pytest.mark.parametrize("width", WIDTHS)
def test_trained_networks_do_not_depend_on_companions(width):
    def trained(who):
        tasks = [MultitaskParity(3, 6, seed=seed) for seed in who]
        model = members(width, 6, who)
        train(
            model,
            fresh_batches(tasks, 90, seeds=who),
            optimizer=Adam(0.02),
            steps=60,
            measure=lambda model, _: {"shift": model.parameters[-1]},
            at=[60],
            schedule=lambda step: 0.9**step,
        )
        return [parameter.detach() for parameter in model.parameters]

    together = trained(range(N_MEMBERS))
    for who in ([0], [4], [6], [5, 2]):
        for own, all_of_them in zip(trained(who), together, strict=True):
            assert torch.equal(own, all_of_them[who])
