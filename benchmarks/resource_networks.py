"""Time 40 small networks on x² as one ensemble and as plain loops, on one thread.

Run as `python benchmarks/resource_networks.py`; writes results-resource_networks.json beside
itself. Both sides start from the same parameters and see the same 40 points at every step. "free":
widths 4 to 64, eight seeds each, constant rate. "penalised": the chapter's own training, width 48
under a weight penalty and a schedule, five strengths and eight seeds. The final losses are compared
network by network.
"""

from functools import partial

import torch
from timing import prepare, ratio, seconds, write

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.training import mse, train
from skillscale.resource.experiments import Penalty, Schedule
from skillscale.resource.experiments._penalised import fit

REPETITIONS = 5
STEPS = 300
SEEDS = list(range(8)) * 5
WIDTHS = [width for width in (4, 8, 16, 32, 64) for _ in range(8)]
STRENGTHS = [strength for strength in (1.4, 2.8, 5.7, 11.3, 22.6) for _ in range(8)]
X = torch.linspace(-1, 1, 40)[:, None]
PRICED = {
    "penalised, L2": Penalty("L2", 0.0, 1e-4, 48),
    "penalised, L1 + L2": Penalty("L1 + L2", 5e-5, 5e-5, 48),
}
SCHEDULE = Schedule(STEPS, n_measured=2)
RATE = 1e-3  # without a schedule: small enough that rounding does not grow on the way


def free_ensemble():
    """Return a function that trains the ensemble of all widths, and the ensemble."""
    model = MLPEnsemble(1, WIDTHS, seeds=SEEDS, activation="silu")
    inputs = X.expand(len(SEEDS), -1, -1)
    batch = Batch(inputs, torch.zeros(inputs.shape[:2], dtype=torch.int64), inputs[..., 0] ** 2)

    def run():
        found = train(
            model,
            lambda step: batch,
            optimizer=Adam(RATE),
            steps=STEPS,
            measure=lambda model, step: {"loss": mse(model(batch.bits), batch)},
            at=[0, STEPS],
        )
        return found["loss"][-1]

    return run, model


def free_loop(networks, fused):
    """Train torch.nn networks one after the other; return their losses."""
    target, losses = X**2, []
    for network in networks:
        optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=fused)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = (network(X) - target).square().mean()
            loss.backward()
            optimizer.step()
        losses.append((network(X) - target).square().mean().detach())
    return torch.stack(losses)


def penalised_ensemble(priced):
    """Return a function that trains the ensemble under a penalty, and the ensemble."""
    model = MLPEnsemble(1, [priced.width] * len(SEEDS), seeds=SEEDS, activation="silu")
    inputs = X.expand(len(SEEDS), -1, -1)
    strengths = torch.tensor(STRENGTHS)[:, None]

    def run():
        return fit(model, inputs, inputs.square(), strengths, priced, SCHEDULE)[1][:, -1, 0]

    return run, model


def penalised_loop(priced, networks, fused):
    """Train torch.nn networks under a penalty one after the other; return their losses."""
    target, losses = X**2, []
    for network, strength in zip(networks, STRENGTHS, strict=True):
        weights = list(network.parameters())[:3]
        optimizer = torch.optim.Adam(
            network.parameters(), lr=SCHEDULE.lr, betas=(0.9, 0.99), fused=fused
        )
        rate = torch.optim.lr_scheduler.LambdaLR(optimizer, SCHEDULE.factor)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = strength * (network(X) - target).square().mean()
            loss = loss + priced.l2 * sum(p.square().sum() for p in weights)
            if priced.l1:
                loss = loss + priced.l1 * sum(p.abs().sum() for p in weights)
            loss.backward()
            optimizer.step()
            rate.step()
        losses.append((network(X) - target).square().mean().detach())
    return torch.stack(losses)


def compare(name, ensemble, loop):
    """Time both sides in turn; a repetition starts from fresh parameters."""
    times = {"ensemble": [], "plain loop": [], "plain loop, fused Adam": []}
    found = {}
    for _ in range(REPETITIONS):
        run, model = ensemble()
        copies = [[model.member(i) for i in range(model.n_members)] for _ in range(2)]
        calls = [run, partial(loop, copies[0], fused=False), partial(loop, copies[1], fused=True)]
        for side, call in zip(times, calls, strict=True):
            times[side] += seconds(lambda s=side, c=call: found.update({s: c()}))
    apart = (found["ensemble"] / found["plain loop"] - 1).abs()
    return {
        "training": name,
        "networks": len(SEEDS),
        "steps": STEPS,
        "seconds": {side: [round(value, 3) for value in values] for side, values in times.items()},
        "plain loop / ensemble": ratio(times, "plain loop", "ensemble"),
        "plain loop with fused Adam / ensemble": ratio(times, "plain loop, fused Adam", "ensemble"),
        "largest relative difference of final losses": float(f"{apart.max().item():.1e}"),
    }


def main():
    load_before = prepare()
    results = [compare("free", free_ensemble, free_loop)]
    for name, priced in PRICED.items():
        ensemble, loop = partial(penalised_ensemble, priced), partial(penalised_loop, priced)
        results.append(compare(name, ensemble, loop))
    write(
        "resource_networks",
        results,
        "wall time of training 40 networks with one hidden layer of SiLU on x² at 40 points, "
        "float32, Adam, one thread; plain loop: torch.nn and torch.optim, one network at a time",
        load_before,
    )


if __name__ == "__main__":
    main()
