"""Skills as directions in parameter space, learned by an optimizer: the geometry model, simulated.

Parameters θ in R^dim start at 0. Skill k has a task vector t_k and the level a_k = t_k·θ; the
losses are Σ_k p_k (1 - a_k)² and the cross entropy -Σ_k p_k ln σ(a_k).
"""

from typing import Any

from skillscale.experiments.geometry import curves, modules, noise, optimizers
from skillscale.experiments.geometry._shared import descend, task_vectors
from skillscale.experiments.geometry.curves import (
    SkillCurves,
    TwoSkills,
    skill_curves,
    two_skills,
)
from skillscale.experiments.geometry.modules import ModuleTimes, module_times, module_vectors
from skillscale.experiments.geometry.noise import NoiseArm, WastedResource, wasted_resource
from skillscale.experiments.geometry.optimizers import OptimizerRace, optimizer_race

_MODULES = (curves, noise, optimizers, modules)


def _settings(profile: str) -> dict[str, Any]:
    """Return the settings of all experiments that have the profile, by name."""
    return {
        name: settings
        for module in _MODULES
        for name, settings in getattr(module, profile, {}).items()
    }


LIVE, STANDARD = _settings("LIVE"), _settings("STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "ModuleTimes",
    "NoiseArm",
    "OptimizerRace",
    "SkillCurves",
    "TwoSkills",
    "WastedResource",
    "descend",
    "module_times",
    "module_vectors",
    "optimizer_race",
    "skill_curves",
    "task_vectors",
    "two_skills",
    "wasted_resource",
]
