"""Speed-ups in a language model: shared starts, arms, text, tuning."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale.domino.experiments import language
from skillscale.domino.experiments.language import Arm, LanguageSpeedups
from skillscale.lab import corpus
from skillscale.lab.language import Recipe, Transformer, token_losses, train
from skillscale.lab.optimizers import Adam, Lion, SignDescent

RECIPE = Recipe(n_tokens=120, width=8, n_layers=1, n_heads=2, context=8, batch_size=4, steps=6)
SMALL = LanguageSpeedups(
    (Arm("AdamW", (1e-2,)), Arm("own", (1e-2,), own_loss_power=1.0)),
    RECIPE, every=3, n_windows=20, tuning_seeds=(5, 6), seeds=(0, 1),
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return SMALL.run()


def test_all_arms_start_from_one_network_and_part(data):
    loss = data["loss"].values
    assert loss.shape == (2, 2, 3)
    np.testing.assert_array_equal(loss[:, 0, 0], loss[:, 1, 0])
    assert (loss[:, 0, 1:] != loss[:, 1, 1:]).all()
    assert (loss[..., -1] < loss[..., 0]).all()
    assert loss[0, 0, 0] != loss[1, 0, 0]


def test_a_run_is_a_network_made_and_trained(data):
    text = language._text(SMALL, 0)
    draws = language.Stream(0, "language speed-ups").at(0)
    initial, batches = (int(seed) for seed in draws.integers(2**31, size=2))
    sizes = {"width": 8, "n_layers": 1, "n_heads": 2, "context": 8}
    model = Transformer(text.n_tokens, **sizes, seed=initial)
    rule = Adam(1e-2, betas=(0.9, 0.98), weight_decay=0.01)
    train(model, text.training, steps=6, batch_size=4, context=8, seed=batches, optimizer=rule)
    each = token_losses(model, text.rows)
    found = data.isel(member=0).sel(arm="AdamW")
    assert found["loss"].values[-1] == pytest.approx(each.mean().item(), rel=1e-5)
    for group in range(3):
        mean = each[text.group == group].mean().item()
        assert found["group_loss"].values[group] == pytest.approx(mean, rel=1e-5)


def test_every_rule_is_the_optimizer_of_its_name_with_its_decay():
    made = {name: rule(0.3, 0.02) for name, rule in language._RULES.items()}
    assert made == {
        "adamw": Adam(0.3, betas=(0.9, 0.98), weight_decay=0.02),
        "sign": SignDescent(0.3, weight_decay=0.02),
        "lion": Lion(0.3, weight_decay=0.02),
    }


def test_blocks_and_rules_reach_the_network():
    at = np.array([0, 6])
    arms = [
        Arm("a", (1e-2,)),
        Arm("b", (1e-2,), mlp_blocks=2),
        Arm("c", (1e-2,), mlp_blocks=2, mlp_expansion=8),
        Arm("d", (1e-2,), rule="sign"),
        Arm("e", (1e-2,), rule="lion"),
    ]
    final = [language._run(SMALL, arm, 1e-2, 0, at)[-1].mean().item() for arm in arms]
    assert len(set(final)) == len(final)


def test_held_out_windows_come_from_documents_that_are_not_trained_on():
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=120)
    every = {tuple(tokenizer.encode(text)) for text in documents}
    for seed in (0, 1):
        text = language._text(SMALL, seed)
        training = {tuple(document) for document in text.training}
        assert training < every
        # joined by a number that is no token, so that a window may not lie across two
        rest = [token for document in every - training for token in (*document, 999)]
        held_out = np.lib.stride_tricks.sliding_window_view(np.array(rest), 9)
        for row in text.rows[:5].numpy():
            assert (held_out == row).all(1).any()
        length = [sum(map(len, part)) for part in (training, every)]
        # by characters a tenth; documents are not cut
        assert 0.8 < length[0] / length[1] < 0.95


@pytest.mark.parametrize("n_groups", [1, 2, 3, 5])
def test_groups_have_equal_mass_to_half_a_token(n_groups):
    counts = np.random.default_rng(0).permutation((1000 / np.arange(1, 200) ** 0.8).astype(int))
    groups = language.frequency_groups(counts, n_groups)
    mass = np.array([counts[groups == g].sum() for g in range(n_groups)])
    assert np.abs(mass - counts.sum() / n_groups).max() <= counts.max()
    # no token of a later group is more frequent
    for g in range(n_groups - 1):
        assert counts[groups == g].min() >= counts[groups == g + 1].max()


def test_best_rate_has_the_smallest_mean_loss(monkeypatch):
    # planted final losses by rate and seed; nan is a run that has diverged
    losses = {(0.1, 5): 3.0, (0.1, 6): 5.0, (0.2, 5): 3.5, (0.2, 6): 3.5, (0.3, 5): np.nan,
              (0.3, 6): 1.0}  # fmt: skip

    def planted(settings, arm, rate, seed, at):
        value = losses.get((rate, seed), 10 * rate)
        return torch.full((len(at), *language._text(settings, seed).group.shape), value)

    monkeypatch.setattr(language, "_run", planted)
    settings = dataclasses.replace(SMALL, arms=(Arm("one", (0.1, 0.2, 0.3)),))
    found = settings.run()
    assert found["rate"].values.tolist() == [0.2]
    np.testing.assert_allclose(found["loss"].values, 2.0)
    assert np.isnan(found["tuning_loss"].values[0, 0, 2])
    assert found["tried_rate"].values.tolist() == [[0.1, 0.2, 0.3]]
