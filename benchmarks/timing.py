"""What the benchmarks share: sides timed in turn in one process, and the report."""

import datetime
import json
import os
import platform
import statistics
import time
from pathlib import Path

import torch


def prepare():
    """Use one thread, flush denormal numbers, and return the load of the machine."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    return os.getloadavg()[0]


def seconds(function, repetitions=1):
    """Return the wall times of calls to a function."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def in_turn(sides, repetitions):
    """Call all sides once, then in turn; return their wall times by name.

    Whatever else the machine does slows all sides alike, so that their ratio is fair.
    """
    for call in sides.values():
        call()
    times = {name: [] for name in sides}
    for _ in range(repetitions):
        for name, call in sides.items():
            times[name] += seconds(call)
    return times


def ratio(times, slow, fast):
    """Return how many times as long one side takes as the other: median of paired quotients."""
    return round(statistics.median(a / b for a, b in zip(times[slow], times[fast], strict=True)), 1)


def milliseconds(times, steps):
    """Return wall times per step in milliseconds."""
    return {name: [round(1000 * t / steps, 3) for t in side] for name, side in times.items()}


def _processor():
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def write(name, results, measured, load_before):
    """Write results with what was measured, where and with which versions, beside this file."""
    report = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "measured": measured,
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load (1 min) before and after": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "results": results,
    }
    print(json.dumps(results, indent=1))
    target = Path(__file__).with_name(f"results-{name}.json")
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
