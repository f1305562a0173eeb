"""Figures draw what they are given: the data that come with a figure hold the numbers put in.

`CASES` names, for a call, some of the series that must be seen: panel, label, x and y, and the ends
of intervals. A panel or label of None is any.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skillscale
from skillscale import fits
from skillscale.domino import figures as of_domino
from skillscale.drawing import style
from skillscale.drawing.curves import local_exponents
from skillscale.drawing.series import COLUMNS, plotted
from skillscale.geometry import figures as of_geometry
from skillscale.quanta_discovery import figures as of_quanta
from skillscale.quantization import figures as of_quantization
from skillscale.resource import figures as of_resource
from skillscale.skill_basis import figures as of_skills
from skillscale.slingshot import figures as of_slingshot

X = np.array([1.0, 2.0, 4.0])
M = np.array([[0.2, 0.4, 0.9], [0.3, 0.6, 1.1], [0.1, 0.5, 1.0]])  # member, point
MEANS, MEDIANS = fits.means(M), fits.medians(M)
LINE = np.array([0.5, 0.7, 0.2])
T = np.arange(5.0)
CUBE = np.random.default_rng(0).random((3, 5, 2))  # member, step, skill
FEW = fits.means(M[:, :2])
NAN = np.nan
COUNT = fits.means([[0.0, 2.0, 4.0], [0.0, 4.0, 8.0]])


def summary(*values: float) -> fits.Summary:
    return fits.intervals([fits.Estimate(value, value - 0.1, value + 0.1) for value in values])


Case = Callable[[], tuple[style.Drawn, list[tuple[Any, ...]]]]
CASES: dict[str, Case] = {
    "local exponents": lambda: (
        local_exponents(X, {"a": LINE}, {"a": 0.7, "other": 0.4}, xlabel="step", colour="C0"),
        [(None, "a", X, LINE), (None, None, [NAN], [0.4])],
    ),
    "waste": lambda: (
        of_domino.waste({"a": CUBE[0], "b": CUBE[1]}, {"a": T, "b": 10 * T}),
        [("b", None, 10 * T, CUBE[1, :, 1])],
    ),
    "two parities": lambda: (
        of_domino.two_parities(T, fits.medians(np.stack([CUBE, CUBE + 1], axis=1))),
        [(None, "common, together", T, np.median(CUBE[..., 0], 0)),
         (None, "rare, alone", T, 1 + np.median(CUBE[..., 1], 0)),
         (None, None, T, CUBE[1, :, 0])],
    ),
    "delays": lambda: (
        of_domino.delays(X, {"model": LINE},
            {"Adam": (X, fits.medians([[1, 2], [1, NAN], [1, 5]])[[0, 1, 1]])}),
        [(None, "model", X, LINE), (None, "proportional", X, X), (None, "Adam", X, [1, 5, 5])],
    ),
    "competition": lambda: (
        of_domino.competition(X, {"Adam": MEDIANS}), [(None, "Adam", None, MEDIANS.value)],
    ),
    "composition": lambda: (
        of_domino.composition(X, MEDIANS, {"alone": MEDIANS}, np.stack([LINE, 1 - LINE], 1)),
        [(None, "parents", X, MEDIANS.value), (None, "alone", X, MEDIANS.value),
         (None, "gated dynamics", X, 1 - LINE), (None, None, X, M[2])],
    ),
    "remedies": lambda: (
        of_domino.remedies({"one": {"dense": np.array([[100, 200], [300, NAN]])}}, end=900),
        [("one", "dense", [100, 200], [300, 900])],
    ),
    "noisy": lambda: (
        of_domino.noisy(T, {"dense": fits.medians(CUBE)}, ("common", "rare"), learned=1e-3),
        [(p, "dense", T, np.median(CUBE, 0)[:, k]) for k, p in enumerate(("common", "rare"))],
    ),
    "grokking": lambda: (
        of_domino.grokking(X, dict.fromkeys("abc", fits.medians(np.stack([M, M / 2], axis=1)))),
        [("c", "trained on", X[1:], MEDIANS.value[1:]),
         ("a", "not trained on", X[1:], MEDIANS.value[1:] / 2)],
    ),
    "tuning": lambda: (
        of_domino.tuning({"a": X}, {"a": np.array([3.0, 2.0, NAN])}), [(None, None, [2], [2])],
    ),
    "loss changes": lambda: (
        of_domino.loss_changes(X, {"a": MEANS}),
        [(None, "a", X, MEANS.value), (None, None, X, None, MEANS.low, MEANS.high)],
    ),
    "group changes": lambda: (
        of_domino.group_changes({"a": FEW, "b": FEW}, ["all", "rare"]),
        [(None, "all", [FEW.value[0]], None, [FEW.low[0]], [FEW.high[0]])],
    ),
    "speed-ups": lambda: (
        of_domino.speed_ups({"a": fits.means(np.log([0.5, 1, 2])).apply(np.exp)}),
        [(None, None, [0.5, 1, 2], [0, 0, 0]), (None, None, [1.0], None)],
    ),
    "skill curves": lambda: (
        of_geometry.skill_curves(T, {"sign": CUBE, "sgd": CUBE}, {"sign": CUBE[0], "sgd": CUBE[1]},
            CUBE[2]),
        [("sign descent", "simulation", T, 1 - CUBE[1, :, 0]),
         ("gradient descent", None, T, 1 - CUBE[1, :, 1]),
         ("sign descent", "sum form", T, 1 - CUBE[2, :, 1])],
    ),
    "two skills": lambda: (
        of_geometry.two_skills(X, dict.fromkeys("abcd", MEDIANS), X, {"form": LINE}),
        [(None, "d", X, MEDIANS.value), (None, "form", X, LINE)],
    ),
    "panels": lambda: (
        of_geometry.panels({"a": CUBE[0], "b": CUBE[1]}, {"a": T, "b": 10 * T}),
        [("b", None, 10 * T, CUBE[1, :, 1])],
    ),
    "noisy curves": lambda: (
        of_geometry.noisy_curves(
            {"a": T, "b": T}, dict.fromkeys("ab", fits.means(CUBE)),
            dict.fromkeys("ab", CUBE[0]), dict.fromkeys("ab", CUBE[1]),
        ),
        [("b", "simulation", T, CUBE.mean(0)[:, 1]), ("a", "mean field", T, 1 - CUBE[0, :, 0]),
         ("a", "resource dynamics", T, 1 - CUBE[1, :, 1])],
    ),
    "wasted": lambda: (
        of_geometry.wasted(X, MEANS, X, LINE),
        [(None, "fitted to the simulation", X, MEANS.value, MEANS.low, MEANS.high)],
    ),
    "module speed-ups": lambda: (
        of_geometry.module_speedups(X, {"α = 0": MEANS}, X, {"α = 0": LINE}, X**0.5),
        [(None, None, X, MEANS.value, MEANS.low, MEANS.high), (None, None, X, LINE)],
    ),
    "alignment": lambda: (
        of_geometry.alignment(T, fits.means(CUBE), CUBE[0]),
        [(None, None, T, CUBE.mean(0)[:, 1]), (None, "from the demands", T, CUBE[0, :, 1])],
    ),
    "overlapping": lambda: (
        of_geometry.overlapping(T, CUBE[0], CUBE[1]),
        [(None, "simulation", T, 1 - CUBE[0, :, 1]), (None, "mean field", T, 1 - CUBE[1, :, 0])],
    ),
    "race": lambda: (
        of_geometry.race(X, {f"c{i}": {"adam": LINE, "lion": LINE + 1} for i in range(4)}),
        [("c3", "lion", X, LINE + 1)],
    ),
    "tuned rates": lambda: (
        of_geometry.tuning(X, {"c": {"adam": LINE, "lion": LINE + 1}},
            {"c": {"adam": 1, "lion": 2}}),
        [("c", None, [2], [0.7]), ("c", None, [4], [1.2])],
    ),
    "directions": lambda: (
        of_geometry.directions({"a": T, "b": T + 1}, dict.fromkeys("ab", CUBE[0]),
            dict.fromkeys("ab", CUBE[1]), logarithmic=("b",)),
        [("b", "simulation", T + 1, CUBE[0, :, 1]), ("a", "theory", T, CUBE[1, :, 0])],
    ),
    "step exponents": lambda: (
        of_geometry.step_exponents((X, M), X, {"sign": MEANS, "Adam": MEANS},
            {"sign": X, "Adam": X}, {"α": LINE}),
        [("2", "Adam", X, MEANS.value, MEANS.low, MEANS.high), ("2", "α", X, LINE),
         ("2", "read off", X, X), ("sign descent", None, X[1:], M[2, 1:])],
    ),
    "width exponents": lambda: (
        of_geometry.width_exponents(X, {"α = 0": MEANS}, {"α = 0": LINE}, 0.34),
        [(None, "α = 0", X, MEANS.value, MEANS.low, MEANS.high), (None, None, [NAN], [0.34])],
    ),
    "exponents in windows": lambda: (
        of_geometry.local_exponents(np.array([1.0, 4, 16, 64]), {"a": MEANS},
            {"a": {"L2 norm": LINE}}),
        [("a", "simulation", [2, 8, 32], MEANS.value), ("a", "L2 norm", [2, 8, 32], LINE)],
    ),
    "cliff": lambda: (
        of_geometry.cliff(X, summary(0.1, 0.5, 0.9), X, LINE, M),
        [("1", "share of seeds", X, [0.1, 0.5, 0.9], [0, 0.4, 0.8], [0.2, 0.6, 1.0]),
         ("1", "exact probability", X, LINE), ("2", None, None, M[:, 1])],
    ),
    "modular gain": lambda: (
        of_geometry.modular_gain(X, {"40": {"a": MEANS, "b": MEANS}}, {"40": (X, LINE)}),
        [("40", "b", X, MEANS.value), ("40", "read off", X, LINE)],
    ),
    "excess": lambda: (
        of_quanta.excess((1, 2, 3), MEANS, fits.means(M + 1), MEANS, np.stack([LINE - 1, LINE])),
        [(None, None, None, M[:, 1] + 1), (None, None, None, 1 + MEANS.value),
         (None, None, None, None, [LINE[1] - 1] * 2, [LINE[1]] * 2)],
    ),
    "rank sizes": lambda: (
        of_quanta.rank_sizes({2: np.array([5.0, 3, 0])}, np.array([5.0, 3, 1]), (0.4,)),
        [(None, None, [1, 2], [5, 3]), (None, "envelope", [1, 2, 3], [5, 3, 1])],
    ),
    "distinct": lambda: (
        of_quanta.distinct(X, X, 2 * X, LINE),
        [(None, "exact sum", X, X), (None, "asymptotic law", X, 2 * X)],
    ),
    "envelopes": lambda: (
        of_quanta.envelopes({"gradients": np.array([7, 4, 1.5, 0.5])},
            {"gradients": summary(1.2, 1.6)}, [(1, 3), (2, 4)], predicted=1.05, margin=0.2),
        [("1", "gradients", [1, 2, 3], [7, 4, 1.5]),
         ("2", "gradients", None, [1.2, 1.6], [1.1, 1.5], [1.3, 1.7]),
         ("2", "model: 1 + α of the loss", [NAN], [1.05])],
    ),
    "size series": lambda: (
        of_quanta.size_series(X, {"short": MEANS, "long": fits.means(M + 1)}, {"long": MEANS}),
        [("1", "long", X, 1 + MEANS.value), ("2", None, X, M[0])],
    ),
    "token curves": lambda: (
        of_quanta.token_curves(X, {"one step": (["if x:", "$cost"], [MEANS, MEANS])}),
        [("if x:", None, X, M[2]), (r"\$cost", None, X, MEANS.value)],
    ),
    "recovered": lambda: (
        of_quanta.recovered({"ARI": {"signed": fits.means([0.1, 0.2]),
            "absolute": fits.means([0.3, 0.5])}}, ["signed", "absolute"]),
        [(None, None, [0.1, 0.2], None), (None, None, [0.4], [0])],
    ),
    "law": lambda: (
        of_quantization.law(X, {"exact": X, "sum": LINE}, {"exact": LINE}),
        [("1", "sum", X, LINE), ("2", "exact", X, LINE)],
    ),
    "skills": lambda: (
        of_quantization.skills(T, CUBE[0], CUBE[1, :, 0], threshold=0.1),
        [(None, "one skill", T, CUBE[0, :, 1]),
         (None, "all skills, by frequency", T, CUBE[1, :, 0])],
    ),
    "step scaling": lambda: (
        of_quantization.step_scaling({"SGD": M, "Adam": M}, {"SGD": X, "Adam": X}, X,
            {"SGD": M, "Adam": M}, {"SGD": LINE, "Adam": X}),
        [("SGD", None, M[1], [1, 2, 3]), ("Adam", "theory", X, [1, 2, 3]), ("3", None, X, LINE)],
    ),
    "apparent": lambda: (
        of_quantization.apparent(X, {"n = 1…10": LINE}, 0.4),
        [(None, "n = 1…10", X, LINE), (None, r"$\alpha$", [NAN], [0.4])],
    ),
    "published": lambda: (
        of_quantization.published({"N": (X, LINE, {"law": X}),
            "S": (X, X, {"law": LINE, "500 skills": 1.5 * X})}),
        [("S", "500 skills", X, 1.5 * X), ("N", "published toy", X, LINE)],
    ),
    "counts": lambda: (
        of_quantization.counts(dict.fromkeys("ab",
            of_quantization.Counts(X, {"late": COUNT}, LINE)), xlabel="N"),
        [("b", "late", X[1:], [3, 6], COUNT.low[1:], COUNT.high[1:]), ("b", "law", X, LINE)],
    ),
    "learning times": lambda: (
        of_quantization.learning_times(LINE, {"SGD": M, "Adam": M}, {"SGD": X, "Adam": 2 * X},
            horizon=10.0),
        [("Adam", "law", LINE, 2 * X), ("SGD", "one skill of one network", LINE, M[1])],
    ),
    "exponents": lambda: (
        of_quantization.exponents({"SGD": {"all": fits.Estimate(1.0, 0.9, 1.2),
            "free": fits.Estimate(1.1)}, "sign": {"all": fits.Estimate(0.8)}}, law=1.0, xlabel="q"),
        [(None, "all", [1.0, 0.8], None, [0.9, NAN], [1.2, NAN]), (None, "free", [1.1, NAN], None)],
    ),
    "steps and sum": lambda: (
        of_quantization.steps_and_sum(X, np.array([3.0, NAN]), np.array([0.4, 0.2]), X, LINE),
        [(None, None, X, [0.4, 0.4, NAN]), (None, None, X, [0.2] * 3),
         (None, "all quanta together", X, LINE)],
    ),
    "order": lambda: (
        of_quantization.order(np.array([[10.0, 30, 20], [12, 25, NAN]]), LINE, horizon=100.0),
        [(None, "one network", None, [10, 30, 20]), (None, None, None, [100]),
         (None, "law", [1, 2, 3], LINE)],
    ),
    "profile": lambda: (
        of_resource.profile(X, {"16": LINE}, {"sine": X + 1}),
        [("1", "16", X, LINE), ("2", "sine", X, X + 1)],
    ),
    "additivity": lambda: (
        of_resource.additivity(X, {"sine": (MEANS, fits.means(M - 0.3))}),
        [("sine", "mean slope", X, MEANS.value, MEANS.low, MEANS.high),
         ("sine", "slope at the error", X, MEANS.value - 0.3)],
    ),
    "split": lambda: (
        of_resource.split(X, {"sine": M}, {"sine": (LINE, X)}, {"sine": (0.4, 0.9)}),
        [(None, None, X, M[1]), (None, None, LINE, X), (None, "predicted best", [0.4], [0.9])],
    ),
    "samples": lambda: (
        of_resource.samples(X, {16: MEDIANS, 1024: fits.medians(M / 2)}, fits.medians(M / 4)),
        [(None, "1,024", None, MEDIANS.value / 2), (None, "all inputs", X, MEDIANS.value / 4)],
    ),
    "noise scaling": lambda: (
        of_resource.noise_scaling(X, np.stack([M, 2 * M], 1), np.stack([LINE, X]), ["a", "b"]),
        [("b", "trained networks", X, 2 * M[1]), ("a", r"$\sigma^2\gamma^2/N$, no fit", X, LINE)],
    ),
    "training": lambda: (
        of_resource.training(X, {"a": MEANS, "b": fits.means(M + 1)}),
        [(None, "b", None, 1 + MEANS.value, 1 + MEANS.low, 1 + MEANS.high)],
    ),
    "allocation": lambda: (
        of_resource.allocation(X, {"a": LINE}, {"a": (0.4, 2.0)}),
        [(None, "a", X, LINE), (None, None, [0.4], [2.0])],
    ),
    "proportions": lambda: (
        of_resource.proportions(X, dict.fromkeys("abc", (MEANS, fits.means(2 * M))),
            {"a": 3.0, "b": LINE, "c": 1.0}),
        [("a", "best", X, [3, 3, 3]), ("b", "best", X, LINE),
         ("c", "start", X * 0.96, MEANS.value), ("c", "end", X * 1.04, 2 * MEANS.value)],
    ),
    "singularities": lambda: (
        of_resource.singularities(X, {"square": MEDIANS}, {"square": 2 / X}),
        [(None, "square", None, MEDIANS.value), (None, None, X, [2, 2, 2])],
    ),
    "sparse": lambda: (
        of_resource.sparse({"L2": np.array([[4, 4], [0, 8]])},
            {"L2": np.array([[1.0, 2], [3, 4]])}, {"L2": np.array([[5.0, 6], [7, 8]])},
            (X, LINE, X)),
        [("L2 mean squared error", None, [4, 4, 8], [1, 2, 4]),
         ("input weight $w$", None, [4, 4, 8], [5, 6, 8]),
         ("L2 mean squared error", None, X, LINE)],
    ),
    "shares": lambda: (
        of_resource.shares(np.array([0.5, 0.75]), {"loss": np.array([[1.0, 1.1], [2.4, 2.6]])},
            (0.8,)),
        [(None, "trained networks", [1, 3], [1.0, 2.4]),
         (None, "power 0.8, no fit", None, np.geomspace(1, 3, 50) ** 0.8)],
    ),
    "plain": lambda: (
        of_resource.plain(X, {"SiLU": MEDIANS}, 1.0),
        [(None, "median", X, MEDIANS.value), (None, None, X, M[1]),
         (None, "exponent 1", X, MEDIANS.value[len(X) // 2] * X[len(X) // 2] / X)],
    ),
    "series": lambda: (
        of_resource.series([[4, 0], [8, 16]], [[1.0, 2], [3, 4]], [[5.0, 6], [7, 8]], (2.0, 1.0)),
        [(None, "fresh points", [4, 8, 16], [1, 3, 4]),
         (None, "training points", [4, 8, 16], [5, 7, 8]),
         (None, "exponent 1", [4, 16], [0.5, 0.125])],
    ),
    "carriers": lambda: (
        of_resource.carriers([fits.medians([0.9, 0.8, 0.7])], 0.99, 0.97),
        [(None, None, None, [0.9, 0.8, 0.7]), (None, None, [0.7, 1.3], [0.8, 0.8]),
         (None, "output itself", [NAN], [0.03])],
    ),
    "resamples": lambda: (
        of_resource.exponents({"alpha_N": X, "alpha_D": LINE}, {"1/3": 1 / 3},
            {"published": (0.34, 0.28)}),
        [(None, "resamples of the runs", X, LINE), (None, "published", [0.34], [0.28]),
         (None, None, [1 / 3], [NAN])],
    ),
    "Chinchilla": lambda: (
        of_resource.law([1e8, 1e9], [1e10, 1e11], [3.0, 2.0], compute=X * 1e18,
            curves={1e8: LINE + 2}, best={name: summary(2, 3, 4) for name in ("N", "D", "loss")}),
        [("1", "runs", [6e18, 6e20], [3, 2]), ("1", "fit at one $N$", X * 1e18, LINE + 2),
         ("2", "best $D$", X * 1e18, [2, 3, 4]),
         ("2", None, X * 1e18, None, [1.9, 2.9, 3.9], [2.1, 3.1, 4.1])],
    ),
    "half-times": lambda: (
        of_skills.half_times(["width", "base", "width"], X, MEANS),
        [(None, "width $W$", X[[0, 2]], MEANS.value[[0, 2]]),
         (None, "base", [2], MEANS.value[[1]])],
    ),
    "inverse clocks": lambda: (
        of_skills.inverse_clocks({"width": (X, MEANS, LINE, X)}),
        [(None, "networks", X, MEANS.value, MEANS.low, MEANS.high),
         (None, "independent neurons", X, LINE)],
    ),
    "ladders": lambda: (
        of_skills.ladders(dict.fromkeys("ab",
            of_skills.Ladder(T, fits.means(CUBE), T, {"projection": CUBE[0]})), xlabel="D",
            logarithmic=False),
        [("b", "networks: mean, 95 % interval", T, CUBE.mean(0)[:, 0]),
         ("a", "theory, projection", T, CUBE[0, :, 0])],
    ),
    "scaling laws": lambda: (
        of_skills.scaling_laws(*(dict.fromkeys("TDNC", each) for each in (X, MEANS,
            fits.means(M + 1), LINE))),
        [("3", "measured, raw", X, MEANS.value, MEANS.low, MEANS.high),
         ("1", "measured, tail added", X, 1 + MEANS.value), ("4", "power law", X, LINE)],
    ),
    "few-shot": lambda: (
        of_skills.few_shot(X, {12: MEANS}, T, {"projection": T, "loss_matched": CUBE[0, :, 0]}),
        [(None, "trained, $D_c=12$", X, MEANS.value, MEANS.low, MEANS.high),
         (None, "$d/D_c$, by the definition", T, T)],
    ),
    "compute frontier": lambda: (
        of_skills.compute_frontier(X, {3: (X, 1 / X), 9: (X, 2 / X)}, MEANS, LINE, X),
        [(None, "one size, $N=3$ to 9", X, 2 / X), (None, "best size, trained", X, MEANS.value),
         (None, "law, published constant", X, X)],
    ),
    "completed loss": lambda: (
        of_skills.completed_loss(X, LINE, LINE + 1, X),
        [(None, "$L+L_C$", X, LINE + 1), (None, "power law", X, X)],
    ),
    "strengths": lambda: (
        of_skills.strengths(T, CUBE, CUBE[0] + 1),
        [(None, "networks", T, CUBE[2, :, 1]),
         (None, "theory, clock from skill 1", T, CUBE[0, :, 1] + 1)],
    ),
    "strength bands": lambda: (
        of_skills.strength_bands(T, fits.means(CUBE), CUBE[0]),
        [(None, None, T, None, fits.means(CUBE).low[:, 1], fits.means(CUBE).high[:, 1]),
         (None, "theory", T, CUBE[0, :, 1])],
    ),
    "blind ratios": lambda: (
        of_skills.blind_ratios({"shared": {"α = 0.4": MEANS, "α = 0.6": fits.means(M + 1)}},
            ylabel="ratio"),
        [("shared", "α = 0.6", None, 1 + MEANS.value, 1 + MEANS.low, 1 + MEANS.high)],
    ),
    "sum of sigmoids": lambda: (
        of_skills.sum_of_sigmoids(X, {"a": M}, {"a": LINE}, {"a": M + 1}),
        [("a", None, X, M[1] + 1), ("2", None, X, M[2]), ("2", None, X, LINE)],
    ),
    "adversaries": lambda: (
        of_slingshot.curves(X, {"theorem": LINE}, X, {"random": MEANS, "swaps": fits.means(M + 1)}),
        [(None, "theorem", X, LINE), (None, "swaps", X, 1 + MEANS.value, 1 + MEANS.low,
         1 + MEANS.high)],
    ),
    "finite size": lambda: (
        of_slingshot.finite_size(X, {"swaps": MEANS}, LINE, 2.3, bad_fraction=0.2),
        [(None, "swaps", X, MEANS.value), (None, "finite bound", X, LINE),
         (None, None, [NAN], [2.3])],
    ),
    "ladder of tuples": lambda: (
        of_slingshot.ladder(X, {1: LINE, 2: X}),
        [(None, "single skills", X, LINE), (None, "2-tuples", X, X)],
    ),
    "margins": lambda: (
        of_slingshot.margins({"one": [0.5, 1.4], "two": [0.2, 0.9, 0.4]}),
        [(None, None, [0.2, 0.9, 0.4], [1, 1, 1]), (None, None, [1.4], [0]),
         (None, None, [1], [NAN])],
    ),
    "levels": lambda: (
        of_slingshot.levels({"a": [1.0, 1.1], "b": [3.0]}, {"b": 2.9}, 4.0, xlabel="x",
            limit_label="most"),
        [(None, "measured", [1.0, 1.1], [0, 0]), (None, "closed form", [2.9, 2.9], [0.65, 1.35]),
         (None, "most", [4], [NAN])],
    ),
    "combinations": lambda: (
        of_slingshot.combinations(X, {0.0: LINE, 1.0: X}, {0.0: M, 1.0: M + 1},
            {0.0: X, 1.0: LINE}),
        [("1", None, X, M[1] + 1), ("1", None, X, X), ("2", r"$\rho=1$", X, LINE)],
    ),
    "loss links": lambda: (
        of_slingshot.loss_links([[0.1, 0.4], [0.02, 0.2]], [[0.05, 0.3], [0.0, 0.04]], [16, 64],
            linear=0.7, margin=2.7, pinsker=2.8, window=(0.1, 0.5)),
        [(None, "16 neurons", [0.1, 0.4], [0.05, 0.3]), (None, "64 neurons", [0.2], [0.04]),
         (None, "margin bound", None, np.minimum(2.7 * np.geomspace(0.016, 0.44, 100), 1)),
         (None, "Pinsker's bound", None, np.minimum(2.8 * np.geomspace(0.016, 0.44, 100) ** 0.5,
          1))],
    ),
    "unseen tuples": lambda: (
        of_slingshot.unseen_tuples({"pairs": [[0.1, 0.2]], "triples": [[0.3, 0.4]]},
            {"pairs": [[0.11, 0.19]], "triples": [[0.33, 0.0]]}, [32]),
        [("pairs", "32 neurons", [0.1, 0.2], [0.11, 0.19]),
         ("triples", "32 neurons", [0.3], [0.33])],
    ),
}  # fmt: skip


def holds(data: Any, panel: Any, label: Any, x: Any, y: Any, *ends: Any) -> bool:
    """Whether a run of successive rows of a figure's data are the series that is looked for."""
    chosen = data[data["panel"].eq(panel) | (panel is None)]
    chosen = chosen[chosen["series"].eq(label) | (label is None)]
    wanted = {
        name: np.asarray(values, float)
        for name, values in zip(("x", "y", "low", "high"), (x, y, *ends), strict=False)
        if values is not None
    }
    size = len(next(iter(wanted.values())))
    rows = {name: chosen[name].to_numpy(float) for name in wanted}
    return any(
        all(
            np.allclose(rows[name][at : at + size], values, rtol=1e-9, equal_nan=True)
            for name, values in wanted.items()
        )
        for at in range(len(chosen) - size + 1)
    )


