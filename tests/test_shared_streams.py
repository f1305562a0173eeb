"""No two experiments draw the same random numbers, but for a few that are named here."""

import ast
import dataclasses
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from skillscale import catalogue
from skillscale.lab.randomness import Stream

FOUND = catalogue.catalogue()
SRC = Path(__file__).parents[1] / "src" / "skillscale"

# A purpose names a stream. These are asked for in two modules: experiments of the same seeds share
# initial parameters, inputs or batches there, and records rest on them.
SHARED_PURPOSES = {
    "gradient noise": {"geometry.experiments._shared", "geometry.experiments.optimizers"},
    "initial parameters": {"skill_basis.experiments.transformer", "lab.ensembles"},
    "skills of a batch": {"geometry.experiments._shared", "geometry.experiments.optimizers"},
    "test inputs": {
        "quanta_discovery.experiments.known_quanta",
        "quantization.experiments._shared",
    },
}
# Modules whose streams have a number, or several, for a name. Those of `slingshot` and `resource`
# are tried below; the others draw for a text, a network of one experiment or a single call.
NUMBERED = {
    "geometry.experiments._shared",
    "quanta_discovery.experiments.measures",
    "resource.experiments.chain",
    "resource.experiments.noise",
    "resource.experiments.noise_pairs",
    "resource.experiments.samples",
    "slingshot.experiments.attacks",
    "slingshot.experiments.enumerated",
    "slingshot.experiments.pairs",
    "slingshot.experiments.skillmix",
    "slingshot.experiments.many_graphs",
    "lab.corpus",
    "lab.language.network",
    "lab.language.training",
    "lab.randomness",
}

# As little work as leaves the numbers that name a stream as they are stored.
CHEAP = {
    "slingshot": {
        "adversaries": {"n_skills": 10, "k": 1, "swaps": 0},
        "tiny_graphs": {"swaps": 0},
        "certified_graphs": {"n_skills": 4, "n_bad": 1, "k": 1},
        "composites": {"k": 1},
        "pair_sets": {"k": 2, "rounds": 1},
        "skill_combinations": {"topics": 1, "combinations": 1, "n_texts": 100},
        "many_graphs": {"thetas": (0.2,), "bad_fractions": (0.5,), "swaps": 0},
    },
    "resource": {
        "noise_scaling": {"widths": (4,), "n_points": 4, "steps": (0,)},
        "noise_step": {"widths": (4,), "n_points": 4, "steps": (0,)},
        "noise_samples": {"widths": (4,), "n_points": 4, "steps": 0},
        "noise_chain": {"widths": (4,), "n_points": 4, "steps": 0},
        "noise_parallel": {"widths": (4,), "n_points": 4, "steps": (0,)},
    },
}


def calls():
    """Every call in the modules that draw, with the module's name."""
    patterns = ("lab/**/*.py", "*/experiments/*.py", "*/experiments.py")
    for path in sorted(path for pattern in patterns for path in SRC.glob(pattern)):
        module = ".".join(path.relative_to(SRC).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield module, ast.unparse(node.func), node


def test_a_purpose_belongs_to_one_module():
    places = defaultdict(set)
    for module, function, call in calls():
        if function == "Stream" and not isinstance(call.args[1], ast.Name):
            places[ast.unparse(call.args[1]).strip("'")].add(module)
    shared = {purpose: found for purpose, found in places.items() if len(found) > 1}
    assert shared == SHARED_PURPOSES


def test_streams_without_a_purpose_are_known():
    numbered = ("default_rng", "manual_seed", "SeedSequence", "Philox", "RandomState")
    found = {module for module, function, _ in calls() if function.split(".")[-1] in numbered}
    assert found == NUMBERED


@pytest.fixture
def opened(monkeypatch):
    """What names the streams that are opened."""
    names = set()
    numpy_generator, start = np.random.default_rng, Stream.__init__

    def default_rng(seed):
        entropy = seed.entropy if isinstance(seed, np.random.SeedSequence) else seed
        key = seed.spawn_key if isinstance(seed, np.random.SeedSequence) else ()
        names.add(("numpy", str(entropy), key))
        return numpy_generator(seed)

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            names.add(("torch", int(seed)))
            return super().manual_seed(seed)

    def named(stream, seed, purpose):
        names.add((purpose, int(seed)))
        start(stream, seed, purpose)

    monkeypatch.setattr(np.random, "default_rng", default_rng)
    monkeypatch.setattr(torch, "Generator", Generator)
    monkeypatch.setattr(Stream, "__init__", named)
    return names


def test_experiments_of_a_theory_share_no_stream(opened):
    owners = defaultdict(set)
    for package, experiments in CHEAP.items():
        for experiment, changes in experiments.items():
            opened.clear()
            settings = FOUND[f"{package}.{experiment}"].settings("standard")
            dataclasses.replace(settings, seeds=settings.seeds[:1], **changes).run()
            assert opened, experiment
            for name in opened:
                owners[name].add(experiment)
    assert {frozenset(found) for found in owners.values() if len(found) > 1} == set()
