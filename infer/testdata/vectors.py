#!/usr/bin/env python3
"""Makes the vectors of this folder with PyTorch and NumPy, to which forward_test.go compares infer.

    python3 vectors.py            # writes resnet-*.npz, resnet-*.vectors.npz and layers.npz beside itself

Made with torch 1.13.1 and numpy 1.24.2 of Debian 12. A resnet-*.npz is a generator.npz as NumPy writes it: the state dict
of a network built of PyTorch's own modules, and its architecture. The *.vectors.npz hold images x0, x1, ... and what the
network makes of them, y0, y1, ...: from an image whose sides are not multiples of 4, padded by replication and cropped.
layers.npz holds single layers: "<case>.arch" (JSON), "<case>.<parameter>", "<case>.x", "<case>.y".
"""

import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.InstanceNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.InstanceNorm2d(c))

    def forward(self, x):
        return torch.relu(x + self.block(x))


class ResNet(nn.Module):
    def __init__(self, width, blocks, channels):
        super().__init__()
        w = width
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, w, 7, 1, 3, bias=False), nn.InstanceNorm2d(w), nn.ReLU(),
            nn.Conv2d(w, 2 * w, 3, 2, 1, bias=False), nn.InstanceNorm2d(2 * w), nn.ReLU(),
            nn.Conv2d(2 * w, 4 * w, 3, 2, 1, bias=False), nn.InstanceNorm2d(4 * w), nn.ReLU())
        self.res_blocks = nn.Sequential(*[Block(4 * w) for _ in range(blocks)])
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(4 * w, 2 * w, 3, 2, 1, 1, bias=False), nn.InstanceNorm2d(2 * w), nn.ReLU(),
            nn.ConvTranspose2d(2 * w, w, 3, 2, 1, 1, bias=False), nn.InstanceNorm2d(w), nn.ReLU(),
            nn.Conv2d(w, channels, 7, 1, 3, bias=False), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.res_blocks(self.encoder(x)))


def algorithm(kind, cin, cout, k, s):
    """The algorithm that infer chooses for a layer."""
    if k == 3 and s == 1 and cin >= 16:
        return "winograd4"
    if kind == "conv" and s == 1 and k > 1 and cout * k <= 64 and cout < 16:
        return "columns_fma"
    return "direct_fma"


def conv(name, cin, cout, k, s=1, p=0, kind="conv", **more):
    return dict(type=kind, name=name, **{"in": cin}, out=cout, kernel=k, stride=s, padding=p,
                algorithm=algorithm(kind, cin, cout, k, s), **more)


def tconv(name, cin, cout, k, s, p, op=0, **more):
    return conv(name, cin, cout, k, s, p, kind="conv_transpose", output_padding=op, **more)


def arch(width, blocks, channels, size):
    n, w = dict(norm="instance", activation="relu"), width
    layers = [conv("encoder.0", channels, w, 7, 1, 3, **n), conv("encoder.3", w, 2 * w, 3, 2, 1, **n),
              conv("encoder.6", 2 * w, 4 * w, 3, 2, 1, **n)]
    for i in range(blocks):
        layers += [conv(f"res_blocks.{i}.block.0", 4 * w, 4 * w, 3, 1, 1, residual="begin", **n),
                   conv(f"res_blocks.{i}.block.3", 4 * w, 4 * w, 3, 1, 1, residual="end", **n)]
    layers += [tconv("decoder.0", 4 * w, 2 * w, 3, 2, 1, 1, **n), tconv("decoder.3", 2 * w, w, 3, 2, 1, 1, **n),
               conv("decoder.6", w, channels, 7, 1, 3, activation="tanh")]
    return dict(format_version=2, network="resnet", channels=channels, image_size=size, value_range=[-1, 1],
                config_hash="", layers=layers)


def as_json(value):
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def padded(net, x):
    h, w = x.shape[-2:]
    y = net(F.pad(x, (0, -w % 4, 0, -h % 4), mode="replicate"))
    return y[..., :h, :w]


