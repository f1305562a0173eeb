"""The quantization model's toy: which skills of multitask sparse parity networks learn, and when.

Networks of several widths, numbers of steps, numbers of samples and update rules return test losses
or learning times skill by skill, nothing fitted. Ideal learners do what the model says.
"""

from skillscale.quantization.experiments.data import DataScaling
from skillscale.quantization.experiments.ideal import IdealLearner
from skillscale.quantization.experiments.optimizers import OptimizerAblation, matched_rate
from skillscale.quantization.experiments.steps import StepScaling, Truncation
from skillscale.quantization.experiments.width import WidthScaling

__all__ = [
    "DataScaling",
    "IdealLearner",
    "OptimizerAblation",
    "StepScaling",
    "Truncation",
    "WidthScaling",
    "matched_rate",
]
