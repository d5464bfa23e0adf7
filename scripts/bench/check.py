"""Repeats in PyTorch the steps of WGAN-GP that BenchmarkReference of package train wrote down, and compares them.

    python3 check.py REFERENCE.npz DEVICE BLOCKS

From the same weights, images and mixing factors it makes the same steps, in float32 and in float64. It prints by how much the losses,
the penalty and the gradients' norms of keygan and of PyTorch's float32 differ from those in float64, relative to the largest value of
each, and exits with 1 if keygan's differ more than three times as much as PyTorch's, and more than 1e-4. Over many steps all of them drift apart: small
differences grow as they do in any training against a critic.
"""
import sys

import numpy as np
import torch

from train import critic, generator

# The columns of a row that are compared: losses, penalty, gradient norms.
NAMES = ["generator loss", "critic loss", "gradient penalty", "generator gradient", "critic gradient"]
COLUMNS = [0, 1, 3, 8, 9]


def arrays(reference, prefix):
    return [reference[k] for k in sorted(reference.files) if k.startswith(prefix)]


def load(net, weights):
    own = list(net.parameters())
    assert [p.shape for p in own] == [w.shape for w in weights], "the networks differ"
    with torch.no_grad():
        for p, w in zip(own, weights):
            p.copy_(torch.from_numpy(w))


def repeat(reference, device, dtype, blocks):
    """One row of COLUMNS for each step."""
    g_weights, d_weights = arrays(reference, "init/generator/"), arrays(reference, "init/critic/")
    g = generator(g_weights[0].shape[0], blocks).to(device, dtype)
    d = critic(d_weights[0].shape[0]).to(device, dtype)
    load(g, g_weights)
    load(d, d_weights)
    opt_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.9))
    opt_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.9))
    source, target = (torch.from_numpy(reference[k]).to(device, dtype) for k in ("source", "target"))
    alphas = iter(arrays(reference, "alpha/"))

    def norm(net):
        return torch.sqrt(sum((p.grad.double() ** 2).sum() for p in net.parameters()))

    rows = []
    for _ in arrays(reference, "row/"):
        fake = g(source)
        for _ in range(5):
            alpha = torch.from_numpy(next(alphas)).to(device, dtype)
            mixed = (alpha * target + (1 - alpha) * fake.detach()).requires_grad_(True)
            grad, = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
            penalty = ((torch.sqrt((grad ** 2).flatten(1).sum(1) + 1e-12) - 1) ** 2).mean()
            critic_loss = d(fake.detach()).mean() - d(target).mean() + 10 * penalty
            opt_d.zero_grad()
            critic_loss.backward()
            critic_norm = norm(d)
            opt_d.step()
        opt_g.zero_grad()
        loss = -d(fake).mean()
        loss.backward()
        rows.append([float(x) for x in (loss, critic_loss, penalty, norm(g), critic_norm)])
        opt_g.step()
    return np.array(rows)


def main():
    reference, device, blocks = np.load(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    exact = repeat(reference, device, torch.float64, blocks)
    single = repeat(reference, device, torch.float32, blocks)
    ours = np.stack(arrays(reference, "row/"))[:, COLUMNS].astype(np.float64)
    scale = np.abs(exact).max(axis=0)
    off_ours, off_theirs = np.abs(ours - exact) / scale, np.abs(single - exact) / scale
    print(f"| {'':18} | keygan, 1 step | PyTorch, 1 step | keygan, {len(exact)} steps | PyTorch, {len(exact)} steps |")
    print("|---|---|---|---|---|")
    for i, name in enumerate(NAMES):
        print(f"| {name:18} | {off_ours[0, i]:.1e} | {off_theirs[0, i]:.1e} | {off_ours[:, i].max():.1e} | {off_theirs[:, i].max():.1e} |")
    bad = [n for s in (slice(0, 1), slice(None)) for i, n in enumerate(NAMES)
           if not off_ours[s, i].max() <= max(3 * off_theirs[s].max(), 1e-4)]
    if bad:
        sys.exit("differs from PyTorch: " + ", ".join(dict.fromkeys(bad)))


if __name__ == "__main__":
    main()
