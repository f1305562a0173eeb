"""What holds of every experiment: what its settings may be, and what a run of it returns."""

import dataclasses
import json
import math
import re
import sys
from functools import cache
from pathlib import Path
from typing import get_type_hints

import numpy as np
import plain
import pytest
import xarray as xr

from skillscale import catalogue, frequencies
from skillscale.domino.experiments import language
from skillscale.geometry.experiments import NoiseArm
from skillscale.lab import corpus, records
from skillscale.lab import settings as lab
from skillscale.lab.settings import Settings
from skillscale.lab.sweep import MEANING, Experiment
from skillscale.quanta_discovery.experiments import _shared as quanta
from skillscale.quantization.experiments import _shared as toy
from skillscale.quantization.experiments import steps
from skillscale.resource.experiments._penalised import Penalty
from skillscale.skill_basis.experiments import _shared as skills
from skillscale.skill_basis.experiments import descent

# What a field must be, as the message says it: `Class.field` comes before `field`, and
# `theory.Class.field` before both. "each" is of a sequence's entries.
ELSEWHERE = "checked with others, or where it is used"
RANGES = {
    "True or False": "keep_similarity published",
    "a finite number and < 1 and >= 0": "kept",
    "a finite number and > -1": "alpha",
    "a finite number and > 0": """
        UnbalancedLayers.longest
        adam_lr exposure exposure_alone factor final_rate given_rate gradient_scale init_std initial
        learned learning_rate length lr max_loss near_zero noise patience published_rate ridge scale
        sgd_lr sign_lr spread step travel UnbalancedLayers.alpha
    """,
    "a finite number and > 0 and < 1": """
        mean_rate theta threshold train_share weight FewShot.step QuadraticOrder.sgd_lr
    """,
    "a finite number and > 0 and <= 1": "target topic_rate",
    "a finite number and > 1": "longest",
    "a finite number and >= 0": """
        l1 l2 label_noise own_loss_power weight_decay Envelope.noise NoiseArm.noise
        SkillCombinations.spread SkillCurves.noise
    """,
    "a finite number and >= 0 and <= 1": "single_success",
    "a finite number and >= 1": "ratio",
    "an integer >= 0": "halvings rounds steps swaps undecayed_steps NoiseArm.batch_size",
    "an integer >= 1": """
        alone_steps at_once backgrounds batch_size budget combinations depth dim draws embedding
        every every_alone graphs k late mlp_blocks mlp_expansion n_bad n_drawn n_init n_kept
        n_permutations n_rare n_samples n_shown n_skills n_test n_times n_windows needed restarts
        steps_alone topics tuple_size warm_up width DependentParities.n_fresh OptimizerRace.points
        OverlappingSkills.points SkillCombinations.n_texts TransformerEmergence.n_heads
        WastedResource.points DataScaling.n_bits OptimizerAblation.n_bits Truncation.n_bits
        WidthScaling.n_bits quantization.StepScaling.n_bits DataScaling.subset_size
        OptimizerAblation.subset_size Truncation.subset_size WidthScaling.subset_size
        quantization.StepScaling.subset_size Clusters.steps DataScaling.steps Envelope.steps
        FewShot.steps KnownQuanta.steps Recipe.steps ModularAddition.steps
        NoiseArm.steps OptimizerAblation.steps Schedule.steps TimeEmergence.steps
        TransformerEmergence.steps Truncation.steps WidthEmergence.steps WidthScaling.steps
        quantization.StepScaling.steps
    """,
    "an integer >= 2": """
        context dimension modulus n_directions n_measured n_points n_rates n_sizes points sgd_steps
        PairSets.k CertifiedGraphs.n_skills Composites.n_skills PairSets.n_skills
        ComputeFrontier.n_times ScalingLaws.n_times UnbalancedLayers.n_times
    """,
    "an integer >= 3": """
        n_fresh Clusters.n_samples Envelope.n_samples PlainRates.n_points
        SparseScaling.n_points
    """,
    "an integer >= 4": "TwoParities.n_bits",
    "an integer >= 4; a power of 2": """
        NoiseParallel.n_points ParallelTasks.n_points RootChain.n_points
    """,
    "an integer >= 8": "DependentParities.n_bits",
    "an integer >= 17": "nodes",
    "an integer >= 200": "geometry.StepScaling.steps",
    "one of 'adamw', 'sign', 'lion'": "rule",
    "one of 'square', 'sine', 'exponential', 'ramp', 'step'": "other NoiseSamples.target",
    "each a finite number": """
        DataEmergence.alphas TimeEmergence.alphas WidthEmergence.alphas
    """,
    "each a finite number and > -1": "alphas",
    "each a finite number and > -1; distinct": """
        DataScaling.alphas WidthScaling.alphas quantization.StepScaling.alphas
    """,
    "each a finite number and > 0": """
        durations phase_step shares sign_lrs ClockSweep.init_std ClockSweep.scale Envelope.alphas
        ComputeFrontier.alphas ScalingLaws.alphas OptimizerRace.rates UnbalancedLayers.ratios
    """,
    "each a finite number and > 0; distinct": "IdealLearner.alphas",
    "each a finite number and > 0; increase": "rates strengths",
    "each a finite number and > 0; increase; least 2": "TwoSquares.rates",
    "each a finite number and > 0 and < 1": "bad_fractions thetas",
    "each a finite number and > 0 and < 1; increase": "weights",
    "each a finite number and > 0 and <= 1": "noise_shares rare_fractions",
    "each a finite number and >= 0": "noises",
    "each a finite number and >= 1": "ratios",
    "each an integer >= 0; distinct": "matching_seeds seeds tuning_seeds",
    "each an integer >= 0; distinct; or none": """
        ModularAddition.tuning_seeds OptimizerRace.tuning_seeds
    """,
    "each an integer >= 0; increase": "NoiseParallel.steps NoiseScaling.steps NoiseStep.steps",
    "each an integer >= 1": """
        dims networks widths CertifiedGraphs.n_texts ClockSweep.n_bits ClockSweep.subset_size
        ClockSweep.width DimensionScaling.n_skills GradientAlignment.n_skills ModuleTimes.n_skills
        OptimizerRace.n_skills SkillNumber.n_skills NoiseSamples.samples
    """,
    "each an integer >= 1; distinct": """
        capacities first_steps Truncation.n_skills WidthScaling.widths
    """,
    "each an integer >= 1; increase": """
        lengths samples samples_alone widths_alone KnownEntropy.widths PlainRates.widths
        WidthEmergence.widths
    """,
    "each an integer >= 1; increase; least 2": "ModelSizes.widths",
    "each an integer >= 2": "features NoiseParallel.widths",
    "each one of 'mse', 'cross_entropy'": "losses",
    "each one of 'sign', 'adam'; distinct": "rules",
    "each one of 'silu', 'relu'; distinct": "activations",
    "each one of 'sine', 'exponential', 'shifted root', 'root'": "functions",
    "each one of 'square', 'sine', 'exponential', 'ramp', 'step'": "targets",
    ELSEWHERE: """
        arms correlations disjoint early flip held_out n_bits name optimizers pairs
        penalties penalty planted recipe schedule shapes shown sizes skills times
        TimeEmergence.batch_size WidthEmergence.batch_size ModelSizes.steps
        KnownEntropy.n_skills KnownEntropy.alpha KnownEntropy.k ModularAddition.rates
        ScalingLaws.samples TwoParities.rules
    """,
}
# The types by which a field of a new experiment is tried that has no row above.
OF_A_TYPE = {
    lab.Alpha: "a finite number and > -1",
    lab.Alphas: "each a finite number and > -1",
    lab.Count: "an integer >= 1",
    lab.Counts: "each an integer >= 1",
    lab.Flag: "True or False",
    lab.Fraction: "a finite number and > 0 and < 1",
    lab.Fractions: "each a finite number and > 0 and < 1",
    lab.NonNegative: "a finite number and >= 0",
    lab.Positive: "a finite number and > 0",
    lab.Positives: "each a finite number and > 0",
    lab.Rates: "each a finite number and > 0; increase",
    lab.Seeds: "each an integer >= 0; distinct",
    lab.Share: "a finite number and > 0 and <= 1",
    lab.Shares: "each a finite number and > 0 and <= 1",
    lab.Sizes: "each an integer >= 1; increase",
}
# A bare name in the table speaks of the theories that stood when it was written.
TABLED = {"lab", "domino", "geometry", "quanta_discovery", "quantization", "resource"}
TABLED |= {"skill_basis", "slingshot"}
RANGE = {name: wanted for wanted, names in RANGES.items() for name in names.split()}


