"""Clusters of gradients where the quanta are known: skills of multitask sparse parity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab import gradients
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, MultitaskParity, fresh_batches
from skillscale.lab.streams import Stream
from skillscale.lab.training import train
from skillscale.quanta_discovery.experiments import _shared

RECIPES = (
    "signed",
    "signed, twice as many",
    "absolute",
    "each label alone",
    "absolute, shared weights",
    "absolute, untrained",
)


@dataclass(frozen=True)
class KnownQuanta:
    """Settings of `known_quanta`.

    Attributes:
        n_skills: number of skills.
        n_bits: bits that all skills share.
        subset_size: bits a skill depends on.
        alpha: exponent of the skill frequencies.
        width: of the hidden layer.
        batch_size: fresh samples a step.
        steps: training steps.
        lr: learning rate of Adam.
        n_test: inputs of each skill on which its loss is measured.
        learned: a skill is learned if its mean loss is below this, bits.
        max_loss: a sample of a learned skill is kept if its loss is below this, nats.
        n_samples: samples clustered.
        n_init: starts of k-means.
        seeds: one task, one network and one set of samples each.
    """

    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    alpha: float = 0.4
    width: int = 128
    batch_size: int = 1000
    steps: int = 5000
    lr: float = 1e-2
    n_test: int = 200
    learned: float = 0.1
    max_loss: float = 0.1
    n_samples: int = 1500
    n_init: int = 5
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check what the parts used do not check themselves."""
        for name in ("n_test", "n_samples", "n_init"):
            _checks.integer(name, getattr(self, name), minimum=1)
        for name in ("learned", "max_loss"):
            _checks.number(name, getattr(self, name), above=0)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "known_quanta": KnownQuanta(
        n_skills=12, width=48, batch_size=500, steps=1000, n_samples=400, seeds=(0,)
    )
}
STANDARD = {"known_quanta": KnownQuanta()}


def known_quanta(settings: KnownQuanta, *, progress: bool = False) -> xr.Dataset:
    """Train on multitask parity, and cluster gradients of samples whose skill is known.

    The networks have one hidden layer and one output f, the log odds of the target +1. Gradients
    are exact and over all parameters. The recipes: "signed" clusters by the cosine into as many
    clusters as there are skills among the samples, and "signed, twice as many" into twice as many;
    "absolute" uses the absolute cosine; "each label alone" clusters samples of each label by
    themselves, into as many clusters as skills. "absolute, shared weights" leaves out the rows of
    the control bits, which no two skills share; "absolute, untrained" takes the gradients of the
    network before training.

    Args:
        settings: task, network, choice of samples and seeds.
        progress: show a bar over training steps.

    Returns:
        Dataset with dims (member, recipe, sample) `label`, (member, sample) `sample_skill` (0 is
        the most frequent) and `target` (-1 or 1), (member, skill) `loss` in bits, and (member,
        pair) the mean `cosine` and `absolute_cosine` of two samples of the same skill and label, of
        the same skill and other labels, and of different skills.

    Raises:
        ValueError: a network has learned fewer than two skills.
    """
    tasks = [
        MultitaskParity(
            settings.n_skills, settings.n_bits, settings.subset_size, settings.alpha, seed=seed
        )
        for seed in settings.seeds
    ]
    widths = [settings.width] * len(tasks)
    model = MLPEnsemble(
        settings.n_bits, widths, seeds=settings.seeds, n_categories=settings.n_skills
    )
    untrained = [parameter.detach().clone() for parameter in model.parameters]
    train(
        model,
        fresh_batches(tasks, settings.batch_size, seeds=settings.seeds),
        optimizer=Adam(settings.lr),
        steps=settings.steps,
        loss="cross_entropy",
        measure=lambda model, _: {},
        at=[settings.steps],
        progress=progress,
    )
    trained = [parameter.detach() for parameter in model.parameters]
    parts = [
        _member(settings, task, [[p[i] for p in trained], [p[i] for p in untrained]])
        for i, task in enumerate(tasks)
    ]
    return xr.concat(parts, "member").assign_coords(
        seed=("member", np.asarray(settings.seeds)),
        recipe=list(RECIPES),
        pair=["same skill, same label", "same skill, other label", "other skill"],
    )


def _member(
    settings: KnownQuanta, task: MultitaskParity, networks: Sequence[list[Tensor]]
) -> xr.Dataset:
    """Choose samples of one network's learned skills and cluster them by every recipe."""
    loss = _skill_losses(settings, task, networks[0])
    learned = torch.from_numpy(loss < settings.learned)
    if int(learned.sum()) < 2:
        raise ValueError(
            f"steps must be enough for two skills to be learned, got {settings.steps}: "
            f"lowest loss {loss.min():.2f} bits"
        )
    batch = _samples(settings, task, networks[0], learned)
    skill, target = batch.skill.numpy(), batch.target.numpy()
    directions = [sample_directions(network, batch) for network in networks]
    trained, untrained = (gradients.cosine_similarity(each) for each in directions)
    shared = gradients.cosine_similarity({k: v for k, v in directions[0].items() if k != "control"})
    n = len(np.unique(skill))
    found = (
        _spectral(settings, trained, n, task.seed),
        _spectral(settings, trained, 2 * n, task.seed),
        _spectral(settings, trained.abs(), n, task.seed),
        _each_label_alone(settings, trained, skill, target, n, task.seed),
        _spectral(settings, shared.abs(), n, task.seed),
        _spectral(settings, untrained.abs(), n, task.seed),
    )
    return xr.Dataset(
        {
            "label": (("recipe", "sample"), np.stack(found).astype(np.int16)),
            "sample_skill": ("sample", skill.astype(np.int16)),
            "target": ("sample", target.astype(np.int8)),
            "loss": ("skill", loss.astype(np.float32).round(4), {"units": "bits"}),
            "cosine": ("pair", _pair_means(trained.numpy(), skill, target)),
            "absolute_cosine": ("pair", _pair_means(trained.abs().numpy(), skill, target)),
        }
    )


