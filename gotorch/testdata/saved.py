"""Writes saved.pt with PyTorch's own torch.save, for pickle_test.go: [[0, .25, .5], [.75, 1, 1.25]], float32.

    /usr/bin/python3 saved.py
"""
import torch

torch.save(torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4, "saved.pt")
