"""Skills as directions in parameter space, learned by an optimizer: the geometry model, simulated.

Parameters θ in R^dim start at 0. Skill k has a task vector t_k and the level a_k = t_k·θ; the
losses are Σ_k p_k (1 - a_k)² and the cross entropy -Σ_k p_k ln σ(a_k).
"""

from skillscale.geometry.experiments import (
    curves,
    gain,
    modules,
    noise,
    optimizers,
    optimum,
    overlaps,
    quadratic,
    scaling,
    step_length,
)
from skillscale.geometry.experiments._shared import descend, published_vectors, task_vectors
from skillscale.geometry.experiments.columns import SkillCounts, descend_columns
from skillscale.geometry.experiments.curves import (
    SkillCurves,
    TwoSkills,
    skill_curves,
    two_skills,
)
from skillscale.geometry.experiments.gain import (
    ModularGain,
    modular_descent,
    modular_gain,
    published_gain,
)
from skillscale.geometry.experiments.modules import ModuleTimes, module_times, module_vectors
from skillscale.geometry.experiments.noise import NoiseArm, WastedResource, wasted_resource
from skillscale.geometry.experiments.optimizers import OptimizerRace, optimizer_race
from skillscale.geometry.experiments.optimum import (
    CapacityCliff,
    DimensionScaling,
    Optimum,
    capacity_cliff,
    dimension_scaling,
    newton,
)
from skillscale.geometry.experiments.overlaps import (
    GradientAlignment,
    OverlappingSkills,
    gradient_alignment,
    overlapping_skills,
)
from skillscale.geometry.experiments.quadratic import QuadraticOrder, quadratic_order
from skillscale.geometry.experiments.scaling import (
    OrthonormalDecay,
    SkillNumber,
    StepScaling,
    orthonormal_decay,
    skill_number,
    step_scaling,
)
from skillscale.geometry.experiments.step_length import FixedLength, fixed_length
from skillscale.lab import _profiles

_MODULES = (
    curves,
    noise,
    optimizers,
    modules,
    scaling,
    optimum,
    gain,
    quadratic,
    overlaps,
    step_length,
)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
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
    "capacity_cliff",
    "descend",
    "descend_columns",
    "dimension_scaling",
    "fixed_length",
    "gradient_alignment",
    "modular_descent",
    "modular_gain",
    "module_times",
    "module_vectors",
    "newton",
    "optimizer_race",
    "orthonormal_decay",
    "overlapping_skills",
    "published_gain",
    "published_vectors",
    "quadratic_order",
    "skill_curves",
    "skill_number",
    "step_scaling",
    "task_vectors",
    "two_skills",
    "wasted_resource",
]
