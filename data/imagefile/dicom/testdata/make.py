"""Makes the .dcm files of this folder and expected.txt. It needs pydicom, Pillow, gdcm (gdcmconv and Python's module) and dcmtk.

    /usr/bin/python3 make.py

A line of expected.txt: a file, its shape, SHA-256 of its stored values as pydicom has them (little-endian int64), SHA-256 of the samples
that dcmtk shows. "-" stands for what the program gets wrong or cannot do; the test has the values in other ways there.
"""
import hashlib, os, subprocess, sys, tempfile

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian)

H, W = 17, 24
rng = np.random.default_rng(1)
y, x = np.mgrid[0:H, 0:W]
smooth = 0.5 + 0.3 * np.sin(x / 5) * np.cos(y / 4) + 0.2 * ((x // 8 + y // 6) % 2) * (x > 5)  # waves and flat patches
smooth[3:7, 2:20] = 0.25
noisy = np.clip(smooth + 0.05 * rng.standard_normal((H, W)), 0, 1)


def grey(bits, signed=False, frames=1, of=noisy):
    all_frames = np.stack([np.roll(of, 3 * k, 1) for k in range(frames)])
    v = np.round(all_frames * (2**bits - 1)).astype(np.int64) - (2 ** (bits - 1) if signed else 0)
    return (v if frames > 1 else v[0]).astype(("i" if signed else "u") + str(-(-bits // 8)))


def colour(bits=8, of=noisy):
    return np.stack([grey(bits, of=np.roll(of, 2 * c, c % 2)) for c in range(3)], -1)


def write(name, pixels, photometric="MONOCHROME2", stored=None, planar=0, syntax=ExplicitVRLittleEndian, frames=1, allocated=None, words=False, **more):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "2.25.1234567"
    ds = FileDataset(name, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Modality, ds.PatientName, ds.PatientID = "OT", "Doe^Jane", "4711"
    ds.is_little_endian = syntax != ExplicitVRBigEndian
    ds.is_implicit_VR = syntax == ImplicitVRLittleEndian
    ds.Rows, ds.Columns = H, W
    ds.SamplesPerPixel = 3 if photometric[:3] in ("RGB", "YBR") else 1
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = planar
    ds.PhotometricInterpretation = photometric
    size = pixels.dtype.itemsize
    ds.BitsAllocated = allocated or 8 * size
    ds.BitsStored = stored or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if frames > 1:
        ds.NumberOfFrames = frames
    for key, value in more.items():
        setattr(ds, key, value)
    if planar:
        pixels = np.moveaxis(pixels, -1, -3)
    b = pixels.astype(pixels.dtype.newbyteorder("<" if ds.is_little_endian else ">")).tobytes()
    ds.PixelData = b + b"\0" * (len(b) % 2)
    if words:
        ds.PixelData = np.frombuffer(ds.PixelData, "u1").reshape(-1, 2)[:, ::-1].tobytes()
    ds["PixelData"].VR = "OW" if size > 1 or words or syntax == ImplicitVRLittleEndian else "OB"
    ds.save_as(name, write_like_original=False)


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode or not os.path.exists(args[-1]):
        sys.exit(f"{args}: {done.stderr or done.stdout}")


def table(values, first, bits):
    item = Dataset()
    item.add_new(0x00283002, "US", [len(values), first, bits])
    item.add_new(0x00283006, "OW", np.array(values, "<u2").tobytes())
    return [item]


palette = dict(RedPaletteColorLookupTableDescriptor=[200, 10, 16], GreenPaletteColorLookupTableDescriptor=[200, 10, 16],
               BluePaletteColorLookupTableDescriptor=[200, 10, 16])
for channel, values in zip(("Red", "Green", "Blue"), (np.arange(200) * 300, 65535 - np.arange(200) * 300, (np.arange(200) * 7919) % 65536)):
    palette[channel + "PaletteColorLookupTableData"] = values.astype("<u2").tobytes()

if __name__ == "__main__":
    write("u8.dcm", grey(8))
    write("u8-inverse.dcm", grey(8), "MONOCHROME1")
    write("u12.dcm", grey(12), stored=12)
    write("u12-window.dcm", grey(12), stored=12, WindowCenter=["1500", "40"], WindowWidth=["1701", "400"], RescaleSlope="2", RescaleIntercept="-1024")
    write("u12-inverse-window.dcm", grey(12), "MONOCHROME1", stored=12, WindowCenter="2000.5", WindowWidth="999")
    overlay = (grey(12) | (np.uint16(0xA000) * (x % 3 == 0))).astype("u2")
    write("u12-overlay.dcm", overlay, stored=12)
    write("s16.dcm", grey(16, True), WindowCenter="-100.5", WindowWidth="30000.25")
    write("s12.dcm", grey(12, True), stored=12)
    write("s16-big.dcm", grey(16, True), syntax=ExplicitVRBigEndian)
    write("u8-big-words.dcm", grey(8, frames=3), syntax=ExplicitVRBigEndian, frames=3, words=True)
    write("s16-implicit.dcm", grey(16, True), syntax=ImplicitVRLittleEndian)
    write("u16-deflated.dcm", grey(16), syntax=DeflatedExplicitVRLittleEndian)
    write("u8-frames.dcm", grey(8, frames=3), frames=3)
    write("u32.dcm", grey(32))
    write("u16-narrow.dcm", grey(16), WindowCenter="30000", WindowWidth="1")
    write("u12-sigmoid.dcm", grey(12), stored=12, WindowCenter="2000", WindowWidth="1000", VOILUTFunction="SIGMOID")
    write("u12-voilut.dcm", grey(12), stored=12, VOILUTSequence=table((np.arange(3000) ** 2 / 3000 * 1.3).astype(int), 500, 12))
    write("u12-inverse-voilut.dcm", grey(12), "MONOCHROME1", stored=12, VOILUTSequence=table((np.arange(3000) ** 2 / 3000 * 1.3).astype(int), 500, 12))
    write("u8-modality.dcm", grey(8), ModalityLUTSequence=table(np.arange(256) * 257 // 2 + (np.arange(256) % 3), 0, 16))
    write("rgb.dcm", colour(), "RGB")
    write("rgb-planar.dcm", colour(), "RGB", planar=1)
    write("rgb16.dcm", colour(16), "RGB")
    write("ybr.dcm", colour(), "YBR_FULL")
    half = np.stack([colour()[:, 0::2, 0], colour()[:, 1::2, 0], colour()[:, 0::2, 1], colour()[:, 0::2, 2]], -1)
    write("ybr-422.dcm", half, "YBR_FULL_422")
    write("palette.dcm", grey(8), "PALETTE COLOR", **palette)
    bits = np.packbits((noisy > 0.5).astype("u1").ravel(), bitorder="little")
    write("u1.dcm", bits, allocated=1)

    whole = open("s16.dcm", "rb").read()
    open("no-preamble.dcm", "wb").write(whole[128:])
    meta_end = 132 + 12 + int.from_bytes(whole[140:144], "little")
    open("no-meta.dcm", "wb").write(whole[meta_end:])

    for name in ("u8", "u12", "s16", "s12", "u16-narrow", "rgb", "u8-frames", "rgb16"):
        run("gdcmconv", "--rle", name + ".dcm", name + "-rle.dcm")
    for name in ("u8", "u12", "s16", "rgb", "u8-frames"):
        run("dcmcjpeg", "+e1", "+un", name + ".dcm", name + "-lossless.dcm")
    for predictor in range(1, 8):
        run("dcmcjpeg", "+el", "+sv", str(predictor), "+un", "u12.dcm", f"u12-predictor{predictor}.dcm")
    for name in ("u8", "u12", "s16", "s12", "u8-frames", "u16-narrow"):
        run("dcmcjpls", "+el", "+un", name + ".dcm", name + "-ls.dcm")
    for kind in ("il", "is", "in"):
        run("dcmcjpls", "+el", "+" + kind, "+un", "rgb.dcm", f"rgb-ls-{kind}.dcm")
    run("dcmcjpls", "+en", "+md", "3", "+un", "u8.dcm", "u8-near.dcm")
    run("dcmcjpls", "+en", "+md", "2", "+is", "+un", "rgb.dcm", "rgb-near.dcm")
    run("dcmcjpls", "+el", "+pc", "+t1", "5", "+t2", "9", "+t3", "33", "+rs", "31", "+un", "u8.dcm", "u8-ls-preset.dcm")
    for name in ("u8", "u8-frames"):
        run("dcmcjpeg", "+eb", "+q", "90", "+un", name + ".dcm", name + "-jpeg.dcm")
    run("dcmcjpeg", "+eb", "+s4", "+un", "rgb.dcm", "rgb-jpeg-444.dcm")
    run("dcmcjpeg", "+eb", "+s2", "+un", "rgb.dcm", "rgb-jpeg-422.dcm")
    run("dcmcjpeg", "+eb", "+cr", "+un", "rgb.dcm", "rgb-jpeg-rgb.dcm")
    run("gdcmconv", "--j2k", "u8.dcm", "u8-j2k.dcm")

    lines = []
    for path in sorted(p for p in os.listdir(".") if p.endswith(".dcm")):
        judged = subprocess.run([sys.executable, "judge.py", path], capture_output=True, text=True).stdout.strip().split("\n")[-1].split("\t")
        shown = "-"
        ds = pydicom.dcmread(path, force=True)
        window = ["+Wi", "1"] if "WindowCenter" in ds else ["+Wl", "1"] if "VOILUTSequence" in ds else ["+Wm"]
        with tempfile.TemporaryDirectory() as folder:
            source, program = path, "dcmj2pnm"
            if "-ls" in path or "near" in path:
                source = folder + "/raw.dcm"
                subprocess.run(["dcmdjpls", path, source], capture_output=True)
            frames = int(ds.get("NumberOfFrames", 1))
            subprocess.run([program, "-O", *window, *(["+Fa"] if frames > 1 else []), source, folder + "/out"], capture_output=True)
            pictures = sorted(p for p in os.listdir(folder) if p.startswith("out"))
            if len(pictures) == frames:
                size = H * W * (1 if ds.PhotometricInterpretation.startswith("MONO") else 3)
                shown = hashlib.sha256(b"".join(open(f"{folder}/{p}", "rb").read()[-size:] for p in pictures)).hexdigest()
        lines.append("\t".join([path, judged[1], judged[2] if judged[1] != "none" else "-", shown]))
    open("expected.txt", "w").write("\n".join(lines) + "\n")
