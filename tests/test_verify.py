"""The comparison of stored members with members of a run of two seeds, and what it remembers."""

import json

import numpy as np
import pytest
import test_stored_records
import xarray as xr

from skillscale.geometry import experiments as geometry
from skillscale.lab import records

verify = test_stored_records.verify()


def dataset(seeds=(4, 5, 6, 7), length=3):
    """Two groups of members that differ in alpha, each with all seeds."""
    generator = np.random.default_rng(0)
    values = generator.standard_normal((2, 8, 5)).astype(np.float32)
    weights = generator.standard_normal((2, 8, 3)).astype(np.float32)
    weights[:, 4:] += 100  # the spread over seeds is not that over groups
    weights[:, np.isin(np.tile((4, 5, 6, 7), 2), (6, 7)) ^ True, 2] = 0
    kept = np.isin(np.tile((4, 5, 6, 7), 2), seeds)
    return xr.Dataset(
        {
            "loss": (("rule", "member", "step"), values[:, kept].copy()),
            "curve": (("rule", "step"), values[:, kept].mean(1)),
            "weight": (("rule", "member", "neuron"), weights[:, kept, :length].copy()),
            "rate": (("rule",), np.array([0.1, 0.2])),
        },
        coords={
            "rule": ["adam", "sgd"],
            "seed": ("member", np.tile((4, 5, 6, 7), 2)[kept]),
            "alpha": ("member", np.repeat((0.3, 0.6), 4)[kept]),
        },
    )


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(verify, "AGGREGATES", {("toy", "curve")})
    monkeypatch.setattr(verify, "FILLED_UP", {("toy", "neuron")})


def test_the_same_members_are_identical():
    found = verify.compare("toy", dataset(), dataset((4, 5)))
    assert found.identical == found.values == 2 * 4 * 5 + 2 * 4 * 3 + 2 + 2 + 4 + 4
    assert found.agrees(same_processor=True)
    assert found.agrees(same_processor=False)


def test_aggregates_are_compared_unless_they_are_named(monkeypatch):
    monkeypatch.setattr(verify, "AGGREGATES", set())
    assert verify.compare("toy", dataset(), dataset((4, 5))).where == "curve"


@pytest.mark.parametrize("share", [0.01, 1.0])
def test_a_difference_is_measured_in_the_spread_over_seeds(share):
    stored, again = dataset(), dataset((4, 5))
    spread = float(stored.weight[0, 4:, 1].astype(float).std(ddof=1))  # one rule, alpha, neuron
    again.weight[0, 3, 1] += share * spread
    found = verify.compare("toy", stored, again)
    assert found.values - found.identical == 1
    assert found.where == "weight"
    assert found.of_spread == pytest.approx(share, rel=1e-3)
    assert found.largest == pytest.approx(share * spread, rel=1e-3)
    assert not found.agrees(same_processor=True)
    assert found.agrees(same_processor=False) is (share < 0.1)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.loss.values.__setitem__((0, 0, 0), np.nan), "loss"),
        (lambda d: d.rate.values.__setitem__(0, 0.11), "rate"),
        (lambda d: d.alpha.values.__setitem__(1, 0.5), "alpha"),
        (lambda d: d.__setitem__("rule", ["adam", "sign"]), "rule"),
    ],
)
def test_nothing_that_differs_passes(change, where):
    again = dataset((4, 5))
    change(again)
    found = verify.compare("toy", dataset(), again)
    assert found.where == where
    assert not found.agrees(same_processor=False)


def test_what_is_filled_up_must_be_empty_where_only_one_has_it():
    assert verify.compare("toy", dataset(), dataset((4, 5), 2)).agrees(same_processor=True)
    with pytest.raises(ValueError, match="weight: only one has values from neuron 2 on"):
        verify.compare("toy", dataset(), dataset((6, 7), 2))


def test_other_shapes_names_and_members_are_refused():
    with pytest.raises(ValueError, match="length along step: stored 5, found 4"):
        verify.compare("toy", dataset(), dataset((4, 5)).isel(step=slice(4)))
    with pytest.raises(ValueError, match="stored are"):
        verify.compare("toy", dataset(), dataset((4, 5)).drop_vars("loss"))
    with pytest.raises(ValueError, match="length along member: stored 4, found 3"):
        verify.compare("toy", dataset(), dataset((4, 5)).isel(member=[0, 1, 2]))


