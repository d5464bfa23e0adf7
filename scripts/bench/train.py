"""Times WGAN-GP steps in plain PyTorch, as its users write them: the baseline of `make bench-train`.

    python3 train.py DEVICE SIZE WIDTH BLOCKS BATCH STEPS [tf32]

One step is five critic updates and one generator update on random images, the published losses and Adam settings; the
fakes are computed once a critic update, as in the published code. Prints milliseconds a step.
"""
import sys
import time

import torch
from torch import nn


def generator(w, blocks, c=3):
    class Block(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.block = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.InstanceNorm2d(c), nn.ReLU(True),
                                       nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.InstanceNorm2d(c))

        def forward(self, x):
            return torch.relu(x + self.block(x))

    def act(conv, o):
        return [conv, nn.InstanceNorm2d(o), nn.ReLU(True)]

    return nn.Sequential(
        *act(nn.Conv2d(c, w, 7, 1, 3, bias=False), w),
        *act(nn.Conv2d(w, 2 * w, 3, 2, 1, bias=False), 2 * w),
        *act(nn.Conv2d(2 * w, 4 * w, 3, 2, 1, bias=False), 4 * w),
        *[Block(4 * w) for _ in range(blocks)],
        *act(nn.ConvTranspose2d(4 * w, 2 * w, 3, 2, 1, 1, bias=False), 2 * w),
        *act(nn.ConvTranspose2d(2 * w, w, 3, 2, 1, 1, bias=False), w),
        nn.Conv2d(w, c, 7, 1, 3, bias=False), nn.Tanh())


def critic(w, c=3):
    layers, i = [nn.Conv2d(c, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], w
    for o, s in ((2 * w, 2), (4 * w, 2), (8 * w, 1)):
        layers += [nn.Conv2d(i, o, 4, s, 1, bias=False), nn.InstanceNorm2d(o), nn.LeakyReLU(0.2, True)]
        i = o
    return nn.Sequential(*layers, nn.Conv2d(i, 1, 4, 1, 1, bias=False), nn.Flatten())


def main():
    device, (size, width, blocks, batch, steps) = sys.argv[1], map(int, sys.argv[2:7])
    tf32 = "tf32" in sys.argv
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    g, d = generator(width, blocks).to(device), critic(width).to(device)
    opt_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.9))
    opt_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.9))
    source = torch.rand(batch, 3, size, size, device=device) * 2 - 1
    target = torch.rand(batch, 3, size, size, device=device) * 2 - 1

    def step():
        for _ in range(5):
            fake = g(source).detach()
            alpha = torch.rand(batch, 1, 1, 1, device=device)
            mixed = (alpha * target + (1 - alpha) * fake).requires_grad_(True)
            scores = d(mixed)
            grad, = torch.autograd.grad(scores, mixed, torch.ones_like(scores), create_graph=True)
            penalty = ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
            loss = d(fake).mean() - d(target).mean() + 10 * penalty
            opt_d.zero_grad()
            loss.backward()
            opt_d.step()
        opt_g.zero_grad()
        loss_g = -d(g(source)).mean()
        loss_g.backward()
        opt_g.step()
        return loss.item() + loss_g.item()

    for _ in range(min(steps, 5)):
        step()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    print(f"{(time.perf_counter() - began) / steps * 1000:.2f}")


main()
