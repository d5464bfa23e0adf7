"""Writes adam.json: torch.optim.Adam on two parameters over ten steps, for optim_test.go.

    /usr/bin/python3 adam.py > adam.json

The gradients are given, not computed, so that only Adam's arithmetic is compared; in every third step the second parameter
has none. Floats are written in full: each is the shortest text that reads back as the same float32.
"""
import json

import numpy as np
import torch


def floats(t):
    return [float(str(np.float32(x))) for x in t.detach().flatten().tolist()]


def run(lr, betas, weight_decay):
    generator = torch.Generator().manual_seed(7)
    params = [torch.randn(n, generator=generator).requires_grad_() for n in (5, 3)]
    first = [floats(p) for p in params]
    # No foreach, no fusion: the plain loop, whose arithmetic is the reference.
    optimizer = torch.optim.Adam(params, lr=lr, betas=betas, weight_decay=weight_decay, foreach=False)
    steps = []
    for k in range(10):
        grads = []
        for i, p in enumerate(params):
            skipped = i == 1 and k % 3 == 2
            p.grad = None if skipped else torch.randn(p.shape, generator=generator) * 10 ** (k % 4 - 2)
            grads.append(None if skipped else floats(p.grad))
        optimizer.step()
        steps.append({"grads": grads, "params": [floats(p) for p in params]})
    state = [optimizer.state[p] for p in params]
    return {
        "lr": lr, "beta1": betas[0], "beta2": betas[1], "weight_decay": weight_decay, "params": first, "steps": steps,
        "step": int(state[0]["step"]),
        "exp_avg": [floats(s["exp_avg"]) for s in state], "exp_avg_sq": [floats(s["exp_avg_sq"]) for s in state],
    }


runs = [run(2e-4, (0.5, 0.9), 0.0), run(1e-2, (0.9, 0.999), 0.0), run(1e-3, (0.5, 0.999), 0.1)]
print('{"torch": %s, "runs": [' % json.dumps(torch.__version__))
print(",\n".join(json.dumps(r) for r in runs))
print("]}")
