#!/usr/bin/python3
"""Makes more.json: metrics of small images by programs that share nothing with ours.

GLCM by scikit-image's graycomatrix and graycoprops, MS-SSIM by SciPy's two-dimensional correlation and the definition, entropies by
SciPy, eigenvalues by SciPy, the rest by NumPy. Needs Debian's python3-skimage.

    /usr/bin/python3 more.py > more.json
"""
import contextlib
import io
import json

import numpy as np
import scipy
import scipy.linalg
import skimage
from scipy.ndimage import correlate
from scipy.fft import dctn
from scipy.stats import entropy
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import block_reduce

with contextlib.redirect_stdout(io.StringIO()):  # it prints vectors.json
    import subprocess
    source = open(__file__.replace("more.py", "vectors.py")).read()
    exec(source[:source.index("shapes = ")])


def glcm(image):
    """Per channel: contrast, homogeneity and energy, each the mean over four angles at distance 1; of 16 bits, of the high byte."""
    out = []
    for c in range(image.shape[2]):
        p = (image[:, :, c] >> (8 * (image.itemsize - 1))).astype(np.uint8)
        m = graycomatrix(p, [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], levels=256, normed=True)
        out.append([digits(graycoprops(m, what).mean()) for what in ("contrast", "homogeneity", "energy")])
    return out


def floating(image):
    """Mean number of different bytes in a window of 256, over channels (and, of 16 bits, over high and low bytes by themselves)."""
    b = np.frombuffer(in_bytes(image), np.uint8).reshape(image.shape[0] * image.shape[1], -1)
    windows = [len(set(b[i:i + 256, c].tolist())) for c in range(b.shape[1]) for i in range(len(b) - 255)]
    return digits(np.mean(windows))


def ms_ssim(a, b):
    """Wang, Simoncelli and Bovik (2003), with the window of 2004, mean over the channels; a negative mean counts as 0."""
    top = np.iinfo(a.dtype).max
    g = np.exp(-np.arange(-5, 6) ** 2 / (2 * 1.5 ** 2))
    window = np.outer(g, g) / g.sum() ** 2
    blur = lambda p: correlate(p, window)[5:-5, 5:-5]
    c1, c2 = (0.01 * top) ** 2, (0.03 * top) ** 2
    out = []
    for c in range(a.shape[2]):
        x, y = a[:, :, c].astype(float), b[:, :, c].astype(float)
        product = 1
        for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
            mx, my = blur(x), blur(y)
            vx, vy, vxy = blur(x * x) - mx ** 2, blur(y * y) - my ** 2, blur(x * y) - mx * my
            term = (2 * vxy + c2) / (vx + vy + c2)
            if scale == 4:
                term = term * (2 * mx * my + c1) / (mx ** 2 + my ** 2 + c1)
            product *= max(term.mean(), 0) ** weight
            odd = [(0, n % 2) for n in x.shape]
            x, y = (block_reduce(np.pad(p, odd, mode="edge"), (2, 2), np.mean) for p in (x, y))
        out.append(product)
    return digits(np.mean(out))


def vendi(images):
    """exp of the entropy of the eigenvalues of the matrix of Pearson's r, over the number of images."""
    r = np.corrcoef([m.ravel().astype(float) for m in images])
    values = scipy.linalg.eigvalsh(r / len(images))
    return digits(np.exp(entropy(values[values > 0])))


def features(image):
    """Log mean energies of the diagonals of the DCT of the 8x8 blocks of the grey image, then mean and deviation of each channel."""
    r, g, b = (image[:, :, c % image.shape[2]].astype(int) for c in range(3))
    grey = ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16) if image.shape[2] == 3 else r
    h, w = (n // 8 * 8 for n in grey.shape)
    blocks = grey[:h, :w].reshape(h // 8, 8, w // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8) / 255
    energy = (dctn(blocks, axes=(1, 2), norm="ortho") ** 2).mean(axis=0)
    v, u = np.indices((8, 8))
    bands = [np.log10(energy[u + v == k].mean() + 1e-8) for k in range(1, 15)]
    return bands + [f(image[:, :, c]) / 255 for c in range(image.shape[2]) for f in (np.mean, np.std)]


def frechet(images, reference):
    """As FID, with scipy.linalg.sqrtm, in squared deviations of the reference's features."""
    a, b = (np.array([features(m) for m in s]) for s in (images, reference))
    sd = b.std(axis=0, ddof=1)
    a, b = a / sd, b / sd
    ca, cb = np.cov(a.T), np.cov(b.T)
    return float(f"{np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(ca + cb - 2 * scipy.linalg.sqrtm(ca @ cb).real):.9g}")


def sets(height, width, channels, kinds, counts, seeds):
    a, b = ([picture(height, width, channels, 8, k, s + i) for i in range(n)] for k, n, s in zip(kinds, counts, seeds))
    return dict(height=height, width=width, channels=channels, kinds=kinds, counts=counts, seeds=seeds, distance=frechet(a, b))


def single(height, width, channels, depth, kind, seed):
    image = picture(height, width, channels, depth, kind, seed)
    counts = np.bincount(np.frombuffer(in_bytes(image), np.uint8), minlength=256)
    return dict(height=height, width=width, channels=channels, depth=depth, kind=kind, seed=seed,
                histogram_variance=digits(np.var(counts)), glcm=glcm(image), floating=floating(image))


def pair(height, width, channels, depth, kinds, seeds):
    a, b = (picture(height, width, channels, depth, k, s) for k, s in zip(kinds, seeds))
    return dict(height=height, width=width, channels=channels, depth=depth, kinds=kinds, seeds=seeds,
                mae=digits(np.mean(np.abs(a.astype(float) - b))), ms_ssim=ms_ssim(a, b))


def local(height, width, channels, kind, seed):
    """An image of exactly 30 blocks, so that all of them are taken."""
    image = picture(height, width, channels, 8, kind, seed)
    planes = np.moveaxis(image, 2, 0).reshape(channels, -1)
    blocks = [p[i:i + 1936] for p in planes for i in range(0, p.size - 1935, 1936)]
    assert len(blocks) == 30
    return dict(height=height, width=width, channels=channels, kind=kind, seed=seed,
                entropy=digits(np.mean([entropy(np.bincount(b, minlength=256), base=2) for b in blocks])))


print(json.dumps(dict(
    made_by=f"more.py with scikit-image {skimage.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}",
    single=[single(*shape, depth, kind, 5) for depth in (8, 16) for shape in ((64, 64, 3), (33, 40, 2), (17, 90, 1))
            for kind in ("ramp", "grainy", "noise")],
    pair=[pair(*shape, depth, kinds, (3, 80)) for depth in (8, 16) for shape in ((176, 176, 1), (179, 201, 3))
          for kinds in (("ramp", "grainy"), ("ramp", "noise"), ("grainy", "grainy"))],
    local=[local(220, 264, 1, kind, 9) for kind in ("ramp", "grainy", "noise")] + [local(110, 176, 3, kind, 9) for kind in ("grainy", "noise")],
    frechet=[sets(48, 40, 3, ("grainy", "grainy"), (40, 30), (100, 500)), sets(48, 40, 3, ("noise", "grainy"), (40, 45), (100, 500)),
             sets(35, 61, 1, ("grainy", "noise"), (30, 40), (7, 900))],
    vendi=[dict(kinds=kinds, number=vendi([picture(40, 30, 3, 8, k, 20 + i) for i, k in enumerate(kinds)]))
           for kinds in (["noise"] * 6, ["grainy"] * 5, ["grainy", "noise", "ramp", "noise"], ["ramp", "ramp", "noise"])]), indent=1))
