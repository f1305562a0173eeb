"""Few-shot learning in the multilinear model: a skill that takes more than one sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Fraction, Positive, Positives, Seeds, each, whole
from skillscale.lab.sweep import Experiment, Found, Grid
from skillscale.skill_basis.experiments import descent

Floats = descent.Floats


@dataclass(frozen=True)
class FewShot(Experiment):
    """Train a skill that is spread over D_c functions on d samples, and measure what is learned.

    The skill is g = D_c^(-1/2) Σ_l e_l with orthonormal functions e_l, whose values on a sample are
    drawn as independent standard normal numbers; the model is f = a Σ_l B_l e_l, trained by
    gradient descent on a and B from small values. Its coefficients a·B on the e_l are compared with
    those of g, the unit vector u. A seed's larger sample continues its smaller one.

    Over (member, features, share): `strength`, R/S = <a·B, u>/S; `loss`, E[(S g - f)²]/S² = |a·B -
    S u|²/S²; `residual`, the same error on the training samples, which says how far the fit is from
    interpolation; `samples` (features, share), the number d of samples, d = share · D_c rounded.

    Source: the D_c-shot model of Nam et al. 2024, Section 2 and Appendix F.3, simulated.
    """

    seeds: Seeds  #: each draws samples and initial parameters of one member
    #: numbers D_c of functions that a skill is spread over
    features: Annotated[tuple[int, ...], each(whole(2))] = (30, 60, 120)
    #: numbers of samples d of the skill, in units of D_c
    shares: Positives = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.5)
    scale: Positive = 1.0  #: S, the target is S · g
    initial: Positive = 1e-3  #: size of the initial parameters, a = |B|
    steps: Count = 20_000  #: updates
    #: learning rate in units of 1/λ, with λ the largest eigenvalue of the samples' second moments
    #: and S = 1; gradient descent is stable below about 1
    step: Fraction = 0.5

    order = ("member", "features", "share")
    about = {
        "strength": ("1", "R/S"),
        "loss": ("1", "E[(S g - f)²]/S²"),
        "residual": ("1", "error on the samples, in units of S²"),
        "samples": ("sample", "d"),
        "features": ("", "D_c"),
        "share": ("1", "d/D_c"),
    }

    def together(self) -> None:
        descent.check(self.scale, self.initial)

    def grid(self) -> Grid:
        return {"features": self.features, "share": self.shares}

    def measure(self, features: int, share: float) -> Found:
        samples = [max(1, round(each * features)) for each in self.shares]
        d = samples[self.shares.index(share)]

        def drawn(what: str, shape: tuple[int, ...]) -> Floats:
            streams = [Stream(seed, f"few-shot {what} {features}") for seed in self.seeds]
            return np.stack([stream.at(0).standard_normal(shape) for stream in streams])

        inputs = drawn("samples", (max(samples), features))[:, :d]
        learned = _few_shot_coefficients(self, inputs, drawn("parameters", (features,)))
        unit = features**-0.5
        error = learned / self.scale - unit
        found = {
            "strength": learned.sum(-1) * unit / self.scale,
            "loss": (error**2).sum(-1),
            "residual": ((inputs @ error[..., None]) ** 2).mean((1, 2)),
        }
        curves = {name: ("member", each.astype(np.float32)) for name, each in found.items()}
        return {**curves, "samples": ((), d)}


FewShot.records = {
    "skill_basis_few_shot": {
        "live": FewShot(seeds=(0, 1, 2, 3), features=(40,), shares=(0.25, 0.5, 0.75), steps=4000),
        "standard": FewShot(seeds=tuple(range(100))),
    }
}


def _few_shot_coefficients(of: FewShot, inputs: Floats, start: Floats) -> Floats:
    """Return a·B (member, D_c) after descent on the ½ mean squared error of the samples."""
    moments = inputs.swapaxes(1, 2) @ inputs / inputs.shape[1]
    rate = of.step / (of.scale * np.linalg.eigvalsh(moments)[:, -1:])
    B = of.initial * start / np.linalg.norm(start, axis=1, keepdims=True)
    a = np.full((len(B), 1), of.initial)
    target = of.scale * B.shape[1] ** -0.5
    for _ in range(of.steps):
        slope = rate * (moments @ (target - a * B)[..., None])[..., 0]
        a, B = a + (slope * B).sum(1, keepdims=True), B + a * slope
    return np.asarray(a * B)
