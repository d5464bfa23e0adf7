#!/usr/bin/python3
"""Makes vectors.json: metrics of small images by programs that share nothing with ours.

SSIM (both windows) and PSNR by scikit-image, entropy and chi-square by ent, correlation, MSE, NPCR and UACI by NumPy.
Needs Debian's python3-skimage and ent. The pixels are made by a recurrence that the Go test repeats.

    /usr/bin/python3 vectors.py > vectors.json
"""
import json
import subprocess

import numpy as np
import skimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def noise(n, seed):
    """n bytes: the top byte of x <- 6364136223846793005 x + 1442695040888963407 mod 2^64."""
    x, out = seed, bytearray()
    for _ in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(x >> 56)
    return np.frombuffer(bytes(out), np.uint8).astype(np.int64)


def picture(height, width, channels, depth, kind, seed):
    """An integer image [height, width, channels]: noise, ramp, or a ramp with noise on it."""
    top = 2**depth - 1
    n = height * width * channels
    grain = noise(n, seed).reshape(height, width, channels)
    if depth == 16:
        grain = grain * 256 + noise(n, seed + 1).reshape(height, width, channels)
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    ramp = (x * 5 + y * 3 + c * 40 + (x * y) // 7) * (top // 255) % (top + 1)
    if kind == "noise":
        out = grain
    elif kind == "ramp":
        out = ramp
    else:
        out = np.clip(ramp + grain // 8 - (top + 1) // 16, 0, top)
    return out.astype(np.uint16 if depth == 16 else np.uint8)


def digits(x):
    """x to 13 digits: NumPy's sums differ beyond them from processor to processor."""
    return float(f"{x:.13g}")


def in_bytes(image):
    """The bytes of an image, of 16-bit samples the high one first."""
    return image.astype(">u2").tobytes() if image.dtype == np.uint16 else image.tobytes()


def ent(image):
    """Entropy and chi-square of the bytes, as ent -t prints them."""
    line = subprocess.run(["ent", "-t"], input=in_bytes(image), capture_output=True, check=True).stdout.decode().split("\n")[1]
    field = line.split(",")
    return field[2], field[3]


def correlations(image):
    """Pearson r per channel: horizontal, vertical, diagonal."""
    out = []
    for c in range(image.shape[2]):
        p = image[:, :, c].astype(np.float64)
        pairs = [(p[:, :-1], p[:, 1:]), (p[:-1], p[1:]), (p[:-1, :-1], p[1:, 1:])]
        out.append([digits(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairs])
    return out


def differences(a, b):
    """MSE, and NPCR and UACI in percent, over the samples."""
    d = a.astype(np.float64) - b
    top = np.iinfo(a.dtype).max
    return dict(mse=digits(np.mean(d ** 2)), npcr=digits(100 * np.mean(d != 0)), uaci=digits(100 * np.mean(np.abs(d) / top)))


def vector(height, width, channels, depth, kinds, seeds):
    a, b = (picture(height, width, channels, depth, k, s) for k, s in zip(kinds, seeds))
    top = 2**depth - 1
    gaussian = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    entropy, chi2 = ent(a)
    return dict(
        height=height, width=width, channels=channels, depth=depth, kinds=kinds, seeds=seeds,
        ssim=digits(structural_similarity(a, b, data_range=top, channel_axis=2, **gaussian)),
        ssim_uniform7=digits(structural_similarity(a, b, data_range=top, channel_axis=2)),
        psnr=digits(peak_signal_noise_ratio(a, b, data_range=top)),
        entropy=entropy, chi2=chi2, correlation=correlations(a), **differences(a, b))


shapes = [(64, 64, 3), (96, 128, 1), (11, 11, 1), (12, 37, 1), (50, 23, 4), (33, 40, 2)]
kinds = [("ramp", "grainy"), ("ramp", "noise"), ("noise", "noise"), ("grainy", "ramp")]
vectors = [vector(*shape, depth, k, (7 + i, 900 + i))
           for depth in (8, 16) for shape in shapes for i, k in enumerate(kinds)]
print(json.dumps(dict(
    made_by=f"vectors.py with scikit-image {skimage.__version__}, NumPy {np.__version__}, ent",
    vectors=vectors), indent=1))
