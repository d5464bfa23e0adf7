"""usage: dicom.py make FOLDER | dicom.py read FOLDER

make writes a CT series of 200 slices of 512×512 voxels of 16 bits into FOLDER/native and, packed by RLE, into FOLDER/rle. read prints the
seconds that pydicom takes to read the values of all slices in FOLDER, by the clock, and their sum modulo 2³².
"""
import pathlib
import sys
import time

import numpy
import pydicom
import pydicom.uid


def slices():
    """A ball of bone in a cylinder of water in air, with noise, in Hounsfield units + 1024."""
    rng = numpy.random.default_rng(1)
    y, x = numpy.mgrid[-1:1:512j, -1:1:512j]
    for z in numpy.linspace(-1, 1, 200):
        values = numpy.where(x**2 + y**2 < 0.8, 1024, 24)
        values = numpy.where(x**2 + y**2 + z**2 < 0.2, 1800, values)
        yield (values + rng.normal(0, 8, values.shape)).astype(numpy.int16)


def make(folder):
    for kind in ("native", "rle"):
        (folder / kind).mkdir(parents=True)
    series = pydicom.uid.generate_uid()
    for i, values in enumerate(slices()):
        d = pydicom.Dataset()
        d.file_meta = pydicom.dataset.FileMetaDataset()
        d.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"  # CT
        d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = pydicom.uid.generate_uid()
        d.SeriesInstanceUID, d.Modality, d.InstanceNumber = series, "CT", i + 1
        d.ImagePositionPatient, d.ImageOrientationPatient, d.PixelSpacing = [0, 0, i], [1, 0, 0, 0, 1, 0], [1, 1]
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 512, 512, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.PixelData = values.tobytes()
        d["PixelData"].VR = "OW"
        d.is_little_endian, d.is_implicit_VR = True, False
        d.save_as(folder / "native" / f"{i:03}.dcm", write_like_original=False)
        d.compress(pydicom.uid.RLELossless)
        d.save_as(folder / "rle" / f"{i:03}.dcm", write_like_original=False)


def read(folder):
    files = sorted(folder.glob("*.dcm"))
    start = time.perf_counter()
    total = 0
    for path in files:
        total += int(pydicom.dcmread(path).pixel_array.sum(dtype=numpy.int64))
    print(f"{time.perf_counter() - start:.3f} {total % 2**32}")


{"make": make, "read": read}[sys.argv[1]](pathlib.Path(sys.argv[2]))