def inside(settings):
    """Yield settings and those that they hold."""
    yield settings
    for value in vars(settings).values():
        for entry in value if isinstance(value, tuple) else (value,):
            if isinstance(entry, Settings):
                yield from inside(entry)


def label(kind):
    return f"{kind.__module__.split('.')[1]}.{kind.__name__}"


# one instance of every class of settings
EVERY = {
    label(type(found)): found
    for entry in catalogue.catalogue().values()
    for size in entry.sizes
    for found in inside(entry.settings(size))
}
FIELDS = [
    pytest.param(settings, field.name, id=f"{name}.{field.name}")
    for name, settings in EVERY.items()
    for field in dataclasses.fields(settings)
]


def names(settings, field):
    """Return the names under which `RANGES` may have a field, the most special first."""
    kind = type(settings)
    return [f"{label(kind)}.{field}", f"{kind.__name__}.{field}", field]


def wanted(settings, field):
    """Return what a field must be: by the table, or else by its type."""
    known = [RANGE[name] for name in names(settings, field) if name in RANGE]
    if label(type(settings)).split(".")[0] not in TABLED:
        known = []
    kind = get_type_hints(type(settings), include_extras=True)[field]
    return known[0] if known else OF_A_TYPE.get(kind, ELSEWHERE)


def just_outside(sign, end):
    return {
        ">": end,
        "<": end,
        ">=": np.nextafter(end, -math.inf).item(),
        "<=": np.nextafter(end, math.inf).item(),
    }[sign]


