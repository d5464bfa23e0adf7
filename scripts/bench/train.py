"""Times WGAN-GP steps in plain PyTorch: the baselines of scripts/bench-train.

    python3 train.py LOOP DEVICE SIZE WIDTH BLOCKS BATCH STEPS PRECISION THREADS

One step is five critic updates and one generator update on random images, with the published losses and Adam settings. LOOP is

    published  the published code: fakes made anew for each critic update; the generator's update computes the critic's gradients, too
    rewrite    what a careful user writes: the fakes computed once a step, the critic frozen in the generator's update

PRECISION is fp32, tf32 (NVIDIA GPUs) or bf16 (autocast). Prints, after the word step: seconds and processor seconds a step, the peak of
memory in MiB (on a GPU: of its tensors), threads, PyTorch's version and the device, separated by tabs.
"""
import resource
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


class Trainer:
    def __init__(self, device, size, width, blocks, batch, precision):
        self.device, self.bf16 = device, precision == "bf16"
        self.g, self.d = generator(width, blocks).to(device), critic(width).to(device)
        self.opt_g = torch.optim.Adam(self.g.parameters(), 2e-4, (0.5, 0.9))
        self.opt_d = torch.optim.Adam(self.d.parameters(), 2e-4, (0.5, 0.9))
        self.source, self.target = (torch.rand(batch, 3, size, size, device=device) * 2 - 1 for _ in range(2))

    def run(self, net, x):
        # A region for each pass: casts that are cached in one without gradients have no history in the next.
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=self.bf16):
            y = net(x)
        return y.float()

    def update_critic(self, fake):
        target = self.target
        alpha = torch.rand(len(target), 1, 1, 1, device=self.device)
        mixed = (alpha * target + (1 - alpha) * fake).requires_grad_(True)
        scores = self.run(self.d, mixed)
        grad, = torch.autograd.grad(scores, mixed, torch.ones_like(scores), create_graph=True)
        penalty = ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        loss = self.run(self.d, fake).mean() - self.run(self.d, target).mean() + 10 * penalty
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()
        return loss

    def update_generator(self, fake):
        self.opt_g.zero_grad()
        loss = -self.run(self.d, fake).mean()
        loss.backward()
        self.opt_g.step()
        return loss

    def published(self):
        for _ in range(5):
            loss = self.update_critic(self.run(self.g, self.source).detach())
        return loss.item() + self.update_generator(self.run(self.g, self.source)).item()

    def rewrite(self):
        fake = self.run(self.g, self.source)
        for _ in range(5):
            loss = self.update_critic(fake.detach())
        self.d.requires_grad_(False)
        loss_g = self.update_generator(fake)
        self.d.requires_grad_(True)
        return loss.item() + loss_g.item()


def main():
    loop, device, precision = sys.argv[1], sys.argv[2], sys.argv[8]
    size, width, blocks, batch, steps = map(int, sys.argv[3:8])
    torch.set_num_threads(int(sys.argv[9]))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    trainer = Trainer(device, size, width, blocks, batch, precision)
    step = getattr(trainer, loop)
    cuda = device.startswith("cuda")
    for _ in range(5 if cuda else 1):
        step()
    began, used = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()  # reads the losses, and so waits for the device
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = "cpu"
    if cuda:
        torch.cuda.synchronize()
        peak, name = torch.cuda.max_memory_allocated() / 2**20, torch.cuda.get_device_name()
    print(f"step\t{seconds / steps:.5f}\t{processor / steps:.3f}\t{peak:.0f}\t{torch.get_num_threads()}\t{torch.__version__}\t{name}")


if __name__ == "__main__":
    main()
