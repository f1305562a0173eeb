"""What claims on skill–text graphs read off their runs, a function of the name of each claim."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.lab import records
from skillscale.slingshot import theory

Floats = NDArray[np.float64]
Shape = tuple[int, int, int, float]  # skills, texts, skills a text, Zipf exponent
# Least cost in nats of an answer that is wrong: the right one has probability 0.9 in the language.
ANSWER_COST = np.log(2) + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
QUESTIONS = 4  # answers a text
CHANCE = 1e-6  # that a graph passes its bound
GROUPS = ("seen pairs", "held-out pairs")


def adversary_bounds(run: xr.Dataset) -> xr.DataArray:
    made, fractions = records.provenance(run, "settings"), run.bad_fraction.values
    curves = [
        _curve(fractions, made["theta"], made["k"], made["n_skills"], int(n), CHANCE)
        for n in run.n_texts.values
    ]
    return xr.DataArray(np.stack(curves), dims=("n_texts", "bad_fraction"))


def adversaries_over_bound(run: xr.Dataset) -> Floats:
    """Return the largest failure factor over its bound: (member, number of texts)."""
    found = (run.reached / adversary_bounds(run)).max(("bad_fraction", "strategy"))
    return np.asarray(found.transpose("member", "n_texts").values)


def shapes(run: xr.Dataset) -> list[Shape]:
    columns = (run[name].values.tolist() for name in ("n_skills", "n_texts", "k", "zipf"))
    return list(zip(*columns, strict=True))


def bounds(run: xr.Dataset) -> Floats:
    """Return the finite curve: (shape, theta, bad fraction); nan where there is none."""
    return np.array(
        [
            [
                [_bound(shape, theta, a) for a in run.bad_fraction.values]
                for theta in run.theta.values
            ]
            for shape in shapes(run)
        ]
    )


def graphs_over_bound(run: xr.Dataset) -> xr.DataArray:
    order = ("member", "shape", "theta", "bad_fraction", "strategy")
    reached: xr.DataArray = run.reached.transpose(*order)
    return reached / bounds(run)[None, ..., None]


def tiny_graphs_over_bound(run: xr.Dataset) -> xr.DataArray:
    worst: xr.DataArray = run.worst.transpose("member", "graph", "shape", "n_bad")
    columns = (run[name].values.tolist() for name in ("n_skills", "n_texts", "k", "n_wrong"))
    bound = np.full((run.sizes["shape"], run.sizes["n_bad"]), np.nan)
    for row, (n_skills, n_texts, k, n_wrong) in zip(bound, zip(*columns, strict=True), strict=True):
        curve = _curve(
            np.arange(1, n_skills) / n_skills, n_wrong / n_texts, k, n_skills, n_texts, 1e-3
        )
        row[: len(curve)] = curve  # for every number of bad skills
    found: xr.DataArray = (worst / bound[None, None]).max("n_bad")
    return found


def wrong_and_excess(run: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    every = run.sel(kind="any")
    return every.wrong / every.texts, every.excess


def window(run: xr.Dataset) -> tuple[Floats, xr.DataArray]:
    """Return the decade of excess per text that is judged, and which runs lie in it."""
    ends = QUESTIONS * ANSWER_COST * np.array([0.05, 0.5])
    _, excess = wrong_and_excess(run)
    return ends, (excess > ends[0]) & (excess < ends[1])


def linear_constant(run: xr.Dataset) -> float:
    wrong, excess = wrong_and_excess(run)
    narrow = (wrong / excess).where(window(run)[1]).sel(width=16)
    return float(np.exp(np.log(narrow).mean()))


def log_slopes(run: xr.Dataset, x: xr.DataArray, y: xr.DataArray) -> Floats:
    """Return the slope of ln y in ln x per seed, over the judged runs."""
    judged, along = window(run)[1], ("width", "step")
    logs: list[xr.DataArray] = [np.log(values.where(judged)) for values in (x, y)]  # type: ignore[misc]
    across, up = (values - values.mean(along) for values in logs)
    found = (across * up).sum(along) / (across**2).sum(along)
    return np.asarray(found.values)


def pair_failures(run: xr.Dataset) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Return failure rates of seen and held-out pairs, measured and by the product of skills."""
    single = 1 - (run.skill_wrong / run.questions).sel(kind="familiar")
    low, high = np.triu_indices(run.skill.size, 1)
    product = single.isel(skill=low).rename(skill="pair").drop_vars("pair")
    product = product * single.isel(skill=high).rename(skill="pair").drop_vars("pair")
    questions = run.pair_questions.drop_vars("pair")
    failed, expected = {}, {}
    for name, mask in zip(GROUPS, (1 - run.held_out, run.held_out), strict=True):
        weight = questions * mask.drop_vars("pair")
        rate = (run.pair_wrong * mask).sum("pair") / weight.sum("pair")
        law = ((1 - product) * weight).sum("pair") / weight.sum("pair")
        failed[name], expected[name] = (
            each.transpose("width", "member", "step") for each in (rate, law)
        )
    return failed, expected


def worst_skills(run: xr.Dataset) -> tuple[Floats, Floats, NDArray[np.int_]]:
    """Return, per run with wrong texts, how near its worst skills come to the bounds.

    The largest failure factor over its bound and over the exact worst case, of shape (run, 2); the
    fraction of wrong texts; and the place of its seed.
    """
    every = run.sel(kind="any")
    spoiled = every.skill_spoiled.transpose("width", "member", "step", "skill").values
    rates = spoiled / every.questions.values[None, :, None]
    order = np.argsort(-rates, axis=-1)[..., :-1]
    shares = np.cumsum(run.frequency.values.astype(float)[order], axis=-1)
    hits = np.cumsum(np.take_along_axis(spoiled, order, axis=-1), axis=-1)
    thetas = (every.wrong / every.texts).transpose("width", "member", "step").values
    used = [i for i in np.ndindex(thetas.shape) if thetas[i] > 0 and (shares[i] <= 0.5).any()]
    found = [_over_bounds(thetas[i], shares[i], hits[i], int(every.texts)) for i in used]
    return np.array(found), np.array([thetas[i] for i in used]), np.array([i[1] for i in used])


