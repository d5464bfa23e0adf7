#!/usr/bin/python3
"""Makes sealed.json: the scheme sealed by an implementation of its own, from RFC 5869's HKDF on hmac, a cat map that moves
one pixel after the other, and AES-GCM of the Python package cryptography (Debian: python3-cryptography). Run in this folder.

Version 2 is written from docs/format.md, beside version 1, to sealed-v2.json. Outputs of more than 4096 bytes are there as SHA-256.

Each vector of version 1 has the secret, the network's key, the image and all that comes of them; the key file is the plaintext that
age encrypts. Samples are row by row, channels interleaved, 16-bit samples high byte first. Nothing here is random."""
import hashlib, hmac, json, math
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha512).digest()


def expand(prk, label, length, version=1):
    info, out, block, i = b"keygan/sealed/%d/" % version + label.encode(), b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha512).digest()
        out, i = out + block, i + 1
    return out[:length]


def move(x, y, h, w, a, b, k):
    for _ in range(k):
        x = (x + a * y) % h
        y = (y + b * x) % w
    return x, y


def parameters(prk, h, w, version=1):
    if h == 1 or w == 1:
        return 0, 0, 0
    i = 0
    while True:
        u = expand(prk, "cat-map/%d" % i, 24, version)
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


# Version 2.
def catmap_steps(pix, h, w, size, a, b, k):
    """catmap, from a list of where every pixel goes; the chunks of a file share one."""
    key = (h, w, size, a, b, k)
    if key not in catmap_steps.known:
        catmap_steps.known[key] = [
            (x1 * w + y1) * size + i for x in range(h) for y in range(w) for x1, y1 in [move(x, y, h, w, a, b, k)] for i in range(size)]
    out = bytearray(len(pix))
    for to, v in zip(catmap_steps.known[key], pix):
        out[to] = v
    return bytes(out)


catmap_steps.known = {}


def geometry(n):
    n = max(1, n)
    s = n + 16 * -(-n // 65536)
    w = math.isqrt(s - 1) + 1
    h = -(-s // w)
    while 1 <= w * h % 65552 <= 16:
        h += 1
    return w, h


def header2(kind, w, h, channels, depth, length, extra, commitment, file_name):
    return ('{"scheme":"sealed","version":2,"kind":"%s","width":%d,"height":%d,"channels":%d,"depth":%d,"length":%d,"mode":"%s","modified":"%s",'
            '"generator":"%s","network-input":"%s","commitment":"%s","name":"%s"}') % (
        kind, w, h, channels, depth, length, extra.get("mode", "none"), extra.get("modified", "none"), extra.get("generator", "none"),
        extra.get("input", "none"), commitment.hex(), file_name.replace('"', '\\"'))


def big(b):
    return {"hex": b.hex()} if len(b) <= 4096 else {"sha256": hashlib.sha256(b).hexdigest(), "length": len(b)}


def vector2(name, kind, shape, content, network, file_name, extra):
    if network:
        extra = dict(extra, generator=hashlib.sha256(b"the network of " + name.encode()).hexdigest(), input="256x192")
    secret = stream("secret of " + name, 32)
    prk = extract(secret, network)
    key, commitment = expand(prk, "aes-256-gcm-key", 32, 2), expand(prk, "commitment", 32, 2)
    v = dict(description=name, kind=kind, name=file_name, secret=secret.hex(), network_key=network.hex(), prk=prk.hex(), key=key.hex(),
             generator=extra.get("generator", ""), network_input=extra.get("input", ""), mode=extra.get("mode", ""), modified=extra.get("modified", ""),
             plain_label=name, plain_length=len(content))
    if kind == "image":
        h, w, channels, depth = shape
        size = channels * depth // 8
        a, b, k = parameters(prk, h, w, 2)
        header = header2(kind, w, h, channels, depth, 0, extra, commitment, file_name)
        nonce = expand(prk, "aes-256-gcm-nonce", 12, 2)
        sealed = AESGCM(key).encrypt(nonce, catmap(content, h, w, size, a, b, k), header.encode())
        samples, end = sealed[:-16], '","tag":"%s"}\n' % sealed[-16:].hex()
    else:
        w, h = geometry(len(content))
        channels, depth = 1, 8
        a, b, k = parameters(prk, 256, 256, 2)
        header = header2(kind, w, h, 1, 8, len(content), extra, commitment, file_name)
        chunks = -(-w * h // 65552)
        plain = content + bytes(w * h - 16 * chunks - len(content))
        samples, end = b"", '"}\n'
        for i in range(chunks):
            chunk = plain[65536 * i :][:65536]
            if len(chunk) == 65536:
                chunk = catmap_steps(chunk, 256, 256, 1, a, b, k)
            nonce = i.to_bytes(11, "big") + bytes([i == chunks - 1])
            samples += AESGCM(key).encrypt(nonce, chunk, header.encode())
        assert len(samples) == w * h
    return dict(v, height=h, width=w, channels=channels, depth=depth, a=a, b=b, iterations=k, header=header, cipher=big(samples),
                key_file='{"header":%s,"prk":"%s%s' % (header, prk.hex(), end))


vectors = []
recorded = dict(mode="0640", modified="1763745700.123456789")
for shape, network, extra in [
    ((1, 1, 1, 8), 0, {}), ((1, 9, 3, 8), 5, recorded), ((16, 16, 1, 8), 768, {}), ((5, 8, 2, 8), 0, dict(mode="0001")),
    ((11, 6, 3, 16), 0, dict(modified="-1.999999999")), ((9, 14, 4, 16), 378, recorded), ((70, 80, 1, 8), 0, {}),
]:
    name = "version 2, image of %d rows, %d columns, %d channels, %d bits" % shape
    vectors.append(vector2(name, "image", shape, stream(name, shape[0] * shape[1] * shape[2] * shape[3] // 8),
                           stream("network " + name, network), "scan.png" if network else "", extra))
for n, network, file_name, extra in [
    (0, 0, "", {}), (1, 0, "x", dict(mode="0777")), (10, 0, "scan.dcm", recorded), (100, 64, 'a "quoted" name.dcm', dict(modified="0.000000000")),
    (65535, 0, "", {}), (65536, 0, "Aufnahme größer.nii.gz", {}), (65537, 0, "", {}), (70000, 768, "brain.nii.gz", recorded),
    (131072, 0, "", dict(modified="-12345678901.000000001")), (200000, 0, "<&>.npy", {}),
]:
    name = "version 2, file of %d bytes" % n
    vectors.append(vector2(name, "file", None, stream(name, n), stream("network " + name, network), file_name, extra))
with open("sealed-v2.json", "w") as f:
    json.dump(vectors, f, indent=1)
    f.write("\n")
