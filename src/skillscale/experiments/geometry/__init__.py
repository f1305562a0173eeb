"""Skills as directions in parameter space, learned by an optimizer: the geometry model, simulated.

Parameters θ in R^dim start at 0. Skill k has a task vector t_k and the level a_k = t_k·θ; the
losses are Σ_k p_k (1 - a_k)² and the cross entropy -Σ_k p_k ln σ(a_k).
"""

from skillscale.experiments import _profiles
from skillscale.experiments.geometry import (
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
from skillscale.experiments.geometry._shared import descend, published_vectors, task_vectors
from skillscale.experiments.geometry.columns import SkillCounts, descend_columns
from skillscale.experiments.geometry.curves import (
    SkillCurves,
    TwoSkills,
    skill_curves,
    two_skills,
)
from skillscale.experiments.geometry.gain import (
    ModularGain,
    modular_descent,
    modular_gain,
    published_gain,
)
from skillscale.experiments.geometry.modules import ModuleTimes, module_times, module_vectors
from skillscale.experiments.geometry.noise import NoiseArm, WastedResource, wasted_resource
from skillscale.experiments.geometry.optimizers import OptimizerRace, optimizer_race
from skillscale.experiments.geometry.optimum import (
    CapacityCliff,
    DimensionScaling,
    Optimum,
    capacity_cliff,
    dimension_scaling,
    newton,
)
from skillscale.experiments.geometry.overlaps import (
    GradientAlignment,
    OverlappingSkills,
    gradient_alignment,
    overlapping_skills,
)
from skillscale.experiments.geometry.quadratic import QuadraticOrder, quadratic_order
from skillscale.experiments.geometry.scaling import (
    OrthonormalDecay,
    SkillNumber,
    StepScaling,
    orthonormal_decay,
    skill_number,
    step_scaling,
)
from skillscale.experiments.geometry.step_length import FixedLength, fixed_length

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