@pytest.mark.parametrize("name", CASES)
def test_what_was_put_in_is_what_is_seen(name: str) -> None:
    (_, data), series = CASES[name]()
    for one in series:
        assert holds(data, *one), (one, data.to_string())
    assert list(data.columns) == list(COLUMNS)
    assert (data["across"] + data["up"] != "").any()


def test_the_search_for_a_series_can_fail() -> None:
    (_, data), (first, *_) = CASES["wasted"]()
    panel, label, x, y, low, high = first
    for wrong in (
        ("other", label, x, y, low, high),
        (panel, "other", x, y, low, high),
        (panel, label, x, y + 0.01, low, high),
        (panel, label, x, y, low, high + 0.01),
    ):
        assert not holds(data, *wrong)


def test_every_figure_of_every_theory_is_drawn_in_a_test() -> None:
    package = Path(skillscale.__file__).parent
    theories = {path.parent.name for path in package.glob("*/figures*") if path.stem == "figures"}
    tests = " ".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for theory in sorted(theories):
        module = importlib.import_module(f"skillscale.{theory}.figures")
        drawn = [name for name, each in vars(module).items() if hasattr(each, "__wrapped__")]
        assert drawn, theory
        assert [name for name in drawn if f".{name}(" not in tests] == []


def test_similarity_orders_by_size() -> None:
    label = np.array([0, 1, 1, 1, 0, 2])
    cosine = (label[:, None] == label).astype(float)
    figure, _ = of_quanta.similarity(cosine, label, np.zeros(6, int))
    expected = np.zeros((6, 6))
    for block in (slice(0, 3), slice(3, 5), slice(5, 6)):
        expected[block, block] = 1
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), expected)