def networks():
    for width, blocks, channels, sizes in [
            (4, 1, 3, [(16, 16), (12, 28), (15, 9), (5, 3)]),
            (3, 2, 1, [(32, 32), (21, 34)]),
            (5, 0, 1, [(40, 8)])]:
        torch.manual_seed(width)
        net = ResNet(width, blocks, channels)
        name = f"resnet-w{width}-b{blocks}-c{channels}"
        state = {k: v.numpy() for k, v in net.state_dict().items()}
        np.savez(HERE / f"{name}.npz", arch=as_json(arch(width, blocks, channels, 32)), **state)
        vectors = {}
        for i, (h, w) in enumerate(sizes):
            x = torch.rand(1, channels, h, w) * 2 - 1
            vectors[f"x{i}"], vectors[f"y{i}"] = x[0].numpy(), padded(net, x)[0].numpy()
        np.savez(HERE / f"{name}.vectors.npz", **vectors)


def layer(spec, weight, x):
    if spec["type"] == "conv":
        y = F.conv2d(x, weight, None, spec["stride"], spec["padding"])
    else:
        y = F.conv_transpose2d(x, weight, None, spec["stride"], spec["padding"], spec["output_padding"])
    if spec.get("norm"):
        y = F.instance_norm(y, eps=1e-5)
    return y


def single_layers():
    cases = {
        "k7s1p3": (conv("m", 3, 5, 7, 1, 3), 9, 11),
        "k3s2p1": (conv("m", 5, 6, 3, 2, 1, norm="instance", activation="relu"), 9, 12),
        "k4s2p1": (conv("m", 3, 7, 4, 2, 1, activation="tanh"), 11, 8),
        "k1": (conv("m", 9, 2, 1), 5, 3),
        "k5s3p2": (conv("m", 2, 3, 5, 3, 2), 13, 17),
        "k4s4": (conv("m", 2, 1, 4, 4, 0), 9, 15),
        "k3wide": (conv("m", 33, 9, 3, 1, 1, norm="instance"), 7, 19),
        "t3s2p1op1": (tconv("m", 5, 6, 3, 2, 1, 1, norm="instance", activation="relu"), 5, 7),
        "t4s2p1": (tconv("m", 3, 5, 4, 2, 1), 6, 5),
        "t3s1p1": (tconv("m", 3, 4, 3, 1, 1), 7, 6),
        "t2s3op2": (tconv("m", 2, 3, 2, 3, 0, 2), 4, 5),
        "t5s3p2op1": (tconv("m", 2, 3, 5, 3, 2, 1), 1, 4),
    }
    out = {}
    torch.manual_seed(100)
    for name, (spec, h, w) in cases.items():
        shape = [spec["out"], spec["in"]] if spec["type"] == "conv" else [spec["in"], spec["out"]]
        weight = torch.randn(*shape, spec["kernel"], spec["kernel"]) / (spec["in"] ** 0.5 * spec["kernel"])
        x = torch.randn(1, spec["in"], h, w)
        y = layer(spec, weight, x)
        y = {"relu": torch.relu, "tanh": torch.tanh}.get(spec.get("activation"), lambda v: v)(y)
        out |= {f"{name}.arch": as_json([spec]), f"{name}.m.weight": weight.numpy(), f"{name}.x": x[0].numpy(),
                f"{name}.y": y[0].numpy()}
    block, x = Block(6), torch.randn(1, 6, 7, 5)
    n = dict(norm="instance", activation="relu")
    out |= {"residual.arch": as_json([conv("block.0", 6, 6, 3, 1, 1, residual="begin", **n),
                                      conv("block.3", 6, 6, 3, 1, 1, residual="end", **n)]),
            "residual.x": x[0].numpy(), "residual.y": block(x)[0].numpy()}
    out |= {f"residual.{k}": v.numpy() for k, v in block.state_dict().items()}
    for name, spec, module in [
            ("biasleaky", conv("m", 3, 5, 3, 1, 1, bias=True, activation="leaky_relu"), nn.Conv2d(3, 5, 3, 1, 1)),
            ("tbias", tconv("m", 4, 3, 4, 2, 1, bias=True, activation="tanh"), nn.ConvTranspose2d(4, 3, 4, 2, 1))]:
        x = torch.randn(1, spec["in"], 6, 9)
        y = {"leaky_relu": lambda v: F.leaky_relu(v, 0.2), "tanh": torch.tanh}[spec["activation"]](module(x))
        out |= {f"{name}.arch": as_json([spec]), f"{name}.m.weight": module.weight.numpy(), f"{name}.m.bias": module.bias.numpy(),
                f"{name}.x": x[0].numpy(), f"{name}.y": y[0].numpy()}
    np.savez(HERE / "layers.npz", **out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        networks()
        single_layers()