def refused(want, value):
    """Yield values that are not what is wanted, each with what the message says of the field."""
    want, *rules = want.split("; ")
    if want.startswith("each "):
        for bad, said in refused(want.removeprefix("each "), None):
            yield (*value[:1], bad), said
        yield 3, "must be a sequence"
        if "or none" in rules:
            rules.remove("or none")
        else:
            yield (), "must not be empty"
        for rule in rules:
            yield {
                "increase": ((value[0], value[0]), "must increase"),
                "distinct": ((value[0], value[0]), "must be distinct"),
                "least 2": (value[:1], "must hold at least 2 entries"),
            }[rule]
        if "increase" in rules:
            yield (value[-1], value[0]), "must increase"
        return
    bad = [None, "x", 1j, (1, 1)]
    if not want.startswith("True"):
        bad += [True]
    if want.startswith("a finite number"):
        ends = re.findall(r"(>=|<=|>|<) (\S+)", want)
        bad += [math.nan, math.inf, -math.inf, *(just_outside(s, float(e)) for s, e in ends)]
    elif want.startswith("an integer"):
        least = int(want.split()[-1])
        bad += [least - 1, least + 0.5, float(least), math.nan, math.inf, 10**40]
    else:
        bad += [0, 1, ""]
    for one in bad:
        large = one == 10**40
        yield one, "must be an integer <= " if large else f"must be {want}, got "
    if rules == ["a power of 2"]:
        yield 6, "must be a power of 2, got 6"


@pytest.mark.parametrize(("settings", "field"), FIELDS)
def test_a_field_out_of_its_range_is_named_before_anything_runs(settings, field):
    want = wanted(settings, field)
    if want == ELSEWHERE:
        return
    for bad, said in refused(want, getattr(settings, field)):
        with pytest.raises(ValueError, match=f"^{field} {re.escape(said)}"):
            dataclasses.replace(settings, **{field: bad})


def test_every_range_belongs_to_a_field():
    asked = [names(*param.values) for param in FIELDS]
    used = {next((name for name in each if name in RANGE), None) for each in asked}
    assert used - {None} == set(RANGE)