def test_axes_show_what_would_be_hidden() -> None:
    margins = CASES["margins"]()[0].figure.axes[0]
    assert margins.get_xlim()[1] > 1.4  # a graph beyond the bound
    loss = {16: fits.medians(np.full((3, 3), 1e3)), 64: fits.medians(np.ones((3, 3)))}
    whole = fits.medians(np.full((3, 3), 0.5))
    np.testing.assert_allclose(
        of_resource.samples(X, loss, whole).figure.axes[0].get_ylim(), [0.3, 10]
    )
    del loss[64]  # the fit to all inputs is always in the frame
    low, high = of_resource.samples(X, loss, whole).figure.axes[0].get_ylim()
    assert low < 0.5 < high
    # the rarest skill was never learned: the axis ends below the last one that was
    times = {"SGD": np.array([[1.0, 2.0, np.nan], [1.5, np.nan, np.nan]])}
    drawn = of_quantization.learning_times(
        np.array([0.5, 0.3, 0.2]), times, {"SGD": X}, horizon=9.0
    )
    assert 0.1 < drawn.figure.axes[0].get_xlim()[1] < 0.3


def test_notes_name_what_a_legend_does_not() -> None:
    notes = {
        name: [note.get_text() for axes in CASES[name]()[0].figure.axes for note in axes.texts]
        for name in ("local exponents", "module speed-ups", "resamples", "Chinchilla", "strengths")
    }
    assert notes == {
        "local exponents": ["other"],
        "module speed-ups": ["α = 0"],
        "resamples": ["1/3"],
        "Chinchilla": ["$N$ = 100M"],
        "strengths": ["1", "2"],
    }
    ladder = of_skills.Ladder(T, fits.means(np.stack([T / 4, T / 9], -1)[None]), T, {"a": CUBE[0]})
    drawn = of_skills.ladders({"left": ladder}, xlabel="D", logarithmic=True)
    assert [note.get_text() for note in drawn.figure.axes[0].texts] == ["1"]  # 2 stays below half


