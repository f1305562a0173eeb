import itertools

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from skillscale.lab import gradients, projections
from skillscale.lab.language import Transformer
from skillscale.lab.projections import projected_gradients

N_TOKENS, CONTEXT, N_ROWS = 13, 6, 5


@pytest.fixture(scope="module")
def model():
    return Transformer(N_TOKENS, width=12, n_layers=1, n_heads=2, context=CONTEXT, seed=0).double()


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(N_TOKENS, (N_ROWS, CONTEXT), generator=generator)
    targets = torch.randint(N_TOKENS, (N_ROWS,), generator=generator)
    positions = torch.randint(1, CONTEXT, (N_ROWS,), generator=generator)
    return rows, targets, positions


@pytest.fixture(scope="module")
def full(model, data):
    """Gradients of the layers, the bias as the last column, in the order of the layers."""
    found = gradients.per_sample_gradients(model, data[0], data[1], positions=data[2])
    return {
        name: torch.cat([found[f"{name}.weight"], found[f"{name}.bias"][..., None]], dim=2)
        for name in gradients.block_matrices(model)
    }


def sketch(model, data, **settings):
    rows, targets, positions = data
    return projected_gradients(model, rows, targets, positions=positions, **settings)


def gram(parts):
    flat = torch.cat([part.flatten(1) for part in parts.values()], dim=1)
    return flat @ flat.T


def test_nothing_is_lost_where_dim_is_large_enough(model, data, full):
    found = sketch(model, data, dim=64, seed=0)
    for name, gradient in full.items():
        # double precision: only the order of summation differs
        torch.testing.assert_close(found[name], gradient, rtol=1e-10, atol=1e-14)


def test_sketch_is_the_two_sided_product(model, data, full):
    dim = 5
    found = sketch(model, data, dim=dim, seed=3)
    for name, gradient in full.items():
        layer = model.get_submodule(name)
        left, right = (
            projections._signs(size, dim, 3, f"projection of {name}, {side}", like=layer)
            for size, side in zip(gradient.shape[1:], ("outputs", "inputs"), strict=True)
        )
        for matrix in (left, right):
            torch.testing.assert_close(matrix.abs(), torch.full_like(matrix, dim**-0.5))
        # double precision: only the order of summation differs
        torch.testing.assert_close(found[name], left.T @ gradient @ right, rtol=1e-10, atol=1e-14)


@pytest.fixture(scope="module")
def grams(model, data):
    """Inner products of sketches with 400 seeds."""
    return torch.stack([gram(sketch(model, data, dim=3, seed=seed)) for seed in range(400)])


def inner_product_variance(first, second, *, dim):
    """Variance over seeds of the inner product of the sketches R^T G Q and R^T H Q, with signs.

    From E[A_ij A_kl] = d_ij d_kl + (d_ik d_jl + d_il d_jk - 2 d_ijkl)/m, A = R R^T, m columns.
    """
    g, h = first.double(), second.double()
    m, n = (1 / dim if size > dim else 0.0 for size in g.shape)
    columns, rows = g.T @ h, g @ h.T
    on_columns, on_rows = columns.diagonal().square().sum(), rows.diagonal().square().sum()
    both = (
        g.square().sum() * h.square().sum()
        + columns.trace() ** 2
        + columns.square().sum()
        + rows.square().sum()
        + (-2) * (g.square().sum(0) @ h.square().sum(0) + on_columns)
        + (-2) * (g.square().sum(1) @ h.square().sum(1) + on_rows)
        + (-2) ** 2 * (g * h).square().sum()
    )
    by_columns = columns.square().sum() + (columns * columns.T).sum() + (-2) * on_columns
    by_rows = rows.square().sum() + (rows * rows.T).sum() + (-2) * on_rows
    return float(n * by_columns + m * by_rows + m * n * both)


def variances(full, dim):
    return torch.tensor(
        [
            [
                sum(inner_product_variance(g[i], g[j], dim=dim) for g in full.values())
                for j in range(N_ROWS)
            ]
            for i in range(N_ROWS)
        ],
        dtype=torch.float64,
    )


