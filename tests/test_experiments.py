"""What holds of every experiment: what its settings may be, and what a run of it returns."""

import dataclasses
import doctest
import json
import math
import re
import sys
from functools import cache

import numpy as np
import pytest
import xarray as xr

from skillscale import catalogue
from skillscale.domino.experiments import language
from skillscale.lab import corpus, records
from skillscale.lab.settings import Settings
from skillscale.lab.sweep import MEANING, Experiment
from skillscale.quanta_discovery.experiments import _shared as quanta

# What a field must be, as the message says it: `Class.field` comes before `field`, and
# `theory.Class.field` before both. "each" is of a sequence's entries.
ELSEWHERE = "checked with others, or where it is used"
RANGES = {
    "True or False": "keep_similarity published",
    "a finite number and < 1 and >= 0": "kept",
    "a finite number and > -1": "alpha",
    "a finite number and > 0": """
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
        quantization.StepScaling.subset_size DataScaling.steps FewShot.steps ModularAddition.steps
        NoiseArm.steps OptimizerAblation.steps Schedule.steps TimeEmergence.steps
        TransformerEmergence.steps Truncation.steps WidthEmergence.steps WidthScaling.steps
        quantization.StepScaling.steps
    """,
    "an integer >= 2": """
        dimension modulus n_directions n_measured n_points n_rates n_sizes points sgd_steps
        PairSets.k CertifiedGraphs.n_skills Composites.n_skills PairSets.n_skills
        ComputeFrontier.n_times ScalingLaws.n_times UnbalancedLayers.n_times
    """,
    "an integer >= 3": """
        n_fresh Clusters.n_samples Envelope.n_samples PlainRates.n_points PlainScaling.n_points
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
        budgets lengths samples samples_alone widths_alone KnownEntropy.widths PlainRates.widths
        PlainScaling.widths WidthEmergence.widths
    """,
    "each an integer >= 1; increase; least 2": "ModelSizes.widths",
    "each an integer >= 2": "features NoiseParallel.widths",
    "each one of 'mse', 'cross_entropy'": "losses",
    "each one of 'sign', 'adam'; distinct": "rules",
    "each one of 'silu', 'relu'; distinct": "activations",
    "each one of 'sine', 'exponential', 'shifted root', 'root'": "functions",
    "each one of 'square', 'sine', 'exponential', 'ramp', 'step'": "targets",
    ELSEWHERE: """
        arms clique context correlations disjoint done early flip held_out largest momentum n_bits
        n_clusters n_heads n_layers n_texts n_tokens name optimizers pairs penalties penalty planted
        recipe schedule shapes shown sizes skills star subset_size sweep times Clusters.batch_size
        ClockSweep.batch_size DataEmergence.batch_size Envelope.batch_size KnownQuanta.batch_size
        ModelSizes.batch_size TimeEmergence.batch_size WidthEmergence.batch_size Clusters.lr
        Envelope.lr KnownQuanta.lr ModelSizes.lr Clusters.steps Envelope.steps KnownQuanta.steps
        ModelSizes.steps Clusters.width DataEmergence.width Envelope.width KnownQuanta.width
        TimeEmergence.width Composites.theta DataEmergence.learning_rate
        TimeEmergence.learning_rate TransformerEmergence.learning_rate DataEmergence.n_skills
        KnownEntropy.n_skills KnownQuanta.n_skills TimeEmergence.n_skills
        TransformerEmergence.n_skills WidthEmergence.n_skills KnownEntropy.alpha KnownQuanta.alpha
        TransformerEmergence.alpha KnownEntropy.k ModularAddition.rates
        ScalingLaws.samples TwoParities.rules UnbalancedLayers.longest
    """,
}
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
    return next(RANGE[name] for name in names(settings, field) if name in RANGE)


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
    assert {next(name for name in each if name in RANGE) for each in asked} == set(RANGE)


