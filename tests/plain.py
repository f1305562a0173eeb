"""Networks evaluated and trained by hand, to compare with."""

import math

import torch
from torch.nn.functional import cross_entropy, logsigmoid, one_hot

# the text and the size of language models that are trained in a second
TEXT = {"n_tokens": 150, "n_layers": 1, "n_heads": 2, "context": 16, "batch_size": 8}


def on_all_strings(network, task, k):
    """Return outputs of a network for skill k on every bit string, and the parities."""
    bits = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * task.n_bits)
    control = one_hot(torch.tensor(k), task.n_skills).float().expand(len(bits), -1)
    return network(torch.cat([control, bits], 1)).squeeze(-1), task.skill_basis(k, bits)


def penalised(model, priced, penalty, schedule, cost):
    """Train a network under a penalty on some of its parameters; yield at the measured steps."""
    adam = torch.optim.Adam(model.parameters(), lr=schedule.lr, betas=(0.9, 0.99))
    for step in range(schedule.steps + 1):
        if step in schedule.measured():
            yield step
        total = cost() + sum(penalty.l1 * p.abs().sum() + penalty.l2 * (p**2).sum() for p in priced)
        ramp = min(1.0, (step + 1) / schedule.warm_up)
        cosine = 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
        adam.param_groups[0]["lr"] = schedule.lr * ramp * cosine
        if step < schedule.steps:
            adam.zero_grad()
            total.backward()
            adam.step()


def sample_gradients(model, rows, targets, positions):
    """Return by name the gradients of one backward pass a sample, through the parameters."""
    out = {}
    names, values = zip(*model.named_parameters(), strict=True)
    for row, target, position in zip(rows, targets, positions, strict=True):
        loss = cross_entropy(model(row[None])[0, position], target)
        for name, gradient in zip(names, torch.autograd.grad(loss, values), strict=True):
            out.setdefault(name, []).append(gradient)
    return {name: torch.stack(parts) for name, parts in out.items()}


def levels(vectors, p, rule, steps, *, loss="mse"):
    """Descend on the loss itself from 0; return t_k·θ at every step, (step, skill)."""
    theta = torch.zeros(vectors.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer, path = rule([theta]), []
    for _ in range(steps + 1):
        level = vectors @ theta
        path.append(level.detach())
        optimizer.zero_grad()
        (p @ ((1 - level) ** 2 if loss == "mse" else -logsigmoid(level))).backward()
        optimizer.step()
    return torch.stack(path)
