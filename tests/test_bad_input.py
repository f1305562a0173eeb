"""Bad input across the public interface: one error that names argument, value and range."""

import math

import numpy as np
import pytest
import torch

from skillscale import calibration, claims, fits, frequencies
from skillscale.domino import theory as domino
from skillscale.geometry import theory as geometry
from skillscale.lab import ensembles, optimizers, parity, records, training
from skillscale.quantization import theory as quantization
from skillscale.resource import theory as resource
from skillscale.skill_basis import theory as skill_basis
from skillscale.slingshot import theory as slingshot

NAN = math.nan
TASK = parity.MultitaskParity(3, 6)


def mlp(**changes):
    settings = {"n_inputs": 4, "widths": [3, 3], "seeds": [0, 1], **changes}
    return ensembles.MLPEnsemble(**settings)


def trained(**changes):
    model = mlp(n_inputs=6, n_categories=3)
    settings = {
        "optimizer": optimizers.SGD(0.1),
        "steps": 2,
        "measure": lambda model, step: {},
        "at": [0],
        **changes,
    }
    return training.train(model, parity.whole_population([TASK, TASK]), **settings)


TABLE = {
    "frequencies: zero skills": (
        lambda: frequencies.power_law(0, 0.6),
        "n_skills must be an integer >= 1, got 0",
    ),
    "frequencies: negative skills": (
        lambda: frequencies.power_law(-2, 0.6),
        "n_skills must be an integer >= 1, got -2",
    ),
    "frequencies: fractional skills": (
        lambda: frequencies.power_law(2.5, 0.6),
        "n_skills must be an integer >= 1, got 2.5",
    ),
    "frequencies: skills with more digits than Python prints": (
        lambda: frequencies.power_law(10**5000, 0.6),
        "n_skills must be an integer <= 100000000, got int with an integer too large to print",
    ),
    "frequencies: alpha at -1": (
        lambda: frequencies.power_law(5, -1.0),
        "alpha must be a finite number and > -1, got -1.0",
    ),
    "frequencies: alpha NaN": (
        lambda: frequencies.zipf_exponent(NAN),
        "alpha must be a finite number and > -1, got nan",
    ),
    "frequencies: infinitely many skills need alpha > 0": (
        lambda: frequencies.tail_mass(0.0, 3),
        "alpha must be a finite number and > 0, got 0.0",
    ),
    "frequencies: negative count": (
        lambda: frequencies.tail_mass(0.6, [1, -1]),
        r"n must be >= 0, got \[1, -1\]",
    ),
    "fits: NaN": (lambda: fits.mean([1.0, NAN]), r"values must be finite, got \[1.0, nan\]"),
    "fits: empty": (lambda: fits.mean([]), r"values must not be empty, got shape \(0,\)"),
    "fits: text": (lambda: fits.mean(["a"]), "values must be an array of numbers"),
    "fits: negative loss": (
        lambda: fits.power_law([1, 2, 3], [1, -1, 1]),
        r"y must be > 0, got \[1, -1, 1\]",
    ),
    "fits: two points": (
        lambda: fits.power_law([1, 2], [2, 1]),
        "x must hold at least 3 points, got 2",
    ),
    "fits: constant x": (
        lambda: fits.power_law([2, 2, 2], [3, 2, 1]),
        "x must hold at least two different values",
    ),
    "fits: wrong shape": (
        lambda: fits.power_law([1, 2, 3], [1, 2]),
        r"x must match y of shape \(1, 2\)",
    ),
    "fits: more successes than trials": (
        lambda: fits.proportion(4, 3),
        "successes must be at most trials = 3, got 4",
    ),
    "fits: rank correlation of a constant": (
        lambda: fits.rank_correlation([1, 1], [1, 2]),
        "x and y must vary",
    ),
    "calibration: bounds reversed": (
        lambda: calibration.calibrate_each(lambda x, c: x * c, [1.0], [[1.0]], bounds=(2, 1)),
        r"bounds must increase, got \(2, 1\)",
    ),
    "calibration: zero bound": (
        lambda: calibration.calibrate_each(lambda x, c: x * c, [1.0], [[1.0]], bounds=(0, 1)),
        "bounds must be a finite number and > 0, got 0",
    ),
    "calibration: nothing predicted": (
        lambda: calibration.blind_error([0.0], [1.0]),
        "predicted must be > 0",
    ),
    "claims: unknown theory": (
        lambda: claims.judge_all("no_theory"),
        "theory must be one that has claims, got 'no_theory'",
    ),
    "records: unknown run": (
        lambda: records.published("no_run"),
        "name must be one of .*, got 'no_run'",
    ),
    "records: negative duration": (
        lambda: records.stamp(None, settings={}, seeds=[0], wall_seconds=-1.0),
        "wall_seconds must be a finite number and >= 0, got -1.0",
    ),
    "records: other suffix": (
        lambda: records.save(None, "run.csv"),
        "path must end in '.nc', got 'run.csv'",
    ),
    "parity: more subsets than exist": (
        lambda: parity.MultitaskParity(5, 4, 3),
        r"n_skills must be <= comb\(n_bits, subset_size\) = 4",
    ),
    "parity: no room for disjoint subsets": (
        lambda: parity.MultitaskParity(3, 8, 3, disjoint=True),
        "n_skills must be <= n_bits // subset_size = 2",
    ),
    "parity: subset larger than input": (
        lambda: parity.MultitaskParity(1, 2, 3),
        "subset_size must be <= n_bits = 2, got 3",
    ),
    "parity: negative seed": (
        lambda: parity.MultitaskParity(1, 3, seed=-1),
        "seed must be an integer >= 0, got -1",
    ),
    "parity: population too large": (
        lambda: parity.MultitaskParity(5, 40).population(),
        "n_bits must leave",
    ),
    "parity: no such skill": (
        lambda: TASK.skill_basis(3, torch.zeros(1, 6)),
        "k must be < n_skills = 3, got 3",
    ),
    "parity: wrong number of bits": (
        lambda: TASK.skill_basis(0, torch.zeros(1, 5)),
        r"bits must have shape \(…, 6\), got \(1, 5\)",
    ),
    "parity: zero samples": (
        lambda: TASK.sample(0, generator=torch.Generator()),
        "n must be an integer >= 1, got 0",
    ),
    "parity: seeds do not match tasks": (
        lambda: parity.fresh_batches([TASK], 4, seeds=[0, 1]),
        "seeds must hold one seed per task",
    ),
    "ensembles: zero width": (
        lambda: mlp(widths=[3, 0]),
        "widths must be an integer >= 1, got 0",
    ),
    "ensembles: unknown activation": (
        lambda: mlp(activation="step"),
        "activation must be one of .*, got 'step'",
    ),
    "ensembles: seeds do not match widths": (lambda: mlp(seeds=[0]), "seeds"),
    "optimizers: negative rate": (
        lambda: optimizers.SGD(-0.1),
        "lr must be a finite number and > 0, got -0.1",
    ),
    "optimizers: NaN rate": (
        lambda: optimizers.Adam([0.1, NAN]),
        "lr must be a finite number and > 0, got nan",
    ),
    "optimizers: momentum of one": (
        lambda: optimizers.SGD(0.1, momentum=1.0),
        "momentum must be a finite number and < 1 and >= 0, got 1.0",
    ),
    "training: unknown loss": (
        lambda: trained(loss="mae"),
        "loss must be one of 'mse', 'cross_entropy', got 'mae'",
    ),
    "training: measured after the end": (
        lambda: trained(at=[3]),
        r"at must hold steps from 0 to 2, at least one, got \[3\]",
    ),
    "training: negative steps": (
        lambda: trained(steps=-1),
        "steps must be an integer >= 0, got -1",
    ),
}
THEORY = {
    "skill basis: alpha at -1": (
        lambda: skill_basis.exponents(-1.0),
        "alpha must be a finite number and > .*, got -1.0",
    ),
    "skill basis: R0 above S": (
        lambda: skill_basis.strength_time(1.0, 0.5, S=1.0, R0=2.0, eta=1.0),
        "R0 must be .*, got 2.0",
    ),
    "skill basis: no samples needed": (
        lambda: skill_basis.strength_data(100, 0.5, D_c=0.0),
        "D_c must be a finite number and > 0, got 0.0",
    ),
    "skill basis: unknown form": (
        lambda: skill_basis.emergence_data(0.5, D_c=800.0, form="square"),
        "form must be one of 'projection', 'loss_matched', got 'square'",
    ),
    "skill basis: negative width": (
        lambda: skill_basis.strength_width(-1, 1, N_c=4.0),
        "N must be >= 0, got -1",
    ),
    "skill basis: unbalanced NaN": (
        lambda: skill_basis.unbalanced_strength_time(1.0, 0.5, R0=0.01, imbalance=NAN, eta=1.0),
        "imbalance must be a finite number, got nan",
    ),
    "skill basis: balanced layers at zero": (
        lambda: skill_basis.unbalanced_strength_time(1.0, 0.5, R0=0.0, imbalance=0.0, eta=1.0),
        "R0 must be a finite number and > 0 and < 1, got 0.0",
    ),
    "skill basis: law in two resources": (
        lambda: skill_basis.joint_law("N", 10, 10, 0.6),
        "resource must be one of 'T', 'D', got 'N'",
    ),
    "quantization: negative count": (
        lambda: quantization.loss(-1, 0.4),
        "n must be .*, got -1",
    ),
    "quantization: alpha NaN": (
        lambda: quantization.exponents(NAN),
        "alpha must be .*, got nan",
    ),
    "resource: negative weight": (
        lambda: resource.allocate([-1.0, 1.0], [1.0, 1.0], 5),
        r"weights must be > 0, got \[-1.0, 1.0\]",
    ),
    "resource: no neurons": (
        lambda: resource.allocate([1.0], [1.0], 0),
        "N must be .*, got 0",
    ),
    "geometry: zero rate": (
        lambda: geometry.sgd([0.0, 1.0], [1.0], lr=0.0),
        "lr must be .*, got 0.0",
    ),
    "geometry: negative noise": (
        lambda: geometry.wasted_resource(-1.0, 10),
        "noise must be .*, got -1.0",
    ),
    "domino: negative resource": (
        lambda: domino.unlearned([0.0, 1.0], [0.5, 0.5], rate=1.0, N0=-1.0),
        "N0 must be .*, got -1.0",
    ),
    "domino: unknown loss": (
        lambda: domino.unlearned([0.0, 1.0], [0.5, 0.5], rate=1.0, N0=0.1, loss="mae"),
        "loss must be one of .*, got 'mae'",
    ),
    "slingshot: theta of one": (
        lambda: slingshot.performance_curve(0.2, 1.0, 8),
        "theta must be .*, got 1.0",
    ),
    "slingshot: zero skills a text": (
        lambda: slingshot.performance_curve(0.2, 0.1, 0),
        "k must be .*, got 0",
    ),
}


@pytest.mark.parametrize(
    ("call", "message"), [*TABLE.values(), *THEORY.values()], ids=[*TABLE, *THEORY]
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_divergence_names_the_members():
    with (
        pytest.raises(FloatingPointError, match=r"members \[1\] have diverged"),
        np.errstate(all="ignore"),
    ):
        trained(optimizer=optimizers.SGD([0.1, 1e30]), steps=30, at=[0, 30])
