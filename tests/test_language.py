import numpy as np
import pytest
import torch

from skillscale.lab import language
from skillscale.lab.language import network
from skillscale.lab.optimizers import Adam, SignDescent


def tiny(context=8, seed=0, n_tokens=11):
    return language.Transformer(
        n_tokens, width=12, n_layers=2, n_heads=3, context=context, seed=seed
    )


def random_tokens(*shape, n_tokens=11, seed=0):
    return torch.randint(n_tokens, shape, generator=torch.Generator().manual_seed(seed))


def test_future_tokens_do_not_matter():
    model, tokens = tiny(), random_tokens(4, 8)
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    before, after = model(tokens), model(changed)
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


def test_rows_do_not_mix():
    model, tokens = tiny(), random_tokens(4, 8)
    # batched matrix products may round differently for another batch size
    torch.testing.assert_close(model(tokens)[2:3], model(tokens[2:3]), rtol=1e-5, atol=1e-6)


def test_attention_equals_torch_scaled_dot_product():
    model, tokens = tiny(), random_tokens(3, 8)
    block = model.blocks[0]
    stream = model.embed(tokens) + model.embed_position.weight
    normed = block.attention_layernorm(stream)
    heads = block.query_key_value(normed).view(3, 8, 3, 3, 4).permute(2, 0, 3, 1, 4)
    mixed = torch.nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
    stream = stream + block.attention_out(mixed.transpose(1, 2).reshape(3, 8, 12))
    hidden = torch.nn.functional.gelu(block.mlp_in(block.mlp_layernorm(stream)))
    expected = stream + block.mlp_out(hidden)
    start = model.embed(tokens) + model.embed_position.weight
    torch.testing.assert_close(block(start, model._future), expected, rtol=1e-5, atol=1e-6)


def test_seed_alone_decides_the_weights():
    torch.manual_seed(1)
    one = tiny(seed=3).state_dict()
    torch.manual_seed(2)
    two, other = tiny(seed=3).state_dict(), tiny(seed=4).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["embed.weight"], other["embed.weight"])


def test_training_learns_a_cycle():
    model = tiny()
    losses = language.train(
        model, [list(range(11)) * 20], steps=120, batch_size=8, lr=1e-2, context=8, seed=0
    )
    # a cycle of 11 tokens is a lookup table: chance is ln 11 = 2.40 nats, the floor 0
    assert losses[0] > 2.0
    assert losses[-1] < 0.1


def test_training_is_reproducible():
    def run(seed):
        setting = {"batch_size": 4, "lr": 1e-2, "context": 8}
        text = [random_tokens(200).tolist()]
        return language.train(tiny(), text, steps=5, seed=seed, **setting)

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


def test_token_losses_are_cross_entropy(monkeypatch):
    model, rows = tiny(), random_tokens(5, 9)
    log_p = model(rows[:, :-1]).log_softmax(-1)
    expected = [[-log_p[i, t, rows[i, t + 1]].item() for t in range(8)] for i in range(5)]
    monkeypatch.setattr(network, "_AT_ONCE", 2)
    found = language.token_losses(model, rows)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    assert not found.requires_grad


