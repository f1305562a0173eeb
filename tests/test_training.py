"""The training loop: equal to plain single-network loops, exact losses, independent members."""

import itertools
import math

import numpy as np
import padding
import pytest
import torch
from precision import cast
from torch.nn import functional

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD, Adam, SignDescent
from skillscale.lab.parity import (
    Batch,
    MultitaskParity,
    fixed_dataset,
    fresh_batches,
    whole_population,
)
from skillscale.lab.training import cross_entropy, log_steps, mse, train

N_SKILLS, N_BITS = 4, 10


def _task(seed):
    return MultitaskParity(N_SKILLS, N_BITS, 2, alpha=0.4, seed=seed)


def _parameters(model, step):
    return {f"p{i}": p for i, p in enumerate(model.parameters)}


def _plain_loop(network, batches, member, optimizer, loss):
    """The reference: one network, dense one-hot inputs, torch.optim."""
    for batch in batches:
        control = functional.one_hot(batch.skill[member], N_SKILLS).to(batch.bits)
        f = network(torch.cat([control, batch.bits[member]], 1)).squeeze(1)
        y = batch.target[member]
        if loss == "mse":
            value = functional.mse_loss(f, y)
        else:
            value = functional.binary_cross_entropy_with_logits(f, (y + 1) / 2)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return network


RULES = {
    "sgd": (SGD, lambda p, lr: torch.optim.SGD(p, lr=lr), (0.02, 0.06), "mse"),
    "adam": (Adam, lambda p, lr: torch.optim.Adam(p, lr=lr), (0.001, 0.01), "cross_entropy"),
}


