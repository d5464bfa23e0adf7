#!/usr/bin/env python3
"""Saves generators as people save them, for statedict_test.go to read.

    python3 models.py             # writes *.pth beside itself; the older format names storages by their addresses, so that bytes differ

Made with torch 1.13.1 of Debian 12. The networks are those of infer/testdata/generators.py, with the same weights, so that what
is read of a file here must be what infer/testdata/<network>.npz has, and make the keys of <network>.vectors.npz.
"""

import collections
import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "testdata"))
sys.dont_write_bytecode = True

from generators import NETWORKS, disturb  # noqa: E402


def network(name):
    torch.manual_seed(list(NETWORKS).index(name))
    with torch.no_grad():
        net, _ = NETWORKS[name][0]()
        disturb(net)
    return net.eval()


def save(name, content, **how):
    torch.save(content, HERE / f"{name}.pth", **how)


def mixed(state):
    """Convolutions in float16, what norms have learnt in bfloat16, what they have counted in float64."""
    def dtype(name, v):
        if not v.is_floating_point():
            return v.dtype
        return torch.float16 if v.dim() == 4 else torch.float64 if "running" in name else torch.bfloat16
    return collections.OrderedDict((k, v.to(dtype(k, v))) for k, v in state.items())


def checkpoint(net):
    """What a training loop keeps: counters, losses, random state, and networks and optimizers that have been used."""
    critic = nn.Conv2d(3, 1, 4)
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.9))
    critic(torch.rand(1, 3, 8, 8)).mean().backward()
    optimizer.step()
    return {
        "epoch": 3, "best": None, "done": True, "losses": [0.5, -1.25, 1e300], "seed": -2**40, "size": torch.Size([256, 256]),
        "critic_state_dict": critic.state_dict(), "optimizer": optimizer.state_dict(),
        "generator_state_dict": net.state_dict(), "rng": torch.arange(5, dtype=torch.uint8),
    }


def views(net):
    """The same numbers where training never leaves them: one storage for all weights, and other strides."""
    state = collections.OrderedDict()
    together = torch.cat([v.flatten() for v in net.state_dict().values() if v.dim() == 4])
    at = 0
    for k, v in net.state_dict().items():
        if v.dim() == 4:
            state[k] = together[at:at + v.numel()].view(v.shape)
            at += v.numel()
        else:
            state[k] = v
    k = "main.3.weight"
    state[k] = state[k].contiguous(memory_format=torch.channels_last)
    return state


def main():
    dcgan = network("dcgan")
    state = dcgan.state_dict()
    save("dcgan-zip", state)
    save("dcgan-legacy", state, _use_new_zipfile_serialization=False)
    save("dcgan-mixed", {"G": mixed(state)})
    save("dcgan-checkpoint", checkpoint(dcgan), _use_new_zipfile_serialization=False, pickle_protocol=4)
    save("dcgan-views", {"state_dict": views(dcgan)}, pickle_protocol=5)
    save("network", nn.Conv2d(1, 1, 1))
    save("resnet-noise", {"generator": nn.DataParallel(network("resnet-noise")).state_dict()}, _use_new_zipfile_serialization=False)
    save("chaos-noisy", {"model_state_dict": network("chaos-noisy").state_dict()}, _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
