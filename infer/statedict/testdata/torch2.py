#!/usr/bin/env python3
"""Saves a generator as PyTorch 2 does, for statedict_test.go to read.

    python3 torch2.py             # writes torch2-*.pth beside itself

Made with torch 2.6.0 and numpy 2.2.4 of Debian 13. The network is the dcgan of infer/testdata/generators.py with the weights of
infer/testdata/dcgan.npz, so that what is read of a file here must be just those.
"""

import collections

import numpy as np
import torch
from torch import nn

from models import HERE, network, save, views


def dcgan():
    net = network("dcgan")
    arrays = np.load(HERE.parents[1] / "testdata" / "dcgan.npz")
    state = {k: torch.from_numpy(arrays[k]) for k in arrays if k != "arch"}
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert not unexpected and all(k.endswith("num_batches_tracked") for k in missing)
    return net


def checkpoint(net):
    """A network of DataParallel beside the optimizer of its last layers, which has been used, a scheduler and random state."""
    state = collections.OrderedDict((k, v.clone()) for k, v in nn.DataParallel(net).state_dict().items())
    optimizer = torch.optim.AdamW(list(net.parameters())[-3:], lr=2e-4, betas=(0.5, 0.9), amsgrad=True)
    net.main(torch.rand(1, 5, 1, 1)).mean().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    return {"generator_state_dict": state, "optimizer_state_dict": optimizer.state_dict(),
            "scheduler_state_dict": scheduler.state_dict(), "rng_state": torch.get_rng_state()[:100].clone(), "epoch": 7}


def main():
    save("torch2-checkpoint", checkpoint(dcgan()))
    net = dcgan()
    parameters = dict(net.named_parameters()) | dict(net.named_buffers())
    save("torch2-parameters", parameters, _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    save("torch2-views", {"model": views(net)})
    torch.serialization.set_crc32_options(True)
    save("torch2-negated", {"weight": torch._neg_view(torch.ones(2))})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
