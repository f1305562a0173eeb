"""Freed memory is kept for the next step, unless the user has chosen how it is given back."""

import subprocess
import sys

import pytest

from skillscale.lab import _memory

# 30 steps of 100 networks under autograd, whose activations take 1.5 MB; prints the pages that the
# last 20 steps touched for the first time, and a checksum of the weights.
STEPS_AND_PAGES = """
import resource, sys, torch
from skillscale.lab import _memory, training
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch

torch.set_num_threads(1)
if sys.argv[1] == "as it is":
    _memory.keep_freed = lambda: False
model = MLPEnsemble(1, [96] * 100, seeds=range(100), activation="silu")
x = torch.linspace(-1, 1, 40)[:, None].expand(100, -1, -1)
batch = Batch(x, torch.zeros(x.shape[:2], dtype=torch.int64), x[..., 0] ** 2)
pages = []
training.train(
    model, lambda step: batch, optimizer=Adam(1e-3), steps=30, at=[10, 30],
    measure=lambda model, step: pages.append(
        resource.getrusage(resource.RUSAGE_SELF).ru_minflt) or {})
print(pages[1] - pages[0], *(p.detach().numpy().tobytes().hex() for p in model.parameters[2:]))
"""


def test_steps_reuse_their_memory():
    if not _memory.keep_freed():
        pytest.skip("not the GNU C library: how memory is given back cannot be set")

    def run(how):
        command = [sys.executable, "-c", STEPS_AND_PAGES, how]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return int(shown[0]), shown[1:]

    (kept, weights), (fresh, same) = run("kept"), run("as it is")
    assert weights == same
    # a block of 1.5 MB is 375 pages, and a step that reuses none of its blocks touches many
    assert kept < 20 * 100, f"{fresh} pages without"


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_user_has_chosen_stays(name, monkeypatch):
    def refuse(library):
        raise AssertionError("the C library was asked")

    monkeypatch.setenv(name, "131072")
    monkeypatch.setattr(_memory.ctypes, "CDLL", refuse)
    assert _memory.keep_freed.__wrapped__() is False


def test_another_c_library_is_left_alone(monkeypatch):
    for name in _memory._CHOSEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_memory.ctypes, "CDLL", lambda library: object())
    assert _memory.keep_freed.__wrapped__() is False
