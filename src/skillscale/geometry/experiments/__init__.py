"""Skills as directions in parameter space, learned by an optimizer: the geometry model, simulated.

Parameters θ in R^dim start at 0. Skill k has a task vector t_k and the level a_k = t_k·θ; the
losses are Σ_k p_k (1 - a_k)² and the cross entropy -Σ_k p_k ln σ(a_k).
"""

from skillscale.geometry.experiments._shared import descend, published_vectors, task_vectors
from skillscale.geometry.experiments.columns import SkillCounts, descend_columns
from skillscale.geometry.experiments.curves import SkillCurves, TwoSkills
from skillscale.geometry.experiments.modular_gain import ModularGain, modular_descent
from skillscale.geometry.experiments.modularity import ModuleTimes, module_vectors
from skillscale.geometry.experiments.noise import NoiseArm, WastedResource
from skillscale.geometry.experiments.optimizers import OptimizerRace
from skillscale.geometry.experiments.optimum import CapacityCliff, DimensionScaling, Optimum, newton
from skillscale.geometry.experiments.overlaps import GradientAlignment, OverlappingSkills
from skillscale.geometry.experiments.quadratic import QuadraticOrder
from skillscale.geometry.experiments.scaling import OrthonormalDecay, SkillNumber, StepScaling
from skillscale.geometry.experiments.step_length import FixedLength

__all__ = [
    "CapacityCliff",
    "DimensionScaling",
    "FixedLength",
    "GradientAlignment",
    "ModularGain",
    "ModuleTimes",
    "NoiseArm",
    "OptimizerRace",
    "Optimum",
    "OrthonormalDecay",
    "OverlappingSkills",
    "QuadraticOrder",
    "SkillCounts",
    "SkillCurves",
    "SkillNumber",
    "StepScaling",
    "TwoSkills",
    "WastedResource",
    "descend",
    "descend_columns",
    "modular_descent",
    "module_vectors",
    "newton",
    "published_vectors",
    "task_vectors",
]
