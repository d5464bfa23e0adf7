"""Makes wgan-gp.npz, gan.npz and dcgan.npz: five iterations of each by PyTorch itself, for the test of our own.

Run with a Python that has PyTorch (Debian: apt-get install python3-torch):

    for name in wgan-gp gan dcgan; do python3 adversarial.py $name; done

A small `resnet` generator and `patch` critic, for dcgan the `dcgan` generator and critic under the loss of wgan-gp, written with
torch.nn, are trained with torch.optim.Adam and torch.autograd.grad. The archive holds, as float32 unless said otherwise:

    init/generator/<param>, init/critic/<param>      weights, and statistics of batch norms, before the first step
    <i>/source, <i>/target                           uint8 images [N, C, H, W] of iteration i; value / 127.5 - 1 goes in
    <i>/latent                                       what the generator makes its images of, [N, LATENT, 1, 1] (dcgan)
    <i>/alpha/<k>                                    mixing factors of critic step k, [N, 1, 1, 1] (wgan-gp)
    <i>/critic/<k>/loss, real, fake, penalty         scalars, shape [1] (penalty: wgan-gp)
    <i>/critic/<k>/grad/<param>                      gradients of the critic's loss
    <i>/generator/loss, <i>/generator/grad/<param>   the same for the generator
    final/generator/<param>, final/critic/<param>    as init, after the last step
"""
import sys

import numpy as np
import torch
from torch import nn

ITERATIONS, CRITIC_STEPS, LAMBDA = 5, 2, 10.0
BATCH, CHANNELS, SIZE, WIDTH, BLOCKS, LATENT = 2, 3, 32, 2, 1, 5


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1, bias=False), nn.InstanceNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1, bias=False), nn.InstanceNorm2d(c))

    def forward(self, x):
        return torch.relu(x + self.block(x))


class Generator(nn.Module):
    def __init__(self, w, blocks, c):
        super().__init__()
        def down(i, o, k, s, p):
            return [nn.Conv2d(i, o, k, s, p, bias=False), nn.InstanceNorm2d(o), nn.ReLU()]
        def up(i, o):
            return [nn.ConvTranspose2d(i, o, 3, 2, 1, 1, bias=False), nn.InstanceNorm2d(o), nn.ReLU()]
        self.encoder = nn.Sequential(*down(c, w, 7, 1, 3), *down(w, 2 * w, 3, 2, 1), *down(2 * w, 4 * w, 3, 2, 1))
        self.res_blocks = nn.Sequential(*[Block(4 * w) for _ in range(blocks)])
        self.decoder = nn.Sequential(*up(4 * w, 2 * w), *up(2 * w, w), nn.Conv2d(w, c, 7, 1, 3, bias=False), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.res_blocks(self.encoder(x)))


class Critic(nn.Module):
    def __init__(self, w, c):
        super().__init__()
        layers, i = [nn.Conv2d(c, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)], w
        for o, s in ((2 * w, 2), (4 * w, 2), (8 * w, 1)):
            layers += [nn.Conv2d(i, o, 4, s, 1, bias=False), nn.InstanceNorm2d(o), nn.LeakyReLU(0.2)]
            i = o
        self.model = nn.Sequential(*layers, nn.Conv2d(i, 1, 4, 1, 1, bias=False))

    def forward(self, x):
        return self.model(x).flatten(1)


class DCGAN(nn.Module):
    """From noise: 4x4, then twice the side in each layer."""
    def __init__(self, w, latent, c, size):
        super().__init__()
        up = int(np.log2(size)) - 2
        layers, i, o = [], latent, w << (up - 1)
        for k in range(up + 1):
            last = k == up
            layers += [nn.ConvTranspose2d(i, c if last else o, 4, 1 if k == 0 else 2, 0 if k == 0 else 1, bias=False)]
            layers += [nn.Tanh()] if last else [nn.BatchNorm2d(o), nn.ReLU()]
            i, o = o, o // 2
        self.main = nn.Sequential(*layers)

    def forward(self, z):
        return self.main(z)


class DCGANCritic(nn.Module):
    def __init__(self, w, c):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(c, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
            nn.Conv2d(w, 2 * w, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * w), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * w, 1, 4, 1, 0, bias=False))

    def forward(self, x):
        return self.model(x).flatten(1)


def main(objective):
    from_noise = objective == "dcgan"
    bce = nn.BCEWithLogitsLoss()
    torch.manual_seed(20)
    torch.set_num_threads(1)
    rng = np.random.default_rng(21)
    if from_noise:
        g, d = DCGAN(WIDTH, LATENT, CHANNELS, SIZE), DCGANCritic(WIDTH, CHANNELS)
    else:
        g, d = Generator(WIDTH, BLOCKS, CHANNELS), Critic(WIDTH, CHANNELS)
    opt_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.9))
    opt_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.9))
    out = {}

    def keep(name, t):
        out[name] = np.atleast_1d(t.detach().numpy().copy())

    def keep_weights(when):
        for model, name in ((g, "generator"), (d, "critic")):
            for k, p in model.state_dict().items():
                if not k.endswith("num_batches_tracked"):
                    keep(f"{when}/{name}/{k}", p)

    def images(name):
        a = rng.integers(0, 256, (BATCH, CHANNELS, SIZE, SIZE), dtype=np.uint8)
        out[name] = a
        return torch.from_numpy(a.astype(np.float32) / np.float32(127.5) - np.float32(1))

    keep_weights("init")
    for i in range(ITERATIONS):
        source, target = images(f"{i}/source"), images(f"{i}/target")
        if from_noise:
            source = torch.randn(BATCH, LATENT, 1, 1)
            keep(f"{i}/latent", source)
        made = g(source)
        fake = made.detach()
        for k in range(CRITIC_STEPS):
            real_scores, fake_scores = d(target), d(fake)
            terms = {"real": real_scores.mean(), "fake": fake_scores.mean()}
            if objective != "gan":
                alpha = torch.rand(BATCH, 1, 1, 1)
                keep(f"{i}/alpha/{k}", alpha)
                mixed = (alpha * target + (1 - alpha) * fake).requires_grad_(True)
                grad, = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
                terms["penalty"] = ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
                terms["loss"] = terms["fake"] - terms["real"] + LAMBDA * terms["penalty"]
            else:
                terms["loss"] = bce(real_scores, torch.ones_like(real_scores)) + bce(fake_scores, torch.zeros_like(fake_scores))
            opt_d.zero_grad()
            terms["loss"].backward()
            for name, t in terms.items():
                keep(f"{i}/critic/{k}/{name}", t)
            for name, p in d.named_parameters():
                keep(f"{i}/critic/{k}/grad/{name}", p.grad)
            opt_d.step()
        opt_g.zero_grad()
        scores = d(made)
        loss = -scores.mean() if objective != "gan" else bce(scores, torch.ones_like(scores))
        loss.backward()
        keep(f"{i}/generator/loss", loss)
        for name, p in g.named_parameters():
            keep(f"{i}/generator/grad/{name}", p.grad)
        opt_g.step()
    keep_weights("final")
    np.savez_compressed(f"{objective}.npz", **out)


if __name__ == "__main__":
    main(sys.argv[1])
