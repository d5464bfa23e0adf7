#!/usr/bin/python3
"""Makes vectors.json and numpy.key.npz with NumPy alone, the cat map written as in the published code: one iteration
at a time, new[x', y'] = old[x, y], x the row and y the column. Run in this folder."""
import hashlib, json, struct
import numpy as np


def catmap(img, a, b, iterations):
    h, w = img.shape[:2]
    x, y = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
    for _ in range(iterations):
        new = np.empty_like(img)
        x1 = (x + a * y) % h
        y1 = (y + b * x1) % w
        new[x1, y1] = img
        img = new
    return img


def image(h, w, c, seed):
    """Sample i is the byte that xorshift32 gives after i + 1 steps; the Go test draws the same."""
    s, out = seed, bytearray()
    for _ in range(h * w * c):
        s ^= (s << 13) & 0xFFFFFFFF
        s ^= s >> 17
        s ^= (s << 5) & 0xFFFFFFFF
        out.append(s >> 24)
    return np.frombuffer(bytes(out), np.uint8).reshape(h, w, c)


def digest(img):
    h, w, c = img.shape
    return hashlib.sha256(b"keygan cipher image 1\n" + struct.pack(">4I", w, h, c, 8) + img.tobytes()).hexdigest()




maps, schemes = [], []
for h, w, c, a, b, k in [(1, 1, 1, 1, 1, 3), (4, 4, 1, 1, 1, 1), (5, 5, 3, 1, 1, 2), (7, 3, 1, 1, 1, 1), (3, 7, 2, 2, 5, 4),
                         (6, 9, 4, 3, 2, 5), (16, 16, 1, 5, 11, 77), (1, 8, 1, 1, 1, 2), (8, 1, 3, 3, 1, 2)]:
    m = image(h, w, c, 1 + h + w)
    maps.append(dict(height=h, width=w, channels=c, a=a, b=b, iterations=k, seed=1 + h + w,
                     result=catmap(m, a, b, k).tobytes().hex()))
for name, h, w, c, k in [("paper", 256, 256, 3, 30), ("paper", 256, 256, 1, 50), ("paper", 256, 256, 3, 191),
                         ("xor", 10, 20, 1, 0), ("xor", 33, 7, 3, 0)]:
    m, key = image(h, w, c, 1234), image(h, w, 3, 5678)
    moved = catmap(m, 1, 1, k) if name == "paper" else m
    schemes.append(dict(scheme=name, height=h, width=w, channels=c, iterations=k, seed=1234, key_seed=5678,
                        cipher_sha256=digest(np.bitwise_xor(moved, key[:, :, :c]))))
json.dump(dict(maps=maps, schemes=schemes), open("vectors.json", "w"), indent=1)

# A key file as somebody else's program could write it: same arrays, NumPy's own writer.
m, key = image(10, 20, 1, 1234), image(10, 20, 3, 5678)
meta = dict(format_version=1, scheme="xor", iterations=0, a=0, b=0, width=20, height=10, channels=1, depth=8,
            sha256=digest(np.bitwise_xor(m, key[:, :, :1])), name="numpy.png")
np.savez("numpy.key.npz", key=key, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8))
