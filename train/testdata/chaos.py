"""Makes chaos-gan.npz: five iterations of the chaos GAN by PyTorch itself, for the test of our own.

Run with a Python that has PyTorch (Debian: apt-get install python3-torch):

    python3 chaos.py

The training is done in float64, and so is that of the test: in float32 it is not defined to 1e-5. The 27 layers of the encryptor
and the 27 of the reconstruction network after it make 1e-4 of the rounding of 6e-8, so that a dozen of the million activations
change sign; each then passes a gradient on or does not, which changes the gradients by some percent. Run this with the argument
float32 to see it: it repeats the training in that precision from the same draws, and prints how far each array is from
chaos-gan.npz, as a share of the array's norm. With softplus for every ReLU the gradients agree to about 1e-6.

The archive holds, as float32 unless said otherwise:

    init/<model>/<param>             weights, and statistics of batch norms, before the first step
    <i>/source, <i>/target           uint8 images [N, 1, S, S] of iteration i; value / 128 - 1 goes in
    <i>/noise                        uint8 [N, 1, S, S]; (value - 128) / 32 is the noise added to the source, before sigma
    <i>/critic/loss, real, fake      scalars, shape [1]
    <i>/critic/grad/<param>          of the first and the last iteration
    <i>/generator/loss, reconstruction, target, mse, ssim
    <i>/generator/grad/<param>, <i>/reconstructor/grad/<param>     likewise
    final/<model>/<param>            as init, after the last step

The k-th dropout, with probability p, in the forward pass of model m (0: generator, 1: reconstructor) in iteration i keeps element
j where the highest byte of splitmix64(10000 i + 1000 m + k, j) is at least 256 p, and divides it by 1 - p. Every setting is exact
in float32.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ITERATIONS, BATCH, SIZE, WIDTH, BLOCKS = 5, 2, 48, 2, 1
SIGMA, MU, ADVERSARIAL, TARGET, RECONSTRUCTION = 0.25, 0.25, 0.75, 0.875, 1.125


class Chaos(nn.Module):
    """conv7, conv3, conv3, R, tconv3, ..., each with its norm; R is a residual block of two convolutions."""

    def __init__(self, w, blocks):
        super().__init__()
        self.layers, self.norms, self.kinds = nn.ModuleList(), nn.ModuleList(), []
        self.drop = None  # (x, p) -> x with elements dropped

        def conv(i, o, k):
            self.layers.append(nn.Conv2d(i, o, k, padding=k // 2, bias=False))
            self.norms.append(nn.InstanceNorm2d(o, affine=True))
            self.kinds.append("plain")

        def up(i, o):
            self.layers.append(nn.ConvTranspose2d(i, o, 3, padding=1, bias=False))
            self.norms.append(nn.InstanceNorm2d(o, affine=True))
            self.kinds.append("plain")

        def residual(c):
            for _ in range(blocks):
                for kind in ("first", "second"):
                    self.layers.append(nn.Conv2d(c, c, 3, padding=1, bias=False))
                    self.norms.append(nn.BatchNorm2d(c))
                    self.kinds.append(kind)

        conv(1, w, 7), conv(w, 2 * w, 3), conv(2 * w, 4 * w, 3), residual(4 * w)
        up(4 * w, 4 * w), up(4 * w, 2 * w), up(2 * w, w), residual(w)
        conv(w, w, 7), conv(w, 2 * w, 3), residual(2 * w)
        up(2 * w, 2 * w), up(2 * w, w), residual(w)
        conv(w, w, 7), conv(w, 2 * w, 3), conv(2 * w, 4 * w, 3), residual(4 * w)
        up(4 * w, 4 * w), up(4 * w, 2 * w), up(2 * w, w)
        self.layers.append(nn.Conv2d(w, 1, 7, padding=3))

    def forward(self, x):
        for layer, norm, kind in zip(self.layers, self.norms, self.kinds):
            if kind == "first":
                before = x
                x = self.drop(torch.relu(norm(layer(x))), 0.5)
            elif kind == "second":
                x = self.drop(F.leaky_relu(norm(layer(x)), 0.2), 0.3)
                x = torch.relu(x + before)
            else:
                x = torch.relu(norm(layer(x)))
        return torch.relu(self.layers[-1](x))


class Critic(nn.Module):
    def __init__(self, w):
        super().__init__()
        layers, i = [nn.Conv2d(1, w, 4, 2, 1), nn.LeakyReLU(0.2)], w
        for o in (2 * w, 4 * w, 8 * w):
            layers += [nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2)]
            i = o
        self.model = nn.Sequential(*layers, nn.Conv2d(i, 1, 4, 1, 1))
        self.dense = nn.Conv2d(1, 1, SIZE // 16 - 1)

    def forward(self, x):
        return self.dense(self.model(x)).flatten(1)


def similarity(ma, mb, va, vb, cov):
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    return ((2 * ma * mb + c1) * (2 * cov + c2) / ((ma ** 2 + mb ** 2 + c1) * (va + vb + c2))).mean()


def window_ssim(a, b):
    """The 11x11 Gaussian window as one kernel."""
    a, b = a.double(), b.double()
    g = torch.exp(-(torch.arange(11, dtype=torch.float64) - 5) ** 2 / (2 * 1.5 ** 2))
    k = torch.outer(g, g)
    k = (k / k.sum())[None, None]
    ma, mb = F.conv2d(a, k), F.conv2d(b, k)
    return similarity(ma, mb, F.conv2d(a * a, k) - ma ** 2, F.conv2d(b * b, k) - mb ** 2, F.conv2d(a * b, k) - ma * mb)


def global_ssim(a, b):
    a, b = a.double(), b.double()
    ma, mb = a.mean((2, 3)), b.mean((2, 3))
    da, db = a - ma[..., None, None], b - mb[..., None, None]
    return similarity(ma, mb, (da ** 2).mean((2, 3)), (db ** 2).mean((2, 3)), (da * db).mean((2, 3)))


def splitmix64(seed, n):
    """The highest bytes of the numbers 0 ... n - 1 of Vigna's generator, begun at seed * 2^32."""
    z = (np.uint64(seed) << np.uint64(32)) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(56)


