"""Networks of noisy neurons that learn from few samples with noisy labels.

The neurons are those of `noise_scaling`, but hidden layer and readout are fitted to samples drawn
from the interval and are judged on all of it. Inputs are drawn from a fine grid, with replacement,
so that samples at one place collapse to their number and mean label, and any number of samples
costs as much as one pass over the grid.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.resource.experiments import _noisy
from skillscale.resource.experiments.noise import TARGETS, initial


@dataclass(frozen=True)
class NoiseSamples:
    """Settings of `noise_samples`.

    Attributes:
        target: name of the target function on [-1, 1], scaled to rms 1.
        samples: numbers of samples D.
        widths: numbers of hidden neurons N.
        noise: σ, standard deviation of a neuron's output noise over its output, at every input.
        label_noise: τ, standard deviation of a label's noise over the rms of the target. By
            default a label is as unreliable as a neuron.
        n_points: equidistant inputs on [-1, 1], from which samples are drawn.
        steps: Adam steps of the hidden layer.
        lr: learning rate of Adam, annealed to 0 as a half cosine.
        spread: standard deviation of the initial weights and biases.
        seeds: one network of every width and number of samples per seed.
    """

    target: str = "sine"
    samples: tuple[int, ...] = (16, 64, 256, 1024, 4096, 16384)
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    noise: float = 0.1
    label_noise: float = 0.1
    n_points: int = 128
    steps: int = 800
    lr: float = 0.1
    spread: float = 2.0
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.choice("target", self.target, tuple(TARGETS))
        for name in ("samples", "widths"):
            for size in getattr(self, name):
                _checks.integer(name, size, minimum=1)
        _checks.number("noise", self.noise, above=0)
        _checks.number("label_noise", self.label_noise, minimum=0)
        _checks.integer("n_points", self.n_points, minimum=2)
        _checks.integer("steps", self.steps, minimum=0)
        _checks.number("lr", self.lr, above=0)
        _checks.number("spread", self.spread, above=0)
        _checks.seeds("seeds", self.seeds)
        if not (self.samples and self.widths):
            raise ValueError("samples and widths must not be empty")


LIVE = {
    "noise_samples": NoiseSamples(
        samples=(16, 256, 4096), widths=(16, 32, 64), n_points=64, steps=100, seeds=(0, 1, 2)
    )
}
STANDARD = {"noise_samples": NoiseSamples()}


def noise_samples(settings: NoiseSamples, *, progress: bool = False) -> xr.Dataset:
    """Expected loss on the whole interval of noisy networks fitted to samples.

    Args:
        settings: sizes, training and seeds.
        progress: show a bar over widths.

    Returns:
        Dataset with dims (member, samples, width): `loss`, the expected mean squared error on the
        grid (not halved; noise of the neurons included, noise of the labels not); and (member,
        width) `whole`, that of a network fitted to the grid itself without label noise. Both in
        units of the target's mean square.

    Raises:
        FloatingPointError: If networks diverge.
    """
    x = torch.linspace(-1, 1, settings.n_points, dtype=torch.float64)
    target = TARGETS[settings.target](x)
    target = target / target.square().mean().sqrt()
    drawn = [
        draw(seed, size, target, settings.label_noise)
        for seed in settings.seeds
        for size in settings.samples
    ]
    share, labels = (torch.stack(column) for column in zip(*drawn, strict=True))
    streams = np.repeat(settings.seeds, len(settings.samples)).tolist()
    fit = partial(_noisy.train, noise=settings.noise, lr=settings.lr, steps=settings.steps)
    few, whole = [], []
    for width in _progress.bar(settings.widths, show=progress):
        start = initial(streams, width, settings.spread)
        few.append(_noisy.loss(fit(start, x, labels, share), x, target, settings.noise))
        start = initial(settings.seeds, width, settings.spread)
        whole.append(_noisy.loss(fit(start, x, target), x, target, settings.noise))
    shape = (len(settings.seeds), len(settings.samples), len(settings.widths))
    loss = torch.stack(few, dim=-1).reshape(shape).numpy()
    units = {"units": "mean square of the target"}
    return xr.Dataset(
        {
            "loss": (
                ("member", "samples", "width"),
                records.significant(loss),
                {**units, "long_name": "expected loss on the whole interval"},
            ),
            "whole": (
                ("member", "width"),
                records.significant(torch.stack(whole, dim=-1).numpy()),
                {**units, "long_name": "expected loss after a fit to the whole interval"},
            ),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "samples": ("samples", np.asarray(settings.samples), {"units": "samples"}),
            "width": ("width", np.asarray(settings.widths), {"units": "neurons"}),
        },
    )


def draw(seed: int, size: int, target: Tensor, label_noise: float) -> tuple[Tensor, Tensor]:
    """Samples drawn from the points of a grid, collapsed to shares and mean labels.

    Args:
        seed: together with `size` it names a stream of its own.
        size: number of samples.
        target: shape (point,).
        label_noise: standard deviation of a label's noise.

    Returns:
        Share of the samples at every point, and their mean label, 0 where there is none; each of
        shape (point,).
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(size,)))
    where = rng.integers(len(target), size=size)
    labels = target.numpy()[where] + label_noise * rng.normal(size=size)
    count = np.bincount(where, minlength=len(target))
    total = np.bincount(where, weights=labels, minlength=len(target))
    return torch.from_numpy(count / size), torch.from_numpy(total / np.maximum(count, 1))
