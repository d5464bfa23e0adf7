#!/usr/bin/python3
"""Makes sealed.json: the scheme sealed by an implementation of its own, from RFC 5869's HKDF on hmac, a cat map that moves
one pixel after the other, and AES-GCM of the Python package cryptography (Debian: python3-cryptography). Run in this folder.

Each vector has the secret, the network's key, the image and all that comes of them; the key file is the plaintext that
age encrypts. Samples are row by row, channels interleaved, 16-bit samples high byte first. Nothing here is random."""
import hashlib, hmac, json, math
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha512).digest()


def expand(prk, label, length):
    info, out, block, i = b"keygan/sealed/1/" + label.encode(), b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha512).digest()
        out, i = out + block, i + 1
    return out[:length]


def move(x, y, h, w, a, b, k):
    for _ in range(k):
        x = (x + a * y) % h
        y = (y + b * x) % w
    return x, y


def parameters(prk, h, w):
    if h == 1 or w == 1:
        return 0, 0, 0
    i = 0
    while True:
        u = expand(prk, "cat-map/%d" % i, 24)
        u = [int.from_bytes(u[j : j + 8], "big") for j in (0, 8, 16)]
        a, b, k = 1 + u[0] % (h - 1), 1 + u[1] % (w - 1), 1 + u[2] % 4
        # On a square, where row 0, column 1 goes is the matrix's right column: its row is the upper right element.
        x, y = move(0, 1, h, w, a, b, k)
        if (math.gcd(x, w) == 1) if h == w else ((x, y) != (0, 1)):
            return a, b, k
        i += 1


def catmap(pix, h, w, size, a, b, k):
    out = bytearray(len(pix))
    for x in range(h):
        for y in range(w):
            x1, y1 = move(x, y, h, w, a, b, k)
            at = (x1 * w + y1) * size
            out[at : at + size] = pix[(x * w + y) * size :][:size]
    return bytes(out)


def stream(label, n):
    return hashlib.shake_128(label.encode()).digest(n)


def vector(name, kind, h, w, channels, depth, content, network, file_name):
    size = channels * depth // 8
    secret = stream("secret of " + name, 32)
    pix = content + bytes(h * w * size - len(content))
    prk = extract(secret, network)
    a, b, k = parameters(prk, h, w)
    generator = hashlib.sha256(b"the network of " + name.encode()).hexdigest() if network else "none"
    commitment = expand(prk, "commitment", 32)
    header = json.dumps(dict(
        scheme="sealed", version=1, derivation=1, kind=kind, width=w, height=h, channels=channels, depth=depth,
        length=len(content) if kind == "file" else 0, generator=generator, commitment=commitment.hex(), name=file_name,
    ), separators=(",", ":"), ensure_ascii=False)
    key, nonce = expand(prk, "aes-256-gcm-key", 32), expand(prk, "aes-256-gcm-nonce", 12)
    permuted = catmap(pix, h, w, size, a, b, k)
    sealed = AESGCM(key).encrypt(nonce, permuted, header.encode())
    cipher, tag = sealed[:-16], sealed[-16:]
    return dict(
        description=name, kind=kind, height=h, width=w, channels=channels, depth=depth, name=file_name,
        generator="" if generator == "none" else generator, secret=secret.hex(), network_key=network.hex(),
        plain=content.hex(), prk=prk.hex(), a=a, b=b, iterations=k, key=key.hex(), nonce=nonce.hex(), header=header,
        cipher=cipher.hex(), tag=tag.hex(), key_file='{"header":%s,"prk":"%s","tag":"%s"}\n' % (header, prk.hex(), tag.hex()),
    )


vectors = []
for h, w, channels, depth, network in [
    (1, 1, 1, 8, 0), (1, 9, 1, 8, 5), (7, 1, 3, 8, 0), (2, 2, 1, 8, 0), (16, 16, 1, 8, 768), (13, 13, 3, 8, 0), (30, 30, 1, 16, 64),
    (5, 8, 2, 8, 0), (8, 5, 4, 8, 120), (11, 6, 3, 16, 0), (12, 12, 2, 16, 1), (9, 14, 4, 16, 378),
]:
    name = "image of %d rows, %d columns, %d channels, %d bits" % (h, w, channels, depth)
    vectors.append(vector(name, "image", h, w, channels, depth, stream(name, h * w * channels * depth // 8),
                          stream("network " + name, network), "scan.png" if network else ""))
for n, file_name in [(0, ""), (1, "x"), (2, 'a "quoted" name.dcm'), (100, "Aufnahme größer.nii.gz"), (101, "<&>.npy")]:
    side = max(1, math.isqrt(max(0, n - 1)) + (1 if n else 0))
    name = "file of %d bytes" % n
    vectors.append(vector(name, "file", side, side, 1, 8, stream(name, n), b"", file_name))
with open("sealed.json", "w") as f:
    json.dump(vectors, f, indent=1)
    f.write("\n")
