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
KNOWN = 0.03  # failure rate up to which a skill counts as known
CHANCE = 1e-6  # that a graph passes its bound
GROUPS = ("seen", "held-out")


def adversary_bounds(run: xr.Dataset) -> xr.DataArray:
    made, fractions = records.provenance(run, "settings"), run.bad_fraction.values
    curves = [
        _curve(fractions, made["theta"], made["k"], made["n_skills"], int(n), CHANCE)
        for n in run.n_texts.values
    ]
    return xr.DataArray(np.stack(curves), dims=("n_texts", "bad_fraction"))


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


def answer_cost(run: xr.Dataset) -> float:
    """Return the least cost in nats of a wrong answer, ln 2 - H(flip)."""
    flip = records.provenance(run, "settings")["flip"]
    return float(np.log(2) + flip * np.log(flip) + (1 - flip) * np.log(1 - flip))


def window(run: xr.Dataset) -> tuple[Floats, xr.DataArray]:
    """Return the decade of excess per text that is judged, and which runs lie in it."""
    made = records.provenance(run, "settings")
    ends = (made["k"] + made["composed"]) * answer_cost(run) * np.array([0.05, 0.5])
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


def single_failures(run: xr.Dataset) -> xr.DataArray:
    """Return the failure rate of single skills in familiar texts, each skill counting alike."""
    rate: xr.DataArray = (run.skill_wrong / run.questions).sel(kind="familiar").mean("skill")
    return rate