def sample_directions(parameters: Sequence[Tensor], batch: Batch) -> dict[str, Tensor]:
    """Gradient of each sample's own loss in a network of one hidden ReLU layer, up to its length.

    With the control rows C, weights V and bias c of the first layer, the read-out w and its bias b,
    h = relu(C_k + x V + c), f = h w + b and loss ln(1 + e^(-y f)), the gradient is σ(-y f) times
    -y ∂f. The factor is positive but vanishes in float32 for a sure network, and is left out.

    Args:
        parameters: C (skill, unit), V (bit, unit), c (1, unit), w (unit, 1), b (1, 1).
        batch: samples without a member axis.

    Returns:
        Name -> (sample, ...) of -y ∂f, over all entries of each parameter.
    """
    control, weight, shift, readout, _ = parameters
    before = control[batch.skill] + batch.bits @ weight + shift
    pull = -batch.target[:, None]
    back = pull * readout.T * (before > 0)
    one_hot = functional.one_hot(batch.skill, len(control)).to(back.dtype)
    return {
        "control": one_hot[:, :, None] * back[:, None],
        "weight": batch.bits[:, :, None] * back[:, None],
        "shift": back,
        "readout": pull * before.relu(),
        "offset": pull,
    }


def _spectral(settings: KnownQuanta, cosine: Tensor, count: int, seed: int) -> NDArray[np.int64]:
    return _shared.spectral_sweep(cosine, [count], seed, n_init=settings.n_init)[0]


def _each_label_alone(
    settings: KnownQuanta,
    cosine: Tensor,
    skill: NDArray[np.int64],
    target: NDArray[np.float32],
    count: int,
    seed: int,
) -> NDArray[np.int64]:
    """Cluster the samples of each label by themselves; the clusters of +1 get numbers of their own.

    A label on which fewer skills are met gets as many clusters as those.
    """
    label = np.empty(len(skill), np.int64)
    for first, sign in ((0, -1), (count, 1)):
        own = np.flatnonzero(target == sign)
        among = len(np.unique(skill[own]))
        label[own] = first + _spectral(settings, cosine[own][:, own], among, seed)
    return label


def _outputs(parameters: Sequence[Tensor], bits: Tensor, skill: Tensor) -> Tensor:
    control, weight, shift, readout, offset = parameters
    out: Tensor = ((control[skill] + bits @ weight + shift).relu() @ readout + offset)[..., 0]
    return out


def _skill_losses(
    settings: KnownQuanta, task: MultitaskParity, parameters: Sequence[Tensor]
) -> NDArray[np.float64]:
    """Mean loss of each skill on inputs of its own, in bits."""
    rng = Stream(task.seed, "test inputs").at(0)
    out = np.empty(task.n_skills)
    for k in range(task.n_skills):
        bits = torch.from_numpy(rng.integers(0, 2, (settings.n_test, task.n_bits))).float()
        output = _outputs(parameters, bits, torch.full((settings.n_test,), k))
        out[k] = functional.softplus(-task.skill_basis(k, bits) * output).mean() / np.log(2)
    return out


def _samples(
    settings: KnownQuanta, task: MultitaskParity, parameters: Sequence[Tensor], learned: Tensor
) -> Batch:
    """Draw samples as in training and keep those of learned skills with a low loss."""
    rng = Stream(task.seed, "clustered samples").at(0)
    kept: list[Batch] = []
    while sum(len(part.skill) for part in kept) < settings.n_samples:
        batch = task.sample(2 * settings.n_samples, generator=rng)
        output = _outputs(parameters, batch.bits, batch.skill)
        low = functional.softplus(-batch.target * output) < settings.max_loss
        keep = low & learned[batch.skill]
        kept.append(Batch(batch.bits[keep], batch.skill[keep], batch.target[keep]))
    bits, skill, target = (
        torch.cat([getattr(part, name) for part in kept])[: settings.n_samples]
        for name in ("bits", "skill", "target")
    )
    return Batch(bits, skill, target)


def _pair_means(
    cosine: NDArray[np.float32], skill: NDArray[np.int64], target: NDArray[np.float32]
) -> NDArray[np.float32]:
    same = skill[:, None] == skill
    alike = target[:, None] == target
    other = ~np.eye(len(skill), dtype=bool)
    groups = (same & alike & other, same & ~alike, ~same)
    return np.array([cosine[group].mean() for group in groups], np.float32)
