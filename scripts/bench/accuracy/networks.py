#!/usr/bin/env python3
"""Makes generators of the published sizes, with weights that are not trained but of a trained network's scale, and their keys.

    python3 networks.py FOLDER [resnet|dcgan|chaos]...    # writes <network>.pth and <network>.vectors.npz

The modules are those of infer/testdata. The vectors are images x0, x1, ... and what PyTorch makes of them, y0, y1, ..., with the
noise of dcgan, which is drawn from seed.
"""

import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "infer" / "testdata"))
sys.dont_write_bytecode = True

from generators import DCGAN, SEED, Chaos, ResNet, Source, disturb  # noqa: E402

SIZE = 256


def resnet():
    return ResNet(64, 6, 3, torch.nn.InstanceNorm2d, False), 3, -1, 3


def dcgan():
    return DCGAN([100, 512, 256, 128, 64, 32, 16, 3]), 3, -1, 1


def chaos():
    return Chaos(64, 2, 1, 0), 1, 0, 1


def images(channels, low, count):
    """A smooth image, a flat one with a bright square, and noise: [1, channels, SIZE, SIZE] with samples of 8 bits."""
    row, column = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    square = ((row - 100).abs() < 40) & ((column - 150).abs() < 30)
    planes = [127.5 + 127.5 * torch.sin(row / 40) * torch.cos(column / 25), 20 + 200 * square, torch.randint(0, 256, (SIZE, SIZE))]
    for plane in planes[:count]:
        yield (plane.round().float() / 255 * (1 - low) + low).expand(1, channels, SIZE, SIZE).contiguous()


def main(folder, names):
    for name in names:
        torch.manual_seed(1)
        net, channels, low, count = {"resnet": resnet, "dcgan": dcgan, "chaos": chaos}[name]()
        disturb(net)
        last = [p for p in net.parameters() if p.dim() == 4][-1]
        last *= 4  # keys with contrast, in which differences show
        net.eval()
        torch.save(net.state_dict(), folder / f"{name}.pth")
        vectors = dict(seed=np.frombuffer(SEED, np.uint8))
        for i, x in enumerate(images(channels, low, count)):
            y = net(x, Source())[0].numpy()
            print(f"{name}: key {i} of PyTorch {torch.__version__} has a standard deviation of {y.std():.2f}", file=sys.stderr)
            vectors |= {f"x{i}": x[0].numpy(), f"y{i}": y}
        np.savez(folder / f"{name}.vectors.npz", **vectors)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        main(pathlib.Path(sys.argv[1]), sys.argv[2:] or ["resnet"])
