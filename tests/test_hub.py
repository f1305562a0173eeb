"""Language models by name, without a network: from a folder, from a cache, or trained here."""

import io
import json
import re
import shutil
import sys
import warnings
from pathlib import Path

import huggingface_hub
import pytest
import tokenizers
import torch
import transformers
from plain import sample_gradients

from skillscale.lab import corpus, gradients, hub, language, projections
from skillscale.lab.hub import EmbeddedModel, load_language_model

TINY = EmbeddedModel(n_tokens=100, width=4, n_layers=1, n_heads=1, context=8, batch_size=2, steps=2)
LINES = ["def f(x):\n    return x + 1\n", "if a is None:\n    raise ValueError(a)\n"] * 3
NAME = "somebody/tiny-neox"
MAIN, EARLY = "1" * 40, "2" * 40


def save(folder: Path, seed: int) -> None:
    """A small GPT-NeoX with a byte-level tokenizer, as `save_pretrained` writes them."""
    words = tokenizers.Tokenizer(tokenizers.models.BPE())
    words.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train_from_iterator(LINES, trainer)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|endoftext|>", pad_token="<|endoftext|>"
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.GPTNeoXConfig(
        vocab_size=320,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
        bos_token_id=0,
        eos_token_id=0,
    )
    # the published Pythia weights are stored in half precision too
    transformers.GPTNeoXForCausalLM(config).half().save_pretrained(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tiny"
    save(path, seed=0)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory, folder):
    """A cache as the hub's library lays it out, with two revisions."""
    root = tmp_path_factory.mktemp("cache")
    repository = root / f"models--{NAME.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    for reference, commit, seed in (("main", MAIN, 0), ("step3000", EARLY, 1)):
        (repository / "refs" / reference).write_text(commit)
        save(repository / "snapshots" / commit, seed)
    return root


@pytest.fixture
def in_cache(monkeypatch):
    """A function that lets a folder be the cache."""
    plain = hub._pretrained

    def use(folder):
        monkeypatch.setattr(
            hub, "_pretrained", lambda *names, **rest: plain(*names, cache_dir=folder, **rest)
        )

    return use


@pytest.fixture(scope="module", autouse=True)
def few_texts():
    """Cut down what the embedded model is trained on: reading all texts takes seconds."""
    texts = corpus.python_documents()[::10]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "python_documents", lambda: texts)
        yield


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Any attempt to reach a host fails the test at once."""

    def refuse(*arguments, **_named):
        pytest.fail(f"a test asked for the address of {arguments[:2]}")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    offline(monkeypatch, True)


def offline(monkeypatch, forbidden):
    """Set HF_HUB_OFFLINE, which the hub's library reads once, when it is imported."""
    monkeypatch.setenv("HF_HUB_OFFLINE", str(int(forbidden)))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", forbidden)
    # Else it would ask once a process, whatever one loads, for a list it puts into its headers.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_TELEMETRY", True)


@pytest.fixture(scope="module")
def found(folder):
    loaded = load_language_model(str(folder))
    loaded.model.double()
    return loaded


@pytest.fixture(scope="module")
def rows():
    return torch.randint(300, (5, 12), generator=torch.Generator().manual_seed(0))


# From a folder


def test_folder_gives_the_logits_of_transformers(folder, found, rows):
    assert (found.source, found.context) == ("local folder", 24)
    assert str(folder) in found.note
    assert not found.model.training
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder).double()
    with torch.no_grad():
        # double precision: attention may be summed in another order
        torch.testing.assert_close(found.model(rows), plain(rows).logits, rtol=1e-9, atol=1e-12)


def test_half_precision_is_read_as_asked_for(folder):
    assert {value.dtype for value in load_language_model(str(folder)).model.parameters()} == {
        torch.float32
    }


