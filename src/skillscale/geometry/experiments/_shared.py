"""Task vectors of the geometry model and the descent that every experiment of it runs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, frequencies
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.randomness import Stream

LOSSES = ("mse", "cross_entropy")
UNLEARNED = {
    "unlearned": ("1", "unlearned fraction of a skill"),
    "frequency": ("1", "frequency of a skill"),
}


def check_sizes(n_skills: int, dim: int, *, orthonormal: bool = True) -> None:
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    if _checks.integer("dim", dim, minimum=1) < n_skills and orthonormal:
        raise ValueError(f"dim must be an integer >= n_skills = {n_skills}, got {dim!r}")


def tables(n_skills: int, alphas: tuple[float, ...]) -> NDArray[np.float64]:
    """Return p_k ∝ k^-(alpha+1) with sum 1, a row for each exponent, shape (alpha, skill)."""
    return np.stack([frequencies.power_law(n_skills, alpha) for alpha in alphas])


def squared_steps(steps: int, points: int) -> list[int]:
    """Return 0 and ⌈steps · (i/points)²⌉ for i = 1 … points.

    >>> squared_steps(100, 5)
    [0, 4, 16, 36, 64, 100]
    """
    return [-(-steps * i**2 // points**2) for i in range(points + 1)]


def task_vectors(
    n_skills: int,
    dim: int,
    *,
    seeds: Sequence[int],
    index: int = 0,
    orthonormal: bool = True,
    normalised: bool = True,
) -> Tensor:
    """Return random task vectors for each seed, float64 of shape (member, skill, dim).

    Orthonormal ones are the orthogonal factor of a Gaussian matrix, others independent Gaussian
    vectors, which overlap by about 1/√dim, scaled to length 1 or, not normalised, with entries of
    variance 1/dim, so that lengths scatter around 1. `index` numbers the sets of a seed.

    Source: the geometry model of Liu et al. 2025, as in their public code.
    """
    check_sizes(n_skills, dim, orthonormal=orthonormal)
    if not seeds:
        raise ValueError("seeds must not be empty")
    streams = [Stream(seed, "task vectors").at(index) for seed in seeds]
    drawn = np.stack([stream.standard_normal((dim, n_skills)) for stream in streams])
    if orthonormal:
        drawn = np.linalg.qr(drawn)[0]
    elif normalised:
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    else:
        drawn /= dim**0.5
    return torch.from_numpy(drawn.swapaxes(1, 2).copy())


def published_vectors(n_skills: int, dim: int, *, seed: int) -> Tensor:
    """Return the unit task vectors (skill, dim) that the public scaling script draws for a seed.

    The runs behind its figure have 1000 skills and the seeds 0 to 3. Drawn in float32, returned as
    float64.

    Source: scaling script in the public code of Liu et al. 2025; tests find its slopes.
    """
    check_sizes(n_skills, dim, orthonormal=False)
    generator = torch.Generator().manual_seed(_checks.integer("seed", seed, minimum=0))
    drawn = torch.randn(n_skills, dim, generator=generator)
    return torch.nn.functional.normalize(drawn, dim=1).double()


def descend(
    vectors: Tensor,
    frequency: Tensor,
    rule: Optimizer,
    steps: int,
    *,
    loss: str = "mse",
    noise: float | Sequence[float] = 0.0,
    batch_size: int | Sequence[int] | None = None,
    seeds: Sequence[int] = (),
) -> Iterator[Tensor]:
    """Yield the levels a_k = t_k·θ, (member, skill), before each update and after the last.

    θ starts at 0. The gradient is -c Σ_k p_k r_k t_k with residual r_k = 1 - a_k and c = 2 for the
    loss Σ_k p_k (1 - a_k)², r_k = σ(-a_k) and c = 1 for the loss -Σ_k p_k ln σ(a_k). A batch puts
    the shares of the drawn skills in the place of p_k; noise adds a normal number to each
    coordinate.

    Vectors are (member, skill, dim), p_k (skill,) or (member, skill) with rows of sum 1. Rates,
    noise and batch size are one for all or one per member, seeds one per member, and may repeat.

    Source: Liu et al. 2025, as in their public code; tested on automatic gradients.

    >>> from skillscale.lab.optimizers import SGD
    >>> pair, halves = torch.eye(2)[None], torch.tensor([0.5, 0.5])
    >>> [level.tolist() for level in descend(pair, halves, SGD(1.0), 1)]
    [[[0.0, 0.0]], [[1.0, 1.0]]]
    """
    _checks.choice("loss", loss, LOSSES)
    n_members, n_skills, dim = vectors.shape
    levels = [_checks.number("noise", v, minimum=0) for v in _each("noise", noise, n_members)]
    scales = torch.tensor(levels, dtype=vectors.dtype)[:, None]
    noisy = bool(scales.any())
    random = noisy or batch_size is not None
    if random and len(seeds) != n_members:
        raise ValueError(f"seeds must hold one per member ({n_members}), got {len(seeds)}")
    noises = [Stream(seed, "gradient noise") for seed in seeds] if noisy else []
    draws = [Stream(seed, "skills of a batch") for seed in seeds] if batch_size is not None else []
    sizes = [
        _checks.integer("batch_size", size, minimum=1)
        for size in ([] if batch_size is None else _each("batch_size", batch_size, n_members))
    ]
    chances = frequency.expand(n_members, n_skills).double().numpy()
    theta = [torch.zeros(n_members, dim, dtype=vectors.dtype)]
    state = rule.start(theta)
    for step in range(steps + 1):
        level = torch.bmm(vectors, theta[0][..., None])[..., 0]
        yield level
        shares = frequency
        if draws:
            counts = [
                stream.at(step).multinomial(size, p) / size
                for stream, size, p in zip(draws, sizes, chances, strict=True)
            ]
            shares = torch.from_numpy(np.stack(counts)).to(vectors.dtype)
        residual = 1 - level if loss == "mse" else torch.sigmoid(-level)
        factor = -2 if loss == "mse" else -1
        gradient = factor * torch.bmm((shares * residual)[:, None], vectors)[:, 0]
        if noises:
            normal = np.stack([stream.at(step).standard_normal(dim) for stream in noises])
            gradient += scales * torch.from_numpy(normal).to(vectors.dtype)
        rule.step(theta, [gradient], state)


def completion_steps(path: Iterable[Tensor], shape: tuple[int, ...], threshold: float) -> Tensor:
    """Return the first steps at which levels of that shape exceed the threshold, else nan.

    >>> completion_steps([torch.tensor([0.0, 0.5]), torch.tensor([0.9, 0.5])], (2,), 0.8)
    tensor([1., nan])
    """
    reached = torch.full(shape, torch.nan)
    for step, level in enumerate(path):
        reached[reached.isnan() & (level > threshold)] = step
        if not reached.isnan().any():
            break
    return reached


def _each(name: str, value: Any, n_members: int) -> list[Any]:
    values = list(value) if isinstance(value, Sequence) else [value] * n_members
    if len(values) != n_members:
        raise ValueError(f"{name} must be one or one per member ({n_members}), got {len(values)}")
    return values
