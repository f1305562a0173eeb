"""Networks of noisy neurons that learn from few samples with noisy labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale.lab import records
from skillscale.lab.settings import Counts, NonNegative, Positive, Seeds, Steps, whole, word
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.resource.experiments import _noisy
from skillscale.resource.experiments.noise import TARGETS, initial


@dataclass(frozen=True)
class NoiseSamples(Experiment):
    """Expected loss on the whole interval of noisy networks fitted to samples.

    The neurons are those of `NoiseScaling`, but hidden layer and readout are fitted to samples.
    Inputs are drawn from a fine grid, with replacement, so that samples at one place collapse to
    their number and mean label, and any number of samples costs as much as one pass over the grid.

    `loss` (member, samples, width) is the expected mean squared error on the grid (not halved;
    noise of the neurons included, noise of the labels not); `whole` (member, width) that of a
    network fitted to the grid itself without label noise. Both in units of the target's mean
    square, to four digits.

    Source: derived here; tested on samples one by one and on the whole grid.
    """

    target: Annotated[str, word(*TARGETS)] = "sine"  #: function on [-1, 1], scaled to rms 1
    samples: Counts = (16, 64, 256, 1024, 4096, 16384)  #: numbers of samples D
    widths: Counts = (16, 32, 64, 128, 256)  #: numbers of hidden neurons N
    noise: Positive = 0.1  #: σ, deviation of a neuron's output noise over its output, at each input
    # by default a label is as unreliable as a neuron
    label_noise: NonNegative = 0.1  #: τ, deviation of a label's noise over the rms of the target
    n_points: Annotated[int, whole(2)] = 128  #: equidistant inputs on [-1, 1], drawn as samples
    steps: Steps = 800  #: Adam steps of the hidden layer
    lr: Positive = 0.1  #: learning rate of Adam, annealed to 0 as a half cosine
    spread: Positive = 2.0  #: standard deviation of the initial weights and biases
    seeds: Seeds = tuple(range(200, 212))  #: one network of every width and number of samples each

    order = ("member", "samples", "width")
    about = {
        "loss": ("mean square of the target", "expected loss on the whole interval"),
        "whole": ("mean square of the target", "expected loss after a fit to the whole interval"),
        "samples": ("samples", ""),
        "width": ("neurons", ""),
    }

    def grid(self) -> Grid:
        return {"width": self.widths}

    def coords(self) -> Coords:
        return {"samples": self.samples}

    def measure(self, width: int) -> Found:
        x = torch.linspace(-1, 1, self.n_points, dtype=torch.float64)
        target = TARGETS[self.target](x)
        target = target / target.square().mean().sqrt()
        drawn = [
            draw(seed, size, target, self.label_noise)
            for seed in self.seeds
            for size in self.samples
        ]
        share, labels = (torch.stack(column) for column in zip(*drawn, strict=True))
        fit = partial(_noisy.train, noise=self.noise, lr=self.lr, steps=self.steps)
        # all fits of a seed have the same start
        streams = np.repeat(self.seeds, len(self.samples)).tolist()
        few = fit(initial(streams, width, self.spread), x, labels, share)
        whole = fit(initial(self.seeds, width, self.spread), x, target)
        loss, least = (_noisy.loss(layer, x, target, self.noise) for layer in (few, whole))
        return {
            "loss": (
                ("member", "samples"),
                records.significant(loss.reshape(len(self.seeds), -1).numpy()),
            ),
            "whole": ("member", records.significant(least.numpy())),
        }


NoiseSamples.records = {
    "resource_noise_samples": {
        "live": NoiseSamples(
            samples=(16, 256, 4096), widths=(16, 32, 64), n_points=64, steps=100, seeds=(0, 1, 2)
        ),
        "standard": NoiseSamples(),
    },
    "resource_noise_excess": {
        "standard": NoiseSamples(
            samples=(1024, 4096, 16384), widths=(256,), seeds=tuple(range(340, 404))
        )
    },
}


def draw(seed: int, size: int, target: Tensor, label_noise: float) -> tuple[Tensor, Tensor]:
    """Return the share of samples at every point of a grid, and their mean label, 0 without any.

    Seed and size name a stream of random numbers together.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(size,)))
    where = rng.integers(len(target), size=size)
    labels = target.numpy()[where] + label_noise * rng.normal(size=size)
    count = np.bincount(where, minlength=len(target))
    total = np.bincount(where, weights=labels, minlength=len(target))
    return torch.from_numpy(count / size), torch.from_numpy(total / np.maximum(count, 1))