def test_caps_are_no_points_and_no_interval_is_none() -> None:
    figure, axes = style.new()
    style.bars(axes, [1, 2], fits.means([[1.0, 2.0]]), capsize=2, label="one")
    style.bars(axes, [1, 2], summary(3, 4), capsize=2, label="two")
    data = plotted(figure)
    assert len(data) == 4
    assert data["low"].isna().tolist() == [True, True, False, False]


def test_a_band_belongs_to_its_line_and_every_curve_has_a_number() -> None:
    figure, (first, second) = style.new(1, 2)
    for name in ("one", "two"):
        style.band(first, X, MEANS, label=name, color="k")
    first.plot(X, M.T, color="r", label="law")
    second.plot(X, X, color="r", label="other law")
    data = plotted(figure)
    bands = data[data["low"].notna()]
    assert bands["series"].tolist() == ["one"] * 3 + ["two"] * 3
    assert set(data.loc[data["panel"] == "1", "series"]) == {"one", "two", "law"}
    assert data.groupby(["panel", "curve"]).size().tolist() == [6, 6, 3, 3, 3, 3]


def test_bars_and_levels_are_series_too() -> None:
    figure, axes = style.new()
    axes.bar([1, 2], [3.0, 4.0], label="bars")
    axes.axvline(1.5, label="here")
    data = plotted(figure)
    assert holds(data, None, "bars", [1, 2], [3, 4])
    assert holds(data, None, "here", [1.5], [np.nan])
    assert plotted(style.new()[0]).empty