def bound_holds_on_single_graphs(run: xr.Dataset) -> Estimate:
    return _range_of(adversaries_over_bound(run))


def exact_curve_is_reached(run: xr.Dataset) -> dict[str, Estimate]:
    found = run.reached.sel(n_texts=100_000, strategy="soft-min swaps")
    return {f"a = {a:g}": fits.mean(found.sel(bad_fraction=a).values) for a in (0.1, 0.2, 0.5)}


def bound_is_never_violated(run: xr.Dataset) -> Estimate:
    per_graph = graphs_over_bound(run).max(("theta", "bad_fraction", "strategy"))  # skips nan
    return fits.proportion(int((per_graph > 1).sum()), per_graph.size)


def bound_holds_on_enumerated_graphs(run: xr.Dataset) -> Estimate:
    found = tiny_graphs_over_bound(run)
    return fits.proportion(int((found > 1).sum()), found.size)


def strongest_adversary_reaches_the_worst_case(run: xr.Dataset) -> Estimate:
    main = run.isel(shape=shapes(run).index((1000, 100_000, 8, 0.0)))
    found = main.reached.sel(theta=0.1, bad_fraction=0.2, strategy="soft-min swaps")
    return fits.mean(found.values)


def worst_pairs_share_a_skill(run: xr.Dataset) -> dict[str, Estimate]:
    sets = ("star", "clique", "alternation")
    found = {name: fits.mean(run.targeted.sel(strategy=name).values) for name in sets}
    return {**found, "common skills": fits.mean(run.hub.sel(strategy="alternation").values)}


def shared_rates_fake_novelty(run: xr.Dataset) -> dict[str, Estimate]:
    five = run.sel(size=5)
    half = five.sel(correlation=0.5)
    apart, shared = (five.seen.sel(correlation=rho).values for rho in (0.0, 1.0))
    plain = float(theory.skillmix_expected_texts(5, p_skill=0.06, p_topic=0.02, corpus=2e6))
    inflation = theory.co_occurrence(5, 1.0)
    return {
        "counts": fits.mean((half["count"] / half.independent).values),
        "independent skills": fits.mean(theory.novel_fraction(apart, plain)),
        "shared rates": fits.mean(theory.novel_fraction(shared, plain)),
        "corrected": fits.mean(theory.novel_fraction(shared, plain, inflation=inflation)),
    }


def wrong_texts_are_proportional_to_excess_entropy(run: xr.Dataset) -> dict[str, Estimate]:
    wrong, excess = wrong_and_excess(run)
    wide = window(run)[1] & (run.width > 16)
    blind = (wrong / (linear_constant(run) * excess) - 1).where(wide)
    error: xr.DataArray = (blind**2).mean(("width", "step")) ** 0.5
    return {
        "exponent": fits.mean(log_slopes(run, excess, wrong)),
        "blind error": fits.mean(error.values),
    }


def skills_of_a_pair_fail_independently(run: xr.Dataset) -> dict[str, Estimate]:
    failed, expected = pair_failures(run)
    return {
        name: fits.mean(
            (failed[name] / expected[name]).where(window(run)[1]).mean(("width", "step")).values
        )
        for name in GROUPS
    }


def unseen_pairs_improve_as_fast_as_seen_ones(run: xr.Dataset) -> Estimate:
    failed, _ = pair_failures(run)
    return fits.mean(log_slopes(run, *(failed[name] for name in GROUPS)))


def worst_skills_of_networks_stay_below_the_bound(run: xr.Dataset) -> Estimate:
    found, _, seed = worst_skills(run)
    return _range_of([np.nanmax(found[seed == i, 0]) for i in range(run.member.size)])


def _range_of(values: Floats | list[float]) -> Estimate:
    """Return the largest value, with the full range as its interval."""
    found = np.asarray(values)
    return Estimate(
        float(found.max()), float(found.min()), float(found.max()), n_members=found.size
    )


def _bound(shape: Shape, theta: float, a: float) -> float:
    """Finite curve for a shape; with Zipf skills, ln 2 in place of H(a)."""
    n_skills, n_texts, k, zipf = shape
    sets = n_skills * (np.log(2) + a * np.log(a) + (1 - a) * np.log(1 - a)) if zipf else 0.0
    chance = float(np.exp(np.log(CHANCE) - sets))
    return float(_curve(a, theta, int(k), int(n_skills), int(n_texts), chance))


def _over_bounds(theta: float, share: Floats, hit: Floats, n_texts: int) -> tuple[float, float]:
    """Largest failure factor over its bound (nan where no curve exists), over the worst case."""
    share, hit = share[share <= 0.5], hit[share <= 0.5]
    beta = hit / (share * theta * QUESTIONS * n_texts)
    reached = beta / _curve(share, theta, QUESTIONS, 16, n_texts, CHANCE / 2**16 / n_texts)
    largest = np.nanmax(reached) if np.isfinite(reached).any() else np.nan
    return float(largest), float((beta / theory.exact_curve(share, theta, QUESTIONS)).max())


def _curve(
    a: float | Floats, theta: float, k: int, n_skills: int, n_texts: int, chance: float
) -> Floats:
    return theory.finite_curve(
        a, theta, k, n_skills=n_skills, n_texts=n_texts, failure_probability=chance
    )
