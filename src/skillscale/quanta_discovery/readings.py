"""What the claims on quanta discovery read off their runs, a function of the name of each claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.lab import records
from skillscale.quanta_discovery.experiments import measures

Floats = NDArray[np.float64]
WINDOWS = ((8, 80), (16, 160), (32, 320))  # ranks between which the slope of an envelope is read
PLANTED_WINDOW = (20, 200)  # the same for the authors' planted groups
GAINED = 2.0  # nats that a token gains from the smallest to the largest network


def excess(run: xr.Dataset) -> tuple[Floats, Floats, Floats]:
    """Return how much more alike members of a cluster are than samples of the same tokens.

    Own, other and untrained network, each of shape (member, shared tokens).
    """
    found = run.excess.transpose("member", "shared", "network", "measured_in").values
    own = (found[..., 0, 0] + found[..., 1, 1]) / 2
    other = (found[..., 0, 1] + found[..., 1, 0]) / 2
    return own, other, found[..., 2].mean(-1)


def agreements(run: xr.Dataset) -> Floats:
    """Return ARI and NMI of clusters with the other network's and with tokens, per member."""
    found = []
    for i in range(run.sizes["member"]):
        first, second = run.label.isel(member=i).values
        token = run.tokens.isel(member=i).sel(back=0).values
        alone = [list(measures.agreement(label, token).values()) for label in (first, second)]
        found.append([list(measures.agreement(first, second).values()), np.mean(alone, axis=0)])
    return np.array(found)


def exponents(y: ArrayLike, x: ArrayLike) -> Floats:
    return np.array([fits.power_law(x, one).exponent.value for one in np.asarray(y)])


def loss_exponents(series: xr.Dataset, first: int = 0) -> dict[int, Floats]:
    """Return the exponent of the loss in parameters, from a size on, by steps of training."""
    parameters = series.n_parameters.values.astype(float)
    return {
        int(steps): exponents(
            series.sel(training=steps).mean_loss.mean("network").values[:, first:],
            parameters[first:],
        )
        for steps in series.training.values
    }


def envelope_slopes(run: xr.Dataset, source: str) -> list[Floats]:
    """Return the exponents of the envelope of cluster sizes between the ranks of each window."""
    top = measures.envelope(run["size"].sel(source=source).values)
    return [exponents(top[:, a - 1 : b], np.arange(a, b + 1)) for a, b in WINDOWS]


