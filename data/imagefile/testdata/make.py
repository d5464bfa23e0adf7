#!/usr/bin/python3
"""Makes the test vectors of package data with Pillow 9.4 and NumPy 1.24: files in formats that Go cannot write, arrays,
and images resized by Pillow. expected.json holds what each file must decode to. Run it in this folder."""
import json
import numpy as np
from PIL import Image

rng = np.random.default_rng(1)
expected = {}


def expect(name, a):
    a = np.asarray(a)
    expected[name] = {"shape": list(a.shape), "values": a.flatten().tolist()}


def image(name, a, mode=None, **options):
    Image.fromarray(a, mode).save(name, **options)
    expect(name, np.asarray(Image.open(name)))


rgb = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
grey = rng.integers(0, 256, (5, 7), dtype=np.uint8)
image("lzw.tif", rgb, compression="tiff_lzw")
image("packbits.tif", grey, compression="packbits")
image("deflate16.tif", rng.integers(0, 65536, (5, 7)).astype(np.uint16), compression="tiff_adobe_deflate")
image("grey-alpha.png", rng.integers(0, 256, (5, 7, 2), dtype=np.uint8), "LA")
image("palette.bmp", grey)

ramp = np.linspace(0, 255, 16 * 16).reshape(16, 16).astype(np.uint8)
image("progressive.jpg", np.stack([ramp, ramp.T, ramp // 2], -1), quality=95, subsampling=0, progressive=True)
Image.fromarray(np.stack([ramp, ramp.T, ramp // 2, ramp * 0], -1), "CMYK").save("cmyk.jpg", quality=98, subsampling=0)
expect("cmyk.jpg", np.asarray(Image.open("cmyk.jpg").convert("RGB")))

# Arrays; the float one is chosen so that its window is 0 to 255 exactly.
np.save("grey.npy", grey)
expect("grey.npy", grey[None, :, :, None])
np.save("rgb.npy", rgb)
expect("rgb.npy", rgb[None])
stack = rng.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
np.save("stack.npy", stack)
expect("stack.npy", stack)
np.save("fortran.npy", np.asfortranarray(stack[..., 0]))
expect("fortran.npy", stack[..., :1])
levels = rng.permutation(256).reshape(2, 8, 16)
# 256 values: the window leaves out the lowest and the highest, 1 and 254 become the ends.
scaled = np.clip(np.floor((levels - 1.0) / 253 * 255 + 0.5), 0, 255).astype(int)[..., None]
for kind in ("<f4", ">f8", "<f2", "<i2", ">u2", "<i4", "<u4", ">i8", "<u8"):
    name = "levels-" + kind.replace("<", "le-").replace(">", "be-") + ".npy"
    np.save(name, levels.astype(kind))
    expect(name, scaled)
np.save("bool.npy", grey > 100)
expect("bool.npy", (grey > 100).astype(int)[None, :, :, None] * 255)
np.save("pickled.npy", {"a": grey}, allow_pickle=True)

# Resizing: [height, width] in, every size out, Pillow's BILINEAR (a triangle filter, widened when reducing).
resized = []
source = rng.integers(0, 256, (23, 31), dtype=np.uint8)
for width, height in ((31, 23), (16, 12), (5, 4), (1, 1), (62, 46), (40, 11), (31, 7), (97, 23)):
    out = Image.fromarray(source).resize((width, height), Image.Resampling.BILINEAR)
    resized.append({"width": width, "height": height, "values": np.asarray(out).flatten().tolist()})

with open("expected.json", "w") as f:
    json.dump({"files": expected, "source": {"width": 31, "height": 23, "values": source.flatten().tolist()}, "resized": resized}, f,
              separators=(",", ":"))