# What fields owe each other, or entries that are no plain numbers.
ARM = language.Arm
L1 = Penalty("L1", 1e-4, 0.0, 8)
TOGETHER = {
    "domino.LanguageSpeedups": [
        ({"arms": ()}, "arms must have distinct names"),
        ({"arms": (ARM("a", (0.1,)),) * 2}, "arms must have distinct names"),
        (
            {"arms": (ARM("a", (0.1,), mlp_blocks=5), ARM("b", (0.1,)))},
            "mlp_blocks must divide the width 48, got 5 in 'a'",
        ),
        (
            {"arms": (ARM("a", (0.1, 0.2)), ARM("b", (0.1,)))},
            "rates must be equally many in all arms, 2, got 1 in 'b'",
        ),
        ({"seeds": (100,)}, "tuning_seeds must be none of seeds"),
        ({"every": 7}, "every must divide the "),
    ],
    "domino.ModularAddition": [
        ({"rates": (0.1, 0.01)}, "rates must increase, got (0.1, 0.01)"),
        ({"rates": (-0.1,)}, "rates must be a finite number and > 0, got -0.1"),
        ({"tuning_seeds": (200,)}, "tuning_seeds must be none of seeds"),
        ({"undecayed_steps": 10**6}, "undecayed_steps must be <= steps = "),
        ({"train_share": 1e-5}, "train_share must leave pairs on both sides, got 1e-05"),
        ({"done": 0.5}, "done must be a finite number and >= 0.9, got 0.5"),
    ],
    "domino.TwoParities": [
        ({"rules": ()}, "rules must not be empty"),
        (
            {"rules": (("adamw", 1e-3),)},
            "rules must be one of 'adam', 'sgd', 'plain', 'normalised'",
        ),
        ({"rules": (("sgd", 0.0),)}, "rate of sgd must be a finite number and > 0"),
    ],
    "domino.TwoSquares": [
        ({"tuning_seeds": (4,), "seeds": (1, 4)}, "tuning_seeds must be none of seeds = (1, 4)"),
        ({"n_samples": 6, "n_rare": 6}, "n_samples must be an integer >= 7, got 6"),
        ({"width": 7}, "width must be even, for two halves, got 7"),
    ],
    "geometry.FixedLength": [
        ({"dims": (20, 2), "n_skills": 3}, "dim must be an integer >= n_skills = 3, got 2")
    ],
    "geometry.GradientAlignment": [
        ({"n_skills": (4,), "dim": 3}, "dim must be an integer >= n_skills = 4")
    ],
    "geometry.ModularGain": [({"dims": (1000,)}, "dims must be below n_skills = 1000")],
    "geometry.ModuleTimes": [
        ({"n_skills": (3,), "dim": 200}, "n_skills must divide dim = 200, got 3"),
        ({"n_skills": (5,), "dim": 4}, "dim must be an integer >= n_skills"),
    ],
    "geometry.NoiseArm": [
        ({"factor": 1.0, "batch_size": 5}, "factor must be 2 with batches, got 1.0")
    ],
    "geometry.OptimizerRace": [
        ({"early": (20, 10)}, "early must increase within"),
        ({"steps": 4000, "late": 4001}, "late must be at most steps = 4000, got 4001"),
        ({"tuning_seeds": (5, 9), "seeds": (9,)}, "tuning_seeds must be none of seeds"),
    ],
    "geometry.OverlappingSkills": [
        ({"sizes": ()}, "sizes must not be empty"),
        ({"sizes": ((0, 2),)}, "n_skills must be an integer >= 1, got 0"),
    ],
    "geometry.QuadraticOrder": [
        ({"n_directions": 3}, "n_directions must be a power of 2, got 3"),
        ({"sign_lrs": (0.3,), "travel": 0.5}, "sign_lrs must be a finite number and <= 0.25"),
    ],
    "geometry.SkillCurves": [
        ({"n_skills": 5, "dim": 4}, "dim must be an integer >= n_skills = 5, got 4")
    ],
    "geometry.TwoSkills": [({"dim": 1}, "dim must be an integer >= n_skills = 2, got 1")],
    "geometry.WastedResource": [
        ({"arms": ()}, "arms must not be empty"),
        ({"dim": 2}, "dim must be an integer >= n_skills"),
        ({"arms": (NoiseArm(0.0, 9),), "points": 6}, "steps must be > points² / 4 = 9, got 9"),
    ],
    "quanta_discovery.Clusters": [
        ({"n_clusters": 1, "n_samples": 40}, "n_clusters and sweep must be from 2 to 39, got 1"),
        (
            {"n_clusters": 5, "sweep": (5, 40), "n_samples": 40},
            "n_clusters and sweep must be from 2 to 39, got 40",
        ),
        ({"sweep": ()}, "sweep must not be empty"),
    ],
    "quanta_discovery.Envelope": [
        ({"sweep": (3, 120), "n_samples": 120}, "sweep must be from 2 to 119, got 120"),
        ({"sweep": ()}, "sweep must not be empty"),
    ],
    "quanta_discovery.ModelSizes": [
        ({"steps": (20, 20)}, "steps must be two ascending numbers, got (20, 20)"),
        ({"networks": (1,)}, "networks must be two numbers, got (1,)"),
    ],
    "quanta_discovery.PlantedGroups": [
        ({"sweep": (2, 7), "dimension": 5}, "sweep must be from 2 to 6, got 7"),
    ],
    "quantization.OptimizerAblation": [
        ({"matching_seeds": (5,), "seeds": (5,)}, "matching_seeds must be none of seeds"),
        ({"optimizers": ()}, "optimizers must not be empty"),
        (
            {"optimizers": (("sgd", 1.0, 0.5),)},
            "highest rate must be a finite number and > 1, got 0.5",
        ),
        (
            {"optimizers": (("sgd", 0.0, 0.5),)},
            "lowest rate must be a finite number and > 0, got 0.0",
        ),
        ({"optimizers": (("lion", 1.0, 2.0),)}, "optimizers must be one of 'sgd', 'adam'"),
        ({"first_steps": (8001,), "steps": 8000}, "first_steps must be <= steps = 8000, got 8001"),
    ],
    "quantization.StepScaling": [
        ({"optimizers": ()}, "optimizers must not be empty"),
        ({"optimizers": (("lion", 1.0),)}, "optimizers must be one of 'sgd', 'adam'"),
        ({"optimizers": (("sgd", 1.0), ("sgd", 1.0))}, "optimizers must be distinct"),
    ],
    "quantization.Truncation": [({"optimizers": ()}, "optimizers must not be empty")],
    "quantization.WidthScaling": [
        ({"steps": 30, "halvings": 2}, "steps must be a multiple of 4, got 30")
    ],
    "resource.NoiseParallel": [({"pairs": ()}, "pairs must not be empty")],
    "resource.NoisyPair": [
        ({"targets": ("square",)}, "targets must be two names, got ('square',)"),
        ({"planted": 0.0}, "planted must be a finite number and > 0 and < 1, got 0.0"),
    ],
    "resource.ParallelTasks": [
        ({"penalties": ()}, "penalties must not be empty"),
        ({"penalties": (L1, L1)}, "penalties must have different names"),
    ],
    "resource.PlainRates": [
        ({"seeds": (1, 5), "tuning_seeds": (5, 6)}, "tuning_seeds must be none of seeds = (1, 5)")
    ],
    "resource.SparseScaling": [
        ({"penalties": ()}, "penalties must not be empty"),
        ({"penalties": (L1, L1)}, "penalties must have different names"),
    ],
    "skill_basis.ClockSweep": [
        ({"subset_size": (5,)}, "durations must hold an entry for each subset size up to 5")
    ],
    "skill_basis.ComputeFrontier": [
        ({"times": (5.0, 2.0)}, "times must increase from at least step, got (5.0, 2.0)"),
        ({"largest": 61, "n_skills": 60}, "largest must be at most 60, got 61"),
        ({"step": 0.2, "scale": 5.0}, "step must be a finite number and < 0.2"),
    ],
    "skill_basis.DataEmergence": [({"disjoint": ()}, "disjoint must not be empty, got ()")],
    "skill_basis.FewShot": [
        ({"scale": 2.0, "initial": 2.0}, "initial must be a finite number and < 2, got 2.0")
    ],
    "skill_basis.ScalingLaws": [
        ({"initial": 1.0}, "initial must be a finite number and < 1, got 1.0"),
        ({"step": 1.0}, "step must be a finite number and < 1 and >= 0, got 1.0"),
        ({"skills": (61,), "n_skills": 60}, "skills must be at most 60, got 61"),
        ({"samples": (0,)}, "samples must be an integer >= 1, got 0"),
        ({"shown": ()}, "shown must hold at least one number, got ()"),
    ],
    "skill_basis.TimeEmergence": [
        ({"steps": 70, "every": 50}, "steps must be a multiple of every = 50, got 70"),
        (
            {"steps_alone": 7, "every_alone": 5},
            "steps_alone must be a multiple of every_alone = 5, got 7",
        ),
    ],
    "skill_basis.TransformerEmergence": [
        ({"width": 30, "n_heads": 4}, "width must be a multiple of n_heads = 4, got 30")
    ],
    "skill_basis.UnbalancedLayers": [
        ({"longest": 0.1, "step": 0.1}, "longest must be a finite number and > 0.1, got 0.1"),
        ({"initial": 5.0}, "initial must be a finite number and < 5, got 5.0"),
    ],
    "skill_basis.WidthEmergence": [
        ({"seeds": (2_000_000,)}, "seeds must be < 1000000, got (2000000,)")
    ],
    "slingshot.Adversaries": [
        ({"n_texts": (5,)}, "n_texts must hold sizes with at least one bad text, got (5,)")
    ],
    "slingshot.CertifiedGraphs": [
        ({"n_bad": 12, "n_skills": 12}, "n_bad must be below n_skills = 12, got 12")
    ],
    "slingshot.Composites": [
        ({"theta": 0.5}, "theta must be a finite number and > 0 and < 0.5, got 0.5"),
        ({"n_texts": 999}, "n_texts must be a multiple of tuple_size = 2"),
        ({"n_texts": 2}, "n_texts must be a multiple of tuple_size = 2 with at least one wrong"),
        ({"n_skills": 1025}, "n_skills**tuple_size must be <= 2**20, got 1025**2"),
        ({"star": 60, "n_skills": 60}, "star must lie in 1 … 59, got 60"),
    ],
    "slingshot.KnownEntropy": [
        ({"flip": 0.0}, "flip must be a finite number and > 0"),
        ({"k": 2}, "k must be an integer >= 3, got 2"),
        ({"composed": 3}, "composed must be an integer <= 2, got 3"),
    ],
    "slingshot.ManyGraphs": [
        ({"shapes": ()}, "shapes must allow at least one wrong text, got ()"),
        ({"shapes": ((10, 5, 2, 0.0),)}, "shapes must allow at least one wrong text"),
        ({"shapes": ((0, 50, 2, 0.0),)}, "n_skills of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((10, 0, 2, 0.0),)}, "n_texts of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((10, 50, 0, 0.0),)}, "k of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((10, 50, 2, -0.7),)}, "zipf of shapes must be a finite number and >= 0"),
    ],
    "slingshot.PairSets": [
        ({"star": 100, "n_skills": 100}, "star must lie in 1 … 99, got 100"),
        ({"clique": 100, "n_skills": 100}, "clique must lie in 1 … 99, got 100"),
        ({"n_texts": 9}, "n_texts must allow at least one wrong text, got 9"),
    ],
    "slingshot.SkillCombinations": [
        ({"sizes": (41,), "n_skills": 40}, "sizes must lie in 1 … 40, got (41,)"),
        ({"correlations": (-0.1,)}, "correlations must be >= 0, got (-0.1,)"),
        ({"correlations": (0.5, math.nan)}, "correlations must be >= 0, got (0.5, nan)"),
    ],
    "slingshot.TinyGraphs": [
        ({"shapes": ((1, 9, 3, 3),)}, "n_skills of shapes must be an integer >= 2, got 1"),
        ({"shapes": ((4, 0, 3, 3),)}, "n_texts of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((4, 9, 0, 3),)}, "k of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((4, 9, 3, 0),)}, "n_wrong of shapes must be an integer >= 1, got 0"),
        ({"shapes": ((4, 3, 3, 3),)}, "shapes must have 1 … n_texts - 1 wrong texts"),
    ],
}


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [(name, *row) for name, rows in TOGETHER.items() for row in rows],
)
def test_what_fields_owe_each_other_is_named(name, changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        dataclasses.replace(EVERY[name], **changes)


@pytest.mark.parametrize("settings", EVERY.values(), ids=EVERY)
def test_every_class_that_checks_fields_together_is_in_the_table(settings):
    kind = type(settings)
    assert (label(kind) in TOGETHER) or kind.together is Settings.together


# What makes an experiment a moment's work; the plainest, a line each, stand in small.txt.
NETWORK = plain.TEXT | {"width": 16, "steps": 40, "held_out": 0.1, "max_loss": 5.0}
PARITY = {"n_skills": 2, "n_bits": 4, "subset_size": 2, "scale": 2.0}
SMALL = {
    "quanta_discovery.Clusters": NETWORK
    | {"n_samples": 40, "n_clusters": 5, "sweep": (3, 5), "n_permutations": 7},
    "quanta_discovery.Envelope": NETWORK
    | {"n_samples": 40, "sweep": (3, 8), "alphas": (0.4,), "dimension": 20},
    "quanta_discovery.KnownQuanta": {
        **{"n_skills": 4, "n_bits": 6, "width": 24, "batch_size": 200, "steps": 400},
        "n_samples": 60,
    },
    "quanta_discovery.ModelSizes": plain.TEXT
    | {"widths": (4, 16), "steps": (2, 4), "networks": (1, 2), "n_kept": 50}
    | {"held_out": 0.03},
    "quantization.OptimizerAblation": {
        **{"optimizers": (("sgd", 0.3, 3.0),), "first_steps": (25,), "matching_seeds": (0,)},
        **{"n_rates": 6, "width": 16, "steps": 60, "n_times": 8, "n_skills": 2, "n_bits": 3},
        **{"batch_size": 64, "n_test": 20},
    },
    "skill_basis.DataEmergence": PARITY
    | {"width": 20, "samples": (20, 60), "samples_alone": (10,), "alphas": (0.3, 0.9)}
    | {"exposure": 10.0, "exposure_alone": 10.0, "backgrounds": 40, "batch_size": 50},
    "skill_basis.TimeEmergence": PARITY
    | {"width": 20, "steps": 100, "every": 50, "steps_alone": 20},
    "skill_basis.TransformerEmergence": PARITY
    | {"width": 16, "n_heads": 2, "steps": 40, "alone_steps": 40, "every": 20},
    "skill_basis.WidthEmergence": PARITY
    | {"widths": (1, 3, 16), "widths_alone": (1, 8), "restarts": 2, "steps": 20},
    "geometry.SkillCurves": {"n_skills": 4, "dim": 60, "steps": 40, "every": 8, "noise": 0.05},
    "geometry.TwoSkills": {"ratios": (1.0, 4.0), "dim": 20, "steps": 3000},
    "slingshot.Adversaries": {"n_skills": 50, "n_texts": (1000,), "swaps": 4},
    "slingshot.TinyGraphs": {"shapes": ((4, 10, 3, 3),), "graphs": 3, "swaps": 4},
    "slingshot.CertifiedGraphs": {"n_skills": 5, "n_texts": (200,), "n_bad": 2, "k": 3},
    "slingshot.PairSets": {"n_texts": 4000, "rounds": 2},
    "slingshot.SkillCombinations": {"n_texts": 5000, "topics": 4, "sizes": (1, 2)},
    "slingshot.ManyGraphs": {"shapes": ((50, 1000, 4, 1.0),), "swaps": 4},
    "slingshot.Composites": {"n_texts": 4000},
}
SMALL["skill_basis.WidthEmergence, drawn"] = SMALL["skill_basis.WidthEmergence"] | {
    "batch_size": 20
}
for call in Path(__file__).with_name("small.txt").read_text().splitlines():
    name, settings = call.split("(", 1)
    known = vars(sys.modules[type(EVERY[name]).__module__])
    SMALL[name] = eval(f"dict({settings}", {**globals(), **known})
EXPERIMENTS = [name for name, found in EVERY.items() if isinstance(found, Experiment)]
EXPERIMENTS += [name for name in SMALL if name not in EVERY]


def small(name):
    """Return an experiment cut down to a moment's work, or its live size."""
    settings = EVERY[name.partition(",")[0]]
    kind = type(settings)
    if name in SMALL:
        return dataclasses.replace(settings, **SMALL[name])
    return kind.live()


@cache
def run(name, seeds):
    return dataclasses.replace(small(name), seeds=seeds).run()


@pytest.fixture(scope="module", autouse=True)
def few_texts():
    """Cut down the texts that language models are trained on: reading all takes seconds."""
    caches = quanta.documents, quanta.tokenizer, language._read, language._text
    texts = corpus.python_documents()[::10]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "python_documents", lambda: texts)
        for cached in caches:
            cached.cache_clear()
        yield
    for cached in caches:
        cached.cache_clear()


