import numpy as np
import plain
import pytest
import torch
from torch.nn import functional

from skillscale.lab import gradients
from skillscale.lab.language import Transformer

N_TOKENS, CONTEXT = 13, 6


@pytest.fixture(scope="module")
def model():
    return Transformer(N_TOKENS, width=8, n_layers=2, n_heads=2, context=CONTEXT, seed=0).double()


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(N_TOKENS, (7, CONTEXT), generator=generator)
    targets = torch.randint(N_TOKENS, (7,), generator=generator)
    positions = torch.randint(CONTEXT, (7,), generator=generator)
    return rows, targets, positions


@pytest.mark.parametrize("batch_size", [128, 3])
def test_equals_one_backward_pass_per_sample(model, data, batch_size):
    found = gradients.per_sample_gradients(
        model, data[0], data[1], positions=data[2], batch_size=batch_size
    )
    expected = plain.sample_gradients(model, *data)
    for name, gradient in found.items():
        # double precision: only the order of summation differs
        torch.testing.assert_close(gradient, expected[name], rtol=1e-10, atol=1e-14)


def test_default_position_is_the_last(model, data):
    rows, targets, _ = data
    last = torch.full_like(targets, CONTEXT - 1)
    found = gradients.per_sample_gradients(model, rows, targets)
    expected = plain.sample_gradients(model, rows, targets, last)
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-10, atol=1e-14)


def test_only_block_matrices(model, data):
    found = gradients.per_sample_gradients(model, data[0], data[1])
    expected = {
        name
        for name, _ in model.named_parameters()
        if "embed" not in name and "layernorm" not in name
    }
    assert set(found) == expected
    assert len(found) == 2 * 4 * 2  # layers, matrices, weight and bias


def test_leaves_the_model_as_it_was(model, data):
    gradients.per_sample_gradients(model, data[0], data[1])
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_tokens_after_the_position_have_no_influence(model, data):
    rows, targets, _ = data
    positions = torch.full_like(targets, 2)
    changed = rows.clone()
    changed[:, 3:] = (changed[:, 3:] + 1) % N_TOKENS
    one, two = (
        gradients.per_sample_gradients(model, r, targets, positions=positions)
        for r in (rows, changed)
    )
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-12, atol=1e-15)


def test_gram_of_a_layer_factorises():
    # with one position a row, <g, g'> = (a . a') (delta . delta')
    model = Transformer(N_TOKENS, width=8, n_layers=1, n_heads=1, context=1, seed=0).double()
    rows = torch.arange(5)[:, None]
    kept = {}
    layer = model.blocks[0].mlp_out
    handle = layer.register_forward_hook(lambda _, a, out: kept.update(a=a[0], out=out))
    loss = functional.cross_entropy(model(rows)[:, 0], rows[:, 0] + 1, reduction="sum")
    handle.remove()
    a, delta = kept["a"][:, 0], torch.autograd.grad(loss, kept["out"])[0][:, 0]
    found = gradients.per_sample_gradients(model, rows, rows[:, 0] + 1)
    flat = found["blocks.0.mlp_out.weight"].flatten(1)
    torch.testing.assert_close(flat @ flat.T, (a @ a.T) * (delta @ delta.T), rtol=1e-9, atol=1e-14)


def test_cosine_of_known_angles():
    angle = torch.linspace(0, torch.pi, 7, dtype=torch.float64)
    found = gradients.cosine_similarity(
        {"x": torch.cos(angle)[:, None] * 5, "y": torch.sin(angle)[:, None, None] * 5}
    )
    expected = torch.cos(angle[:, None] - angle)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    similarity = gradients.angular_similarity(found)
    # arccos loses half the digits near 1, where its slope diverges
    torch.testing.assert_close(
        similarity, 1 - (angle[:, None] - angle).abs() / torch.pi, rtol=0, atol=1e-7
    )


def test_angular_similarity_is_clipped():
    found = gradients.angular_similarity(torch.tensor([1.0 + 1e-6, 1.0, 0.0, -1.0, -1.0 - 1e-6]))
    assert found.tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_float32_cosines_never_leave_the_interval():
    noise = torch.randn(1, 5000, generator=torch.Generator().manual_seed(0)).repeat(64, 1)
    scale = torch.logspace(-6, 6, 64)[:, None]
    found = gradients.cosine_similarity({"w": noise * scale})
    assert float(found.max()) <= 1.0
    assert np.isfinite(gradients.angular_similarity(found).numpy()).all()


def test_binary_labels_of_one_task_pull_in_opposite_directions():
    # with a single logit, the gradient is (sigmoid(z) - y) times a direction without the label
    layer = torch.nn.Linear(4, 1, dtype=torch.float64)
    x = torch.ones(1, 4, dtype=torch.float64)
    flat = []
    for y in (0.0, 1.0):
        loss = functional.binary_cross_entropy_with_logits(
            layer(x)[:, 0], torch.full((1,), y).double()
        )
        flat.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, layer.parameters())]))
    cosine = gradients.cosine_similarity({"all": torch.stack(flat)})
    assert cosine[0, 1] == pytest.approx(-1, abs=1e-12)
    assert gradients.angular_similarity(cosine)[0, 1] == pytest.approx(0, abs=1e-6)
    assert gradients.angular_similarity(cosine.abs())[0, 1] == pytest.approx(1, abs=1e-6)


class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)

    def forward(self, tokens):
        start = torch.nn.functional.one_hot(tokens, 4).float()
        return self.layer(self.layer(start))


@pytest.mark.parametrize(("batch_size", "passes"), [(7, 1), (3, 3), (1, 7)])
def test_each_sample_takes_part_in_one_backward_pass(model, data, monkeypatch, batch_size, passes):
    seen = []
    plain = torch.autograd.grad

    def counted(loss, *arguments, **named):
        seen.append(loss.item())
        return plain(loss, *arguments, **named)

    monkeypatch.setattr(torch.autograd, "grad", counted)
    found = gradients.per_sample_gradients(model, data[0], data[1], batch_size=batch_size)
    assert len(seen) == passes
    assert all(len(gradient) == 7 for gradient in found.values())


class Transposed(torch.nn.Module):
    """Stands for a layer that keeps its matrix in a module of its own kind, as GPT-2 does."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2, 3))


def test_layers_that_are_called_twice_are_refused():
    rows = torch.zeros(3, 4, dtype=torch.long)
    with pytest.raises(ValueError, match="model must call each layer once, got 'layer' called"):
        gradients.per_sample_gradients(Twice(), rows, rows[:, 0])


def test_matrices_that_are_no_linear_layers_are_refused():
    model = torch.nn.ModuleDict({"mlp": torch.nn.Linear(2, 2), "c_attn": Transposed()})
    with pytest.raises(ValueError, match=r"nn\.Linear, got 'c_attn', a Transposed"):
        gradients.block_matrices(model)


def test_the_output_matrix_is_left_out_whatever_its_name():
    names = ("embed_in", "embed_out", "lm_head", "final_layernorm", "dense")
    model = torch.nn.ModuleDict({name: torch.nn.Linear(2, 2) for name in names})
    assert list(gradients.block_matrices(model)) == ["dense"]
