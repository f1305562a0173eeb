"""The written-out gradient of two-layer networks against autograd."""

import padding
import pytest
import torch
from precision import cast

from skillscale.lab import two_layer
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD, Adam
from skillscale.lab.parity import MultitaskParity, fixed_dataset, fresh_batches
from skillscale.lab.training import cross_entropy, mse, train
from skillscale.lab.two_layer import TwoLayerGradient

TASKS = [MultitaskParity(3, 7, seed=seed) for seed in (0, 1, 2)]
LOSSES = {"mse": mse, "cross_entropy": cross_entropy}


@pytest.fixture(params=["joined", "gathered"])
def control(request, monkeypatch):
    """Control bits as columns of a matrix, or as numbers of the rows to gather."""
    if request.param == "gathered":
        monkeypatch.setattr(two_layer, "_JOINED", 0)


def network(dtype=torch.float64, *, n_categories=3, **options):
    return MLPEnsemble(
        7, [5, 12, 9], seeds=[0, 1, 2], n_categories=n_categories, dtype=dtype, **options
    )


def by_autograd(model, batch, loss="mse"):
    outputs = model(batch.bits, batch.skill if model.n_categories else None)
    losses = LOSSES[loss](outputs, batch)
    return losses.detach(), outputs.detach(), torch.autograd.grad(losses.sum(), model.parameters)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("cached", [2**17, 13, 500])
@pytest.mark.parametrize("n_categories", [3, 0])
@pytest.mark.parametrize("loss", LOSSES)
def test_equals_autograd_however_it_is_cut(monkeypatch, cached, n_categories, loss):
    # 13 numbers cut a batch of 40 into single rows, 500 put two members of one batch together.
    monkeypatch.setattr(two_layer, "_CACHED", cached)
    model = network(n_categories=n_categories)
    batch = cast(fresh_batches(TASKS, 40, seeds=[0, 1, 2]), torch.float64)(0)
    losses, outputs, gradients = TwoLayerGradient(model, loss)(batch)
    expected_losses, expected_outputs, expected = by_autograd(model, batch, loss)
    torch.testing.assert_close(losses, expected_losses, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(outputs, expected_outputs[..., 0], rtol=1e-12, atol=1e-12)
    assert len(gradients) == len(expected)
    for found, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize(
    ("widths", "cached", "members"),
    [
        ([5, 12, 9, 7, 6, 3, 8], 1000, [(0, 2), (2, 4), (4, 7)]),  # the last joins the two before
        ([5, 12, 9, 7], 1000, [(0, 2), (2, 4)]),
        ([1, 1, 1], 40, [(0, 1), (1, 2), (2, 3)]),
        ([1], 80, [(0, 2)]),  # computed twice
        ([1], 79, [(0, 1)]),
    ],
)
def test_blocks_and_single_units_equal_autograd(monkeypatch, widths, cached, members):
    monkeypatch.setattr(two_layer, "_CACHED", cached)
    seeds = range(len(widths))
    model = MLPEnsemble(7, widths, seeds=seeds, n_categories=3, dtype=torch.float64)
    tasks = [MultitaskParity(3, 7, seed=seed) for seed in seeds]
    batch = cast(fresh_batches(tasks, 40, seeds=seeds), torch.float64)(0)
    found = TwoLayerGradient(model)
    losses, _, gradients = found(batch)
    cuts = found._blocks(found._copies * len(widths), 40)
    assert [(who.start, who.stop) for who, rows in cuts if rows.start == 0] == members
    expected_losses, _, expected = by_autograd(model, batch)
    torch.testing.assert_close(losses, expected_losses, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients, list(expected), rtol=1e-11, atol=1e-13)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("loss", LOSSES)
def test_weights_and_padded_samples_count_as_in_the_loss(loss):
    model = network()
    batch = cast(fixed_dataset(TASKS, [30, 20, 7], seeds=[0, 1, 2]), torch.float64)(0)
    assert batch.weight is not None
    losses, _, gradients = TwoLayerGradient(model, loss)(batch)
    expected_losses, _, expected = by_autograd(model, batch, loss)
    torch.testing.assert_close(losses, expected_losses)
    for found, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("options", [{"depth": 2}, {"activation": "silu"}, {"n_outputs": 2}])
def test_other_networks_are_not_served(options):
    assert not TwoLayerGradient.serves(network(**options))


@pytest.mark.usefixtures("control")
def test_padding_gets_no_gradient():
    model = network()
    batch = cast(fresh_batches(TASKS, 40, seeds=[0, 1, 2]), torch.float64)(0)
    _, _, gradients = TwoLayerGradient(model)(batch)
    for gradient, real in zip(gradients, padding.real(model), strict=True):
        assert (gradient[~real] == 0).all()


@pytest.mark.usefixtures("control")
def test_a_batch_changed_for_another_is_noticed():
    model, source = network(), cast(fresh_batches(TASKS, 40, seeds=[0, 1, 2]), torch.float64)
    gradient = TwoLayerGradient(model)
    first = gradient(source(0))[0]
    second = gradient(source(1))[0]
    assert (first != second).all()
    torch.testing.assert_close(gradient(source(0))[0], first)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), Adam(0.01)])
@pytest.mark.parametrize("named", LOSSES)
def test_training_is_that_of_autograd(optimizer, named):
    source = cast(fresh_batches(TASKS, 64, seeds=[0, 1, 2]), torch.float64)
    records = []
    for loss in (named, LOSSES[named]):  # a function is differentiated by autograd
        records.append(
            train(
                network(), source, optimizer=optimizer, steps=60, loss=loss, at=[60],
                measure=lambda model, _: {str(i): p for i, p in enumerate(model.parameters)},
            )
        )  # fmt: skip
    for name, values in records[0].items():
        # Both are float64; 60 steps amplify differences of the order of summation.
        torch.testing.assert_close(values, records[1][name], rtol=1e-9, atol=1e-10)