def narrowed(settings):
    """Return an experiment of one seed, and of one value where networks of several share a call."""
    swept = {
        field: getattr(settings, field)[-1:]
        for field in ("alphas", "dims", "samples", "strengths", "widths", "widths_alone")
        if isinstance(getattr(settings, field, None), tuple)
    }
    if "widths" in swept and "least" in wanted(settings, "widths"):
        del swept["widths"]
    return dataclasses.replace(settings, **swept, seeds=(5,))


def shared(found, part):
    """Return of a dataset what a part of it has the labels of."""
    for dim in part.dims:
        labels = [name for name, values in part.coords.items() if values.dims == (dim,)]
        rows, kept = (
            list(map(str, zip(*(data[name].values for name in labels), strict=True)))
            for data in (found, part)
        )
        found = found.isel({dim: [row in kept for row in rows]}) if labels else found
    return found


def of_members(found):
    """Return the variables of single members."""
    (axis,) = found.seed.dims
    return found[[name for name, values in found.data_vars.items() if axis in values.dims]]


# What is checked where it is used, or is known only then.
KEPT_BACK = [
    ("quanta_discovery.Clusters", {"steps": 1, "max_loss": 1e-6}, "n_samples must be at most 0, "),
    ("quanta_discovery.KnownQuanta", {"steps": 1}, "steps must be enough for two skills"),
    ("quanta_discovery.KnownQuanta", {"subset_size": 7}, "subset_size must be <= n_bits = 6"),
    ("quanta_discovery.ModelSizes", {"n_kept": 10**7}, "n_kept must be at most "),
    ("quanta_discovery.ModelSizes", {"n_heads": 3}, "width must be a multiple of n_heads = 3"),
    ("quanta_discovery.ModelSizes", {"n_tokens": 3}, "n_tokens must be an integer >= 97"),
    (
        "quantization.StepScaling",
        {"optimizers": (("sgd", -1.0),)},
        "lr must be a finite number and > 0, got -1.0",
    ),
    ("quantization.WidthScaling", {"n_skills": 7}, "n_skills must be <= comb"),
    (
        "skill_basis.DataEmergence",
        {"n_bits": 3, "disjoint": (True,)},
        "n_skills must be <= n_bits // subset_size = 1",
    ),
    ("skill_basis.DataEmergence", {"momentum": 1.0}, "momentum must be a finite number and < 1"),
    (
        "skill_basis.ScalingLaws",
        {"n_samples": 3, "skills": (8,)},
        "n_samples must reach every one of 8 skills",
    ),
    (
        "skill_basis.TimeEmergence",
        {"n_bits": 3, "disjoint": True},
        "n_skills must be <= n_bits // subset_size = 1",
    ),
    ("skill_basis.TransformerEmergence", {"momentum": 1.0}, "momentum must be a finite number"),
    ("skill_basis.WidthEmergence", {"batch_size": 0}, "batch_size must be an integer >= 1"),
]


