import numpy as np
import pytest
import torch

from skillscale.lab import language


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


def test_token_losses_are_cross_entropy():
    model, rows = tiny(), random_tokens(5, 9)
    log_p = model(rows[:, :-1]).log_softmax(-1)
    expected = [[-log_p[i, t, rows[i, t + 1]].item() for t in range(8)] for i in range(5)]
    found = language.token_losses(model, rows, batch_size=2)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    assert not found.requires_grad


TRAIN = {"steps": 1, "batch_size": 1, "lr": 0.1, "context": 4, "seed": 0}
SIZES = {"width": 4, "n_layers": 1, "n_heads": 1, "context": 4, "seed": 0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.Transformer(0, **SIZES), "n_tokens must be an integer >= 1, got 0"),
        (
            lambda: language.Transformer(5, **{**SIZES, "n_heads": 3}),
            "width must be a multiple of n_heads = 3, got 4",
        ),
        (lambda: tiny()(random_tokens(1, 9)), "tokens must have at most 8 positions, got 9"),
        (
            lambda: language.train(tiny(), [[1] * 9], **{**TRAIN, "steps": 0}),
            "steps must be an integer >= 1, got 0",
        ),
        (lambda: language.train(tiny(), [[1] * 9], **{**TRAIN, "lr": -1.0}), "lr must be .* > 0"),
        (lambda: language.train(tiny(), [[1, 2]], **TRAIN), "documents must hold more than 4"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


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
