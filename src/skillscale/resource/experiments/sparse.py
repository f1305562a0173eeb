"""One subtask, x², under a penalty on all weights: how many neurons stay, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
import xarray as xr

from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.settings import Seeds, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.resource.experiments._penalised import (
    Penalties,
    Penalty,
    Schedule,
    Strengths,
    called,
    fit,
    in_use,
    unfolded,
)

WINDOW = tuple(round(float(strength), 3) for strength in np.geomspace(1.4, 22.6, 9))
BEYOND = (32.0, 45.3, 64.1, 128.0, 256.0)  # up to where most networks have found biases
TRAINING = Schedule(12_000)


@dataclass(frozen=True)
class SparseScaling(Experiment):
    """Train networks on x² under penalties; count the neurons left and measure the loss.

    A network f(x) = Σ_i v_i silu(w_i x + b_i) + c, wider than needed, minimises strength · mean (f
    - x²)² + Σ (l1 |p| + l2 p²), the last sum over all w, b and v. A neuron is in use where |w| and
    |v| exceed 1e-3.

    `neurons` and `loss` (penalty, strength, member, step), in use, and the mean squared error (not
    halved, without penalty); at the end, `weight`, `bias` and `readout` (penalty, strength, member,
    neuron) of the neurons in use, the largest |w| first, 0 where there are no more. Losses and
    weights to four digits.

    Source: target, SiLU and strengths after Song et al. 2024 (figure 2), the rest is ours.
    """

    penalties: Penalties = (
        Penalty("L2", 0.0, 1e-4, 48),
        Penalty("L2, wide", 0.0, 1e-4, 96),
        Penalty("L1 + L2", 5e-5, 5e-5, 48),
        # |p| alone does not reward a second neuron for the work of one: no balance holds copies
        Penalty("L1", 1e-4, 0.0, 48),
    )  #: each with the width that the networks start with
    strengths: Strengths = (*WINDOW, *BEYOND)  #: factors of the mean squared error
    n_points: Annotated[int, whole(3)] = 40  #: equidistant inputs on [-1, 1], all in every step
    schedule: Schedule = TRAINING  #: the training
    seeds: Seeds = tuple(range(12))  #: of the initial parameters, alike for all strengths

    order = ("penalty", "strength", "member", "step", "neuron")
    about = {
        "neurons": ("neurons", "neurons in use"),
        "loss": ("1", "mean squared error"),
        "weight": ("1", "input weight of neurons in use"),
        "bias": ("1", "bias of neurons in use"),
        "readout": ("1", "readout weight of neurons in use"),
        "strength": ("1", ""),
        "step": ("Adam steps", ""),
    }

    def grid(self) -> Grid:
        return {"penalty": [penalty.name for penalty in self.penalties]}

    def coords(self) -> Coords:
        return {"strength": self.strengths, "step": self.schedule.measured()}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = super().collect(sweep)
        return found.isel(neuron=slice(max(1, int(found.neurons.isel(step=-1).max()))))

    def measure(self, penalty: str) -> Found:
        priced = called(penalty, self.penalties)
        grid = len(self.strengths), len(self.seeds)
        count = grid[0] * grid[1]
        model = MLPEnsemble(
            1, [priced.width] * count, seeds=self.seeds * grid[0], activation="silu"
        )
        x = torch.linspace(-1, 1, self.n_points)[:, None].expand(count, -1, -1)
        strengths = torch.tensor(self.strengths).repeat_interleave(grid[1])[:, None]
        neurons, losses = fit(model, x, x.square(), strengths, priced, self.schedule)
        parameters = [p.detach().flatten(1) for p in model.parameters[:3]]
        used = in_use(model.parameters)
        order = (parameters[0].abs() * used).argsort(1, descending=True)
        # narrow networks are filled up with 0
        left = np.zeros((3, count, max(each.width for each in self.penalties)))
        for values, p in zip(left, parameters, strict=True):
            values[:, : priced.width] = (p * used).gather(1, order)
        weight, bias, readout = records.significant(left)
        parts = {
            "neurons": (("step",), neurons.numpy().astype(np.int16)),
            "loss": (("step",), records.significant(losses[..., 0].numpy())),
            "weight": (("neuron",), weight),
            "bias": (("neuron",), bias),
            "readout": (("neuron",), readout),
        }
        return unfolded(parts, strength=grid[0], member=grid[1])


SparseScaling.records = {
    "resource_sparse_scaling": {
        "live": SparseScaling(
            penalties=(Penalty("L2", 0.0, 1e-4, 32),),
            strengths=WINDOW[::2],
            schedule=Schedule(6_000),
            seeds=(0, 1, 2),
        ),
        "standard": SparseScaling(seeds=tuple(range(300, 348))),
    }
}