def dropping(seed):
    """The dropouts of a forward pass."""
    count = [0]
    def drop(x, p):
        keep = splitmix64(seed + count[0], x.numel()) >= 256 * p
        count[0] += 1
        return x * torch.from_numpy(keep).view(x.shape).to(x.dtype) / (1 - p)
    return drop


def train(dtype):
    torch.manual_seed(30)
    torch.set_num_threads(1)
    rng = np.random.default_rng(31)
    models = {"generator": Chaos(WIDTH, BLOCKS), "critic": Critic(WIDTH), "reconstructor": Chaos(WIDTH, BLOCKS)}
    e, d, r = models["generator"], models["critic"], models["reconstructor"]
    # Norms that have learnt something, and a last layer that is not mostly cut off.
    for net in (e, r):
        with torch.no_grad():
            for norm in net.norms:
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.uniform_(-0.3, 0.3)
            net.layers[-1].bias.fill_(0.5)
    for m in models.values():
        m.to(dtype)
    optimizers = {name: torch.optim.Adam(m.parameters(), 2e-4, (0.5, 0.999)) for name, m in models.items()}
    bce = nn.BCEWithLogitsLoss()
    out = {}

    def keep(name, t):
        out[name] = np.atleast_1d(t.detach().numpy()).astype(np.float32)

    def keep_gradients(i, name):
        if i in (0, ITERATIONS - 1):
            for k, p in models[name].named_parameters():
                keep(f"{i}/{name}/grad/{k}", p.grad)

    def keep_weights(when):
        for name, m in models.items():
            for k, p in m.state_dict().items():
                if not k.endswith("num_batches_tracked"):
                    keep(f"{when}/{name}/{k}", p)

    def images(name, a):
        out[name] = a
        return torch.from_numpy(a.astype(np.float32)).to(dtype) / 256  # of value / 128 - 1, what [0, 1] makes of [-1, 1]

    def ramp():
        """Something with structure, which a similarity can be measured of."""
        y, x = np.mgrid[0:SIZE, 0:SIZE]
        all = [128 + 100 * np.sin(x * rng.uniform(0.05, 0.3) + y * rng.uniform(0.05, 0.3) + rng.uniform(0, 6)) for _ in range(BATCH)]
        return np.clip(np.stack(all)[:, None] + rng.normal(0, 8, (BATCH, 1, SIZE, SIZE)), 0, 255).astype(np.uint8)

    keep_weights("init")
    for i in range(ITERATIONS):
        x = images(f"{i}/source", ramp())
        y = images(f"{i}/target", rng.integers(0, 256, (BATCH, 1, SIZE, SIZE), dtype=np.uint8))
        noise = np.clip(np.round(rng.normal(128, 32, (BATCH, 1, SIZE, SIZE))), 0, 255).astype(np.uint8)
        out[f"{i}/noise"] = noise
        noisy = (x + SIGMA * (torch.from_numpy(noise).to(dtype) - 128) / 32).clamp(0, 1)
        e.drop, r.drop = dropping(10000 * i), dropping(10000 * i + 1000)
        made = e(noisy)

        real_scores, fake_scores = d(2 * y - 1), d(2 * made.detach() - 1)
        loss = bce(real_scores, torch.ones_like(real_scores)) + bce(fake_scores, torch.zeros_like(fake_scores))
        optimizers["critic"].zero_grad()
        loss.backward()
        for name, t in (("loss", loss), ("real", real_scores.mean()), ("fake", fake_scores.mean())):
            keep(f"{i}/critic/{name}", t)
        keep_gradients(i, "critic")
        optimizers["critic"].step()

        scores = d(2 * made - 1)
        target = F.mse_loss(made, y) + 1 - window_ssim(made, y)
        back = r(made)
        mse, ssim = F.mse_loss(back, x), window_ssim(back, x)
        reconstruction = mse + 1 - ssim
        loss = ADVERSARIAL * (bce(scores, torch.ones_like(scores)) + MU * (1 - global_ssim(made, y))) \
            + TARGET * target + RECONSTRUCTION * reconstruction
        for m in (e, r):
            optimizers["generator" if m is e else "reconstructor"].zero_grad()
        loss.backward()
        for name, t in (("loss", loss), ("reconstruction", reconstruction), ("target", target), ("mse", mse), ("ssim", ssim)):
            keep(f"{i}/generator/{name}", t)
        for name in ("generator", "reconstructor"):
            keep_gradients(i, name)
            optimizers[name].step()
    keep_weights("final")
    return out


if __name__ == "__main__":
    if sys.argv[1:] == ["float32"]:
        vectors = np.load("chaos-gan.npz")
        for name, v in train(torch.float32).items():
            if not v.dtype.kind == "f":
                assert np.array_equal(v, vectors[name]), name
            else:
                norm = np.linalg.norm(vectors[name])
                print("%.2g  %s  (norm %.3g)" % (np.linalg.norm(vectors[name] - v) / max(norm, 1e-30), name, norm))
    else:
        np.savez_compressed("chaos-gan.npz", **train(torch.float64))