def test_tokens_come_back_as_text(found):
    text = "".join(LINES) + " <unusual> «ü»\t"
    numbers = found.tokenizer.encode(text)
    assert found.tokenizer.decode(numbers) == text
    assert found.tokenizer.vocabulary[numbers[0]] == "def"
    assert (
        "".join(found.tokenizer.vocabulary[n] for n in found.tokenizer.encode(LINES[0]))
        == (LINES[0])
    )
    # nothing is added at the ends, and a special token is shown
    assert found.tokenizer.encode("") == []
    assert found.tokenizer.vocabulary[0] == "<|endoftext|>"


def test_padding_token_is_a_token_like_others(found):
    rows = torch.zeros(1, 6, dtype=torch.long)  # 0 is also the padding token
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = found.model(rows)
    longer = found.model(torch.zeros(1, 9, dtype=torch.long))
    torch.testing.assert_close(longer[:, :6], first, rtol=1e-9, atol=1e-12)


def test_token_losses(found, rows):
    losses = language.token_losses(found.model, rows)
    chance = found.model(rows[:, :-1]).log_softmax(-1)
    expected = -chance.gather(-1, rows[:, 1:, None])[..., 0]
    torch.testing.assert_close(losses, expected, rtol=1e-9, atol=1e-12)


def test_hooks_equal_one_backward_pass_per_sample(found, rows):
    positions = torch.tensor([10, 3, 7, 5, 0])
    targets = rows[torch.arange(5), positions + 1]
    settings = {"positions": positions, "batch_size": 2}
    gradient = gradients.per_sample_gradients(found.model, rows[:, :-1], targets, **settings)
    expected = sample_gradients(found.model, rows[:, :-1], targets, positions)
    # attention and MLP, weights and biases, of two blocks; both embeddings left out
    assert len(gradient) == 2 * 4 * 2
    assert not any("embed" in name or "lm_head" in name for name in gradient)
    for name, value in gradient.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-8, atol=1e-13)
    sketch = projections.projected_gradients(
        found.model, rows[:, :-1], targets, dim=200, seed=0, **settings
    )
    exact = gradients.cosine_similarity(gradient)
    torch.testing.assert_close(gradients.cosine_similarity(sketch), exact, rtol=0, atol=1e-10)


def test_gpt2_is_refused(tmp_path, rows):
    config = transformers.GPT2Config(vocab_size=320, n_embd=8, n_layer=1, n_head=1, n_positions=16)
    with pytest.raises(ValueError, match=r"matrices in nn\.Linear, got .*, a Conv1D"):
        gradients.block_matrices(transformers.GPT2LMHeadModel(config))


# From the cache


@pytest.mark.parametrize(
    ("revision", "seed"), [(None, 0), ("main", 0), ("step3000", 1), (EARLY, 1)]
)
def test_cache_is_read_without_a_network(in_cache, cache, tmp_path, rows, revision, seed):
    in_cache(cache)
    found = load_language_model(NAME, revision=revision)
    assert found.source == "local cache"
    assert found.note == f"{NAME}{f' at {revision}' if revision else ''}, from the local cache."
    save(tmp_path, seed)
    plain = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).double()
    logits = found.model.double()(rows)
    torch.testing.assert_close(logits, plain(rows).logits, rtol=1e-9, atol=1e-12)


# From the hub: only the decisions, since no test asks for one


def test_hub_is_asked_once_the_cache_has_failed(in_cache, cache, tmp_path, monkeypatch):
    asked = []

    class Hub:
        def model_info(self, name, *, revision, timeout):
            asked.append((name, revision))
            assert timeout <= 15
            shutil.copytree(cache, tmp_path, dirs_exist_ok=True)  # as if downloaded

    offline(monkeypatch, False)
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    plain = transformers.AutoModelForCausalLM.from_pretrained

    def from_pretrained(name, **options):
        return plain(name, **options | {"local_files_only": True})

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", from_pretrained)
    words = transformers.AutoTokenizer.from_pretrained
    monkeypatch.setattr(
        transformers.AutoTokenizer,
        "from_pretrained",
        lambda name, **options: words(name, **options | {"local_files_only": True}),
    )
    in_cache(tmp_path)
    found = load_language_model(NAME, revision="step3000")
    assert asked == [(NAME, "step3000")]
    assert found.source == "hub"
    assert found.note == f"{NAME} at step3000, from the Hugging Face hub."