def test_inner_products_are_unbiased(grams, full):
    error = grams.mean(0) - gram(full)
    # 15 different means of 400: five standard errors
    assert (error.abs() < 5 * (variances(full, 3) / len(grams)).sqrt()).all()
    assert (grams.std(0) > 0).all()


def test_error_has_the_size_of_the_formula(grams, full):
    # fourth powers of many terms: a variance from 400 draws is good to some 15 %
    ratio = grams.var(0) / variances(full, 3)
    assert ratio.min() > 0.6
    assert ratio.max() < 1.5
    assert float(ratio.mean()) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("n_out", "n_in", "dim"), [(3, 2, 1), (3, 4, 2), (3, 2, 2)])
def test_variance_of_signs_is_that_over_all_of_them(n_out, n_in, dim):
    g, h = np.random.default_rng(6).normal(size=(2, n_out, n_in))

    def every(size):
        if size <= dim:
            return np.eye(size)[None]
        signs = np.array(list(itertools.product([-1.0, 1.0], repeat=size * dim)))
        return signs.reshape(-1, size, dim) / np.sqrt(dim)

    left, right = every(n_out)[:, None], every(n_in)[None]
    first, second = (left.swapaxes(-1, -2) @ x @ right for x in (g, h))
    product = (first * second).sum((-1, -2))
    found = inner_product_variance(torch.from_numpy(g), torch.from_numpy(h), dim=dim)
    assert found == pytest.approx(product.var(), rel=1e-10)
    assert product.mean() == pytest.approx((g * h).sum(), rel=1e-10)


def test_cosines_come_close(model, data):
    # the measure that clusters are made from, at a quarter of the numbers
    rows, targets, positions = data
    exact = gradients.cosine_similarity(
        gradients.per_sample_gradients(model, rows, targets, positions=positions)
    )
    errors = torch.stack(
        [gradients.cosine_similarity(sketch(model, data, dim=9, seed=s)) - exact for s in range(40)]
    )
    off = ~torch.eye(N_ROWS, dtype=torch.bool)
    root_mean_square = float(errors[:, off].square().mean().sqrt())
    # worst case 4/dim + 4/dim^2 for each of four layers of equal weight: sqrt(.49 / 4) = .35
    assert root_mean_square < 0.35
    assert abs(float(errors[:, off].mean())) < root_mean_square / 3


def test_depends_on_the_seed_and_not_on_the_batches(model, data):
    first = sketch(model, data, dim=4, seed=0)
    for batch_size in (1, 2, 128):
        again = sketch(model, data, dim=4, seed=0, batch_size=batch_size)
        for name in first:
            torch.testing.assert_close(again[name], first[name], rtol=1e-10, atol=1e-14)
    other = sketch(model, data, dim=4, seed=1)
    assert not torch.allclose(other["blocks.0.mlp_in"], first["blocks.0.mlp_in"])


def tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that any operation made (a view makes none)."""

    elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        known = {part.untyped_storage()._cdata for part in tensors((args, kwargs))}
        for part in tensors(result):
            if part.untyped_storage()._cdata not in known:
                self.elements = max(self.elements, part.numel())
        return result


def test_no_tensor_grows_with_samples_times_parameters():
    width, dim, n_rows, batch_size, context = 64, 4, 24, 2, 3
    model = Transformer(11, width=width, n_layers=1, n_heads=1, context=context, seed=0)
    rows = torch.zeros(n_rows, context, dtype=torch.long)
    settings = {"batch_size": batch_size}
    with Largest() as full:
        gradients.per_sample_gradients(model, rows, rows[:, 0], **settings)
    with Largest() as projected:
        projected_gradients(model, rows, rows[:, 0], dim=dim, seed=0, **settings)
    weight = 4 * width * width
    assert full.elements == n_rows * weight
    # not even one sample's gradient of the largest layer
    assert projected.elements < weight
    assert projected.elements <= max(batch_size * context * (4 * width + 1), n_rows * dim**2)