def keys(monkeypatch, tmp_path, text, stored=None, settings=None):
    source = tmp_path / "module.py"
    source.write_text(text)
    monkeypatch.setattr(verify, "path_of", lambda name: source if name == "module" else None)
    return verify.key(dataset() if stored is None else stored, settings or {"steps": 3}, ["module"])


def test_only_what_can_change_numbers_changes_the_key(monkeypatch, tmp_path):
    text = '"""A."""\n\n\ndef f(x):\n    """B."""\n    return x + 1\n'
    first = keys(monkeypatch, tmp_path, text)
    worded = '"""Z."""\n# why\n\ndef f(x):\n    """Y."""\n    return x + 1  # so\n'
    assert keys(monkeypatch, tmp_path, worded) == first
    assert keys(monkeypatch, tmp_path, text.replace("+ 1", "+ 2")) != first
    assert keys(monkeypatch, tmp_path, text, settings={"steps": 4}) != first
    other = dataset()
    other.loss[0, 0, 0] += 1
    assert keys(monkeypatch, tmp_path, text, stored=other) != first
    assert keys(monkeypatch, tmp_path, text, stored=dataset().assign_attrs(a=1)) == first


def test_sources_are_those_that_numbers_come_from():
    found = verify.sources("skillscale.geometry.experiments.curves")
    assert "skillscale.geometry.experiments._shared" in found
    assert "skillscale.lab.randomness" in found  # imported by what is imported
    assert "skillscale.geometry.experiments.quadratic" not in found  # only its neighbour
    assert "skillscale._checks" not in found


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """A folder with one stored record and the state beside it; the runs that were made."""
    settings = geometry.SkillCurves(seeds=(1, 2, 3), steps=20, every=5, n_skills=3, dim=9)
    (tmp_path / "results").mkdir()
    stamped = settings.run()
    records.save(stamped, tmp_path / "results" / "toy.nc")
    runs, plain = [], geometry.SkillCurves.run

    def run(few):
        runs.append(few.seeds)
        return plain(few)

    monkeypatch.setattr(geometry.SkillCurves, "run", run)
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "STATE", tmp_path / "state.json")
    monkeypatch.setattr(verify, "experiments", lambda: {"toy": settings})
    return tmp_path, stamped, runs


def test_a_record_is_compared_once_until_it_changes_or_is_asked_for(bench, capsys):
    folder, stamped, runs = bench
    verify.main([])
    assert runs == [(1, 2)]
    entry = json.loads((folder / "state.json").read_text())["toy"]
    assert entry["agrees"]
    assert entry["identical"] == entry["values"] > 0
    verify.main([])
    assert len(runs) == 1
    assert "(kept)" in capsys.readouterr().out
    verify.main(["toy"])
    assert len(runs) == 2
    other = stamped.copy(deep=True)
    other["unlearned"][:] += 0.5
    records.save(other, folder / "results" / "toy.nc")
    for times in (3, 3):  # a failure is remembered too
        with pytest.raises(SystemExit, match="1 of 1 do not agree: toy"):
            verify.main([])
        assert len(runs) == times
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["state.json"]


def test_a_reason_holds_for_the_difference_it_explains(bench, capsys):
    folder, stamped, _ = bench
    other = stamped.copy(deep=True)
    other["unlearned"][:] += 0.5
    records.save(other, folder / "results" / "toy.nc")
    with pytest.raises(SystemExit, match="1 of 1 do not agree: toy"):
        verify.main([])
    state = json.loads((folder / "state.json").read_text())
    state["toy"]["reason"] = "half is added"
    (folder / "state.json").write_text(json.dumps(state))
    for asked in ([], ["toy"]):  # kept, and found again
        verify.main(asked)
        said = capsys.readouterr().out
        assert "DIFFERS" in said
        assert "half is added" in said
    other["unlearned"][:] += 0.1
    records.save(other, folder / "results" / "toy.nc")
    with pytest.raises(SystemExit, match="1 of 1 do not agree: toy"):
        verify.main([])
    assert "reason" not in json.loads((folder / "state.json").read_text())["toy"]


def test_an_unknown_name_and_a_run_that_breaks_are_told(bench, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="no record is called nothing; there are toy"):
        verify.main(["nothing"])
    monkeypatch.setattr(verify, "compare", lambda *_: 1 / 0)
    with pytest.raises(SystemExit, match="1 of 1 do not agree"):
        verify.main([])
    assert "FAILS  ZeroDivisionError" in capsys.readouterr().out
    assert not verify.STATE.exists()
