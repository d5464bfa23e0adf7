"""The noise of infer/doc.go's rule 8, from its sources and not from the Go code: chacha8rand as c2sp.org/chacha8rand has
it, SHA-256 of hashlib, the logarithm of libm. The logarithms may differ in the last bit of a float64, which shows in hardly any
float32. As a program it checks chacha8rand by the specification's own sample output."""

import hashlib
import itertools
import math
import struct

import numpy as np


def chacha8rand(seed):
    """Yields 64-bit numbers without end. Blocks are made four at a time, their words interleaved; of each sixteen blocks
    the last 32 bytes are the next seed, and only the key is added to the result of the rounds."""
    while True:
        words = np.empty((4, 16, 4), np.uint32)
        for group in range(4):
            words[group] = four_blocks(np.frombuffer(seed, "<u4"), 4 * group)
        stream = words.astype("<u4").tobytes()
        yield from struct.unpack("<124Q", stream[:-32])
        seed = stream[-32:]


def four_blocks(key, counter):
    s = np.empty((16, 4), np.uint32)
    s[:4] = np.frombuffer(b"expand 32-byte k", "<u4")[:, None]
    s[4:12] = key[:, None]
    s[12] = np.arange(counter, counter + 4)
    s[13:] = 0

    def rotate(x, n):
        return x << np.uint32(n) | x >> np.uint32(32 - n)

    def quarter(a, b, c, d):
        s[a] += s[b]
        s[d] = rotate(s[d] ^ s[a], 16)
        s[c] += s[d]
        s[b] = rotate(s[b] ^ s[c], 12)
        s[a] += s[b]
        s[d] = rotate(s[d] ^ s[a], 8)
        s[c] += s[d]
        s[b] = rotate(s[b] ^ s[c], 7)

    for _ in range(4):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    s[4:12] += key[:, None]
    return s


def noise(seed, stream, n):
    """n numbers of a stream, float32."""
    key = hashlib.sha256(b"keygan noise 1\n" + seed + struct.pack(">Q", stream)).digest()
    bits = chacha8rand(key)

    def uniform():
        v = next(bits)
        return ((v - 2**64 if v >> 63 else v) >> 10) * 2.0**-53

    out = []
    while len(out) < n:
        u, v = uniform(), uniform()
        s = u * u + v * v
        if 0 < s < 1:
            f = math.sqrt(-2 * math.log(s) / s)
            out += [u * f, v * f]
    return np.array(out[:n], np.float32)


if __name__ == "__main__":
    first = [f"{v:016x}" for v in itertools.islice(chacha8rand(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456"), 4)]
    assert first == ["b773b6063d4616a5", "1160af22a66abc3c", "8c2599d9418d287c", "7ee07e037edc5cd6"], first
