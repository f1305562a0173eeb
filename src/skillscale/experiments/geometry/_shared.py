"""Task vectors of the geometry model and the descent that every experiment of it runs."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.streams import Stream

LOSSES = ("mse", "cross_entropy")


def check_sizes(
    n_skills: int, dim: int, steps: int, seeds: Sequence[int], *, orthonormal: bool = True
) -> None:
    """Raise ValueError unless the sizes are whole numbers in range and there is a seed."""
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    if _checks.integer("dim", dim, minimum=1) < n_skills and orthonormal:
        raise ValueError(f"dim must be an integer >= n_skills = {n_skills}, got {dim!r}")
    _checks.integer("steps", steps, minimum=0)
    if not seeds:
        raise ValueError("seeds must not be empty")


def check_columns(alphas: tuple[float, ...], lr: float) -> None:
    """Raise ValueError unless there are exponents > -1 and the rate is > 0."""
    if not alphas:
        raise ValueError("alphas must not be empty")
    for alpha in alphas:
        _checks.number("alphas", alpha, above=-1)
    _checks.number("lr", lr, above=0)


def task_vectors(
    n_skills: int,
    dim: int,
    *,
    seeds: Sequence[int],
    index: int = 0,
    orthonormal: bool = True,
    normalised: bool = True,
) -> Tensor:
    """Return random task vectors for each seed.

    Args:
        n_skills: number of vectors; at most `dim` if they are orthonormal.
        dim: their dimension.
        seeds: one set of vectors per seed.
        index: number of the set among those of a seed.
        orthonormal: True for the orthogonal factor of a Gaussian matrix; False for independent
            Gaussian vectors, which overlap by about 1/√dim.
        normalised: whether independent vectors are scaled to length 1; False leaves entries of
            variance 1/dim, so that lengths scatter around 1.

    Returns:
        Float64 tensor of shape (member, skill, dim).

    Raises:
        ValueError: If an argument is out of range.

    Source: task vectors of the geometry model of Liu et al. 2025, as in their public code;
    tested in `tests/test_geometry_experiments.py`.

    >>> vectors = task_vectors(2, 50, seeds=[0])
    >>> torch.allclose(vectors[0] @ vectors[0].T, torch.eye(2, dtype=torch.float64))
    True
    """
    check_sizes(n_skills, dim, 0, seeds, orthonormal=orthonormal)
    drawn = np.stack(
        [Stream(seed, "task vectors").at(index).standard_normal((dim, n_skills)) for seed in seeds]
    )
    if orthonormal:
        drawn = np.linalg.qr(drawn)[0]
    elif normalised:
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    else:
        drawn /= dim**0.5
    return torch.from_numpy(drawn.swapaxes(1, 2).copy())


def published_vectors(n_skills: int, dim: int, *, seed: int) -> Tensor:
    """Return the unit task vectors that the scaling script of Liu et al. 2025 draws for a seed.

    The runs behind its figure have seeds 0 to 3.

    Args:
        n_skills: number of vectors; 1000 in the script.
        dim: their dimension.
        seed: seed of torch's generator.

    Returns:
        Float64 tensor of shape (skill, dim), drawn in float32 as in the script.

    Raises:
        ValueError: If an argument is out of range.

    >>> published_vectors(3, 2, seed=0).norm(dim=1).allclose(torch.ones(3).double())
    True
    """
    check_sizes(n_skills, dim, 0, [seed], orthonormal=False)
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
    progress: bool = False,
) -> Iterator[Tensor]:
    """Yield the levels a_k = t_k·θ, (member, skill), before each update and after the last.

    θ starts at 0. The gradient is -c Σ_k p_k r_k t_k with residual r_k = 1 - a_k and c = 2 for
    the loss Σ_k p_k (1 - a_k)², r_k = σ(-a_k) and c = 1 for the loss -Σ_k p_k ln σ(a_k). A batch
    puts the shares of the drawn skills in the place of p_k; noise adds a normal number to each
    coordinate.

    Args:
        vectors: task vectors, shape (member, skill, dim).
        frequency: p_k, shape (skill,) or (member, skill), each row with sum 1.
        rule: optimizer of `lab.optimizers`, rates one for all or one per member.
        steps: number of updates.
        loss: "mse" or "cross_entropy".
        noise: standard deviation of the noise, one for all or one per member.
        batch_size: skills drawn for a step, one for all or one per member; None takes the exact
            gradient.
        seeds: one per member; seeds the batches and the noise, and may repeat.
        progress: show a bar over steps.

    Raises:
        ValueError: If an argument is out of range.
    """
    _checks.choice("loss", loss, LOSSES)
    n_members, n_skills, dim = vectors.shape
    scales = _per_member("noise", noise, n_members, vectors.dtype)
    noisy = bool(scales.any())
    random = noisy or batch_size is not None
    if random and len(seeds) != n_members:
        raise ValueError(f"seeds must hold one per member ({n_members}), got {len(seeds)}")
    noises = [Stream(seed, "gradient noise") for seed in seeds] if noisy else []
    draws = [Stream(seed, "skills of a batch") for seed in seeds] if batch_size is not None else []
    sizes = [] if batch_size is None else _sizes(batch_size, n_members)
    chances = frequency.expand(n_members, n_skills).double().numpy()
    theta = [torch.zeros(n_members, dim, dtype=vectors.dtype)]
    state = rule.start(theta)
    for step in _progress.bar(range(steps + 1), show=progress):
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


def _per_member(
    name: str, value: float | Sequence[float], n_members: int, dtype: torch.dtype
) -> Tensor:
    values = [value] * n_members if isinstance(value, float | int) else list(value)
    if len(values) != n_members:
        raise ValueError(f"{name} must be one or one per member ({n_members}), got {len(values)}")
    return torch.tensor([_checks.number(name, v, minimum=0) for v in values], dtype=dtype)[:, None]


def _sizes(batch_size: int | Sequence[int], n_members: int) -> list[int]:
    sizes = [batch_size] * n_members if isinstance(batch_size, int) else list(batch_size)
    if len(sizes) != n_members:
        raise ValueError(
            f"batch_size must be one or one per member ({n_members}), got {len(sizes)}"
        )
    return [_checks.integer("batch_size", size, minimum=1) for size in sizes]
