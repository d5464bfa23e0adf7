#!/usr/bin/python3
"""Decrypts one pair of keygan's files, the scheme sealed in versions 1 to 3, as docs/format.md describes them.

    decrypt.py scan.cipher.png -i me.key -o scan.png            with scan.key.age beside the cipher image
    decrypt.py scan.cipher.png --key old.key.age -o scan.png    age asks for the passphrase
    decrypt.py scan.cipher.png -o scan.png                      with scan.key.json, a key file that is not encrypted

The program was written from the document and shares no code with keygan. It needs Python 3.9, the package cryptography
for AES-GCM, and age, which opens key files. Read it from the end: main, then decrypt. The words are those of the document.
"""
import argparse
import contextlib
import hashlib
import hmac
import io
import math
import os
import re
import secrets
import struct
import subprocess
import sys
import unicodedata
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK, TAG = 65536, 16  # bytes of a full chunk's plaintext, and of a tag
MAX_SIDE, MAX_LENGTH, MAX_SAMPLES = 1 << 20, 1 << 40, (1 << 31) - 17  # pixels, bytes, bytes
COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: colour type of PNG
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Refused(Exception):
    """A check failed. The user is not told which."""


class Failed(Exception):
    """An error that the user may know about and can fix."""


def check(ok):
    if not ok:
        raise Refused


# ---- Key file

NUMBER = "(?:0|[1-9][0-9]{0,12})"
SHAPE = '"width":<width>,"height":<height>,"channels":<channels>,"depth":<depth>,"length":<length>'
END = '"commitment":"<commitment>","name":"<name>"},"prk":"<prk>"<tag>}\n'
LINES = {
    1: '{"header":{"scheme":"sealed","version":1,"derivation":1,"kind":"<kind>",' + SHAPE + ',"generator":"<generator>",' + END,
    2: '{"header":{"scheme":"sealed","version":2,"kind":"<kind>",' + SHAPE + ',"mode":"<mode>","modified":"<modified>"'
       ',"generator":"<generator>","network-input":"<input>",' + END,
}
LINES[3] = LINES[2].replace('"version":2', '"version":3').replace(
    '"name":', '"folder":"<folder>","name":').replace('<tag>}', '<tag>,"padding":"<padding>"}')
GRAMMAR = {
    "kind": "image|file", "mode": "none|0[0-7]{3}", "modified": f"none|-?{NUMBER}[.][0-9]{{9}}", "generator": "none|[0-9a-f]{64}",
    "input": f"none|{NUMBER}x{NUMBER}", "commitment": "[0-9a-f]{64}", "name": r'(?:[^"\\]|\\")*', "folder": r'(?:[^"\\]|\\")*', "prk": "[0-9a-f]{128}", "padding": "0*",
    "tag": '(?:,"tag":"[0-9a-f]{32}")?',
}
BIDI_CONTROL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Key:
    """What a key file says. Nothing is left unchecked but the commitment."""

    def __init__(self, line):
        version = re.match(rb'{"header":{"scheme":"sealed","version":([1-9][0-9]{0,12}),', line)
        check(version)
        self.version = int(version[1])
        check(len(line) == 4096 if self.version == 3 else len(line) <= 2048)
        if self.version not in LINES:
            raise Failed(f"the key file has version {self.version}; this program knows 1 to 3")
        pattern = re.sub("<(.*?)>", lambda m: f"(?P<{m[1]}>{GRAMMAR.get(m[1], NUMBER)})", re.escape(LINES[self.version]))
        match = re.fullmatch(pattern.encode(), line)
        check(match)
        field = match.groupdict()
        check_name(field.pop("name").replace(b'\\"', b'"'))
        if folder := field.pop("folder", b"").replace(b'\\"', b'"'):
            check(len(folder) <= 1024)
            for name in folder.split(b"/"):
                check(name)
                check_name(name)
        field = {name: value.decode() for name, value in field.items()}
        self.header = line[len('{"header":'):line.rindex(b'},"prk":"') + 1]  # the associated data
        self.prk, self.commitment = bytes.fromhex(field["prk"]), bytes.fromhex(field["commitment"])
        self.tag = bytes.fromhex(field["tag"][len(',"tag":"'):-1])
        self.kind = field["kind"]
        self.width, self.height, self.channels, self.depth, self.length = (
            int(field[name]) for name in ("width", "height", "channels", "depth", "length"))
        self.pixel_bytes = self.channels * self.depth // 8
        self.in_chunks = self.version != 1 and self.kind == "file"
        check(bool(self.tag) != self.in_chunks)
        self.check_shape()
        self.mode = self.modified = None
        if self.version != 1:
            self.check_origin(**{name: field[name] for name in ("mode", "modified", "generator", "input")})

    def check_shape(self):
        check(1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE and self.length <= MAX_LENGTH)
        if self.kind == "image":
            check(1 <= self.channels <= 4 and self.depth in (8, 16) and self.length == 0)
        else:
            check(self.channels == 1 and self.depth == 8)
            check((self.width, self.height) == (geometry if self.in_chunks else square)(self.length))
        check(self.in_chunks or self.width * self.height * self.pixel_bytes <= MAX_SAMPLES)

    def check_origin(self, mode, modified, generator, input):
        check(mode != "0000")
        check(not modified.startswith("-0.") and modified != "-62135596800.000000000")
        check((generator == "none") == (input == "none"))
        check(input == "none" or all(1 <= int(side) <= MAX_SIDE for side in input.split("x")))
        if mode != "none":
            self.mode = int(mode, 8)
        if modified != "none":
            seconds, nanoseconds = modified.split(".")
            self.modified = int(seconds) * 10**9 + int(nanoseconds)  # nanoseconds count forward


