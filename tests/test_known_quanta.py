import numpy as np
import pytest
import torch
from precision import cast
from torch.nn import functional

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.gradients import cosine_similarity
from skillscale.lab.parity import MultitaskParity
from skillscale.quanta_discovery import experiments
from skillscale.quanta_discovery.experiments import known_quanta

TINY = experiments.KnownQuanta(
    n_skills=4, n_bits=6, width=24, batch_size=200, steps=500, n_samples=60, seeds=(3,)
)


@pytest.fixture(scope="module")
def data():
    return TINY.run()


def test_directions_are_those_of_the_gradients():
    task = MultitaskParity(3, 5, 2, seed=0)
    model = MLPEnsemble(5, [8], seeds=[0], n_categories=3, dtype=torch.float64)
    drawn = task.sample(7, generator=np.random.default_rng(0))
    batch = cast(lambda _: drawn, torch.float64)(0)
    directions = known_quanta.sample_directions([p[0].detach() for p in model.parameters], batch)
    flat = torch.cat([each.flatten(1) for each in directions.values()], 1)
    for i in range(7):
        output = model(batch.bits[i : i + 1], batch.skill[i : i + 1])[0, 0, 0]
        loss = functional.softplus(-batch.target[i] * output)
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.parameters)])
        # the same up to the positive factor of the loss
        factor = torch.sigmoid(-batch.target[i] * output.detach())
        torch.testing.assert_close(gradient, factor * flat[i])


def test_labels_alone_decide_the_sign_of_a_cosine():
    task = MultitaskParity(3, 5, 2, seed=0)
    model = MLPEnsemble(5, [8], seeds=[0], n_categories=3)
    batch = task.sample(40, generator=np.random.default_rng(0))
    directions = known_quanta.sample_directions([p[0].detach() for p in model.parameters], batch)
    cosine = cosine_similarity(directions)
    sign = batch.target[:, None] * batch.target
    assert (cosine * sign > 0).all()


def test_samples_are_of_learned_skills(data):
    loss = data.loss.isel(member=0).values
    assert (loss[data.sample_skill.isel(member=0).values] < TINY.learned).all()
    assert set(np.unique(data.target)) == {-1, 1}


def test_recipes_make_the_clusters_they_promise(data):
    one = data.isel(member=0)
    n = len(np.unique(one.sample_skill))
    for recipe, count in {"signed": n, "signed, twice as many": 2 * n, "absolute": n}.items():
        assert len(np.unique(one.label.sel(recipe=recipe))) == count
    alone = one.label.sel(recipe="each label alone").values
    assert not set(alone[one.target > 0]) & set(alone[one.target < 0])


def test_cosines_of_the_labels_oppose_each_other(data):
    same, other_label, *_ = data.cosine.isel(member=0).values
    assert same > 0 > other_label
    absolute = data.absolute_cosine.isel(member=0).values
    assert absolute[1] == pytest.approx(-other_label, abs=1e-5)


def test_names_are_told_apart_by_control_bits_alone(data):
    # every pair under two names is one of the same skill, so means of the groups are mixed right
    rng = np.random.default_rng(0)
    skill = torch.tensor([0, 1, 2, 3] * 50)
    control = TINY.named(skill, rng)
    assert (control % TINY.n_skills == skill).all()
    assert set((control // TINY.n_skills).tolist()) == {0, 1}
    untrained = data.untrained_cosine.isel(member=0)
    trained = data.absolute_cosine.isel(member=0)
    pair = {"pair": ["same skill, other name", "other skill"]}
    assert abs(np.diff(untrained.sel(pair))) < 0.1 < -np.diff(trained.sel(pair))


def test_means_of_pairs_are_over_the_pairs_named():
    skill, control = np.array([0, 0, 0, 1]), np.array([0, 2, 2, 1])
    target = np.array([1, 1, -1, 1])
    cosine = torch.arange(16.0).reshape(4, 4)
    cosine = cosine + cosine.T
    found = known_quanta._pair_means(cosine, skill, control, target)
    pairs = [{(0, 1)}, {(0, 2), (1, 2)}, {(0, 1), (0, 2)}, {(0, 3), (1, 3), (2, 3)}]
    means = [np.mean([float(cosine[pair]) for pair in group]) for group in pairs]
    np.testing.assert_allclose(found, means)
