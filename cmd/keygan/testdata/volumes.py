"""Judges what keygan makes of volumes, with nibabel, pydicom and NumPy, from docs/format.md only.

    volumes.py make DIR                  writes volumes of several kinds
    volumes.py judge PLAIN OUT BACK      what lies in BACK has the voxels and headers of PLAIN, and OUT opens to the same
    volumes.py keys ARCHIVE DIR VOLUME   the keys of an archive are those of a volume's slices, which lie in DIR
"""
import gzip
import json
import os
import sys

import nibabel
import numpy
import pydicom
from PIL import Image


def make(folder):
    z, y, x = numpy.mgrid[0:5, 0:24, 0:20]
    waves = ((numpy.sin(x / 9) + numpy.cos(y / 7) + z / 10) * 400).T
    affine = numpy.array([[-1.5, 0, 0.1, 10], [0, 2, 0, -3], [0.2, 0, 3, 7], [0, 0, 0, 1]])
    big = nibabel.Nifti1Image(waves.astype(">i2"), affine, nibabel.Nifti1Header(endianness=">"))
    nibabel.save(big, os.path.join(folder, "big.nii.gz"))
    assert unpacked(os.path.join(folder, "big.nii.gz"))[:4] == b"\0\0\1\x5c"
    for name, kind in {"u1.nii": "u1", "i2.nii.gz": "<i2", "f4.nii": "<f4", "f8.nii.gz": "<f8"}.items():
        nibabel.save(nibabel.Nifti1Image(waves.astype(kind), affine), os.path.join(folder, name))
    scaled = nibabel.Nifti1Image((waves - 600).astype("<i2"), affine)
    scaled.header.set_slope_inter(2.5, -1024)
    scaled.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"scanned twice"))
    nibabel.save(scaled, os.path.join(folder, "scaled.nii.gz"))
    nibabel.save(nibabel.Nifti1Image(numpy.arange(-480, 480, dtype="<i2").reshape(8, 6, 4, 5), affine), os.path.join(folder, "series.nii"))
    numbers = numpy.arange(256 * 256 * 2).reshape(256, 256, 2) * 31 % 4000 - 1000
    nibabel.save(nibabel.Nifti1Image(numbers.astype("<i2"), affine), os.path.join(folder, "square.nii.gz"))


def unpacked(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


def same(plain, back):
    assert unpacked(plain) == unpacked(back), "other bytes"
    if plain.endswith(".dcm"):
        a, b = pydicom.dcmread(plain), pydicom.dcmread(back)
        assert a == b and numpy.array_equal(a.pixel_array, b.pixel_array)
        return
    a, b = nibabel.load(plain), nibabel.load(back)
    assert a.header == b.header and numpy.array_equal(a.affine, b.affine) and a.header.extensions == b.header.extensions
    assert a.dataobj.slope == b.dataobj.slope and a.get_data_dtype() == b.get_data_dtype()
    assert numpy.array_equal(a.get_fdata(), b.get_fdata())


def cat_map_back(image, iterations):
    rows, columns = numpy.mgrid[0:256, 0:256]
    for _ in range(iterations):  # new[x', y'] = old[x, y], x' = x + y, y' = y + x'
        moved = (rows + columns) % 256
        image = image[moved, (columns + moved) % 256]
    return image


def logistic(x, r, n):
    out = []
    for i in range(1000 + n):
        x = (r * x) * (1 - x)
        if i >= 1000:
            out.append(int(x * 1e14) % 256)
    return numpy.array(out, "u1")


def opened(cipher, key_file, path):
    archive = numpy.load(key_file)
    meta = json.loads(archive["meta"].tobytes())
    v = meta["volume"]
    shape = v["slices"], v["height"], v["bytes"], v["width"]
    planes = numpy.array(Image.open(cipher)).reshape(shape).transpose(0, 2, 1, 3).copy()  # [slices, bytes, height, width]
    if meta["scheme"] == "logistic":
        numbers = archive["numbers"].view("<f8")
        for s in range(v["slices"]):
            for j in range(v["bytes"]):
                planes[s, j] ^= logistic(*numbers[s, j], v["height"] * v["width"]).reshape(v["height"], v["width"])
    else:
        planes ^= archive["key"].reshape(shape).transpose(0, 2, 1, 3)
        if meta["scheme"] == "paper":
            planes = numpy.array([[cat_map_back(p, meta["iterations"]) for p in slice] for slice in planes])
    voxels = planes.transpose(0, 2, 3, 1)
    assert archive["head"].tobytes() + voxels.tobytes() + archive["tail"].tobytes() == unpacked(path), "other bytes"
    if meta["scheme"] == "xor":  # the keys, of one plane each, for keygan to make again
        key = archive["key"].reshape(shape)
        for j in range(v["bytes"]):
            Image.fromarray(numpy.ascontiguousarray(voxels[1 % v["slices"], :, :, j])).save(f"{key_file}.plane{j}.png")
            numpy.save(f"{key_file}.key{j}.npy", key[1 % v["slices"], :, j])


def keys(archive, folder, volume):
    """Each key of keygen is that of the slice, which nibabel shows: axial, the nose at the top, the patient's right on the left."""
    made = numpy.load(archive)["keys"]
    assert made.dtype == numpy.uint8 and len(made) == nibabel.load(volume).shape[2]
    for i, key in enumerate(made):
        alone = numpy.array(Image.open(os.path.join(folder, f"slice{i}.key.png")))
        assert numpy.array_equal(key, alone), i


def judge(plain, out, back):
    names = os.listdir(back)
    assert names
    for name in names:
        stem = os.path.join(out, name.removesuffix(".gz").removesuffix(".nii").removesuffix(".dcm"))
        try:
            same(os.path.join(plain, name), os.path.join(back, name))
            opened(stem + ".cipher.png", stem + ".key.npz", os.path.join(plain, name))
        except Exception as e:
            raise SystemExit(f"{name}: {e!r}")
    print(len(names))


{"make": make, "judge": judge, "keys": keys}[sys.argv[1]](*sys.argv[2:])