def gaining(series: xr.Dataset, member: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return losses (network, width, token) of the tokens that gain enough, and which they are."""
    loss = series.loss_hundredths.isel(member=member).values / 100
    mean = loss.mean(0)
    chosen = np.flatnonzero(mean[0] - mean[-1] > GAINED)
    return loss[:, :, chosen], chosen


def step_statistics(series: xr.Dataset) -> dict[str, dict[str, Floats]]:
    """Return statistics of the steps of tokens, and of smooth surrogates, a number a member."""
    found = [
        measures.against_surrogates(gaining(series, i)[0]) for i in range(series.sizes["member"])
    ]
    return {
        name: {
            kind: np.array([one[i][name] for one in found])
            for i, kind in enumerate(("tokens", "smooth"))
        }
        for name in found[0][0]
    }


def recovered(known: xr.Dataset, score: str, group: NDArray[np.int_]) -> dict[str, Floats]:
    return {
        str(recipe): _recovered(known, str(recipe), score, group) for recipe in known.recipe.values
    }


def clusters_transfer_beyond_the_last_tokens(run: xr.Dataset) -> dict[str, Estimate]:
    parts = ("same token", "same two tokens", "same three tokens")
    _, other, _ = excess(run)
    return {part: fits.mean(column) for part, column in zip(parts, other.T, strict=True)}


def clusters_belong_to_the_text(run: xr.Dataset) -> Estimate:
    own, other, _ = excess(run)
    return fits.mean(other[:, 0] / own[:, 0])


def agreement_of_networks_is_learned(run: xr.Dataset) -> Estimate:
    _, other, untrained = excess(run)
    return fits.mean(untrained[:, 0] / other[:, 0])


def clusters_beat_tokens_on_another_network(run: xr.Dataset) -> dict[str, Estimate]:
    by_clusters, by_token = agreements(run).swapaxes(0, 1)
    beyond = by_clusters - by_token
    return {score: fits.mean(beyond[:, j]) for j, score in enumerate(("ARI", "NMI"))}


def envelope_slope_follows_the_loss_exponent(run: xr.Dataset) -> Estimate:
    """Compare with the loss exponent of networks of the same seeds, if training has converged."""
    series = records.published("quanta_discovery_model_sizes")
    short, long = loss_exponents(series).values()
    slopes = envelope_slopes(run, "gradients")
    gap = fits.mean(slopes[1][np.isin(run.seed.values, series.seed.values)] - 1 - long)
    unsettled = abs(long.mean() / short.mean() - 1) > 0.25
    if unsettled or np.ptp([window.mean() for window in slopes]) > 0.4:
        gap = replace(gap, status="not_converged")
    return gap


def envelope_differs_from_clusterless_vectors(run: xr.Dataset) -> dict[str, Estimate]:
    return {"isotropic vectors": _apart(run, "isotropic"), "same spectrum": _apart(run, "spectrum")}


def envelope_recovers_alpha(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"alpha {alpha}": fits.mean(envelope_slopes(run, f"planted {alpha}")[1])
        for alpha in ("0.2", "0.4", "0.8")
    }


def planted_slopes(run: xr.Dataset, window: tuple[int, int] = PLANTED_WINDOW) -> Floats:
    """Return the exponents of the envelopes of planted groups, shape (member, exponent)."""
    first, last = window
    sizes = run["size"].transpose("member", "exponent", "n_clusters", "rank").values
    rank = np.arange(first, last + 1)
    return np.array([
        exponents([measures.envelope(each[None])[0, first - 1 : last] for each in member], rank)
        for member in sizes
    ])  # fmt: skip


def envelope_orders_planted_exponents(run: xr.Dataset) -> dict[str, Estimate]:
    found, planted = planted_slopes(run), run.exponent.values
    return {
        "order": fits.rank_correlation(planted, found),
        "error": fits.mean(np.sqrt(((found - planted) ** 2).mean(1))),
    }


def token_steps_recur_across_networks(run: xr.Dataset) -> dict[str, Estimate]:
    found = step_statistics(run)
    place = found["same place"]
    return {
        "same place": fits.mean(place["tokens"] - place["smooth"]),
        "found again": fits.mean(found["again"]["tokens"]),
    }


def renamed_excess(known: xr.Dataset, cosine: str) -> Floats:
    """Mean absolute cosine of samples of one skill under two names, minus that of two skills."""
    found = known[cosine]
    pairs = found.sel(pair="same skill, other name"), found.sel(pair="other skill")
    return np.asarray(pairs[0] - pairs[1], dtype=float)


def gradients_know_skills_beyond_their_names(run: xr.Dataset) -> dict[str, Estimate]:
    trained, untrained = (
        renamed_excess(run, name) for name in ("absolute_cosine", "untrained_cosine")
    )
    found = recovered(run, "NMI", run.sample_skill.values.astype(int))
    return {
        "pairs": fits.mean(trained - untrained),
        "clusters": fits.mean(found["absolute"] - found["absolute, untrained"]),
    }


def _apart(run: xr.Dataset, null: str) -> Estimate:
    """Size of the mean difference of slopes between gradients and a null, with its interval."""
    found = envelope_slopes(run, "gradients")[1] - envelope_slopes(run, null)[1]
    return fits.mean(np.sign(found.mean()) * found)


def _recovered(known: xr.Dataset, recipe: str, score: str, group: NDArray[np.int_]) -> Floats:
    labels = known.label.sel(recipe=recipe).values
    pairs = zip(labels, group, strict=True)
    return np.array([measures.agreement(label, each)[score] for label, each in pairs])
