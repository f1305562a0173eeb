"""One subtask, x², under a penalty on all weights: how many neurons stay, and how well they do.

The width is fixed and larger than needed. What is varied is the strength of the task's loss against
the penalty, and the number of neurons follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource.experiments._penalised import (
    Penalty,
    Schedule,
    check_penalties,
    fit,
    in_use,
)

WINDOW = tuple(round(float(strength), 3) for strength in np.geomspace(1.4, 22.6, 9))
BEYOND = (32.0, 45.3, 64.1)  # the same ratio of √2, on from the window
TRAINING = Schedule(12_000)


@dataclass(frozen=True)
class SparseScaling:
    """Settings of `sparse_scaling`.

    Attributes:
        penalties: the penalties, each with the width that the networks start with.
        strengths: factors of the mean squared error against the penalty, increasing.
        n_points: equidistant inputs on [-1, 1], all used in every step.
        schedule: the training.
        seeds: seeds of the initial parameters; one network of every penalty and strength per seed.
    """

    penalties: tuple[Penalty, ...] = (
        Penalty("L2", 0.0, 1e-4, 48),
        Penalty("L2, wide", 0.0, 1e-4, 96),
        Penalty("L1 + L2", 5e-5, 5e-5, 48),
        # |p| alone does not reward a second neuron for the work of one: no balance holds copies
        Penalty("L1", 1e-4, 0.0, 48),
    )
    strengths: tuple[float, ...] = (*WINDOW, *BEYOND)
    n_points: int = 40
    schedule: Schedule = TRAINING
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_penalties(self.penalties)
        for strength in self.strengths:
            _checks.number("strengths", strength, above=0)
        _checks.increasing("strengths", self.strengths)
        _checks.integer("n_points", self.n_points, minimum=3)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "sparse_scaling": SparseScaling(
        penalties=(Penalty("L2", 0.0, 1e-4, 32),),
        strengths=WINDOW[::2],
        schedule=Schedule(6_000),
        seeds=(0, 1, 2),
    )
}
STANDARD = {"sparse_scaling": SparseScaling(seeds=tuple(range(200, 212)))}


def sparse_scaling(settings: SparseScaling, *, progress: bool = False) -> xr.Dataset:
    """Train networks on x² under penalties; count the neurons left and measure the loss.

    A network f(x) = Σ_i v_i silu(w_i x + b_i) + c minimises
    strength · mean (f - x²)² + Σ (l1 |p| + l2 p²), the last sum over all w, b and v. A neuron is in
    use where |w| and |v| exceed 1e-3.

    Args:
        settings: penalties, strengths, training and seeds.
        progress: show a bar over penalties.

    Returns:
        Dataset with `neurons` and `loss` (penalty, strength, member, step), the neurons in use and
        the mean squared error (not halved, without penalty), and, at the end, `weight`, `bias` and
        `readout` (penalty, strength, member, neuron) of the neurons in use, the largest |w| first,
        0 where there are no more. Losses and weights to four digits.

    Raises:
        FloatingPointError: If members diverge.

    Source: growth by strength, target and SiLU after Song et al. 2024 (figure 2); penalties, width
    and training are ours. Equal to plain loops in `tests/test_resource_sparse.py`.

    >>> small = SparseScaling(strengths=(4.0,), schedule=Schedule(2, n_measured=2), seeds=(0,))
    >>> dict(sparse_scaling(small)["loss"].sizes)
    {'penalty': 4, 'strength': 1, 'member': 1, 'step': 2}
    """
    arms = _progress.bar(settings.penalties, show=progress)
    runs = [_train(settings, penalty) for penalty in arms]
    neurons, losses = np.stack([run[0] for run in runs]), np.stack([run[1] for run in runs])
    most = max(1, int(neurons[..., -1].max()))
    # (penalty, parameter, strength, member, neuron), narrow networks filled up with 0
    left = np.zeros((len(runs), 3, *neurons.shape[1:3], most))
    for row, (_, _, kept) in zip(left, runs, strict=True):
        row[..., : kept.shape[-1]] = kept[..., :most]
    dims = ("penalty", "strength", "member")
    described = {
        "neurons": ("step", neurons.astype(np.int16), "neurons", "neurons in use"),
        "loss": ("step", records.significant(losses), "1", "mean squared error"),
        "weight": (
            "neuron",
            records.significant(left[:, 0]),
            "1",
            "input weight of neurons in use",
        ),
        "bias": ("neuron", records.significant(left[:, 1]), "1", "bias of neurons in use"),
        "readout": (
            "neuron",
            records.significant(left[:, 2]),
            "1",
            "readout weight of neurons in use",
        ),
    }
    return xr.Dataset(
        {
            name: ((*dims, last), values, {"units": units, "long_name": label})
            for name, (last, values, units, label) in described.items()
        },
        coords={
            "penalty": [penalty.name for penalty in settings.penalties],
            "strength": ("strength", np.asarray(settings.strengths), {"units": "1"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", settings.schedule.measured(), {"units": "Adam steps"}),
        },
    )


def _train(
    settings: SparseScaling, penalty: Penalty
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Return neurons and losses, (strength, member, step), and [w, b, v] of the neurons in use."""
    grid = (len(settings.strengths), len(settings.seeds))
    count = grid[0] * grid[1]
    model = MLPEnsemble(
        1, [penalty.width] * count, seeds=settings.seeds * grid[0], activation="silu"
    )
    x = torch.linspace(-1, 1, settings.n_points)[:, None].expand(count, -1, -1)
    strengths = torch.tensor(settings.strengths).repeat_interleave(grid[1])[:, None]
    neurons, losses = fit(model, x, x.square(), strengths, penalty, settings.schedule)
    w, b, v = (p.detach().flatten(1) for p in model.parameters[:3])
    used = in_use(model.parameters)
    order = (w.abs() * used).argsort(1, descending=True)
    left = torch.stack([(p * used).gather(1, order) for p in (w, b, v)])
    return (
        neurons.reshape(*grid, -1).numpy(),
        losses.reshape(*grid, -1).numpy(),
        left.reshape(3, *grid, -1).numpy(),
    )