@pytest.mark.parametrize(("name", "changes", "message"), KEPT_BACK)
def test_what_a_run_cannot_do_is_named(name, changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        dataclasses.replace(small(name), **changes).run()


every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


@every_experiment
def test_a_run_is_repeated_to_the_last_bit(name):
    again, once = run.__wrapped__(name, (5,)), run(name, (5,))
    xr.testing.assert_identical(again.drop_attrs(deep=False), once.drop_attrs(deep=False))


@every_experiment
def test_a_member_does_not_depend_on_its_companions(name):
    several, alone = of_members(run(name, (13, 5))), of_members(narrowed(small(name)).run())
    same = shared(several, alone)
    assert same.sizes == alone.sizes
    for variable in alone:
        one, other = same[variable].values, alone[variable].values
        if one.dtype.kind == "f":  # batched products round differently in other batches
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=variable)
        else:
            np.testing.assert_array_equal(one, other, err_msg=variable)
    (axis,) = several.seed.dims
    one, other = (several.isel({axis: several.seed.values == seed}) for seed in (5, 13))
    assert not all(one[each].variable.equals(other[each].variable) for each in several)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if "Emergence" in name])
def test_loss_is_never_below_that_of_the_strength(name):
    found = run(name, (13, 5))
    for kind in ("", "_alone"):
        if f"skill_loss{kind}" in found:
            # E(S g - f)² = (S - R)² + E(f - R g)²; float32 sums leave 1e-6
            below = (1 - found[f"strength{kind}"]) ** 2
            assert (found[f"skill_loss{kind}"] >= below - 1e-5).all()
    alphas = found.alpha.values if "alpha" in found.coords else [small(name).alpha]
    for alpha, frequency in zip(alphas, np.atleast_2d(found.frequency), strict=True):
        np.testing.assert_allclose(frequency, frequencies.power_law(2, float(alpha)))


@every_experiment
def test_a_run_is_stamped_and_labelled(name):
    found, settings = run(name, (13, 5)), dataclasses.replace(small(name), seeds=(13, 5))
    expected = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert records.provenance(found, "settings") == expected
    assert {5, 13} <= set(records.provenance(found, "seeds"))
    meaning = MEANING | settings.about
    for variable in found.variables.values():
        places = [settings.order.index(dim) for dim in variable.dims if dim in settings.order]
        assert places == sorted(places)
    for variable, values in found.variables.items():
        said = values.attrs.get("units", ""), values.attrs.get("long_name", "")
        assert said == meaning.get(variable, ("", "")), variable
    # tables shared by the experiments of a theory say more than one of them needs
    shared_tables = toy.ABOUT | descent.ABOUT | skills.ABOUT | steps.StepScaling.about
    assert settings.about.keys() - found.variables.keys() <= shared_tables.keys()
    if not name.startswith("quanta_discovery"):  # labels, tokens and pairs of networks have no unit
        assert all(values.attrs for values in found.data_vars.values())