def replaced(name, match, **settings):
    with pytest.warns(UserWarning, match=match) as caught:
        found = load_language_model(name, embedded=TINY, **settings)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert (found.source, found.name) == ("embedded", "embedded")
    assert str(caught[0].message) in found.note
    assert found.held_out
    assert found.model(torch.zeros(1, 8, dtype=torch.long)).shape == (1, 8, 100)
    return found


def test_unavailable_model_is_replaced_visibly(in_cache, tmp_path):
    in_cache(tmp_path)
    found = replaced(NAME, "not in the local cache, and HF_HUB_OFFLINE is set")
    assert found.note.startswith(f"This is the embedded model in place of {NAME}: ")
    assert "Trained here for 2 steps" in found.note


def test_revision_that_is_not_in_the_cache_is_replaced(in_cache, cache):
    in_cache(cache)
    replaced(NAME, f"in place of {NAME} at step7", revision="step7")


def test_no_network_is_noticed_by_one_request(in_cache, tmp_path, monkeypatch):
    asked = []

    def no_answer(*arguments, **_named):
        asked.append(arguments)
        raise OSError("Name or service not known")

    offline(monkeypatch, False)
    monkeypatch.setattr("socket.getaddrinfo", no_answer)
    in_cache(tmp_path)
    found = replaced(NAME, r"the hub does not give it \(.*Name or service")
    assert len(asked) == 1
    assert "Name or service not known" in found.note


def test_download_that_breaks_off_is_replaced(in_cache, tmp_path, monkeypatch):
    class Hub:
        def model_info(self, *_arguments, **_named):
            """Answer as if all were well."""

    def breaks_off(*_arguments, **_named):
        raise OSError("connection lost")

    offline(monkeypatch, False)
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", breaks_off)
    in_cache(tmp_path)
    replaced(NAME, r"loading it from the hub failed \(connection lost\)")


def test_without_transformers_the_embedded_model_takes_over(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "transformers", None)
    replaced(NAME, r"transformers is not installed \(pip install 'skillscale\[lm\]'\)")
    with pytest.raises(ImportError, match=r"pip install 'skillscale\[lm\]'"):
        load_language_model(str(folder))


# The embedded model


def test_embedded_model_is_a_function_of_its_settings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it was asked for: nothing to warn of
        first, again = (load_language_model(embedded=TINY) for _ in range(2))
    other = load_language_model(embedded=EmbeddedModel(**vars(TINY) | {"seed": 1}))
    rows = torch.arange(8)[None]
    assert torch.equal(first.model(rows), again.model(rows))
    assert not torch.equal(first.model(rows), other.model(rows))
    assert first.held_out == again.held_out != other.held_out
    assert (first.source, first.context) == ("embedded", 8)
    assert first.note == ("Trained here for 2 steps on the text that ships with Python, seed 0.")


def test_folder_takes_no_revision_and_must_hold_a_model(folder, tmp_path):
    with pytest.raises(ValueError, match="revision must be None for "):
        load_language_model(str(folder), revision="main")
    with pytest.raises((OSError, ValueError), match=re.escape(str(tmp_path))):
        load_language_model(str(tmp_path))


def test_code_that_a_model_brings_is_not_run_whatever_is_answered(folder, tmp_path, monkeypatch):
    path, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(folder, path)
    (path / "code.py").write_text(
        f"open({str(ran)!r}, 'w').close()\n"
        "from transformers import GPTNeoXConfig, GPTNeoXForCausalLM\n"
        "class Config(GPTNeoXConfig):\n    model_type = 'own'\n"
        "class Model(GPTNeoXForCausalLM):\n    config_class = Config\n"
    )
    settings = json.loads((path / "config.json").read_text()) | {
        "model_type": "own",
        "auto_map": {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"},
    }
    (path / "config.json").write_text(json.dumps(settings))
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", tmp_path / "modules")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(ValueError, match="custom code"):
        load_language_model(str(path))
    assert not ran.exists()
