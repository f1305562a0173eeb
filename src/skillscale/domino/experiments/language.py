"""Speed-ups found in models of skill learning, carried to a small language model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.lab import corpus, language
from skillscale.lab.optimizers import Adam, Lion, Optimizer, SignDescent
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, NonNegative, Rates, Seeds, Settings, word
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.lab.training import flushed_denormals

GROUPS = ("frequent", "middle", "rare")
_RULES: dict[str, Callable[[float, float], Optimizer]] = {
    "adamw": lambda lr, decay: Adam(lr, betas=(0.9, 0.98), weight_decay=decay),
    "sign": lambda lr, decay: SignDescent(lr, weight_decay=decay),
    "lion": lambda lr, decay: Lion(lr, weight_decay=decay),
}


@dataclass(frozen=True)
class Arm(Settings):
    """What one arm does."""

    name: str
    rates: Rates  #: learning rates tried
    rule: Annotated[str, word(*_RULES)] = "adamw"  #: "sign" takes the gradient's signs alone
    own_loss_power: NonNegative = 0.0  #: of a token's own loss in its weight; 0 weighs all alike
    mlp_blocks: Count = 1  #: blocks on the diagonal of the MLP matrices
    mlp_expansion: Count = 4  #: hidden neurons of an MLP per number of its input


@dataclass(frozen=True)
class LanguageSpeedups(Experiment):
    """Held-out loss over training, per arm at the best of its learning rates.

    An arm changes one thing: the weights of tokens in the loss, the update rule, or the matrices of
    the MLPs; text, steps, schedule and number of rates are alike. The best rate has the smallest
    mean final held-out loss over `tuning_seeds`, where one not finite is infinitely bad; one rate
    is not tried.

    Held-out losses are plain cross entropy in nats: `loss` (member, arm, step) over all positions;
    `group_loss` (member, arm, group) at the end, by thirds of the training text; `tuning_loss`
    (tuning_member, arm, tried) at `tried_rate` (arm, tried); `rate` (arm), the best.

    Source: derived here.
    """

    arms: tuple[Arm, ...]  #: what is compared; the first is the baseline
    recipe: language.Recipe = field(  #: text, network and training; its rate is not used
        default_factory=lambda: language.Recipe(context=32, batch_size=16)
    )
    weight_decay: NonNegative = 0.01  #: decoupled, per unit of learning rate, in every arm
    every: Count = 25  #: steps between measurements, a divisor of the steps
    n_windows: Count = 192  #: held-out windows, evenly spaced, on which losses are measured
    tuning_seeds: Seeds = (100, 101)  #: of the networks on which rates are tried
    seeds: Seeds = tuple(range(200, 210))  #: split of the text, initial weights, order of the text

    order = ("member", "tuning_member", "arm", "tried", "group", "step")
    about = {
        "loss": ("nats", "held-out loss"),
        "group_loss": ("nats", "final held-out loss on a third of the text"),
        "tuning_loss": ("nats", "final held-out loss of networks not judged"),
        "tried_rate": ("1", "learning rate tried"),
        "rate": ("1", "best learning rate"),
    }

    def together(self) -> None:
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
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        if self.recipe.steps % self.every:
            raise ValueError(f"every must divide the {self.recipe.steps} steps, got {self.every}")

    def coords(self) -> Coords:
        return {
            "tuning_seed": ("tuning_member", np.asarray(self.tuning_seeds)),
            "arm": [arm.name for arm in self.arms],
            "group": list(GROUPS),
            "step": range(0, self.recipe.steps + 1, self.every),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        rates = np.array([arm.rates for arm in self.arms])
        arms = list(range(len(self.arms)))
        tried = sweep(self.measure_rates, {"arm": arms, "tuning_member": self.tuning_seeds})
        loss = tried.tuning_loss.astype(float)
        mean = loss.where(np.isfinite(loss), np.inf).mean("tuning_member")
        best = rates[arms, mean.argmin("tried")]
        chosen = list(zip(arms, best.tolist(), strict=True))
        found = sweep(self.measure, {"arm": chosen, "member": self.seeds})
        return found.merge(tried).assign(tried_rate=(("arm", "tried"), rates), rate=("arm", best))

    def measure_rates(self, arm: int, tuning_member: int) -> Found:
        """Return the final losses that decide on an arm's rate; nan for one without rivals."""
        chosen, last = self.arms[arm], [self.recipe.steps]
        losses = [
            _run(self, chosen, rate, tuning_member, last)[-1].double().mean()
            if len(chosen.rates) > 1
            else np.nan
            for rate in chosen.rates
        ]
        return {"tuning_loss": ("tried", np.array(losses, np.float32))}

    def measure(self, arm: tuple[int, float], member: int) -> Found:
        place, rate = arm
        at = range(0, self.recipe.steps + 1, self.every)
        curve = _run(self, self.arms[place], rate, member, at)
        group = _text(self, member).group
        last = [curve[-1][group == each].double().mean() for each in range(len(GROUPS))]
        return {
            "loss": ("step", curve.double().mean((1, 2)).numpy().astype(np.float32)),
            "group_loss": ("group", np.array(last, np.float32)),
        }


