#!/usr/bin/python3
"""Makes logistic.json with NumPy alone: keystreams of the logistic map x <- r x (1 - x) in float64. 1000 values are thrown away,
then each gives the byte floor(x 10^14) mod 256. Run in this folder."""
import hashlib, json
import numpy as np


def keystream(n, x0, r):
    x, r, one, out = np.float64(x0), np.float64(r), np.float64(1), []
    for i in range(1000 + n):
        x = (r * x) * (one - x)
        if i >= 1000:
            out.append(int(np.floor(x * np.float64(1e14))) % 256)
    return bytes(out)


vectors = []
for x0, r in [(0.3, 3.99), (0.123456789, 3.999999), (0.7, 4.0), (1e-9, 3.6), (0.999999, 3.75), (0.1, 3.9)]:
    k = keystream(200_000, x0, r)
    vectors.append(dict(x0=x0, r=r, first=k[:32].hex(), sha256=hashlib.sha256(k).hexdigest()))
json.dump(vectors, open("logistic.json", "w"), indent=1)
