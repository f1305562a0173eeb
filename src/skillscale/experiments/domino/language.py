"""Speed-ups found in models of skill learning, carried to a small language model.

Every arm changes one thing about the training of a transformer: the weights of the tokens in the
loss, the update rule, or the matrices of the MLPs. All arms get the same text, number of steps,
schedule and number of learning rates to try.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import corpus, language
from skillscale.lab.optimizers import Adam, Lion, Optimizer, SignDescent
from skillscale.lab.streams import Stream
from skillscale.lab.training import flushed_denormals

Floats = NDArray[np.float64]
Documents = Sequence[Sequence[int]]

GROUPS = ("frequent", "middle", "rare")
_RULES: dict[str, Callable[[float, float], Optimizer]] = {
    "adamw": lambda lr, decay: Adam(lr, betas=(0.9, 0.98), weight_decay=decay),
    "sign": lambda lr, decay: SignDescent(lr, weight_decay=decay),
    "lion": lambda lr, decay: Lion(lr, weight_decay=decay),
}


@dataclass(frozen=True)
class Arm:
    """What one arm does.

    Attributes:
        name: of the arm.
        rates: learning rates tried.
        rule: "adamw", "sign" (the gradient's signs alone) or "lion".
        own_loss_power: power of a token's own loss in its weight; 0 weighs all alike.
        mlp_blocks: blocks on the diagonal of the MLP matrices.
        mlp_expansion: hidden neurons of an MLP per number of its input.
    """

    name: str
    rates: tuple[float, ...]
    rule: str = "adamw"
    own_loss_power: float = 0.0
    mlp_blocks: int = 1
    mlp_expansion: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.increasing("rates", self.rates)
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        _checks.choice("rule", self.rule, tuple(_RULES))
        _checks.number("own_loss_power", self.own_loss_power, minimum=0)
        for name in ("mlp_blocks", "mlp_expansion"):
            _checks.integer(name, getattr(self, name), minimum=1)


@dataclass(frozen=True)
class LanguageSpeedups:
    """Settings of `language_speedups`.

    Attributes:
        arms: what is compared; the first is the baseline by convention.
        recipe: text, network and training; its rate is not used.
        weight_decay: decoupled decay per unit of learning rate, in every arm.
        every: steps between measurements of the followed networks, a divisor of the steps.
        n_windows: held-out windows, evenly spaced, on which losses are measured.
        tuning_seeds: seeds of the networks on which rates are tried.
        seeds: seeds of the networks that are followed; a seed decides on the split of the text,
            the initial weights and the order of the text, alike in all arms.
    """

    arms: tuple[Arm, ...]
    recipe: language.Recipe = field(
        default_factory=lambda: language.Recipe(context=32, batch_size=16)
    )
    weight_decay: float = 0.01
    every: int = 25
    n_windows: int = 192
    tuning_seeds: tuple[int, ...] = (100, 101)
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"arms must have distinct names, at least one, got {names!r}")
        for arm in self.arms:
            if len(arm.rates) != len(self.arms[0].rates):
                raise ValueError(
                    f"rates must be equally many in all arms, {len(self.arms[0].rates)}, "
                    f"got {len(arm.rates)} in {arm.name!r}"
                )
            if self.recipe.width % arm.mlp_blocks:
                raise ValueError(
                    f"mlp_blocks must divide the width {self.recipe.width}, "
                    f"got {arm.mlp_blocks} in {arm.name!r}"
                )
        _checks.number("weight_decay", self.weight_decay, minimum=0)
        _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.seeds("seeds", self.seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        _checks.integer("n_windows", self.n_windows, minimum=1)
        if self.recipe.steps % _checks.integer("every", self.every, minimum=1):
            raise ValueError(f"every must divide the {self.recipe.steps} steps, got {self.every}")


_ADAMW, _SIGN, _LION = (
    (2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2),
    (1.6e-3, 3.2e-3, 6.4e-3, 1.28e-2, 2.56e-2),
    (4e-4, 8e-4, 1.6e-3, 3.2e-3, 6.4e-3),
)
LIVE = {
    "language_speedups": LanguageSpeedups(
        arms=(
            Arm("AdamW", (8e-3,)),
            Arm("own loss", (8e-3,), own_loss_power=1.0),
            Arm("sign descent", (6.4e-3,), rule="sign"),
        ),
        recipe=language.Recipe(
            n_tokens=400, width=32, n_layers=1, context=24, batch_size=12, steps=120
        ),
        every=12,
        n_windows=64,
        seeds=(0,),
    )
}
STANDARD = {
    "language_speedups": LanguageSpeedups(
        arms=(
            Arm("AdamW", _ADAMW),
            Arm("own loss", _ADAMW, own_loss_power=1.0),
            Arm("root of own loss", _ADAMW, own_loss_power=0.5),
            Arm("sign descent", _SIGN, rule="sign"),
            Arm("Lion", _LION, rule="lion"),
            Arm("4 blocks", _ADAMW, mlp_blocks=4),
            Arm("4 wide blocks", _ADAMW, mlp_blocks=4, mlp_expansion=16),
        ),
        seeds=tuple(range(200, 212)),
    )
}


def language_speedups(settings: LanguageSpeedups, *, progress: bool = False) -> xr.Dataset:
    """Held-out loss over training, per arm at the best of its learning rates.

    The best rate has the smallest mean final held-out loss over `tuning_seeds`; a run whose loss is
    not finite counts as infinitely bad. With one rate there is nothing to try. Losses are plain
    cross entropy whatever the arm trains on.

    Args:
        settings: arms, text, networks and seeds.
        progress: show a bar over arms.

    Returns:
        Dataset with `loss` (member, arm, step), the mean over all positions of held-out windows, in
        nats; `group_loss` (member, arm, group), the same at the end over frequent, middle and rare
        tokens, each a third of the training text; `tuning_loss` (tuning_member, arm, tried) and
        `tried_rate` (arm, tried); `rate` (arm), the best.

    Source: derived here; `tests/test_domino_language.py`.

    >>> recipe = language.Recipe(n_tokens=97, width=4, n_layers=1, n_heads=1, context=4, steps=2)
    >>> small = LanguageSpeedups((Arm("AdamW", (1e-3,)),), recipe, every=1, n_windows=2,
    ...                          tuning_seeds=(0,), seeds=(1, 2))
    >>> language_speedups(small)["loss"].shape
    (2, 1, 3)
    """
    arms = settings.arms
    texts = _texts(settings)
    tuning = np.full((len(settings.tuning_seeds), len(arms), len(arms[0].rates)), np.nan)
    best = np.empty(len(arms))
    steps = np.arange(0, settings.recipe.steps + 1, settings.every)
    loss = np.empty((len(settings.seeds), len(arms), len(steps)), np.float32)
    groups = np.empty((len(settings.seeds), len(arms), len(GROUPS)), np.float32)
    for a, arm in _progress.bar(list(enumerate(arms)), show=progress):
        if len(arm.rates) > 1:
            for s, r in np.ndindex(tuning[:, a].shape):
                text = texts[settings.tuning_seeds[s]]
                final = _run(settings, arm, arm.rates[r], text, steps[-1:])[-1]
                tuning[s, a, r] = final.double().mean()
        mean = np.where(np.isfinite(tuning[:, a]), tuning[:, a], np.inf).mean(0)
        best[a] = arm.rates[int(mean.argmin())]
        for s, seed in enumerate(settings.seeds):
            curve = _run(settings, arm, best[a], texts[seed], steps)
            loss[s, a] = curve.double().mean((1, 2))
            groups[s, a] = [
                curve[-1][texts[seed].group == group].double().mean()
                for group in range(len(GROUPS))
            ]
    nats, one = {"units": "nats"}, {"units": "1"}
    return xr.Dataset(
        {
            "loss": (("member", "arm", "step"), loss, {**nats, "long_name": "held-out loss"}),
            "group_loss": (
                ("member", "arm", "group"),
                groups,
                {**nats, "long_name": "final held-out loss on a third of the text"},
            ),
            "tuning_loss": (
                ("tuning_member", "arm", "tried"),
                tuning.astype(np.float32),
                {**nats, "long_name": "final held-out loss of networks not judged"},
            ),
            "tried_rate": (
                ("arm", "tried"),
                np.array([arm.rates for arm in arms]),
                {**one, "long_name": "learning rate tried"},
            ),
            "rate": (("arm",), best, {**one, "long_name": "best learning rate"}),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "tuning_seed": ("tuning_member", np.asarray(settings.tuning_seeds)),
            "arm": [arm.name for arm in arms],
            "group": list(GROUPS),
            "step": ("step", steps, {"units": "optimizer steps"}),
        },
    )


@dataclass(frozen=True)
class _Text:
    """One seed's text: what is trained on, held-out windows and their targets' groups."""

    seed: int
    n_tokens: int
    training: Documents
    rows: Tensor
    group: Tensor


def _texts(settings: LanguageSpeedups) -> dict[int, _Text]:
    """Return the text of every seed, the vocabulary from all of it."""
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=settings.recipe.n_tokens)
    numbers = {text: tokenizer.encode(text) for text in documents}
    found = {}
    for seed in (*settings.tuning_seeds, *settings.seeds):
        split = corpus.split_sections(documents, held_out=settings.recipe.held_out, seed=seed)
        training, rest = ([numbers[text] for text in part] for part in split)
        rows = corpus.windows(rest, context=settings.recipe.context)
        chosen = torch.linspace(0, len(rows) - 1, min(settings.n_windows, len(rows))).long()
        rows, n_tokens = rows[chosen], len(tokenizer.vocabulary)
        counts = np.bincount(np.concatenate([np.asarray(d) for d in training]), minlength=n_tokens)
        group = torch.from_numpy(frequency_groups(counts, len(GROUPS)))[rows[:, 1:]]
        found[seed] = _Text(seed, n_tokens, training, rows, group)
    return found


def frequency_groups(counts: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Cut tokens, most frequent first, into groups of about equal total count.

    Args:
        counts: how often each token occurs, shape (token,).
        n_groups: number of groups.

    Returns:
        Each token's group, 0 the most frequent: that in which the middle of its own share of the
        total lies, so a group misses its share by at most half a token at each end.

    Source: derived here; `tests/test_domino_language.py`.

    >>> frequency_groups(np.array([1, 4, 1, 2]), 2)
    array([1, 0, 1, 1])
    """
    order = np.argsort(-counts, kind="stable")
    middle = np.cumsum(counts[order]) - counts[order] / 2
    groups = np.empty(len(counts), np.int64)
    groups[order] = np.minimum(n_groups * middle / counts.sum(), n_groups - 1).astype(np.int64)
    return groups


def _run(
    settings: LanguageSpeedups, arm: Arm, rate: float, text: _Text, at: NDArray[np.int64]
) -> Tensor:
    """Train one network; return losses of held-out tokens (step, row, position) at some steps."""
    recipe = settings.recipe
    draws = Stream(text.seed, "language speed-ups").at(0)
    initial, batches = (int(seed) for seed in draws.integers(2**31, size=2))
    model = language.Transformer(
        text.n_tokens,
        width=recipe.width,
        n_layers=recipe.n_layers,
        n_heads=recipe.n_heads,
        context=recipe.context,
        seed=initial,
        mlp_blocks=arm.mlp_blocks,
        mlp_expansion=arm.mlp_expansion,
    )
    wanted, found = set(at.tolist()), []

    def observe(step: int) -> None:
        if step in wanted:
            found.append(language.token_losses(model, text.rows))

    with flushed_denormals():
        language.train(
            model,
            text.training,
            steps=recipe.steps,
            batch_size=recipe.batch_size,
            context=recipe.context,
            seed=batches,
            optimizer=_RULES[arm.rule](rate, settings.weight_decay),
            own_loss_power=arm.own_loss_power,
            observe=observe,
        )
    return torch.stack(found)
