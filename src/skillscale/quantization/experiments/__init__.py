"""The quantization model's toy: which skills of multitask sparse parity networks learn, and when.

Networks of several widths, numbers of steps, numbers of samples and update rules return test losses
or learning times skill by skill, nothing fitted. Ideal learners do what the model says.
"""

from skillscale.lab import _profiles
from skillscale.quantization.experiments import data, ideal, optimizers, steps, width
from skillscale.quantization.experiments.data import DataScaling, data_scaling
from skillscale.quantization.experiments.ideal import IdealLearner, ideal_learner
from skillscale.quantization.experiments.optimizers import (
    OptimizerAblation,
    matched_rate,
    optimizer_ablation,
)
from skillscale.quantization.experiments.steps import (
    StepScaling,
    Truncation,
    optimizer,
    step_scaling,
    truncation,
)
from skillscale.quantization.experiments.width import WidthScaling, width_scaling

_MODULES = (width, steps, data, optimizers, ideal)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")
PAPER = _profiles.settings(_MODULES, "PAPER")

__all__ = [
    "LIVE",
    "PAPER",
    "STANDARD",
    "DataScaling",
    "IdealLearner",
    "OptimizerAblation",
    "StepScaling",
    "Truncation",
    "WidthScaling",
    "data_scaling",
    "ideal_learner",
    "matched_rate",
    "optimizer",
    "optimizer_ablation",
    "step_scaling",
    "truncation",
    "width_scaling",
]