def test_trained_is_a_network_made_and_trained():
    documents = [[0, 1, 2, 3, 4] * 4]
    sizes = {"width": 8, "n_layers": 1, "n_heads": 2, "context": 4}
    setting = {"steps": 3, "batch_size": 2, "lr": 1e-2}
    recipe = language.Recipe(**sizes, **setting)
    found = language.trained(recipe, 5, documents, rng=np.random.default_rng(7))
    initial, batches = np.random.default_rng(7).integers(2**31, size=2)
    plain = language.Transformer(5, **sizes, seed=int(initial))
    language.train(plain, documents, **setting, context=4, seed=int(batches))
    for ours, theirs in zip(found.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    untouched = language.trained(recipe, 5, [], rng=np.random.default_rng(7))
    made = language.Transformer(5, **sizes, seed=int(initial))
    assert torch.equal(untouched.embed.weight, made.embed.weight)


def assert_equal_weights(one, other, atol):
    for (name, ours), theirs in zip(one.named_parameters(), other.parameters(), strict=True):
        # a bias of the keys moves all scores of a query alike and so changes nothing: its
        # gradient is rounding, which Adam scales up
        real = slice(None)
        if name.endswith("query_key_value.bias"):
            real = torch.cat([torch.arange(12), torch.arange(24, 36)])
        torch.testing.assert_close(ours[real], theirs[real], rtol=0, atol=atol)


TEXT = [random_tokens(400).tolist()]
SHORT = {"steps": 12, "batch_size": 4, "context": 8, "seed": 0}


def test_adam_of_the_bench_equals_torch_adamw():
    plain, ours = tiny(), tiny()
    theirs = language.train(plain, TEXT, lr=1e-2, **SHORT)
    rule = Adam(1e-2, betas=(0.9, 0.98), weight_decay=0.01)
    found = language.train(ours, TEXT, optimizer=rule, **SHORT)
    # float32 rounding, which 12 steps at a rate of 0.01 leave small
    torch.testing.assert_close(found, theirs, rtol=1e-5, atol=1e-5)
    assert_equal_weights(ours, plain, 1e-5)


@pytest.mark.parametrize("warm_up", [1, 3])
def test_rates_warm_up_and_fall_for_a_rule_too(warm_up):
    # one weight, whose sign steps show the rate; a twentieth of the steps is warm-up
    steps = 20 * warm_up

    class Bias(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = torch.nn.Parameter(torch.zeros(1))

        def forward(self, tokens):
            return torch.stack([self.bias, -self.bias], -1).expand(*tokens.shape, 2)

    model, seen = Bias(), []
    language.train(
        model, [[0] * 50], steps=steps, batch_size=2, context=4, seed=0,
        optimizer=SignDescent(0.1), observe=lambda step: seen.append(model.bias.item()),
    )  # fmt: skip
    assert len(seen) == steps + 1
    step = np.arange(steps)
    factor = np.minimum((step + 1) / warm_up, 1) * (0.55 + 0.45 * np.cos(np.pi * step / steps))
    np.testing.assert_allclose(np.diff(seen), 0.1 * factor, rtol=1e-5)


def test_own_loss_weights_enter_as_constants():
    losses = torch.rand(50, generator=torch.Generator().manual_seed(0)) + 0.1
    for power in (0.5, 1.0, 2.0):
        weights = language.own_loss_weights(losses, power)
        assert weights.mean().item() == pytest.approx(1, abs=1e-6)
        torch.testing.assert_close(weights / weights[0], (losses / losses[0]) ** power)
    # one step of a rule that returns the gradient itself
    model, before = tiny(), tiny()
    taken = []

    class Take:
        def start(self, parameters):
            return None

        def step(self, parameters, gradients, state, *, factor=1.0):
            taken.extend(gradients)

    recorded = language.train(
        model, TEXT, optimizer=Take(), own_loss_power=1.0, **{**SHORT, "steps": 1}
    )
    start = torch.randint(392, (4, 1), generator=torch.Generator().manual_seed(0))
    rows = torch.tensor(TEXT[0])[start + torch.arange(9)]
    each = -before(rows[:, :-1]).log_softmax(-1).gather(-1, rows[:, 1:, None]).flatten()
    # the mean of ℓ² is twice as steep as that of constant · ℓ
    loss = (each**2).mean() / (2 * each.mean().detach())
    expected = torch.autograd.grad(loss, list(before.parameters()))
    for one, other in zip(taken, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert recorded[0].item() == pytest.approx(each.mean().item(), rel=1e-5)


def test_without_weights_all_tokens_count_alike():
    one, two = tiny(), tiny()
    language.train(one, TEXT, lr=1e-2, **SHORT)
    language.train(two, TEXT, lr=1e-2, own_loss_power=1e-7, **SHORT)
    # a hundredth of one step; weights of power 1 move the parameters by whole steps
    assert_equal_weights(one, two, 1e-4)


def test_blocks_equal_a_masked_dense_layer():
    generator = torch.Generator().manual_seed(0)
    layer, dense = language.BlockLinear(12, 24, 3), torch.nn.Linear(12, 24)
    with torch.no_grad():
        layer.weight.normal_(generator=generator)
        layer.bias.normal_(generator=generator)
        dense.weight.copy_(torch.block_diag(*layer.weight))
        dense.bias.copy_(layer.bias)
    inputs = torch.randn(5, 7, 12, generator=generator)
    # float32 sums in another order
    torch.testing.assert_close(layer(inputs), dense(inputs), rtol=1e-5, atol=1e-5)
    (ours,) = torch.autograd.grad(layer(inputs).square().sum(), layer.weight)
    (theirs,) = torch.autograd.grad(dense(inputs).square().sum(), dense.weight)
    for block in range(3):
        part = theirs[8 * block : 8 * block + 8, 4 * block : 4 * block + 4]
        torch.testing.assert_close(ours[block], part, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("expansion", "share"), [(4, 1 / 4), (16, 1)])
def test_block_networks_hold_the_entries_they_say(expansion, share):
    sizes = {"width": 16, "n_layers": 2, "n_heads": 2, "context": 8, "seed": 0}
    dense = language.Transformer(11, **sizes)
    blocks = language.Transformer(11, **sizes, mlp_blocks=4, mlp_expansion=expansion)

    def entries(model):
        return sum(m.weight.numel() for b in model.blocks for m in (b.mlp_in, b.mlp_out))

    assert entries(blocks) == share * entries(dense)
    weight = blocks.blocks[0].mlp_in.weight
    # drawn, not zero, and scaled by the inputs that one neuron sees: 1/√4
    assert weight.std().item() == pytest.approx(0.5, rel=0.2)
