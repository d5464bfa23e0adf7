"""Judges what keygan makes of volumes, with nibabel, pydicom and NumPy, from docs/format.md only.

    volumes.py make DIR                  writes volumes of several kinds
    volumes.py series DIR                writes series of DICOM slices, each in files whose names tell nothing of their order
    volumes.py order DIR [ROWS]          prints the names of DIR's native slices of 16 bits and ROWS rows, in the order of their positions
    volumes.py serieskeys ARCHIVE DIR    the keys of a series are those of its slices, which lie in DIR; prints the slices' names
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


def slice_of(number, rows, columns, bits=16, where=None, compressed=False):
    """One slice of a CT, at another height than its number says."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, RLELossless
    s = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=FileMetaDataset())
    s.file_meta.MediaStorageSOPClassUID = s.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    s.file_meta.MediaStorageSOPInstanceUID = s.SOPInstanceUID = f"1.2.826.0.1.3680043.9.9.{rows}.{bits}.{number}"
    s.file_meta.TransferSyntaxUID = RLELossless if compressed else ExplicitVRLittleEndian
    s.is_little_endian, s.is_implicit_VR = True, False
    s.Modality, s.PatientName, s.PatientID, s.SeriesInstanceUID, s.InstanceNumber = "CT", "Doe^Jane", "4711", "1.2.3.4", number
    s.ImageOrientationPatient, s.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, -2.5 * number]
    s.PatientComments = "x" * number
    s.Rows, s.Columns, s.SamplesPerPixel, s.PhotometricInterpretation = rows, columns, 1, "MONOCHROME2"
    s.BitsAllocated = s.BitsStored = bits
    s.HighBit, s.PixelRepresentation = bits - 1, int(bits == 16)
    y, x = numpy.mgrid[0:rows, 0:columns]
    pixels = ((numpy.sin(x / 9) + numpy.cos(y / 7) + number / 10) * (100 if bits == 8 else 3000)).astype("i%d" % (bits // 8))
    s.PixelData = pixels.tobytes()
    if compressed:
        s.compress(RLELossless, pixels)
    if where:
        s.save_as(where, write_like_original=False)
        with open(where, "ab") as file:  # trailing padding (PS3.10, 7.2)
            file.write(b"\xfc\xff\xfc\xffOB\0\0" + (2 * number).to_bytes(4, "little") + b"\0" * 2 * number)


def series(folder):
    names = {1: "q.dcm", 2: "A 7.DCM", 3: "z.dcm", 4: "b-ä<&.dcm", 5: "c.dcm"}
    for number, name in names.items():
        for sub, rows in {"scans/ct": 24, "square": 256}.items():
            os.makedirs(os.path.join(folder, sub), exist_ok=True)
            slice_of(number, rows, 20 if rows == 24 else 256, where=os.path.join(folder, sub, name))
    mixed = os.path.join(folder, "scans", "mixed")
    os.makedirs(mixed)
    for number, name in {1: "m3.dcm", 2: "m1.dcm", 3: "m2.dcm"}.items():
        slice_of(number, 24, 20, where=os.path.join(mixed, name))
        slice_of(number, 24, 20, bits=8, where=os.path.join(mixed, "grey-" + name))
        slice_of(number, 10, 12, where=os.path.join(mixed, "small-" + name))
    slice_of(9, 8, 8, where=os.path.join(mixed, "overview.dcm"))
    slice_of(7, 24, 20, where=os.path.join(mixed, "rle.dcm"), compressed=True)


def order(folder, rows="24"):
    found = []
    for name in os.listdir(folder):
        s = pydicom.dcmread(os.path.join(folder, name), force=True)
        if s.Rows == int(rows) and s.BitsAllocated == 16 and not s.file_meta.TransferSyntaxUID.is_compressed:
            found.append((s.ImagePositionPatient[2], name))
    print(json.dumps([name for _, name in sorted(found)]))


def serieskeys(archive, folder):
    """Each key of keygen for a series is that of the slice by itself, which lies in the folder, and the picture is the middle one."""
    archive = numpy.load(archive)
    made, names = archive["keys"], json.loads(archive["files"].tobytes())
    for name, key in zip(names, made, strict=True):
        assert numpy.array_equal(key, numpy.load(os.path.join(folder, os.path.splitext(name)[0] + ".key.npy"))), name
    print(json.dumps(names))


def unpacked(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


def same(plain, back):
    assert unpacked(plain) == unpacked(back), "other bytes"
    if plain.lower().endswith(".dcm"):
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
    head, tail = archive["head"].tobytes(), archive["tail"].tobytes()
    if "files" in v:  # path is a folder
        assert meta["format_version"] == 3 and sorted(f["name"] for f in v["files"]) == sorted(os.listdir(path))
        for f, part in zip(v["files"], numpy.split(voxels, len(v["files"]))):
            file = head[:f["head"]] + part.tobytes() + tail[:f["tail"]]
            head, tail = head[f["head"]:], tail[f["tail"]:]
            assert file == unpacked(os.path.join(path, f["name"])), f["name"]
        assert head == tail == b""
        return
    assert head + voxels.tobytes() + tail == unpacked(path), "other bytes"
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
        if os.path.isdir(os.path.join(back, name)):
            assert sorted(os.listdir(os.path.join(plain, name))) == sorted(os.listdir(os.path.join(back, name)))
            for file in os.listdir(os.path.join(back, name)):
                same(os.path.join(plain, name, file), os.path.join(back, name, file))
            opened(os.path.join(out, name + ".cipher.png"), os.path.join(out, name + ".key.npz"), os.path.join(plain, name))
            continue
        stem = os.path.join(out, name.removesuffix(".gz").removesuffix(".nii").removesuffix(".dcm"))
        try:
            same(os.path.join(plain, name), os.path.join(back, name))
            opened(stem + ".cipher.png", stem + ".key.npz", os.path.join(plain, name))
        except Exception as e:
            raise SystemExit(f"{name}: {e!r}")
    print(len(names))


{"make": make, "series": series, "order": order, "serieskeys": serieskeys, "judge": judge, "keys": keys}[sys.argv[1]](*sys.argv[2:])
