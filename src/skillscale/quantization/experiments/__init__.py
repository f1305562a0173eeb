"""The quantization model's toy: which skills of multitask sparse parity networks learn, when."""

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