_ADAMW, _SIGN, _LION = (
    (2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2),
    (1.6e-3, 3.2e-3, 6.4e-3, 1.28e-2, 2.56e-2),
    (4e-4, 8e-4, 1.6e-3, 3.2e-3, 6.4e-3),
)
LanguageSpeedups.records = {
    "domino_language_speedups": {
        "live": LanguageSpeedups(
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
        ),
        "standard": LanguageSpeedups(
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
        ),
    }
}


@dataclass(frozen=True)
class _Text:
    """One seed's text: what is trained on, held-out windows and their targets' groups."""

    n_tokens: int
    training: Sequence[Sequence[int]]
    rows: Tensor
    group: Tensor


@functools.cache
def _read(n_tokens: int) -> tuple[corpus.Tokenizer, tuple[str, ...], dict[str, list[int]]]:
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=n_tokens)
    return tokenizer, documents, {text: tokenizer.encode(text) for text in documents}


@functools.lru_cache(maxsize=1)
def _text(of: LanguageSpeedups, seed: int) -> _Text:
    tokenizer, documents, numbers = _read(of.recipe.n_tokens)
    split = corpus.split_sections(documents, held_out=of.recipe.held_out, seed=seed)
    training, rest = ([numbers[text] for text in part] for part in split)
    rows = corpus.windows(rest, context=of.recipe.context)
    chosen = torch.linspace(0, len(rows) - 1, min(of.n_windows, len(rows))).long()
    rows, n_tokens = rows[chosen], len(tokenizer.vocabulary)
    counts = np.bincount(np.concatenate([np.asarray(d) for d in training]), minlength=n_tokens)
    group = torch.from_numpy(frequency_groups(counts, len(GROUPS)))[rows[:, 1:]]
    return _Text(n_tokens, training, rows, group)


def frequency_groups(counts: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Cut tokens by their counts into groups of about equal total, group 0 the most frequent.

    A token's group is that in which the middle of its own share of the total lies, so that a group
    misses its share by at most half a token at each end.

    >>> frequency_groups(np.array([1, 4, 1, 2]), 2)
    array([1, 0, 1, 1])
    """
    order = np.argsort(-counts, kind="stable")
    middle = np.cumsum(counts[order]) - counts[order] / 2
    groups = np.empty(len(counts), np.int64)
    groups[order] = np.minimum(n_groups * middle / counts.sum(), n_groups - 1).astype(np.int64)
    return groups


def _run(of: LanguageSpeedups, arm: Arm, rate: float, seed: int, at: Sequence[int]) -> Tensor:
    """Train one network; return losses of held-out tokens (step, row, position) at some steps."""
    recipe, text = of.recipe, _text(of, seed)
    draws = Stream(seed, "language speed-ups").at(0)
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
    found = []

    def observe(step: int) -> None:
        if step in at:
            found.append(language.token_losses(model, text.rows))

    with flushed_denormals():
        language.train(
            model,
            text.training,
            steps=recipe.steps,
            batch_size=recipe.batch_size,
            context=recipe.context,
            seed=batches,
            optimizer=_RULES[arm.rule](rate, of.weight_decay),
            own_loss_power=arm.own_loss_power,
            observe=observe,
        )
    return torch.stack(found)
