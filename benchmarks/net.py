"""Digests of what a new layout of the package must not change.

    python benchmarks/net.py write            # from a checkout of the layout that is to be kept
    python benchmarks/net.py check [datasets|settings|readings|claims]
    ONLY=domino. python benchmarks/net.py check datasets    # of one theory

Held are, each under a digest of its own: every variable of every experiment's LIVE dataset, the
settings of every profile, what every claim's reading found with its verdict, and the fingerprints.
Trained numbers hold on the processor that wrote them only: there, write first.
"""

import dataclasses
import hashlib
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from skillscale import catalogue, claims, ledger
from skillscale.lab import records

ONLY = os.environ.get("ONLY", "")
NET = Path(__file__).with_name("net.json")
MEASURED = ("predicted", "value", "low", "high", "status", "n_members")


def digest(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:24]


def experiments() -> Iterator[tuple[str, str, object]]:
    """Yield name, size and settings of every experiment."""
    for name, entry in catalogue.catalogue().items():
        for size in entry.sizes:
            yield name, size.upper(), entry.settings(size)


def settings() -> dict[str, str]:
    return {
        f"{name} {size}": digest(dataclasses.asdict(chosen)) for name, size, chosen in experiments()
    }


def datasets() -> dict[str, str]:
    found = {}
    for name, size, chosen in experiments():
        if size != "LIVE" or not name.startswith(ONLY):
            continue
        dataset = chosen.run()
        for variable in sorted(map(str, dataset.variables)):
            values = dataset[variable].values
            data = values.tobytes() if values.dtype.kind != "O" else repr(values.tolist()).encode()
            about = [list(dataset[variable].dims), values.shape, str(values.dtype)]
            attributes = {key: str(value) for key, value in dataset[variable].attrs.items()}
            found[f"{name} {variable}"] = digest(data + json.dumps([about, attributes]).encode())
        print(name, file=sys.stderr, flush=True)
    return found


def readings() -> dict[str, object]:
    """Return what was measured for every part of every claim, and the verdicts."""
    found: dict[str, object] = {}
    for judgement in ledger.judged():
        name = judgement.claim.was or judgement.claim.id
        for part in judgement.plain()["parts"]:
            found[f"{name} {part['name']}".strip()] = [part[key] for key in MEASURED]
        found[f"{name} verdict"] = judgement.verdict
    return found


def same(before: object, found: object) -> bool:
    """Compare two values; measured numbers to nine digits, since processors round differently."""
    if isinstance(before, list) and isinstance(found, list):
        return all(map(same, before, found)) and len(before) == len(found)
    if isinstance(before, float) and isinstance(found, float):
        return math.isclose(before, found, rel_tol=1e-9, abs_tol=1e-13)
    return before == found


def fingerprints() -> dict[str, str]:
    """Return fingerprints by first id; net_claims.tsv maps those of the first net to these."""
    return {claim.was or claim.id: claim.fingerprint for claim in claims.load().values()}


PARTS = {
    "settings": settings,
    "claims": fingerprints,
    "readings": readings,
    "datasets": datasets,
}


def main(mode: str, *parts: str) -> int:
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    stored = json.loads(NET.read_text()) if NET.is_file() else {"processor": records.processor()}
    if mode == "write":
        stored |= {part: PARTS[part]() for part in parts or PARTS}
        NET.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
        return 0
    differ = 0
    for part in parts or PARTS:
        found = PARTS[part]()
        before = {key: value for key, value in stored[part].items() if key.startswith(ONLY)}
        found = {key: value for key, value in found.items() if key.startswith(ONLY)}
        changed = [key for key in before | found if not same(before.get(key), found.get(key))]
        differ += len(changed)
        print(f"{part}: {len(before)} held, {len(changed)} differ", *changed, sep="\n  ")
    if stored["processor"] != records.processor():
        print(f"written on {stored['processor']}: trained numbers may differ by rounding")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