def tuple_failures(
    run: xr.Dataset, task: str, worst: float = 1.0
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Return failure rates of seen and held-out tuples, measured and by the product of skills.

    Pairs and triples fail if any of their answers is wrong; composed answers, by that law, if one
    of two is. Each tuple counts alike; those never asked do not, nor those with a skill that by
    itself fails more often than `worst`. A rate over none is nan.
    """
    composed, order = task == "composed answers", ("width", "member", "step")
    name = "composed" if composed else "set"
    sets = [[int(skill) for skill in each.split()] for each in run["set"].values]
    size = 3 if task == "triples" else 2
    places = [place for place, each in enumerate(sets) if len(each) == size]
    single = 1 - (run.skill_wrong / run.questions).sel(kind="familiar")
    right = single.transpose(*order, "skill").values[..., np.array([sets[i] for i in places])]
    law = right.sum(-1) - 2 * right.prod(-1) if composed else 1 - right.prod(-1)
    wrong = run[f"{name}_wrong"].transpose(*order, ...).values[..., places]
    asked = run[f"{name}_questions"].values[:, None, places]
    held_out = run.held_out.values[:, None, places]
    failed: dict[str, xr.DataArray] = {}
    expected: dict[str, xr.DataArray] = {}
    for mark, group in enumerate(GROUPS):
        counted = (asked > 0) & (held_out == mark) & (right.min(-1) >= 1 - worst)
        for rates, values in (failed, wrong / np.maximum(asked, 1)), (expected, law):
            with np.errstate(invalid="ignore"):
                mean = np.where(counted, values, 0).sum(-1) / counted.sum(-1)
            rates[group] = xr.DataArray(mean, dims=order)
    return failed, expected


def worst_skills(run: xr.Dataset) -> tuple[Floats, Floats]:
    """Return, per run with wrong texts, how near its worst skills come to the bounds.

    The largest failure factor over its bound (nan where no curve exists) and over the exact worst
    case, of shape (run, 2), among sets of worst skills with a share of at most 1/2 in the texts;
    and the fraction of wrong texts. The bound has the failure probability `CHANCE` after a union
    over all sets of skills and all numbers of wrong texts.
    """
    every = run.sel(kind="any")
    order, n_texts = ("width", "member", "step"), int(every.texts)
    k = records.provenance(run, "settings")["k"]
    spoiled = every.skill_spoiled.transpose(*order, "skill").values
    worst = np.argsort(-spoiled / every.questions.values[None, :, None], axis=-1)[..., :-1]
    shares = np.cumsum(run.frequency.values.astype(float)[worst], axis=-1)
    hits = np.cumsum(np.take_along_axis(spoiled, worst, axis=-1), axis=-1)
    thetas = (every.wrong / every.texts).transpose(*order).values
    chance = CHANCE / 2**run.skill.size / n_texts
    found, wrong = [], []
    for i in np.ndindex(thetas.shape):
        few = shares[i] <= 0.5
        if thetas[i] > 0 and few.any():
            share, theta = shares[i][few], thetas[i]
            beta = hits[i][few] / (share * theta * k * n_texts)
            bound = _curve(share, theta, k, run.skill.size, n_texts, chance)
            exact = theory.exact_curve(share, theta, k)
            found.append([np.fmax.reduce(beta / each) for each in (bound, exact)])
            wrong.append(theta)
    return np.array(found), np.array(wrong)


def exact_curve_is_reached(run: xr.Dataset) -> dict[str, Estimate]:
    found = run.reached.sel(n_texts=100_000, strategy="soft-min swaps")
    return {f"a = {a:g}": fits.mean(found.sel(bad_fraction=a).values) for a in (0.1, 0.2, 0.5)}


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
    return {
        "counts": fits.mean((half["count"] / half.independent).values),
        "independent skills": fits.mean(theory.novel_fraction(apart, plain)),
        "shared rates": fits.mean(theory.novel_fraction(shared, plain)),
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


def unseen_tuples_fail_as_their_skills_do(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for task in ("pairs", "triples"):
        failed, expected = tuple_failures(run, task)
        of_law = {group: failed[group] / expected[group] for group in GROUPS}
        found[f"seen {task}"] = _mean_of_judged(run, of_law["seen"])
        found[f"held-out {task}"] = _mean_of_judged(run, of_law["held-out"] / of_law["seen"])
    return found


def unseen_pairs_of_known_skills(run: xr.Dataset) -> dict[str, Estimate]:
    failed, expected = tuple_failures(run, "pairs", worst=KNOWN)
    both = failed["seen"].notnull() & failed["held-out"].notnull() & window(run)[1]
    seen, held_out = (
        failed[group].where(both).sum(("width", "step"))
        / expected[group].where(both).sum(("width", "step"))
        for group in GROUPS
    )
    return {
        "over single skills": fits.mean(held_out.values),
        "over seen pairs": fits.mean((held_out / seen).values),
    }


def unseen_tuples_improve_as_fast_as_skills(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"{task}, {name}": estimate
        for task in ("pairs", "triples")
        for name, estimate in _rates(run, task).items()
    }


def composing_carries_over_to_unseen_pairs(run: xr.Dataset) -> dict[str, Estimate]:
    failed, expected = tuple_failures(run, "composed answers")
    seen, held_out = (failed[group] / expected[group] for group in GROUPS)
    return {"failures": _mean_of_judged(run, held_out / seen), **_rates(run, "composed answers")}


def _mean_of_judged(run: xr.Dataset, values: xr.DataArray) -> Estimate:
    return fits.mean(values.where(window(run)[1]).mean(("width", "step")).values)


def _rates(run: xr.Dataset, task: str) -> dict[str, Estimate]:
    """Slopes of ln(failure rate of held-out tuples) in that of seen tuples and of questions."""
    failed, _ = tuple_failures(run, task)
    against = {"in seen ones": failed["seen"], "in single skills": single_failures(run)}
    return {
        name: fits.mean(log_slopes(run, rate, failed["held-out"])) for name, rate in against.items()
    }


def _bound(shape: Shape, theta: float, a: float) -> float:
    """Finite curve for a shape; with Zipf skills, ln 2 in place of H(a)."""
    n_skills, n_texts, k, zipf = shape
    sets = n_skills * (np.log(2) + a * np.log(a) + (1 - a) * np.log(1 - a)) if zipf else 0.0
    chance = float(np.exp(np.log(CHANCE) - sets))
    return float(_curve(a, theta, int(k), int(n_skills), int(n_texts), chance))


def _curve(
    a: float | Floats, theta: float, k: int, n_skills: int, n_texts: int, chance: float
) -> Floats:
    return theory.finite_curve(
        a, theta, k, n_skills=n_skills, n_texts=n_texts, failure_probability=chance
    )