def check_name(name):
    check(len(name) <= 255)
    try:
        name = name.decode()
    except UnicodeDecodeError:
        raise Refused from None
    check(name not in (".", ".."))
    check(not any(c in "/\\\u2028\u2029" + BIDI_CONTROL or unicodedata.category(c) == "Cc" for c in name))


def square(length):
    """Width and height of a file's cipher image in version 1."""
    side = math.isqrt(max(1, length) - 1) + 1
    return side, side


def geometry(length):
    """Width and height of a file's cipher image in versions 2 and 3."""
    n = max(1, length)
    size = n + TAG * -(-n // CHUNK)
    width = math.isqrt(size - 1) + 1
    height = -(-size // width)
    while 1 <= width * height % (CHUNK + TAG) <= TAG:
        height += 1
    return width, height


def read_key(path, identity):
    """The plaintext of a key file. A .json file is taken only when no identity is given, so that nobody can slip one in."""
    if path.endswith(".json") and not identity:
        with open(path, "rb") as file:
            return file.read(4097)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > 1 << 20:
            raise Failed(f"{path}: too large for a key file")
        command = ["age", "--decrypt"] + (["-i", identity] if identity else [])
        try:
            age = subprocess.run(command, stdin=file, capture_output=True)
        except FileNotFoundError:
            raise Failed("the program age is missing") from None
    if age.returncode != 0:
        why = age.stderr.decode(errors="replace").partition("\n")[0]
        raise Failed(f"{path}: age does not open it: {why.removeprefix('age: error: ')}")
    return age.stdout


# ---- Derivations

def expand(key, label, n):
    """HKDF-Expand with SHA-512: for n up to 64 it is the beginning of one HMAC."""
    info = b"keygan/sealed/%d/" % key.version + label.encode()
    return hmac.digest(key.prk, info + b"\x01", hashlib.sha512)[:n]


# ---- Cat map

def cat_map(key, width, height):
    """The parameters a, b and iterations, or None where there is no cat map."""
    i = 0
    while width > 1 and height > 1:
        u, v, w = struct.unpack(">QQQ", expand(key, f"cat-map/{i}", 24))
        a, b, iterations = 1 + u % (height - 1), 1 + v % (width - 1), 1 + w % 4
        x, y = 0, 1
        for _ in range(iterations):
            x = (x + a * y) % height
            y = (y + b * x) % width
        if math.gcd(x, width) == 1 if width == height else (x, y) != (0, 1):
            return a, b, iterations
        i += 1
    return None


def undo_cat_map(parameters, pixels, width, height, pixel_bytes):
    """One iteration turns column y by a·y, then row x by b·x. The inverse turns them back, rows first."""
    if parameters is None:
        return pixels
    a, b, iterations = parameters
    pixels, row_bytes = bytearray(pixels), width * pixel_bytes
    for _ in range(iterations):
        for x in range(height):
            start, turn = x * row_bytes, b * x % width * pixel_bytes
            row = pixels[start:start + row_bytes]
            pixels[start:start + row_bytes] = row[turn:] + row[:turn]
        for j in range(row_bytes):  # byte j of a row belongs to column j // pixel_bytes
            turn = a * (j // pixel_bytes) % height
            column = pixels[j::row_bytes]
            pixels[j::row_bytes] = column[turn:] + column[:turn]
    return pixels


# ---- Cipher image

def read_shape(file):
    """Width, height, channels and depth of a PNG that is open at its beginning."""
    start = file.read(33)
    check(len(start) == 33 and start[:16] == PNG_SIGNATURE + b"\0\0\0\rIHDR")
    check(zlib.crc32(start[12:29]) == int.from_bytes(start[29:], "big"))
    width, height, depth, colour_type, *methods = struct.unpack(">IIBBBBB", start[16:29])
    channels = {colour: channels for channels, colour in COLOUR_TYPE.items()}.get(colour_type)
    check(channels and depth in (8, 16) and methods == [0, 0, 0])  # the last method would be interlacing
    return width, height, channels, depth


def read_idat(file):
    """Yields the compressed data from the PNG's IDAT chunks, in pieces of at most 64 KiB, up to the IEND chunk."""
    name = b""
    while name != b"IEND":
        start = file.read(8)
        check(len(start) == 8)
        left, name = int.from_bytes(start[:4], "big"), start[4:]
        check(name in (b"IDAT", b"IEND", b"PLTE") or name[0] & 32)  # other chunks must be ancillary
        crc = zlib.crc32(name)
        while left:
            piece = file.read(min(left, 1 << 16))
            check(piece)
            left, crc = left - len(piece), zlib.crc32(piece, crc)
            if name == b"IDAT":
                yield piece
        check(file.read(4) == crc.to_bytes(4, "big"))


class Inflated(io.RawIOBase):
    """The decompressed IDAT data as a file."""

    def __init__(self, file):
        self.pieces, self.zlib, self.waiting = read_idat(file), zlib.decompressobj(), b""

    def readable(self):
        return True

    def readinto(self, buffer):
        try:
            while not (data := self.zlib.decompress(self.waiting, len(buffer))):
                self.waiting = next(self.pieces, b"")
                if not self.waiting:
                    check(self.zlib.eof)
                    return 0
                check(not self.zlib.eof)  # no data after the end of the stream
        except zlib.error:
            raise Refused from None
        self.waiting = self.zlib.unconsumed_tail
        buffer[:len(data)] = data
        return len(data)


def paeth(left, up, corner):
    p = left + up - corner
    return min((left, up, corner), key=lambda neighbour: abs(p - neighbour))  # the first of equals, as PNG wants it


PREDICTORS = (None, lambda left, up, corner: left, lambda left, up, corner: up, lambda left, up, corner: (left + up) // 2, paeth)


def read_rows(file, key):
    """Yields the rows of samples of a PNG whose shape has been read. After the last there must be nothing more."""
    data, n, bpp = io.BufferedReader(Inflated(file), 1 << 16), key.width * key.pixel_bytes, key.pixel_bytes
    above = bytes(bpp + n)  # a row begins with a pixel of zeros, which has the place of the one on the left
    for _ in range(key.height):
        row = bytearray(data.read(1 + n))
        check(len(row) == 1 + n and row[0] < len(PREDICTORS))
        predict, row[:1] = PREDICTORS[row[0]], bytes(bpp)
        if predict:
            for i in range(bpp, bpp + n):
                row[i] = (row[i] + predict(row[i - bpp], above[i], above[i - bpp])) & 255
        yield row[bpp:]
        above = row
    check(data.read(1) == b"")


def write_png(out, key, samples):
    """Writes samples as a PNG without filters."""
    def chunk(name, data):
        out.write(len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big"))

    out.write(PNG_SIGNATURE)
    chunk(b"IHDR", struct.pack(">IIBBBBB", key.width, key.height, key.depth, COLOUR_TYPE[key.channels], 0, 0, 0))
    deflate, n = zlib.compressobj(), key.width * key.pixel_bytes
    for start in range(0, len(samples), n):
        if data := deflate.compress(b"\0" + samples[start:start + n]):
            chunk(b"IDAT", data)
    chunk(b"IDAT", deflate.flush())
    chunk(b"IEND", b"")


# ---- The two ways of encryption

def decrypt_whole(key, aes, rows, out):
    """Version 1, and kind image of versions 2 and 3."""
    nonce = expand(key, "aes-256-gcm-nonce", 12)
    scrambled = aes.decrypt(nonce, b"".join(rows) + key.tag, key.header)
    parameters = cat_map(key, key.width, key.height)
    plaintext = undo_cat_map(parameters, scrambled, key.width, key.height, key.pixel_bytes)
    if key.kind == "image":
        write_png(out, key, plaintext)
    else:
        out.write(plaintext[:key.length])


def decrypt_chunks(key, aes, rows, out):
    """Kind file of versions 2 and 3. Only one chunk and a row are in memory at a time."""
    last = -(-key.width * key.height // (CHUNK + TAG)) - 1
    parameters = cat_map(key, 256, 256)
    left = key.length  # bytes of the file that are still to come; padding follows
    for i, sealed in enumerate(cut(rows, CHUNK + TAG)):
        nonce = i.to_bytes(11, "big") + (b"\x01" if i == last else b"\x00")
        plaintext = aes.decrypt(nonce, sealed, key.header)
        if len(plaintext) == CHUNK:
            plaintext = undo_cat_map(parameters, plaintext, 256, 256, 1)
        out.write(plaintext[:left])
        check(not any(plaintext[left:]))
        left = max(0, left - len(plaintext))


def cut(rows, size):
    """Yields the bytes of rows in pieces of a size; the last may be shorter."""
    pieces = bytearray()
    for row in rows:
        pieces += row
        while len(pieces) >= size:
            yield bytes(pieces[:size])
            del pieces[:size]
    if pieces:
        yield bytes(pieces)


def decrypt(cipher_image, key_file, identity, output):
    key = Key(read_key(key_file, identity))
    check(hmac.compare_digest(expand(key, "commitment", 32), key.commitment))
    with open(cipher_image, "rb") as file:
        check(read_shape(file) == (key.width, key.height, key.channels, key.depth))
        aes = AESGCM(expand(key, "aes-256-gcm-key", 32))
        with new_file(output, key) as out:
            (decrypt_chunks if key.in_chunks else decrypt_whole)(key, aes, read_rows(file, key), out)


@contextlib.contextmanager
def new_file(path, key):
    """A file that gets its name when the block has succeeded, and is removed otherwise. No execute bits: the sender chose the mode."""
    temporary, mode = f"{path}.{secrets.token_hex(8)}.tmp", (key.mode or 0o600) & 0o666 | 0o400
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(descriptor)
        if key.modified is not None and key.kind == "file":
            with contextlib.suppress(OSError, OverflowError):  # the content matters more than a time that this system cannot store
                os.utime(temporary, ns=(key.modified, key.modified))
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def main():
    parser = argparse.ArgumentParser(description="Decrypts one cipher image of keygan.")
    parser.add_argument("cipher_image", metavar="X.cipher.png")
    parser.add_argument("--key", help="the key file; default: X.key.age, or X.key.json if there is no identity")
    parser.add_argument("-i", metavar="IDENTITY", dest="identity", help="the file with the age identity or SSH key")
    parser.add_argument("-o", metavar="FILE", dest="output", required=True, help="the file to write; it must not exist")
    args = parser.parse_args()
    stem = args.cipher_image.removesuffix(".cipher.png")
    key_file = args.key or stem + (".key.age" if args.identity or os.path.exists(stem + ".key.age") else ".key.json")
    try:
        if os.path.lexists(args.output):
            raise Failed(f"{args.output}: exists")
        decrypt(args.cipher_image, key_file, args.identity, args.output)
    except (Refused, InvalidTag):
        sys.exit(f"decrypt.py: {args.cipher_image} does not open with {key_file}")
    except (Failed, OSError) as error:
        sys.exit(f"decrypt.py: {error}")


if __name__ == "__main__":
    main()
