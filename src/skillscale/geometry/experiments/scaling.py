"""Loss against steps with hundreds to thousands of skills: the exponents in training time."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from skillscale.geometry.experiments._shared import published_vectors, tables, task_vectors
from skillscale.geometry.experiments.columns import descend_columns
from skillscale.lab.optimizers import Adam, SignDescent
from skillscale.lab.settings import Alpha, Alphas, Count, Counts, Positive, Seeds, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import log_steps

# The two steps between which the public code's figure reads its slopes.
WINDOW = (80, 200)
# Ends of the windows of the local exponents on orthonormal vectors.
WINDOWS = (100, 200, 400, 800, 1600, 2900)


@dataclass(frozen=True)
class StepScaling(Experiment):
    """Cross entropy against steps under sign descent and Adam, with sampled gradients.

    `loss` (vectors, member, optimizer, alpha, step), over all skills in nats, ln 2 at the start.
    Task vectors "random" are those of a seed; "published" are those that the public code of Liu et
    al. 2025 draws for its seed 0, the run behind its figure, whatever the seed here.

    Source: scaling script of Liu et al. 2025, drawn again; tests find its figure's slopes.
    """

    alphas: Alphas = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  #: p_k ∝ k^-(alpha+1)
    n_skills: Count = 1000  #: each with a random unit task vector
    dim: Count = 100  #: number of parameters
    lr: Positive = 0.01  #: learning rate of sign descent and of Adam
    batch_size: Count = 1024  #: skills drawn for a step
    steps: Annotated[int, whole(WINDOW[1])] = 2000  #: updates
    points: Annotated[int, whole(2)] = 40  #: log-spaced measurements, beside steps 80 and 200
    seeds: Seeds = tuple(range(200, 212))  #: task vectors and batches; batches alone if published

    order = ("vectors", "member", "optimizer", "alpha", "step")
    about = {"loss": ("1", "cross entropy, nats")}

    def at(self) -> list[int]:
        return sorted({*log_steps(self.steps, self.points).tolist(), *WINDOW})

    def grid(self) -> Grid:
        return {"member": self.seeds, "vectors": ["random", "published"]}

    def coords(self) -> Coords:
        return {"optimizer": ["sign", "adam"], "alpha": self.alphas, "step": self.at()}

    def measure(self, member: int, vectors: str) -> Found:
        loss = descend_columns(
            published_vectors(self.n_skills, self.dim, seed=0)
            if vectors == "published"
            else task_vectors(self.n_skills, self.dim, seeds=[member], orthonormal=False)[0],
            tables(self.n_skills, self.alphas),
            [SignDescent(self.lr), Adam(self.lr)],
            at=self.at(),
            batch_size=self.batch_size,
            seed=member,
        )
        return {"loss": (("optimizer", "alpha", "step"), loss.astype(np.float32))}


@dataclass(frozen=True)
class SkillNumber(Experiment):
    """Cross entropy at steps 80 and 200 against the number of skills, exact sign descent.

    `loss` (member, n_skills, step), in nats.

    Source: derived here; tested on a plain run.
    """

    n_skills: Counts = (100, 300, 1000, 3000, 10_000)
    alpha: Alpha = 0.0  #: p_k ∝ k^-(alpha+1)
    dim: Count = 100  #: number of parameters
    lr: Positive = 0.01  #: learning rate of sign descent
    #: one set of task vectors each; fewer skills are the first of the largest set
    seeds: Seeds = tuple(range(200, 212))

    about = {"loss": ("1", "cross entropy, nats")}

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"n_skills": self.n_skills, "step": list(WINDOW)}

    def measure(self, member: int) -> Found:
        most = max(self.n_skills)
        vectors = task_vectors(most, self.dim, seeds=[member], orthonormal=False)[0]
        losses = [
            descend_columns(
                vectors[:number], tables(number, (self.alpha,)), [SignDescent(self.lr)], at=WINDOW
            )[0, 0]
            for number in self.n_skills
        ]
        return {"loss": (("n_skills", "step"), np.array(losses, np.float32))}


@dataclass(frozen=True)
class OrthonormalDecay(Experiment):
    """Squared loss of exact sign descent on orthonormal task vectors, at the ends of windows.

    `loss` (member, alpha, step), Σ_k p_k (1 - t_k·θ)².

    Source: derived here; tested on one skill in closed form.
    """

    n_skills: Count = 2000  #: and parameters
    alphas: Alphas = (0.3, 0.5)  #: p_k ∝ k^-(alpha+1)
    lr: Positive = 1e-4  #: learning rate of sign descent
    seeds: Seeds = tuple(range(200, 210))  #: one set of task vectors each

    about = {"loss": ("1", "squared loss")}

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"alpha": self.alphas, "step": list(WINDOWS)}

    def measure(self, member: int) -> Found:
        loss = descend_columns(
            task_vectors(self.n_skills, self.n_skills, seeds=[member])[0],
            tables(self.n_skills, self.alphas),
            [SignDescent(self.lr)],
            at=WINDOWS,
            loss="mse",
        )[0]
        return {"loss": (("alpha", "step"), loss.astype(np.float32))}


StepScaling.records = {
    "geometry_step_scaling": {
        "live": StepScaling(steps=200, points=12, seeds=tuple(range(3))),
        "standard": StepScaling(),
    }
}
SkillNumber.records = {
    "geometry_skill_number": {
        "live": SkillNumber(n_skills=(100, 1000), seeds=tuple(range(3))),
        "standard": SkillNumber(),
    }
}
OrthonormalDecay.records = {"geometry_orthonormal_decay": {"standard": OrthonormalDecay()}}
