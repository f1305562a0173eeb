"""Time attacks on random skill-text graphs: vectorised against plain Python, and streamed.

Run as `python benchmarks/slingshot.py`; writes results-slingshot.json beside itself. Vectorised and
plain do the same: draw 10^6 texts of 8 out of 1000 skills, find the tenth of them that holds most
of 200 given skills, and count the failures of all skills. They take turns in one
process. The stream attacks 10^7 texts in a process of its own, whose peak memory includes Python
and all imports.
"""

import json
import random
import subprocess
import sys

import numpy as np
from timing import in_turn, prepare, ratio, write

from skillscale.slingshot.experiments import graphs

N_SKILLS, N_TEXTS, K, THETA, N_BAD = 1000, 10**6, 8, 0.1, 200
REPETITIONS = 5

# The kernel's high-water mark of this program alone; that of getrusage outlives exec.
STREAMED = """
import json, pathlib, time
from skillscale.slingshot.experiments import streamed_attack

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6)

imports, start = peak(), time.perf_counter()
found = streamed_attack(range(200), n_skills=1000, n_texts=10**7, k=8, theta=0.1, seed=0)
print(json.dumps({
    "texts": 10**7,
    "seconds": round(time.perf_counter() - start, 2),
    "peak memory of the process (MB)": peak(),
    "of which before the attack (MB)": imports,
    "mean failure factor of the 200 skills": round(
        float(found.failures[:200].mean()) / (found.n_wrong * 8 / 1000), 4
    ),
}))
"""


def vectorised():
    """Generate, attack and count with the package."""
    generator = np.random.default_rng(0)
    graph = graphs.random_graph(N_SKILLS, N_TEXTS, K, generator=generator)
    score = graphs.hits(graph, np.arange(N_BAD), N_SKILLS)
    texts = graphs.worst_texts(score, int(THETA * N_TEXTS), generator=generator)
    return graphs.failures(graph, texts, N_SKILLS)


def plain():
    """Do the same with lists and loops."""
    generator = random.Random(0)
    graph = [[generator.randrange(N_SKILLS) for _ in range(K)] for _ in range(N_TEXTS)]
    marked = [1] * N_BAD + [0] * (N_SKILLS - N_BAD)
    score = []
    for row in graph:
        found = 0
        for skill in row:
            found += marked[skill]
        score.append(found)
    order = list(range(N_TEXTS))
    generator.shuffle(order)  # ties by chance
    order.sort(key=score.__getitem__, reverse=True)
    failed = [0] * N_SKILLS
    for text in order[: int(THETA * N_TEXTS)]:
        for skill in graph[text]:
            failed[skill] += 1
    return failed


def main():
    load_before = prepare()
    average = THETA * N_TEXTS * K / N_SKILLS
    factors = [float(np.mean(call()[:N_BAD])) / average for call in (vectorised, plain)]
    times = in_turn({"vectorised": vectorised, "plain Python": plain}, REPETITIONS)
    streamed = subprocess.run(
        [sys.executable, "-c", STREAMED], capture_output=True, text=True, check=True
    )
    results = {
        "texts": N_TEXTS,
        "skills": N_SKILLS,
        "skills per text": K,
        "mean failure factor (vectorised, plain)": [round(value, 4) for value in factors],
        "seconds": {name: [round(value, 3) for value in side] for name, side in times.items()},
        "plain Python / vectorised": ratio(times, "plain Python", "vectorised"),
        "streamed": json.loads(streamed.stdout),
    }
    measured = "wall time on one thread, random 32-bit draws; plain: lists and loops of CPython"
    write("slingshot", results, measured, load_before)


if __name__ == "__main__":
    main()
