"""Clusters of gradients where the quanta are known: skills of multitask sparse parity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale.lab import gradients
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fresh_batches
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Alpha, Count, Positive, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
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

_TOGETHER = 10  # networks of a point


@dataclass(frozen=True)
class KnownQuanta(Experiment):
    """Train on multitask parity, and cluster gradients of samples whose skill is known.

    A skill has several names, a control bit each, drawn at random: samples of one skill under
    different names share nothing but what is to be computed. The networks have one hidden layer
    and one output f, the log odds of the target +1. Gradients
    are exact and over all parameters. The recipes: "signed" clusters by the cosine into as many
    clusters as there are skills among the samples, and "signed, twice as many" into twice as many;
    "absolute" uses the absolute cosine; "each label alone" clusters samples of each label by
    themselves, into as many clusters as skills; "absolute, shared weights" leaves out the rows of
    the control bits, which no two skills share; "absolute, untrained" takes the network before
    training.

    `label` (member, recipe, sample); `sample_skill`, 0 the most frequent, and `target`, -1 or 1,
    (member, sample); `loss` (member, skill), in bits; the means `cosine` and `absolute_cosine`, and
    `untrained_cosine`, the absolute one before training, (member, pair) of two samples of the same
    skill and label, of the same skill and other labels, of the same skill under other names, and of
    different skills. A ValueError says that a network has learned fewer than two skills.
    """

    n_skills: Count = 100
    n_names: Count = 2  #: of each skill
    n_bits: Count = 16  #: that all skills share
    subset_size: Count = 2  #: bits a skill depends on
    alpha: Alpha = 0.4  #: of the skill frequencies, P(k) ∝ k^-(alpha+1)
    width: Count = 128  #: of the hidden layer
    batch_size: Count = 1000  #: fresh samples a step
    steps: Count = 5000  #: of training
    lr: Positive = 1e-2  #: of Adam
    n_test: Count = 200  #: inputs of each skill on which its loss is measured
    learned: Positive = 0.1  #: mean loss of a learned skill, bits
    max_loss: Positive = 0.1  #: of a sample of a learned skill that is kept, nats
    n_samples: Count = 1500  #: clustered
    n_init: Count = 5  #: starts of k-means
    seeds: Seeds = tuple(range(300, 340))  #: one task, one network and one set of samples each

    about = {"loss": ("bits", "")}

    def grid(self) -> Grid:
        starts = range(0, len(self.seeds), _TOGETHER)
        return {"member": [self.seeds[start : start + _TOGETHER] for start in starts]}

    def coords(self) -> Coords:
        pairs = ["same skill, same label", "same skill, other label", "same skill, other name"]
        pairs += ["other skill"]
        return {"recipe": list(RECIPES), "pair": pairs}

    def measure(self, member: tuple[int, ...]) -> Found:
        shape = self.n_skills, self.n_bits, self.subset_size
        tasks = [MultitaskParity(*shape, self.alpha, seed=seed) for seed in member]
        widths = [self.width] * len(tasks)
        model = MLPEnsemble(
            self.n_bits, widths, seeds=member, n_categories=self.n_skills * self.n_names
        )
        untrained = [parameter.detach().clone() for parameter in model.parameters]
        train(
            model,
            self._named(fresh_batches(tasks, self.batch_size, seeds=member), member),
            optimizer=Adam(self.lr),
            steps=self.steps,
            loss="cross_entropy",
            measure=lambda model, _: {},
            at=[self.steps],
        )
        trained = [parameter.detach() for parameter in model.parameters]
        parts = [
            _clustered(self, task, [[p[i] for p in trained], [p[i] for p in untrained]])
            for i, task in enumerate(tasks)
        ]
        return {
            name: (("member", *dims), np.stack([part[name][1] for part in parts]))
            for name, (dims, _) in parts[0].items()
        }

    def named(self, skill: Tensor, rng: np.random.Generator) -> Tensor:
        """Return the control bit of each skill under one of its names, drawn at random."""
        name = torch.from_numpy(rng.integers(0, self.n_names, skill.shape))
        return skill + self.n_skills * name

    def _named(self, batches: Batches, seeds: Sequence[int]) -> Batches:
        streams = [Stream(seed, "names of skills") for seed in seeds]

        def batch(step: int) -> Batch:
            plain = batches(step)
            drawn = [
                self.named(skill, stream.at(step))
                for skill, stream in zip(plain.skill, streams, strict=True)
            ]
            return plain._replace(skill=torch.stack(drawn))

        return batch


KnownQuanta.records = {
    "quanta_discovery_known_quanta": {
        "live": KnownQuanta(
            n_skills=12, width=48, batch_size=500, steps=1000, n_samples=400, seeds=(0,)
        ),
        "standard": KnownQuanta(),
    }
}


def _clustered(of: KnownQuanta, task: MultitaskParity, networks: Sequence[list[Tensor]]) -> Found:
    """Choose samples of one network's learned skills and cluster them by every recipe."""
    loss = _skill_losses(of, task, networks[0])
    learned = torch.from_numpy(loss < of.learned)
    if int(learned.sum()) < 2:
        raise ValueError(
            f"steps must be enough for two skills to be learned, got {of.steps}: "
            f"lowest loss {loss.min():.2f} bits"
        )
    batch = _samples(of, task, networks[0], learned)
    control, target = batch.skill.numpy(), batch.target.numpy()
    skill = control % of.n_skills
    directions = [sample_directions(network, batch) for network in networks]
    trained, untrained = (gradients.cosine_similarity(each) for each in directions)
    shared = gradients.cosine_similarity(
        {name: values for name, values in directions[0].items() if name != "control"}
    )
    n = len(np.unique(skill))
    found = (
        _spectral(of, trained, n, task.seed),
        _spectral(of, trained, 2 * n, task.seed),
        _spectral(of, trained.abs(), n, task.seed),
        _each_label_alone(of, trained, skill, target, n, task.seed),
        _spectral(of, shared.abs(), n, task.seed),
        _spectral(of, untrained.abs(), n, task.seed),
    )
    return {
        "label": (("recipe", "sample"), np.stack(found).astype(np.int16)),
        "sample_skill": (("sample",), skill.astype(np.int16)),
        "target": (("sample",), target.astype(np.int8)),
        "loss": (("skill",), loss.astype(np.float32).round(4)),
        "cosine": (("pair",), _pair_means(trained, skill, control, target)),
        "absolute_cosine": (("pair",), _pair_means(trained.abs(), skill, control, target)),
        "untrained_cosine": (("pair",), _pair_means(untrained.abs(), skill, control, target)),
    }


