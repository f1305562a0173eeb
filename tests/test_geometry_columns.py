"""Many settings on one set of task vectors: against plain loops, and the batches they draw."""

import numpy as np
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.lab.optimizers import SGD, Adam, SignDescent
from skillscale.lab.randomness import Stream


def tables(n_skills, alphas=(0.0, 1.0)):
    return np.stack([frequencies.power_law(n_skills, alpha) for alpha in alphas])


def test_counts_equal_inverting_the_distribution_function_one_number_at_a_time():
    p = tables(30)
    counts = geometry.SkillCounts(p, batch_size=50, seed=3).block(2)
    drawn = Stream(3, "uniform numbers of a batch").at(2).random((32, 50))
    for column in range(2):
        cumulative = p[column].cumsum()
        for step in (0, 31):
            skill = [int((cumulative <= u).sum()) for u in drawn[step]]
            np.testing.assert_array_equal(counts[step, column], np.bincount(skill, minlength=30))


def test_counts_have_the_frequencies_as_means_in_the_rare_tail_too():
    p = tables(1000)
    counts = geometry.SkillCounts(p, batch_size=1024, seed=0)
    total = sum(counts.block(number).double().sum(0) for number in range(40)).numpy()
    expected = 40 * 32 * 1024 * p
    # 2000 normal numbers stay within 5 standard deviations but once in a thousand times
    assert (abs(total - expected) < 5 * np.sqrt(expected) + 1).all()
    # the rare half as a whole: its mass is spread over cells that hold several skills
    rare, mass = total[:, 500:].sum(1), expected[:, 500:].sum(1)
    assert (abs(rare - mass) < 4 * np.sqrt(mass)).all()


def test_batches_of_a_column_do_not_depend_on_the_others():
    p = tables(40)
    both = geometry.SkillCounts(p, 64, seed=1).block(5)
    alone = geometry.SkillCounts(p[1:], 64, seed=1).block(5)
    torch.testing.assert_close(both[:, 1], alone[:, 0], rtol=0, atol=0)
    assert not torch.equal(both, geometry.SkillCounts(p, 64, seed=2).block(5))


def plain_loop(vectors, p, counts, optimizer, loss, steps):
    theta = torch.zeros(vectors.shape[1], dtype=torch.float64, requires_grad=True)
    rule, losses = optimizer([theta]), []
    p = torch.from_numpy(p)
    for step in range(steps + 1):
        level = vectors @ theta
        each = (1 - level) ** 2 if loss == "mse" else -torch.nn.functional.logsigmoid(level)
        losses.append(float((p * each).sum().detach()))
        share = p if counts is None else counts[step % 32].double() / counts[step % 32].sum()
        rule.zero_grad()
        (share * each).sum().backward()
        rule.step()
    return losses


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize(
    ("n_skills", "dim", "batch_size"), [(12, 8, 16), (12, 8, None), (300, 200, 16)]
)
def test_columns_equal_a_plain_loop_with_automatic_gradients(loss, n_skills, dim, batch_size):
    # the last size multiplies only the rows that a batch holds
    vectors = geometry.task_vectors(n_skills, dim, seeds=[7], orthonormal=False)[0]
    p = tables(n_skills)
    rules = [SGD(0.1), Adam(0.02)]
    optimizers = [lambda x: torch.optim.SGD(x, lr=0.1), lambda x: torch.optim.Adam(x, lr=0.02)]
    found = geometry.descend_columns(
        vectors, p, rules, at=range(31), loss=loss, batch_size=batch_size, seed=4
    )
    drawn = None if batch_size is None else geometry.SkillCounts(p, batch_size, 4).block(0)
    for rule, optimizer in enumerate(optimizers):
        for column in range(2):
            counts = None if drawn is None else drawn[:, column]
            expected = plain_loop(vectors, p[column], counts, optimizer, loss, 30)
            # float32 against float64 over 30 steps
            np.testing.assert_allclose(found[rule, column], expected, rtol=2e-4)


def test_exact_columns_equal_the_descent_of_few_skills():
    vectors = geometry.task_vectors(6, 50, seeds=[0])
    p = tables(6)
    found = geometry.descend_columns(vectors[0], p, [SignDescent(2e-3)], at=range(41), loss="mse")
    levels = torch.stack(
        list(geometry.descend(vectors, torch.from_numpy(p[1]), SignDescent(2e-3), 40))
    )[:, 0]
    expected = ((1 - levels) ** 2 @ torch.from_numpy(p[1])).numpy()
    # a sign of a vanishing sum may round differently, which moves one coordinate by 0.002
    np.testing.assert_allclose(found[0, 1], expected, atol=2e-4)


def test_a_column_does_not_depend_on_its_companions():
    vectors = geometry.task_vectors(20, 6, seeds=[1], orthonormal=False)[0]
    p, options = tables(20), {"at": [25], "batch_size": 32, "seed": 8}
    both = geometry.descend_columns(vectors, p, [Adam(0.01), SGD(0.1)], **options)
    alone = geometry.descend_columns(vectors, p[1:], [SGD(0.1)], **options)
    np.testing.assert_allclose(both[1, 1], alone[0, 0], rtol=1e-5)


def descend(vectors=None, p=None, at=(1,), loss="mse"):
    vectors = torch.eye(2) if vectors is None else vectors
    p = tables(2) if p is None else p
    return geometry.descend_columns(vectors, p, [SGD(0.1)], at=at, loss=loss)
