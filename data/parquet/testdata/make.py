#!/usr/bin/python3
"""Writes table.parquet and expected.json with nothing but the format's specification, NumPy and zlib, in the way PyArrow does:
optional columns, a dictionary page and data pages of version 1, Snappy, a page index left out, a float and a double, and a
string column beside them. Debian 12 has no program that writes parquet. Run it in this folder."""
import json
import struct
import numpy as np

# --- Thrift compact protocol


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return varint((n << 1) ^ (n >> 63))


def encode(v):
    """The type and the bytes of an int (i32; ("i64", n) for a long), a string, a list or a struct (a dict by field number)."""
    if isinstance(v, tuple):
        return 6, zigzag(v[1])
    if isinstance(v, int):
        return 5, zigzag(v)
    if isinstance(v, str):
        return 8, varint(len(v.encode())) + v.encode()
    if isinstance(v, list):
        items = [encode(x) for x in v]
        head = bytes([len(v) << 4 | items[0][0]]) if len(v) < 15 else bytes([0xF0 | items[0][0]]) + varint(len(v))
        return 9, head + b"".join(b for _, b in items)
    out, last = b"", 0
    for field in sorted(v):
        kind, b = encode(v[field])
        out, last = out + bytes([(field - last) << 4 | kind]) + b, field
    return 12, out + b"\0"


# --- Pages


def snappy(b):
    """Literals of 60 bytes at most, then, where the last 8 bytes are the same as those before, one copy."""
    out, at = varint(len(b)), 0
    while at < len(b):
        if at >= 8 and b[at - 8:at] == b[at:at + 8] and len(b) - at >= 8:
            out, at = out + bytes([(8 - 4) << 2 | 1, 8]), at + 8
            continue
        part = b[at:at + 20]
        out, at = out + bytes([(len(part) - 1) << 2]) + part, at + len(part)
    return out


def runs(values, width):
    """RLE for what repeats 8 times and more, else bit-packed groups of 8."""
    out, at = b"", 0
    while at < len(values):
        n = 1
        while at + n < len(values) and values[at + n] == values[at]:
            n += 1
        if n >= 8 or len(values) - at < 8 and n == len(values) - at:
            out, at = out + varint(n << 1) + int(values[at]).to_bytes((width + 7) // 8, "little"), at + n
            continue
        group = list(values[at:at + 8]) + [0] * 8
        bits = sum(int(v) << (i * width) for i, v in enumerate(group[:8]))
        out, at = out + varint(1 << 1 | 1) + bits.to_bytes(width, "little"), at + 8
    return out


def page(kind, header_field, header, body):
    packed = snappy(body)
    return encode({1: kind, 2: len(body), 3: len(packed), header_field: header})[1] + packed


def levels(there):
    b = runs([int(x) for x in there], 1)
    return struct.pack("<I", len(b)) + b


def column(values, kind, dictionary):
    """The pages of a column, two data pages, and how far in the first of those is."""
    there = ~np.isnan(values) | (np.arange(len(values)) % 2 == 0)  # of the NaN, half are null
    out, first = b"", 0
    if dictionary:
        distinct, index = np.unique(values[there], return_inverse=True)
        width = max(1, int(len(distinct) - 1).bit_length())
        out = page(2, 7, {1: len(distinct), 2: 0}, distinct.astype(kind).tobytes())
        first, place = len(out), np.cumsum(there) - 1
    for part in (slice(0, len(values) // 3), slice(len(values) // 3, None)):
        mask = there[part]
        if dictionary:
            body = bytes([width]) + runs(index[place[part][mask]], width)
        else:
            body = values[part][mask].astype(kind).tobytes()
        out += page(0, 5, {1: len(mask), 2: 8 if dictionary else 0, 3: 3, 4: 3}, levels(mask) + body)
    return out, first


rng = np.random.default_rng(3)
rows = 100
noise = rng.gamma(1, 3, rows)
noise[[3, 4, 50]] = np.nan
steps = np.repeat(rng.integers(0, 5, 10) / 4, 10)
steps[37:41] = np.nan
table = [
    ("LL_0.59", noise, "<f4", False), ("RL_0.59", steps, "<f4", True), ("LP_0.59", noise[::-1].copy(), "<f8", False),
    ("RP_0.59", np.round(noise * 2), "<f8", True),
]
out, chunks = b"PAR1", []
for name, values, kind, dictionary in table:
    pages, first = column(values, kind, dictionary)
    meta = {1: 4 if kind == "<f4" else 5, 2: [0, 3, 8] if dictionary else [0, 3], 3: [name], 4: 1, 5: ("i64", rows), 6: ("i64", 9999),
            7: ("i64", len(pages)), 9: ("i64", len(out) + first)}
    if dictionary:
        meta[11] = ("i64", len(out))
    chunks.append({2: ("i64", len(out)), 3: meta})
    out += pages
words = page(0, 5, {1: rows, 2: 0, 3: 3, 4: 3}, levels(np.ones(rows, bool)) + b"\3\0\0\0abc" * rows)
chunks.append({2: ("i64", len(out)), 3: {1: 6, 2: [0, 3], 3: ["label"], 4: 1, 5: ("i64", rows), 6: ("i64", 9999), 7: ("i64", len(words)),
                                         9: ("i64", len(out))}})
out += words
schema = [{4: "schema", 5: len(table) + 1}] + [{1: 4 if kind == "<f4" else 5, 3: 1, 4: name} for name, _, kind, _ in table]
schema.append({1: 6, 3: 1, 4: "label"})
footer = encode({1: 1, 2: schema, 3: ("i64", rows), 4: [{1: chunks, 2: ("i64", 9999), 3: ("i64", rows)}],
                 5: [{1: "pandas", 2: '{"index_columns": []}'}], 6: "make.py"})[1]
with open("table.parquet", "wb") as f:
    f.write(out + footer + struct.pack("<I", len(footer)) + b"PAR1")
with open("expected.json", "w") as f:  # null for NaN
    json.dump({name: [None if np.isnan(v) else float(np.float32(v)) for v in values] for name, values, _, _ in table}, f)
