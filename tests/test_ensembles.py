"""Ensembles of networks against plain torch.nn networks, and the silence of the padding."""

import math

import padding
import pytest
import torch
from torch import nn
from torch.nn import functional

from skillscale.lab.ensembles import MLPEnsemble

OPTIONS = {
    "one layer": {},
    "deep": {"depth": 3},
    "silu": {"activation": "silu", "depth": 2},
    "categories": {"n_categories": 5},
    "all": {"n_categories": 5, "depth": 2, "activation": "silu", "n_outputs": 3, "init": 0.3},
}
WIDTHS, SEEDS = [3, 8, 5, 8], [0, 0, 1, 2]


def _inputs(model, batch=17, *, shared=False):
    generator = torch.Generator().manual_seed(1)
    lead = (batch,) if shared else (model.n_members, batch)
    x = torch.randn(*lead, model.n_inputs, generator=generator, dtype=torch.float64)
    k = torch.randint(5, lead, generator=generator) if model.n_categories else None
    return x.to(model.dtype), k


def _one_hot(model, x, k):
    return x if k is None else torch.cat([functional.one_hot(k, model.n_categories).to(x), x], -1)


@pytest.mark.parametrize("shared", [False, True], ids=["own inputs", "shared inputs"])
@pytest.mark.parametrize("name", OPTIONS)
def test_outputs_and_gradients_equal_the_plain_network(name, shared):
    model = MLPEnsemble(4, WIDTHS, seeds=SEEDS, dtype=torch.float64, **OPTIONS[name])
    x, k = _inputs(model, shared=shared)
    outputs = model(x, k)
    gradients = torch.autograd.grad(outputs.square().sum(), model.parameters)
    for i in range(model.n_members):
        network = model.member(i)
        own = (x, k) if shared else (x[i], None if k is None else k[i])
        plain = network(_one_hot(model, *own))
        # float64 sums of at most a few hundred terms of order 1.
        torch.testing.assert_close(outputs[i], plain, rtol=1e-12, atol=1e-12)
        plain.square().sum().backward()
        for ours, p in zip(
            _in_linear_layout(model, i, gradients), network.parameters(), strict=True
        ):
            torch.testing.assert_close(ours, p.grad, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("widths", [[1], [3], [1, 1], [3, 3]], ids=str)
def test_gradients_of_few_members_and_units_equal_the_plain_product(widths, n_outputs):
    options = {"n_outputs": n_outputs, "dtype": torch.float64}
    model = MLPEnsemble(4, widths, seeds=range(len(widths)), **options)
    x, _ = _inputs(model, batch=3)
    found = torch.autograd.grad(model(x).sin().sum(), model.parameters)
    first, shift, weight, bias = model.parameters
    plain = ((x @ first + shift).relu() @ weight + bias).sin().sum()
    expected = torch.autograd.grad(plain, model.parameters)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def _in_linear_layout(model, i, tensors):
    """Cut member i's real entries out of `tensors`, arranged like a plain network's parameters."""
    own = []
    for tensor, mask in zip(tensors, padding.real(model), strict=True):
        rows, columns = mask[i].any(1).sum(), mask[i].any(0).sum()
        own.append(tensor[i, :rows, :columns])
    if model.n_categories:
        own[:2] = [torch.cat(own[:2])]
    return [t[0] if n % 2 else t.T for n, t in enumerate(own)]


@pytest.mark.parametrize("name", OPTIONS)
def test_padding_has_exactly_no_value_gradient_or_activation(name):
    model = MLPEnsemble(4, WIDTHS, seeds=SEEDS, **OPTIONS[name])
    x, k = _inputs(model)
    gradients = torch.autograd.grad(model(x, k).square().sum(), model.parameters)
    for p, g, mask in zip(model.parameters, gradients, padding.real(model), strict=True):
        assert (p[~mask] == 0).all()
        assert (g[~mask] == 0).all()
        assert (p[mask] != 0).all()
    hidden = model.hidden(x, k)
    assert hidden.shape == (4, 17, 8)
    for i, width in enumerate(WIDTHS):
        assert (hidden[i, :, width:] == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_member_is_the_same_alone_and_in_a_crowd(name, dtype):
    options = OPTIONS[name] | {"dtype": dtype}
    crowd = MLPEnsemble(4, WIDTHS, seeds=SEEDS, **options)
    x, k = _inputs(crowd)
    outputs = crowd(x, k)
    for i in range(crowd.n_members):
        alone = MLPEnsemble(4, WIDTHS[i : i + 1], seeds=SEEDS[i : i + 1], **options)
        networks = (alone.member(0), crowd.member(i))
        for ours, theirs in zip(*(each.parameters() for each in networks), strict=True):
            assert torch.equal(ours, theirs)
        own = alone(x[i], None if k is None else k[i])
        # A batch of one matrix may take another path through BLAS: a few roundings.
        tolerance = 1e-5 if dtype == torch.float32 else 1e-13
        torch.testing.assert_close(own[0], outputs[i], rtol=tolerance, atol=tolerance)


def test_initial_parameters_do_not_depend_on_the_padding_or_precision():
    narrow = MLPEnsemble(4, [6], seeds=[7], n_categories=3, depth=2)
    padded = MLPEnsemble(4, [6, 20], seeds=[7, 7], n_categories=3, depth=2)
    double = MLPEnsemble(4, [6], seeds=[7], n_categories=3, depth=2, dtype=torch.float64)
    pairs = zip(*(model.member(0).parameters() for model in (narrow, padded, double)), strict=True)
    for a, b, c in pairs:
        assert torch.equal(a, b)
        assert torch.equal(a, c.float())


def test_torch_initialisation_is_that_of_linear_layers():
    options = {"n_categories": 10, "depth": 2}
    ours = MLPEnsemble(6, [300, 700], seeds=[3, 4], **options).member(0)
    torch.manual_seed(0)
    theirs = [nn.Linear(16, 300), nn.Linear(300, 300), nn.Linear(300, 1)]
    for layer, reference in zip(ours[::2], theirs, strict=True):
        assert layer.weight.shape == reference.weight.shape
        bound = reference.in_features**-0.5
        for values in (layer.weight, layer.bias, reference.weight):
            assert values.abs().max().item() <= bound
        # The largest of n uniform numbers is below (1 - 10/n) of the bound once in e^10 draws; five
        # standard errors of the mean square are 1.5 bound² / √n.
        n = layer.weight.numel()
        assert layer.weight.abs().max().item() > bound * (1 - 10 / n)
        for weight in (layer.weight, reference.weight):
            square = weight.square().mean().item()
            assert square == pytest.approx(bound**2 / 3, abs=1.5 * bound**2 / n**0.5)


def test_biases_of_the_first_layer_use_its_fan_in():
    # The largest of 4000 uniform numbers falls short of the bound by 1/4000 of it on average.
    shift = MLPEnsemble(6, [4000], seeds=[3], n_categories=10).member(0)[0].bias
    assert 0.25 * 0.99 < shift.abs().max().item() <= 0.25


def test_normal_initialisation_covers_weights_and_biases():
    model = MLPEnsemble(50, [400], seeds=[1], n_categories=10, init=0.01)
    for p in model.member(0).parameters():
        if p.numel() > 1:
            # Five standard errors of a standard deviation, sigma / sqrt(2 n).
            assert p.std().item() == pytest.approx(0.01, abs=5 * 0.01 / math.sqrt(2 * p.numel()))


def test_hidden_is_what_the_last_layer_reads():
    model = MLPEnsemble(4, WIDTHS, seeds=SEEDS, n_categories=5, depth=2, dtype=torch.float64)
    x, k = _inputs(model)
    weight, shift = model.parameters[-2:]
    torch.testing.assert_close(model.hidden(x, k) @ weight + shift, model(x, k))
    own = nn.Sequential(*model.member(1)[:-1])(_one_hot(model, x[1], k[1]))
    torch.testing.assert_close(model.hidden(x, k)[1, :, : WIDTHS[1]], own)


def test_seeds_differ():
    model = MLPEnsemble(4, [6, 6], seeds=[0, 1])
    assert not torch.equal(model.parameters[0][0], model.parameters[0][1])
