"""Points run once, wherever they run, and come back stacked, joined, labelled and stamped."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from skillscale.lab import records, sweep
from skillscale.lab.settings import Count, Rates, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep


@dataclasses.dataclass(frozen=True)
class Toy(Experiment):
    """Noise of several sizes, and which point drew it."""

    rates: Rates = (0.5, 2.0)
    steps: Count = 3
    seeds: Seeds = (4, 7, 9)
    log: str = ""  #: a file that grows by a line for every point computed

    order = ("rate", "member", "step")
    about = {"noise": ("bit", "noise"), "rate": ("1", "")}  # noqa: RUF012

    def grid(self) -> Grid:
        return {"rate": self.rates, "member": self.seeds}

    def coords(self) -> Coords:
        return {
            "step": range(self.steps),
            "name": ("rate", ["low", "high"]),
            "place": (("rate", "step"), np.arange(6).reshape(2, 3)),
        }

    def measure(self, rate: float, member: int) -> Found:
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{rate} {member}\n")
        drawn = np.random.default_rng([member, round(10 * rate)]).random(self.steps)
        return {"noise": ("step", rate * drawn), "sum": ((), rate + member)}


class Grouped(Toy):
    """Members two at a time."""

    def grid(self) -> Grid:
        return {"member": [self.seeds[:2], self.seeds[2:]], "rate": self.rates}

    def measure(self, member: tuple[int, ...], rate: float) -> Found:
        each = [Toy.measure(self, rate, seed) for seed in member]
        return {
            "noise": (("member", "step"), np.stack([one["noise"][1] for one in each])),
            "sum": ("member", np.array([one["sum"][1] for one in each])),
        }


class Two(Toy):
    """The second sweep follows the largest sum of the first."""

    def collect(self, sweep: Sweep) -> xr.Dataset:
        first = sweep(self.measure, {"rate": self.rates, "member": self.seeds})
        best = float(self.rates[int(first["sum"].mean("member").argmax("rate"))])
        return first.assign(best=sweep(self.measure, {"rate": [best], "member": [1]})["sum"][0, 0])


class Breaks(Toy):
    """Dies at its fourth point, the first time."""

    def measure(self, rate: float, member: int) -> Found:
        if len(computed(Path(self.log))) == 3 and not Path(f"{self.log} died").exists():
            Path(f"{self.log} died").touch()
            os._exit(9)
        return super().measure(rate, member)


def computed(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_points_are_stacked_in_order_and_labelled():
    found = Toy().run()
    assert found.noise.dims == ("rate", "member", "step")
    for i, rate in enumerate((0.5, 2.0)):
        for j, seed in enumerate((4, 7, 9)):
            expected = Toy().measure(rate, seed)
            np.testing.assert_array_equal(found.noise[i, j], expected["noise"][1])
            assert found["sum"][i, j] == rate + seed
    assert found.rate.values.tolist() == [0.5, 2.0]
    assert found.seed.dims == ("member",)
    assert found.name.values.tolist() == ["low", "high"]
    assert found.place.dims == ("rate", "step")
    assert found.noise.attrs == {"units": "bit", "long_name": "noise"}
    assert found.rate.attrs == {"units": "1"}
    assert found.step.attrs == {"units": "optimizer steps"}
    assert found["sum"].attrs == {}


def test_a_run_is_stamped_with_its_settings_and_seeds():
    found = Toy(steps=3).run()
    settings = records.provenance(found, "settings")
    assert settings == {"rates": [0.5, 2.0], "steps": 3, "seeds": [4, 7, 9], "log": ""}
    assert records.provenance(found, "seeds") == [4, 7, 9]


def test_groups_of_members_are_joined():
    xr.testing.assert_identical(Grouped().run().drop_attrs(), Toy().run().drop_attrs())


def test_a_later_sweep_may_rest_on_an_earlier_one():
    assert Two().run().best == 2.0 + 1


def test_any_map_gives_the_same():
    backwards = Toy().run(map=lambda f, points: [f(p) for p in list(points)[::-1]][::-1])
    xr.testing.assert_identical(backwards.drop_attrs(), Toy().run().drop_attrs())


def test_other_processes_give_the_same_to_the_last_bit_and_say_how_many_threads_they_had():
    before = torch.get_num_threads()
    try:
        with sweep.processes(2, threads=3) as spread:
            found = Toy().run(map=spread)
    finally:
        torch.set_num_threads(before)
    xr.testing.assert_identical(found.drop_attrs(), Toy().run().drop_attrs())
    assert found.threads == 3


def test_finished_points_are_not_computed_again(tmp_path):
    log, store = tmp_path / "log", tmp_path / "store"
    store.mkdir()
    settings = Toy(log=str(log))
    first = settings.run(store=store)
    assert len(computed(log)) == 6
    again = settings.run(store=store)
    assert len(computed(log)) == 6
    xr.testing.assert_identical(again.drop_attrs(), first.drop_attrs())
    next(iter(store.iterdir())).unlink()
    settings.run(store=store)
    assert len(computed(log)) == 7


def test_other_settings_experiments_and_code_share_no_point(tmp_path, monkeypatch):
    log = tmp_path / "log"
    (tmp_path / "store").mkdir()
    others = [Toy(log=str(log)), Toy(steps=3, rates=(0.5, 3.0), log=str(log)), Two(log=str(log))]
    for number, other in enumerate(others, 1):
        Toy.collect(other, Sweep(store=tmp_path / "store"))
        assert len(computed(log)) == 6 * number
    changes = [(sweep, "version", lambda name: "another"), (Path, "read_bytes", lambda path: b"")]
    for number, (where, what, other) in enumerate(changes, 4):
        with monkeypatch.context() as changed:
            changed.setattr(where, what, other)
            others[0].run(store=tmp_path / "store")
        assert len(computed(log)) == 6 * number


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import test_sweep;"
        "test_sweep.Breaks(log=sys.argv[2]).run(store=Path(sys.argv[3]))"
    )
    log, store = tmp_path / "log", tmp_path / "store"
    store.mkdir()
    here = Path(__file__).parent
    command = [sys.executable, "-c", program, here, log, store]
    assert subprocess.run(command, check=False).returncode == 9
    assert len(computed(log)) == len(list(store.iterdir())) == 3
    assert subprocess.run(command, check=False).returncode == 0
    assert len(computed(log)) == len(set(computed(log))) == 6


def test_a_store_that_is_no_folder_is_noticed_before_the_first_point(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(ValueError, match=r"store must be an existing folder, got '.*nowhere'"):
        Toy(log=str(log)).run(store=tmp_path / "nowhere")
    assert not computed(log)


def test_progress_counts_points(monkeypatch):
    asked = []

    def bar(items, *, show, total):
        asked.append((show, total))
        return items

    monkeypatch.setattr(sweep._progress, "bar", bar)
    Toy().run(progress=True)
    assert asked == [(True, 6)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"rates": ()}, r"rates must not be empty, got \(\)"),
        ({"rates": (2.0, 1.0)}, r"rates must increase, got \(2.0, 1.0\)"),
        ({"rates": (0.0, 1.0)}, "rates must be a finite number and > 0, got 0.0"),
        ({"rates": 1.0}, "rates must be a sequence, got 1.0"),
        ({"seeds": (1, 1)}, r"seeds must be distinct, got \(1, 1\)"),
    ],
)
def test_a_field_names_what_is_wrong_with_it(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        dataclasses.replace(Toy(), **change)