# Experiments that no doctest runs, or none that is small enough: what makes them so.
TEXT = {"n_tokens": 150, "n_layers": 1, "n_heads": 2, "context": 16, "batch_size": 8}
NETWORK = TEXT | {"width": 16, "steps": 40, "held_out": 0.1, "max_loss": 5.0}
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
    "quanta_discovery.ModelSizes": TEXT
    | {"widths": (4, 16), "steps": (2, 4), "networks": (1, 2), "n_kept": 50}
    | {"held_out": 0.03},
    "skill_basis.DataEmergence": PARITY
    | {"width": 20, "samples": (20, 60), "samples_alone": (10,), "alphas": (0.3, 0.9)}
    | {"exposure": 10.0, "exposure_alone": 10.0, "backgrounds": 40, "batch_size": 50},
    "skill_basis.TimeEmergence": PARITY
    | {"width": 20, "steps": 100, "every": 50, "steps_alone": 20},
    "skill_basis.TransformerEmergence": PARITY
    | {"width": 16, "n_heads": 2, "steps": 40, "alone_steps": 40, "every": 20},
    "skill_basis.WidthEmergence": PARITY
    | {"widths": (1, 3, 16), "widths_alone": (1, 8), "restarts": 2, "steps": 20},
    "slingshot.Adversaries": {"n_skills": 50, "n_texts": (1000,), "swaps": 4},
    "slingshot.TinyGraphs": {"shapes": ((4, 10, 3, 3),), "graphs": 3, "swaps": 4},
    "slingshot.CertifiedGraphs": {"n_skills": 5, "n_texts": (200,), "n_bad": 2, "k": 3},
    "slingshot.PairSets": {"n_texts": 4000, "rounds": 2},
    "slingshot.SkillCombinations": {"n_texts": 5000, "topics": 4, "sizes": (1, 2)},
    "slingshot.ManyGraphs": {"shapes": ((50, 1000, 4, 1.0),), "swaps": 4},
    "slingshot.Composites": {"n_texts": 4000},
}
EXPERIMENTS = {name: found for name, found in EVERY.items() if isinstance(found, Experiment)}


def small(name):
    """Return an experiment cut down to a moment's work: that of its doctest if there is one."""
    kind = type(EXPERIMENTS[name])
    if name in SMALL:
        return dataclasses.replace(EXPERIMENTS[name], **SMALL[name])
    known = dict(vars(sys.modules[kind.__module__]))
    for example in doctest.DocTestParser().get_examples(kind.__doc__):
        exec(example.source, known)
        for found in (known.get("small"), known.get("tiny")):
            if isinstance(found, kind):
                return found
    raise ValueError(f"{name} has no small example: give it one in SMALL")


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


def of_seed(found, seed):
    """Return the variables of single members, at those of one seed."""
    (axis,) = found.seed.dims
    members = [name for name, variable in found.data_vars.items() if axis in variable.dims]
    return found[members].isel({axis: found.seed.values == seed})


every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


@every_experiment
def test_a_run_is_repeated_to_the_last_bit(name):
    again, once = run.__wrapped__(name, (5,)), run(name, (5,))
    xr.testing.assert_identical(again.drop_attrs(deep=False), once.drop_attrs(deep=False))


@every_experiment
def test_a_member_does_not_depend_on_its_companions(name):
    both, alone = of_seed(run(name, (13, 5)), 5), of_seed(run(name, (5,)), 5)
    assert both.sizes == alone.sizes
    for variable in both:
        one, other = both[variable].values, alone[variable].values
        if one.dtype.kind == "f":  # batched products round differently in other batches
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=variable)
        else:
            np.testing.assert_array_equal(one, other, err_msg=variable)
    first = of_seed(run(name, (13, 5)), 13)
    assert any((both[each].values != first[each].values).any() for each in both)


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
    if not name.startswith("quanta_discovery"):  # labels, tokens and pairs of networks have no unit
        assert all(values.attrs for values in found.data_vars.values())
