#!/usr/bin/env python3
"""Makes the vectors of networks with learnt norms, noise and other layouts than the resnet, to which generators_test.go compares infer.

    python3 generators.py         # writes <name>.npz and <name>.vectors.npz beside itself, for each name in NETWORKS

Made with torch 1.13.1 and numpy 1.24.2 of Debian 12. As in vectors.py, <name>.npz is a generator.npz as NumPy writes it, of
PyTorch's own modules; <name>.vectors.npz holds images x0, x1, ... (none for dcgan), what the network makes of them, y0, y1, ...,
the seed of their noise and that noise, n0.0, n0.1, ...: of the image y0 the streams 0, 1, ...
"""

import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from noise import noise
from vectors import as_json, conv, tconv

HERE = pathlib.Path(__file__).parent
SEED = bytes(range(32))
EPSILON = dict(eps=1e-5)


class Source:
    """The noise of one image, which remembers what it gave."""

    def __init__(self):
        self.given = {}

    def draw(self, stream, shape):
        self.given[stream] = torch.from_numpy(noise(SEED, stream, int(np.prod(shape)))).reshape(shape)
        return self.given[stream]


def disturb(net):
    """Gives norms, biases and running statistics values that training might have found."""
    for name, p in list(net.named_parameters()) + list(net.named_buffers()):
        if p.dim() == 1:
            p.copy_(torch.rand_like(p) * 2 - 1 if name.endswith(("bias", "mean")) else torch.rand_like(p) + 0.5)


class Noise(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))

    def forward(self, x, plane):
        return x + self.weight[:, None, None] * plane


class Block(nn.Module):
    def __init__(self, c, norm, noisy):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1, bias=False), norm(c), nn.ReLU(),
                                   nn.Conv2d(c, c, 3, 1, 1, bias=False), norm(c))
        if noisy:
            self.noise = Noise(c)


class ResNet(nn.Module):
    def __init__(self, width, blocks, channels, norm, noisy):
        super().__init__()
        w = width
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, w, 7, 1, 3, bias=False), norm(w), nn.ReLU(),
            nn.Conv2d(w, 2 * w, 3, 2, 1, bias=False), norm(2 * w), nn.ReLU(),
            nn.Conv2d(2 * w, 4 * w, 3, 2, 1, bias=False), norm(4 * w), nn.ReLU())
        self.res_blocks = nn.ModuleList([Block(4 * w, norm, noisy) for _ in range(blocks)])
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(4 * w, 2 * w, 3, 2, 1, 1, bias=False), norm(2 * w), nn.ReLU(),
            nn.ConvTranspose2d(2 * w, w, 3, 2, 1, 1, bias=False), norm(w), nn.ReLU(),
            nn.Conv2d(w, channels, 7, 1, 3, bias=False), nn.Tanh())

    def forward(self, x, source):
        h, w = x.shape[-2:]
        y = self.encoder(F.pad(x, (0, -w % 4, 0, -h % 4), mode="replicate"))
        for i, b in enumerate(self.res_blocks):
            y = torch.relu(y + b.block(y))
            if hasattr(b, "noise"):
                y = b.noise(y, source.draw(1 + i, y.shape[-2:]))
        return self.decoder(y)[..., :h, :w]


def resnet_arch(width, blocks, channels, norm, noisy):
    w, layers = width, []

    def add(layer, residual=None, activation="relu"):
        index = layer["name"].rsplit(".", 1)
        if activation == "relu":
            layer["norm"] = norm
            if norm != "instance":
                layer["norm_name"] = f"{index[0]}.{int(index[1]) + 1}"
        layer["activation"] = activation
        if residual:
            layer["residual"] = residual
        if residual == "end" and noisy:
            layer["noise"] = index[0].replace(".block", ".noise")
        layers.append(layer)

    add(conv("encoder.0", channels, w, 7, 1, 3))
    add(conv("encoder.3", w, 2 * w, 3, 2, 1))
    add(conv("encoder.6", 2 * w, 4 * w, 3, 2, 1))
    for i in range(blocks):
        add(conv(f"res_blocks.{i}.block.0", 4 * w, 4 * w, 3, 1, 1), "begin")
        add(conv(f"res_blocks.{i}.block.3", 4 * w, 4 * w, 3, 1, 1), "end")
    add(tconv("decoder.0", 4 * w, 2 * w, 3, 2, 1, 1))
    add(tconv("decoder.3", 2 * w, w, 3, 2, 1, 1))
    add(conv("decoder.6", w, channels, 7, 1, 3), activation="tanh")
    return dict(network="resnet", channels=channels, image_size=16, value_range=[-1, 1], layers=layers)


class DCGAN(nn.Module):
    """channels lists those of each activation, the latent numbers first."""

    def __init__(self, channels):
        super().__init__()
        modules = []
        for i, (a, b) in enumerate(zip(channels, channels[1:])):
            modules.append(nn.ConvTranspose2d(a, b, 4, *((1, 0) if i == 0 else (2, 1)), bias=False))
            modules += [nn.BatchNorm2d(b, **EPSILON), nn.ReLU()]
        self.latent = channels[0]
        self.main = nn.Sequential(*modules[:-2], nn.Tanh())

    def forward(self, _, source):
        return self.main(source.draw(0, (1, self.latent, 1, 1)))