# In single precision a ReLU's input within a rounding of 0 may fall on either side of the kink, and
# one such flip in 100 steps is seen in the fifth digit: the smooth SiLU shows equality there.
@pytest.mark.parametrize(
    ("activation", "dtype", "tolerance"),
    [("relu", torch.float64, 1e-10), ("silu", torch.float32, 1e-5)],
)
@pytest.mark.parametrize("name", RULES)
def test_an_ensemble_of_12_equals_12_plain_loops(name, activation, dtype, tolerance):
    ours, theirs, rates, loss = RULES[name]
    members = list(itertools.product([8, 20, 32], [0, 1], rates))
    widths, seeds, member_rates = (list(column) for column in zip(*members, strict=True))
    batches = cast(fresh_batches([_task(s) for s in seeds], 64, seeds=seeds), dtype)

    settings = {"n_categories": N_SKILLS, "activation": activation, "dtype": dtype}
    start, model = (MLPEnsemble(N_BITS, widths, seeds=seeds, **settings) for _ in range(2))
    train(
        model,
        batches,
        optimizer=ours(member_rates),
        steps=100,
        loss=loss,
        measure=_parameters,
        at=[100],
    )
    seen = [batches(step) for step in range(100)]
    test = cast(fresh_batches([_task(s) for s in seeds], 500, seeds=seeds), dtype)(10_000)
    outputs = model(test.bits, test.skill)
    before = start(test.bits, test.skill)
    for i, rate in enumerate(member_rates):
        plain = start.member(i)
        _plain_loop(plain, seen, i, theirs(plain.parameters(), rate), loss)
        control = functional.one_hot(test.skill[i], N_SKILLS).to(dtype)
        expected = plain(torch.cat([control, test.bits[i]], 1))
        # Only the order of summation differs: steps let float32 roundings grow to 2e-6.
        torch.testing.assert_close(outputs[i], expected, rtol=tolerance, atol=tolerance)
        for a, b in zip(model.member(i).parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
    # It would prove little had nothing been learned.
    assert (outputs - before).abs().amax((1, 2)).min() > 0.01


@pytest.mark.parametrize("rule", [SGD, lambda lr: SGD(lr, 0.9), Adam, SignDescent])
def test_companions_do_not_matter(rule):
    def run(widths, seeds, rates):
        return train(
            MLPEnsemble(N_BITS, widths, seeds=seeds, n_categories=N_SKILLS),
            fresh_batches([_task(s) for s in seeds], 32, seeds=seeds),
            optimizer=rule(rates),
            steps=50,
            measure=_parameters,
            at=log_steps(50, 6),
        )

    first = run([24, 20, 16], [0, 1, 2], [0.01, 0.02, 0.005])
    other = run([24, 20, 3], [5, 1, 9], [0.1, 0.02, 0.1])
    alone = run([20], [1], [0.02])
    for name, values in first.items():
        assert torch.equal(values[:, 1], other[name][:, 1])
        # A batch of one matrix may take another path through BLAS: a few float32 roundings.
        own = values[:, 1][tuple(map(slice, alone[name].shape[:1] + alone[name].shape[2:]))]
        torch.testing.assert_close(own, alone[name][:, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rule", [SGD(0.05, 0.9), Adam(0.01), SignDescent(0.01)])
def test_padding_stays_exactly_zero_through_training(rule):
    model = MLPEnsemble(N_BITS, [4, 16], seeds=[0, 1], n_categories=N_SKILLS, depth=2)
    train(
        model,
        whole_population([_task(0), _task(1)]),
        optimizer=rule,
        steps=100,
        measure=_parameters,
        at=[0],
    )
    for p, mask in zip(model.parameters, padding.real(model), strict=True):
        assert (p[~mask] == 0).all()


SOURCES = {
    "fresh": lambda tasks: fresh_batches(tasks, 64, seeds=[0, 1]),
    "fixed": lambda tasks: fixed_dataset(tasks, [64, 200], seeds=[0, 1]),
    "minibatches": lambda tasks: fixed_dataset(tasks, 200, seeds=[0, 1], batch_size=64),
    "population": lambda tasks: whole_population(tasks),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_trains(source):
    tasks = [MultitaskParity(3, 6, 1, seed=seed) for seed in (0, 1)]
    exact = whole_population(tasks)(0)

    def measure(model, step):
        return {"loss": mse(model(exact.bits, exact.skill).tanh(), exact)}

    losses = train(
        MLPEnsemble(6, [32, 16], seeds=[0, 1], n_categories=3),
        SOURCES[source](tasks),
        optimizer=Adam(0.02),
        steps=300,
        measure=measure,
        at=[0, 300],
    )["loss"]
    # Chance is 1; single bits are learned by any of these runs.
    assert (losses[0] > 0.8).all()
    assert (losses[1] < 0.4).all()


def test_population_loss_is_the_mean_of_a_large_sample():
    tasks = [_task(seed) for seed in (0, 1)]
    model = MLPEnsemble(N_BITS, [16, 8], seeds=[0, 1], n_categories=N_SKILLS, init=0.5)
    exact = whole_population(tasks)(0)
    sample = fresh_batches(tasks, 100_000, seeds=[0, 1])(0)
    with torch.no_grad():
        f = model(sample.bits, sample.skill)
        for loss in (mse, cross_entropy):
            mean = loss(f, sample)
            each = torch.stack(
                [loss(part, sample._replace(target=y)) for part, y in _single(f, sample.target)], 1
            )
            error = each.std(1) / math.sqrt(each.shape[1])
            # Five standard errors, estimated from blocks of the sample itself.
            difference = mean - loss(model(exact.bits, exact.skill), exact)
            assert (difference.abs() < 5 * error).all()


def _single(f, target):
    """Cut a large batch into 100 blocks."""
    return zip(f.chunk(100, 1), target.chunk(100, 1), strict=True)


def test_losses_are_what_their_docstrings_say():
    f = torch.tensor([[[0.5], [-2.0]]])
    batch = Batch(torch.zeros(1), torch.zeros(1), torch.tensor([[1.0, 1.0]]))
    weighted = batch._replace(weight=torch.tensor([[3.0, 1.0]]))
    assert mse(f, batch).item() == pytest.approx((0.25 + 9) / 2)
    assert mse(f, weighted).item() == pytest.approx((0.25 * 3 + 9) / 4)
    each = [math.log(1 + math.exp(-0.5)), math.log(1 + math.exp(2))]
    assert cross_entropy(f, batch).item() == pytest.approx(sum(each) / 2)
    assert cross_entropy(f, weighted).item() == pytest.approx((3 * each[0] + each[1]) / 4)

    logits = torch.tensor([[[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]]])
    classes = batch._replace(target=torch.tensor([[2, 0]]))
    total = math.log(1 + math.e + math.e**2)
    other = math.log(2 + math.e)
    expected = ((total - 2) + (other - 1)) / 2
    assert cross_entropy(logits, classes).item() == pytest.approx(expected)
    two = batch._replace(target=torch.zeros(1, 2, 3))
    assert mse(logits, two).item() == pytest.approx((5 / 3 + 1 / 3) / 2)


def test_measures_before_the_update_in_order_and_keeps_copies():
    model = MLPEnsemble(N_BITS, [8], seeds=[0], n_categories=N_SKILLS)
    first = model.parameters[0].detach().clone()
    seen = []

    def measure(model, step):
        assert not torch.is_grad_enabled()
        seen.append(step)
        return {"table": model.parameters[0], "step": torch.tensor([step])}

    record = train(
        model,
        whole_population([_task(0)]),
        optimizer=SGD(0.1),
        steps=7,
        measure=measure,
        at=[7, 0, 3, 3],
    )
    assert seen == [0, 3, 7]
    assert record["step"].tolist() == [[0], [3], [7]]
    assert record["table"].shape == (3, 1, N_SKILLS, 8)
    assert torch.equal(record["table"][0], first)
    assert torch.equal(record["table"][2], model.parameters[0])
    assert not torch.equal(record["table"][0], record["table"][1])


def test_a_callable_loss_is_used():
    def half(outputs, batch):
        return mse(outputs, batch) / 2

    def run(loss, lr):
        return train(
            MLPEnsemble(N_BITS, [8], seeds=[0], n_categories=N_SKILLS),
            whole_population([_task(0)]),
            optimizer=SGD(lr),
            steps=5,
            loss=loss,
            measure=_parameters,
            at=[5],
        )

    # Rate 2 lr on the half loss is rate lr on the whole: powers of two, hence exact.
    for ours, theirs in zip(run(half, 0.2).values(), run(mse, 0.1).values(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_schedule_multiplies_the_rates():
    def run(lr, schedule):
        return train(
            MLPEnsemble(N_BITS, [8], seeds=[0], n_categories=N_SKILLS),
            whole_population([_task(0)]),
            optimizer=SGD(lr),
            steps=4,
            schedule=schedule,
            measure=_parameters,
            at=[0, 2, 4],
        )

    scheduled = run(0.4, lambda step: 0.25 if step < 2 else 0.5)
    slow, fast = run(0.1, None), run(0.2, None)
    for name, values in scheduled.items():
        assert torch.equal(values[:2], slow[name][:2])
        assert not torch.equal(values[2], slow[name][2])
        assert not torch.equal(values[2], fast[name][2])


@pytest.mark.parametrize("loss", ["mse", mse], ids=["written out", "autograd"])
def test_observe_sees_the_outputs_of_every_step(loss):
    model = MLPEnsemble(N_BITS, [8, 8], seeds=[0, 1], n_categories=N_SKILLS)
    seen, expected = [], []

    def forward(model, step):
        batch = source(step)
        expected.append(model(batch.bits, batch.skill))
        return {}

    source = fresh_batches([_task(0), _task(1)], 16, seeds=[0, 1])
    train(
        model, source, optimizer=SGD(0.1), steps=3, loss=loss, measure=forward, at=range(3),
        observe=lambda step, batch, outputs: seen.append((step, outputs.clone())),
    )  # fmt: skip
    assert [step for step, _ in seen] == [0, 1, 2]
    for (_, ours), theirs in zip(seen, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_diverged_members_are_named_and_do_not_disturb_others():
    def run(rates, at):
        return train(
            MLPEnsemble(N_BITS, [8, 8, 8], seeds=[0, 1, 2], n_categories=N_SKILLS),
            whole_population([_task(seed) for seed in range(3)]),
            optimizer=SGD(rates),
            steps=100,
            measure=_parameters,
            at=at,
        )

    with pytest.raises(FloatingPointError, match=r"members \[1\] have diverged by step 100"):
        run([0.1, 1e6, 0.1], at=[0, 100])


def test_denormals_are_restored():
    tiny = torch.tensor(torch.finfo(torch.float64).tiny, dtype=torch.float64)
    for before in (False, True):
        torch.set_flush_denormal(before)
        inside = []

        def measure(model, step, inside=inside):
            inside.append(bool(tiny / 2 == 0))
            return {"x": torch.zeros(1)}

        try:
            train(
                MLPEnsemble(N_BITS, [2], seeds=[0], n_categories=N_SKILLS),
                whole_population([_task(0)]),
                optimizer=SGD(0.1),
                steps=1,
                measure=measure,
                at=[0],
            )
            assert bool(tiny / 2 == 0) is before
        finally:
            torch.set_flush_denormal(False)
        assert inside == [True]


@pytest.mark.parametrize(("steps", "n"), [(0, 5), (1, 5), (3, 10), (1000, 2), (50_000, 60)])
def test_log_steps_has_both_ends_and_at_most_n(steps, n):
    times = log_steps(steps, n)
    assert times[0] == 0
    assert times[-1] == steps
    assert len(times) <= n
    assert (np.diff(times) > 0).all()
    assert np.issubdtype(times.dtype, np.integer)
