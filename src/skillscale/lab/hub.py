"""Language models to study: a published one where it can be had, a small one of our own elsewhere.

A published model comes from a folder, from the local cache or from the Hugging Face hub, through
`transformers` (the extra `lm`). Where none of them can serve, a small transformer is trained on the
text that ships with Python, and says so.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from skillscale import _checks
from skillscale.lab import corpus, language
from skillscale.lab.randomness import Stream

__all__ = ["EmbeddedModel", "LanguageModel", "Tokenizer", "load_language_model"]

_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_TRUE = {"1", "ON", "YES", "TRUE"}
_INSTALL = "transformers is not installed (pip install 'skillscale[lm]')"
_SECONDS = 10.0


class Tokenizer(Protocol):
    """Strings to integers and back."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Text of each token number."""

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text."""

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of a sequence of token numbers."""


@dataclass(frozen=True)
class EmbeddedModel(language.Recipe):
    """Settings of the small transformer that is trained where no published model is at hand.

    `seed` decides the split of the text, the initial weights and the batches.
    """

    seed: int = 0


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model with its tokenizer, and where they come from."""

    #: tokens (row, position) -> logits (row, position, at least the vocabulary's size)
    model: nn.Module
    tokenizer: Tokenizer
    context: int  #: longest row
    name: str  #: what was asked for, or "embedded"
    source: str  #: "local folder", "local cache", "hub" or "embedded"
    note: str  #: where it comes from and, if it is not what was asked for, why
    held_out: tuple[str, ...] = ()  #: texts that the embedded model was not trained on


def load_language_model(
    name: str = "embedded",
    *,
    revision: str | None = None,
    embedded: EmbeddedModel | None = None,
) -> LanguageModel:
    """Return a language model by name: from a folder, the local cache, the hub, or trained here.

    A folder is read or an error is raised. Any other name is looked for in the local cache, then,
    unless HF_HUB_OFFLINE=1 is in the environment, on the hub. If that fails, or
    `transformers` is not installed, the embedded model takes its place: with a warning, and with
    the reason in `note`. Code of its own that a model brings is not run.

    Args:
        name: "embedded", a folder that `save_pretrained` wrote, or a model of the hub such as
            "EleutherAI/pythia-70m".
        revision: branch, tag or commit on the hub, such as "step3000".
        embedded: settings of the embedded model.

    Source: derived here; `tests/test_hub.py`.

    >>> tiny = EmbeddedModel(n_tokens=97, width=4, n_layers=1, n_heads=1, context=8, steps=1)
    >>> load_language_model(embedded=tiny).source
    'embedded'
    """
    is_folder = name not in ("", "embedded") and Path(name).is_dir()
    if (name == "embedded" or is_folder) and revision is not None:
        raise ValueError(f"revision must be None for {name!r}, got {revision!r}")
    if name == "embedded":
        return _embedded(embedded)
    if not is_folder and not _HUB_NAME.fullmatch(name):
        raise ValueError(
            "name must be 'embedded', an existing folder or a model of the hub (owner/name), "
            f"got {name!r}"
        )
    options = {} if revision is None else {"revision": revision}
    asked = name if revision is None else f"{name} at {revision}"
    try:
        import transformers
    except ImportError as error:
        if is_folder:
            raise ImportError(f"{_INSTALL}, so the folder {name!r} cannot be read") from error
        return _replaced(asked, _INSTALL, embedded)
    if is_folder:
        parts = _pretrained(transformers, name, local_files_only=True)
        return _published(parts, name, "local folder", f"{name}, read from a folder")
    try:
        parts = _pretrained(transformers, name, local_files_only=True, **options)
        source, note = "local cache", f"{asked}, from the local cache"
    except OSError:
        reason = _unreachable(name, revision)
        if reason is None:
            try:
                parts = _pretrained(transformers, name, **options)
            except OSError as error:
                reason = f"loading it from the hub failed ({_first_line(error)})"
        if reason is not None:
            return _replaced(asked, f"not in the local cache, and {reason}", embedded)
        source, note = "hub", f"{asked}, from the Hugging Face hub"
    return _published(parts, name, source, note)


def _unreachable(name: str, revision: str | None) -> str | None:
    """Why the hub cannot serve a model, or None if it can.

    One request tells: transformers itself repeats each of its requests for half a minute and more
    when there is no network.
    """
    import huggingface_hub

    # The library reads the variable when it is imported; it may have been set since.
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE or huggingface_hub.is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    try:
        huggingface_hub.HfApi().model_info(name, revision=revision, timeout=_SECONDS)
    except Exception as error:  # which one says "no network" depends on the library's version
        return f"the hub does not give it ({_first_line(error)})"
    return None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _pretrained(transformers: Any, name: str, **options: Any) -> tuple[Any, Any]:
    """Model and tokenizer; OSError if a file of theirs is not to be had.

    Left unset, the option to trust would ask on the terminal whether to run a model's own code.
    """
    options["trust_remote_code"] = False
    network = transformers.AutoModelForCausalLM.from_pretrained(name, **options)
    return network, transformers.AutoTokenizer.from_pretrained(name, **options)


def _published(parts: tuple[Any, Any], name: str, source: str, note: str) -> LanguageModel:
    network, tokenizer = parts
    return LanguageModel(
        model=_Logits(network).float().eval(),
        tokenizer=_PublishedTokenizer(tokenizer),
        context=int(network.config.max_position_embeddings),
        name=name,
        source=source,
        note=f"{note}.",
    )


def _replaced(asked: str, reason: str, settings: EmbeddedModel | None) -> LanguageModel:
    note = f"This is the embedded model in place of {asked}: {reason}."
    warnings.warn(note, stacklevel=3)
    return _embedded(settings, note)


def _embedded(settings: EmbeddedModel | None, note: str = "") -> LanguageModel:
    s = settings or EmbeddedModel()
    _checks.integer("seed", s.seed, minimum=0)
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=s.n_tokens)
    training, held_out = corpus.split_sections(documents, held_out=s.held_out, seed=s.seed)
    model = language.trained(
        s,
        len(tokenizer.vocabulary),
        [tokenizer.encode(text) for text in training],
        rng=Stream(s.seed, "embedded").at(0),
    )
    trained = f"Trained here for {s.steps} steps on the text that ships with Python, seed {s.seed}."
    return LanguageModel(
        model=model.eval(),
        tokenizer=tokenizer,
        context=s.context,
        name="embedded",
        source="embedded",
        note=f"{note} {trained}".strip(),
        held_out=held_out,
    )


class _Logits(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        # Rows are full: without a mask, a token that is also used for padding draws a warning.
        mask = torch.ones_like(tokens)
        answer = self.network(input_ids=tokens, attention_mask=mask, use_cache=False)
        logits: Tensor = answer.logits
        return logits


@dataclass(frozen=True)
class _PublishedTokenizer:
    """A tokenizer of transformers that adds nothing to a text and leaves out nothing."""

    tokenizer: Any

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def decode(self, numbers: Sequence[int]) -> str:
        options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
        return str(self.tokenizer.decode(list(numbers), **options))

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        return tuple(self.decode([number]) for number in range(len(self.tokenizer)))
