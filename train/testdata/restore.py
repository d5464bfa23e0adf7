"""Makes restore.npz: five iterations of the objective restore by PyTorch itself, for the test of our own.

Run with a Python that has PyTorch (Debian: apt-get install python3-torch):

    python3 restore.py

The networks are those of adversarial.py, a `resnet` generator and a `patch` critic; the loss is mean |r - x| + 1 - SSIM(r, x) +
WEIGHT (-log s(D(r))) with SSIM by chaos.py's window, all on images in [0, 1]. The training is done in float64, and so is that of the
test. The archive holds, as float32 unless said otherwise:

    init/<model>/<param>              weights before the first step
    <i>/source, <i>/target            uint8 images [N, C, H, W]: encrypted and plain; value / 128 - 1 goes in
    <i>/generator/loss, l1, ssim      scalars, shape [1]
    <i>/critic/loss
    final/<model>/<param>             as init, after the last step
"""
import numpy as np
import torch
import torch.nn.functional as F

from adversarial import Critic, Generator
from chaos import window_ssim

ITERATIONS, BATCH, CHANNELS, SIZE, WIDTH, BLOCKS, WEIGHT = 5, 2, 3, 32, 2, 1, 0.25


def ssim(a, b):
    return window_ssim(a.reshape(-1, 1, SIZE, SIZE), b.reshape(-1, 1, SIZE, SIZE))


def main():
    torch.manual_seed(40)
    torch.set_num_threads(1)
    rng = np.random.default_rng(41)
    models = {"generator": Generator(WIDTH, BLOCKS, CHANNELS), "critic": Critic(WIDTH, CHANNELS)}
    g, d = (m.double() for m in models.values())
    optimizers = {name: torch.optim.Adam(m.parameters(), 2e-4, (0.9, 0.999)) for name, m in models.items()}
    bce = torch.nn.BCEWithLogitsLoss()
    out = {}

    def keep(name, t):
        out[name] = np.atleast_1d(t.detach().numpy()).astype(np.float32)

    def keep_weights(when):
        for name, m in models.items():
            for k, p in m.state_dict().items():
                keep(f"{when}/{name}/{k}", p)

    def images(name):
        a = rng.integers(0, 256, (BATCH, CHANNELS, SIZE, SIZE), dtype=np.uint8)
        out[name] = a
        return torch.from_numpy(a.astype(np.float64) / 128 - 1)

    def update(name, loss):
        optimizers[name].zero_grad()
        loss.backward()
        optimizers[name].step()

    keep_weights("init")
    for i in range(ITERATIONS):
        source, target = images(f"{i}/source"), images(f"{i}/target")
        made = g(source)
        real, fake = d(target), d(made.detach())
        loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
        keep(f"{i}/critic/loss", loss)
        update("critic", loss)
        r, x = (made + 1) / 2, (target + 1) / 2
        scores = d(made)
        l1, s = F.l1_loss(r, x), ssim(r, x)
        loss = l1 + 1 - s + WEIGHT * bce(scores, torch.ones_like(scores))
        for name, t in (("l1", l1), ("ssim", s), ("loss", loss)):
            keep(f"{i}/generator/{name}", t)
        update("generator", loss)
    keep_weights("final")
    np.savez_compressed("restore.npz", **out)


if __name__ == "__main__":
    main()