def dcgan_arch(channels):
    layers = []
    for i, (a, b) in enumerate(zip(channels, channels[1:])):
        layers.append(tconv(f"main.{3 * i}", a, b, 4, *((1, 0) if i == 0 else (2, 1)),
                            norm="batch", norm_name=f"main.{3 * i + 1}", activation="relu"))
    for field in "norm", "norm_name":
        del layers[-1][field]
    layers[-1]["activation"] = "tanh"
    return dict(network="dcgan", channels=channels[-1], image_size=2 ** len(channels), value_range=[-1, 1],
                latent=channels[0], layers=layers)


class Chaos(nn.Module):
    """The plan is the published one: c7-64 is a 7x7 convolution, t3 a transposed one, R a residual block, in units of width."""

    PLAN = "c7-1 c3-2 c3-4 R t3-4 t3-2 t3-1 R c7-1 c3-2 R t3-2 t3-1 R c7-1 c3-2 c3-4 R t3-4 t3-2 t3-1".split()

    def __init__(self, width, blocks, channels, input_noise):
        super().__init__()
        self.layers, self.norms, self.kinds, self.specs = nn.ModuleList(), nn.ModuleList(), [], []
        self.input_noise = input_noise
        c = channels
        for step in self.PLAN:
            if step == "R":
                for _ in range(blocks):
                    self.add("inner", nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c, **EPSILON))
                    self.add("outer", nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c, **EPSILON))
                continue
            kernel, out = int(step[1]), width * int(step[3:])
            kind = nn.Conv2d if step[0] == "c" else nn.ConvTranspose2d
            self.add("plain", kind(c, out, kernel, 1, kernel // 2, bias=False), nn.InstanceNorm2d(out, affine=True, **EPSILON))
            c = out
        self.add("last", nn.Conv2d(c, channels, 7, 1, 3), nn.Identity())

    def add(self, kind, layer, norm):
        n = len(self.layers)
        self.layers.append(layer)
        self.norms.append(norm)
        self.kinds.append(kind)
        cin, cout, k = layer.in_channels, layer.out_channels, layer.kernel_size[0]
        spec = (tconv if isinstance(layer, nn.ConvTranspose2d) else conv)(f"layers.{n}", cin, cout, k, 1, k // 2, activation="relu")
        if kind != "last":
            spec |= dict(norm="instance_affine" if kind == "plain" else "batch", norm_name=f"norms.{n}")
        spec |= dict(inner=dict(residual="begin"), outer=dict(residual="end", before_add="leaky_relu"), plain={},
                     last=dict(bias=True))[kind]
        self.specs.append(spec)

    def forward(self, x, source):
        h, w = x.shape[-2:]
        if self.input_noise:
            x = torch.clip(x + self.input_noise * source.draw(0, x.shape), 0, 1)
        x = F.pad(x, (0, -w % 4, 0, -h % 4), mode="replicate")
        for kind, layer, norm in zip(self.kinds, self.layers, self.norms):
            if kind == "inner":
                begin = x
            x = norm(layer(x))
            x = torch.relu(x if kind != "outer" else F.leaky_relu(x, 0.2) + begin)
        return x[..., :h, :w]

    def arch(self):
        return dict(network="chaos", channels=self.layers[0].in_channels, image_size=16, value_range=[0, 1],
                    input_noise=self.input_noise, layers=self.specs)


def resnet(norm, noisy):
    kind = {"instance": nn.InstanceNorm2d, "instance_affine": lambda c: nn.InstanceNorm2d(c, affine=True),
            "batch": nn.BatchNorm2d}[norm]
    return ResNet(2, 2, 1, kind, noisy), resnet_arch(2, 2, 1, norm, noisy)


def dcgan():
    channels = [5, 8, 4, 2, 3]
    return DCGAN(channels), dcgan_arch(channels)


def chaos(blocks, channels, input_noise):
    net = Chaos(2, blocks, channels, input_noise)
    net.layers[-1].weight *= 2  # for keys with some contrast
    return net, net.arch()


SIZES = [(16, 24), (7, 5)]
NETWORKS = {
    "resnet-batch": (lambda: resnet("batch", False), SIZES),
    "resnet-affine": (lambda: resnet("instance_affine", False), SIZES),
    "resnet-noise": (lambda: resnet("instance", True), SIZES),
    "dcgan": (dcgan, [None]),
    "chaos": (lambda: chaos(1, 1, 0), SIZES),
    "chaos-noisy": (lambda: chaos(0, 3, 0.3), SIZES),
}


def main():
    for index, (name, (make, sizes)) in enumerate(NETWORKS.items()):
        torch.manual_seed(index)
        net, arch = make()
        disturb(net)
        net.eval()
        low = arch["value_range"][0]
        state = {k: v.numpy() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
        np.savez(HERE / f"{name}.npz", arch=as_json(dict(format_version=2, config_hash="", **arch)), **state)
        vectors = dict(seed=np.frombuffer(SEED, np.uint8))
        for i, size in enumerate(sizes):
            source = Source()
            x = None
            if size:
                x = torch.rand(1, arch["channels"], *size) * (1 - low) + low
                vectors[f"x{i}"] = x[0].numpy()
            y = net(x, source)[0].numpy()
            assert y.std() > 0.1, (name, y.std())
            vectors[f"y{i}"] = y
            vectors |= {f"n{i}.{stream}": n.numpy() for stream, n in source.given.items()}
        np.savez(HERE / f"{name}.vectors.npz", **vectors)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        main()