def sample_directions(parameters: Sequence[Tensor], batch: Batch) -> dict[str, Tensor]:
    """Gradient of each sample's own loss in a network of one hidden ReLU layer, up to its length.

    With the control rows C (skill, unit), weights V (bit, unit) and bias c of the first layer, the
    read-out w and its bias b, h = relu(C_k + x V + c), f = h w + b and loss ln(1 + e^(-y f)), the
    gradient is σ(-y f) times -y ∂f. The factor is positive but vanishes in float32 for a sure
    network, and is left out: returned is -y ∂f, (sample, …) by the name of the parameter.
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


def _spectral(of: KnownQuanta, cosine: Tensor, count: int, seed: int) -> NDArray[np.int64]:
    return _shared.spectral_sweep(cosine, [count], seed, n_init=of.n_init)[0]


def _each_label_alone(
    of: KnownQuanta,
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
        label[own] = first + _spectral(of, cosine[own][:, own], among, seed)
    return label


def _outputs(parameters: Sequence[Tensor], bits: Tensor, skill: Tensor) -> Tensor:
    control, weight, shift, readout, offset = parameters
    out: Tensor = ((control[skill] + bits @ weight + shift).relu() @ readout + offset)[..., 0]
    return out


def _skill_losses(
    of: KnownQuanta, task: MultitaskParity, parameters: Sequence[Tensor]
) -> NDArray[np.float64]:
    rng = Stream(task.seed, "test inputs").at(0)
    out = np.empty(task.n_skills)
    for k in range(task.n_skills):
        bits = torch.from_numpy(rng.integers(0, 2, (of.n_test, task.n_bits))).float()
        output = _outputs(parameters, bits, of.named(torch.full((of.n_test,), k), rng))
        out[k] = functional.softplus(-task.skill_basis(k, bits) * output).mean() / np.log(2)
    return out


def _samples(
    of: KnownQuanta, task: MultitaskParity, parameters: Sequence[Tensor], learned: Tensor
) -> Batch:
    rng = Stream(task.seed, "clustered samples").at(0)
    kept: list[Batch] = []
    while sum(len(part.skill) for part in kept) < of.n_samples:
        batch = task.sample(2 * of.n_samples, generator=rng)
        control = of.named(batch.skill, rng)
        output = _outputs(parameters, batch.bits, control)
        low = functional.softplus(-batch.target * output) < of.max_loss
        keep = low & learned[batch.skill]
        kept.append(Batch(batch.bits[keep], control[keep], batch.target[keep]))
    bits, skill, target = (
        torch.cat([getattr(part, name) for part in kept])[: of.n_samples]
        for name in ("bits", "skill", "target")
    )
    return Batch(bits, skill, target)


def _pair_means(
    cosine: Tensor,
    skill: NDArray[np.int64],
    control: NDArray[np.int64],
    target: NDArray[np.float32],
) -> NDArray[np.float32]:
    same = skill[:, None] == skill
    renamed = same & (control[:, None] != control)
    alike = target[:, None] == target
    other = ~np.eye(len(skill), dtype=bool)
    groups = (same & alike & other, same & ~alike, renamed, ~same)
    return np.array([cosine.numpy()[group].mean() for group in groups], np.float32)
