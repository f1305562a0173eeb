"""Few-shot learning in the multilinear model: a skill that takes more than one sample.

Here a skill is spread over D_c functions and the model has to find their combination from d
samples, by gradient descent on its parameters. No closed form is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks
from skillscale._progress import bar
from skillscale.lab.streams import Stream
from skillscale.skill_basis.experiments import descent

Floats = descent.Floats


@dataclass(frozen=True)
class FewShot:
    """Settings of `few_shot`.

    Attributes:
        seeds: Each draws samples and initial parameters of one member.
        features: Numbers D_c of functions that a skill is spread over.
        shares: Numbers of samples d of the skill, in units of D_c.
        scale: S, the target is S · g.
        initial: Size of the initial parameters, a = |B| = `initial`.
        steps: Number of updates.
        step: Learning rate in units of 1/λ, with λ the largest eigenvalue of the samples' second
            moments and S = 1; gradient descent is stable below about 1.
    """

    seeds: tuple[int, ...]
    features: tuple[int, ...] = (30, 60, 120)
    shares: tuple[float, ...] = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.5)
    scale: float = 1.0
    initial: float = 1e-3
    steps: int = 20_000
    step: float = 0.5

    def __post_init__(self) -> None:
        """Check what would otherwise fail late or diverge."""
        descent.check(self.seeds, self.scale, self.initial)
        _checks.array("shares", self.shares, positive=True, dims=(1,))
        _checks.number("step", self.step, above=0, below=1)
        _checks.integer("steps", self.steps, minimum=1)
        for count in self.features:
            _checks.integer("features", count, minimum=2)


LIVE = {
    "few_shot": FewShot(seeds=(0, 1, 2, 3), features=(40,), shares=(0.25, 0.5, 0.75), steps=4000)
}
STANDARD = {"few_shot": FewShot(seeds=tuple(range(100)))}


def few_shot(settings: FewShot, *, progress: bool = False) -> xr.Dataset:
    """Train a skill that is spread over D_c functions on d samples, and measure what is learned.

    The skill is g = D_c^(-1/2) Σ_l e_l with orthonormal functions e_l, whose values on a sample
    are drawn as independent standard normal numbers; the model is f = a Σ_l B_l e_l, trained by
    gradient descent on a and B from small values. Its coefficients a·B on the e_l are compared
    with those of g, the unit vector u.

    Args:
        settings: Sizes, numbers of samples, step and seeds.
        progress: Whether to show a progress bar.

    Returns:
        Dataset over (member, features, share): `strength`, R/S = <a·B, u>/S; `loss`,
        E[(S g - f)²]/S² = |a·B - S u|²/S²; `residual`, the same error on the training samples,
        which says how far the fit is from interpolation; `samples` (features, share), the number d
        of samples, d = share · D_c rounded. A seed's larger sample continues its smaller one.

    Raises:
        ValueError: If a setting is out of range.

    Source: simulation of the D_c-shot model of Nam et al. 2024, Section 2 and Appendix F.3;
    equals the interpolant of least norm in `tests/test_skill_basis_model.py`.

    >>> small = FewShot(seeds=(0,), features=(8,), shares=(0.5, 2.0), steps=2000)
    >>> float(few_shot(small)["strength"].isel(member=0, features=0, share=1).round(3))
    1.0
    """
    shape = (len(settings.seeds), len(settings.features), len(settings.shares))
    names = {
        "strength": "R/S",
        "loss": "E[(S g - f)²]/S²",
        "residual": "error on the samples, in units of S²",
    }
    found = {name: np.empty(shape) for name in names}
    samples = np.array(
        [[max(1, round(share * count)) for share in settings.shares] for count in settings.features]
    )
    for column, count in enumerate(bar(settings.features, show=progress)):
        drawn = [
            Stream(seed, f"few-shot samples {count}").at(0).standard_normal((max(row), count))
            for row in [samples[column]]
            for seed in settings.seeds
        ]
        start = [
            Stream(seed, f"few-shot parameters {count}").at(0).standard_normal(count)
            for seed in settings.seeds
        ]
        for row, d in enumerate(samples[column]):
            inputs = np.stack(drawn)[:, :d]
            learned = _few_shot_coefficients(settings, inputs, np.stack(start))
            unit = count**-0.5
            error = learned / settings.scale - unit
            found["strength"][:, column, row] = learned.sum(-1) * unit / settings.scale
            found["loss"][:, column, row] = (error**2).sum(-1)
            found["residual"][:, column, row] = ((inputs @ error[..., None]) ** 2).mean((1, 2))
    dims = ("member", "features", "share")
    curves = {
        name: (dims, found[name].astype(np.float32), {"units": "1", "long_name": long_name})
        for name, long_name in names.items()
    }
    return xr.Dataset(
        {**curves, "samples": (dims[1:], samples, {"units": "sample", "long_name": "d"})},
        coords={
            "seed": ("member", list(settings.seeds)),
            "features": ("features", list(settings.features), {"long_name": "D_c"}),
            "share": ("share", list(settings.shares), {"units": "1", "long_name": "d/D_c"}),
        },
    )


def _few_shot_coefficients(settings: FewShot, inputs: Floats, start: Floats) -> Floats:
    """Return a·B (member, D_c) after descent on the ½ mean squared error of the samples."""
    moments = inputs.swapaxes(1, 2) @ inputs / inputs.shape[1]
    rate = settings.step / (settings.scale * np.linalg.eigvalsh(moments)[:, -1:])
    B = settings.initial * start / np.linalg.norm(start, axis=1, keepdims=True)
    a = np.full((len(B), 1), settings.initial)
    target = settings.scale * B.shape[1] ** -0.5
    for _ in range(settings.steps):
        slope = rate * (moments @ (target - a * B)[..., None])[..., 0]
        a, B = a + (slope * B).sum(1, keepdims=True), B + a * slope
    return np.asarray(a * B)
