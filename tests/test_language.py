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


def test_no_paragraph_occurs_twice():
    # modules keep their text as it is; the reference, which quotes itself, is what is cleaned
    sections = language._reference_sections()
    paragraphs = [" ".join(part.split()) for text in sections for part in text.split("\n\n")]
    assert len(sections) > 50
    assert len(paragraphs) == len(set(paragraphs))


def test_drawn_lines_and_repeated_paragraphs_go(monkeypatch):
    long = "Heading\n*******\n\nA paragraph.\n\n   +---+\n   | 1 |\n   +---+\n\nThe\nend of it."
    short = "A   paragraph.\n\nNews."
    monkeypatch.setattr("pydoc_data.topics.topics", {"short": short, "long": long})
    assert language._reference_sections(min_characters=1) == [
        "Heading\n\nA paragraph.\n\nThe\nend of it.",
        "News.",
    ]


def test_documents_do_not_depend_on_the_call():
    assert language.python_documents() == language.python_documents()
    assert all(len(text) <= 5000 for text in language._library_modules(5000))


def test_split_is_a_partition():
    texts = [str(i) * (1 + i % 7) for i in range(100)]
    train, test = language.split_sections(texts, held_out=0.3, seed=1)
    assert sorted(train + test) == sorted(texts)
    share = sum(map(len, test)) / sum(map(len, texts))
    # the split falls on a document's end, and the longest has 14 of about 500 characters
    assert 0.3 <= share < 0.34
    assert train != tuple(texts[: len(train)])
    assert language.split_sections(texts, held_out=0.3, seed=1) == (train, test)
    assert language.split_sections(texts, held_out=0.3, seed=2) != (train, test)


@pytest.mark.parametrize("held_out", [1e-9, 1 - 1e-9])
def test_neither_part_of_a_split_is_empty(held_out):
    train, test = language.split_sections(["a", "b"], held_out=held_out, seed=0)
    assert len(train) == len(test) == 1


def test_round_trip():
    documents = language.python_documents(max_characters=8000)
    tokenizer = language.build_tokenizer(documents, n_tokens=300)
    assert len(tokenizer.vocabulary) == len(set(tokenizer.vocabulary)) == 300
    text = "def unheard_of(x):\n    return x + 42  # 'quoted'\n"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(tokenizer.encode("naïve")) == "na\N{REPLACEMENT CHARACTER}ve"


def test_a_newline_keeps_its_indentation_and_a_word_its_space():
    tokenizer = language.build_tokenizer(["if x:\n    return x"] * 5, n_tokens=102)
    pieces = [tokenizer.vocabulary[i] for i in tokenizer.encode("if x:\n    return x")]
    assert pieces == ["if", " x", ":", "\n    ", "return", " x"]


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


def test_windows_cover_each_token_once():
    documents = [list(range(100, 141)), [1, 2, 3], list(range(200, 213))]
    rows = language.windows(documents, context=8)
    assert rows.shape[1] == 9
    late = rows[:, 5:].flatten().tolist()
    assert len(late) == len(set(late))
    # 41 tokens: windows start at 0, 4, … 32, and targets run from 105 to the last, 140
    assert [token for token in late if token < 200] == list(range(105, 141))
    assert all(set((row // 100).tolist()) in ({1}, {2}) for row in rows)


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
        (lambda: language.split_sections(["a"], seed=0), "sections must hold at least 2 texts"),
        (
            lambda: language.split_sections(["a", "b"], held_out=1, seed=0),
            "held_out must be",
        ),
        (lambda: language.build_tokenizer(["a"], n_tokens=5), "n_tokens must be .* >= 97"),
        (lambda: language.Transformer(0, **SIZES), "n_tokens must be an integer >= 1, got 0"),
        (
            lambda: language.Transformer(5, **{**SIZES, "n_heads": 3}),
            "width must be a multiple of n_heads = 3, got 4",
        ),
        (lambda: tiny()(random_tokens(1, 9)), "tokens must have at most 8 positions, got 9"),
        (lambda: language.windows([[1, 2, 3]], context=8), "context must be below .* 3, got 8"),
        (
            lambda: language.windows([[1, 2, 3]], context=1),
            "context must be .* >= 2, got 1",
        ),
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
