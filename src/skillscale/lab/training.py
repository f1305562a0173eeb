"""One plain training loop for ensembles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab import _memory
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.parity import Batch, Batches
from skillscale.lab.two_layer import TwoLayerGradient

Loss = Callable[[Tensor, Batch], Tensor]
Measure = Callable[[MLPEnsemble, int], dict[str, Tensor]]
Observe = Callable[[int, Batch, Tensor], None]
Gradient = Callable[[Batch], tuple[Tensor, Tensor, Sequence[Tensor]]]


def log_steps(steps: int, n: int) -> NDArray[np.int64]:
    """Return at most n whole numbers from 0 to `steps`: both ends and log-spaced ones between.

    >>> log_steps(1000, 5)
    array([   0,    1,   10,  100, 1000])
    """
    steps = _checks.integer("steps", steps, minimum=0)
    n = _checks.integer("n", n, minimum=2)
    inner = np.geomspace(1, steps, n - 1).round() if steps and n > 2 else np.empty(0)
    return np.unique(np.concatenate([[0, steps], inner])).astype(np.int64)


def mse(outputs: Tensor, batch: Batch) -> Tensor:
    """Return each member's weighted mean of (f - y)², shape (member,); there is no factor ½.

    `outputs` is (member, batch, n_outputs); targets are (member, batch) for one output, else shaped
    like `outputs`, and the error of a sample is its mean over outputs.
    """
    target = batch.target
    if target.ndim == outputs.ndim - 1:
        target = target.unsqueeze(-1)
    if target.shape != outputs.shape:
        raise ValueError(
            f"target must have the shape {tuple(outputs.shape)} of the outputs "
            f"(for one output without the last axis), got {tuple(batch.target.shape)}"
        )
    return _mean((outputs - target).square().mean(-1), batch.weight)


def cross_entropy(outputs: Tensor, batch: Batch) -> Tensor:
    """Return each member's weighted mean cross entropy in nats, shape (member,).

    With one output f the targets y are ±1 and a sample costs ln(1 + e^(-y f)): f is the log odds of
    +1. With more outputs the targets are class numbers, int64, and the outputs logits. Targets have
    shape (member, batch).
    """
    if batch.target.shape != outputs.shape[:-1]:
        raise ValueError(
            f"target must have shape {tuple(outputs.shape[:-1])}, got {tuple(batch.target.shape)}"
        )
    if outputs.shape[-1] == 1:
        each = functional.softplus(-batch.target * outputs.squeeze(-1))
    else:
        each = functional.cross_entropy(outputs.movedim(-1, 1), batch.target, reduction="none")
    return _mean(each, batch.weight)


_LOSSES: dict[str, Loss] = {"mse": mse, "cross_entropy": cross_entropy}


def train(
    model: MLPEnsemble,
    batches: Batches,
    *,
    optimizer: Optimizer,
    steps: int,
    loss: Literal["mse", "cross_entropy"] | Loss = "mse",
    measure: Measure,
    at: Iterable[int] | NDArray[np.int64],
    schedule: Callable[[int], float] | None = None,
    observe: Observe | None = None,
) -> dict[str, Tensor]:
    """Train all members together, each as if it were alone, and return what was measured.

    A member's numbers depend on its companions by rounding at most, and not at all for one hidden
    layer of ReLU with one output and the squared error: there the gradient is written out
    (`two_layer`), as for the cross entropy given by name; elsewhere it is autograd's, of the
    members' summed losses, so that a member's own loss alone drives it.

    Numbers too small for full precision are flushed to zero meanwhile: Adam's moments of rare
    skills decay into them, and arithmetic on them is slow. The process keeps the memory that a step
    frees for the next one (`_memory`).

    Args:
        model: The networks; changed in place.
        batches: Gives the batch of a step, with a leading member axis.
        loss: By name, see `mse` and `cross_entropy`, or a function of (outputs, batch) that returns
            one loss per member.
        measure: Called as measure(model, step), without gradients, when `step` updates are done;
            returns tensors with a leading member axis, under the same names each time.
        at: Steps to measure at, from 0 to `steps`; order and repetitions do not matter.
        schedule: Factor on all learning rates as a function of the step.
        observe: Called as observe(step, batch, outputs) at every step with the outputs
            (member, sample, n_outputs) that the gradient is computed from: on fresh batches a
            source of unbiased averages at no cost.

    Returns:
        For each name the measurements, shape (time, member, …), in ascending order of steps.

    Raises:
        FloatingPointError: If members have diverged by a measured step; the message names them.

    Source: derived here; equal to plain single-network loops in `tests/test_training.py`.

    >>> from skillscale.lab import optimizers, parity
    >>> model = MLPEnsemble(4, [8, 8], seeds=[0, 1], n_categories=2)
    >>> found = train(
    ...     model, parity.whole_population([parity.MultitaskParity(2, 4)] * 2), steps=9, at=[0, 9],
    ...     optimizer=optimizers.SGD(0.1), measure=lambda model, _: {"bias": model.parameters[-1]})
    >>> found["bias"].shape
    torch.Size([2, 2, 1, 1])
    """
    steps = _checks.integer("steps", steps, minimum=0)
    times = {_checks.integer("at", time, minimum=0) for time in at}
    if not times or max(times) > steps:
        raise ValueError(f"at must hold steps from 0 to {steps}, at least one, got {sorted(times)}")
    gradient = _gradient(model, loss)
    record: dict[str, list[Tensor]] = {}
    state = optimizer.start(model.parameters)
    _memory.keep_freed()
    with flushed_denormals():
        for step in range(steps + 1):
            if step in times:
                _refuse_diverged(model.parameters, step)
                with torch.no_grad():
                    measured = measure(model, step)
                _append(record, measured)
            if step == steps:
                break
            batch = batches(step)
            losses, outputs, gradients = gradient(batch)
            if step in times:
                _refuse_diverged([losses], step)
            if observe is not None:
                observe(step, batch, outputs)
            factor = 1.0 if schedule is None else schedule(step)
            optimizer.step(model.parameters, gradients, state, factor=factor)
    return {name: torch.stack(values) for name, values in record.items()}


def _gradient(model: MLPEnsemble, loss: Literal["mse", "cross_entropy"] | Loss) -> Gradient:
    if not callable(loss):
        _checks.choice("loss", loss, tuple(_LOSSES))
    if (loss == "mse" or loss == "cross_entropy") and TwoLayerGradient.serves(model):
        written_out = TwoLayerGradient(model, loss)

        def two_layer(batch: Batch) -> tuple[Tensor, Tensor, Sequence[Tensor]]:
            losses, outputs, gradients = written_out(batch)
            return losses, outputs.unsqueeze(-1), gradients

        return two_layer
    of_outputs = loss if callable(loss) else _LOSSES[loss]

    def autograd(batch: Batch) -> tuple[Tensor, Tensor, Sequence[Tensor]]:
        outputs = model(batch.bits, batch.skill if model.n_categories else None)
        losses = of_outputs(outputs, batch)
        if losses.shape != (model.n_members,):
            raise ValueError(
                f"loss must return shape ({model.n_members},), got {tuple(losses.shape)}"
            )
        gradients = torch.autograd.grad(losses.sum(), model.parameters)
        return losses.detach(), outputs.detach(), gradients

    return autograd


def _append(record: dict[str, list[Tensor]], measured: dict[str, Tensor]) -> None:
    if record and measured.keys() != record.keys():
        raise ValueError(f"measure must return the names {sorted(record)}, got {sorted(measured)}")
    for name, value in measured.items():
        # A copy, for what is measured may be a parameter that the next update changes.
        record.setdefault(name, []).append(value.detach().clone())


def _mean(each: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return each.mean(-1)
    return (weight * each).sum(-1) / weight.sum(-1)


def _refuse_diverged(values: list[Tensor], step: int) -> None:
    finite = [value.detach().isfinite().flatten(1).all(-1) for value in values if value.ndim > 1]
    finite += [value.detach().isfinite() for value in values if value.ndim == 1]
    members = (~torch.stack(finite).all(0)).nonzero().flatten().tolist()
    if members:
        raise FloatingPointError(
            f"members {members} have diverged by step {step}: their loss or parameters are not "
            "finite; lower their learning rate"
        )


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Flush numbers too small for full precision to zero meanwhile: arithmetic on them is slow.

    >>> with flushed_denormals():
    ...     torch.full((2,), 1e-38) / 100
    tensor([0., 0.])
    """
    smallest = torch.tensor(torch.finfo(torch.float64).tiny, dtype=torch.float64)
    before = bool(smallest / 2 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
