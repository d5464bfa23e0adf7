"""Prints what pydicom makes of each file: name, shape and a hash of the stored values, or "none" and a reason.

With gdcm (python3-gdcm), pydicom also decodes lossless JPEG and JPEG-LS. Baseline JPEG is decoded by Pillow (python3-pil).
"""
import glob, hashlib, logging, os, sys, warnings

import numpy, pydicom
from pydicom.pixel_data_handlers import gdcm_handler, numpy_handler, pillow_handler, rle_handler

for handler in (gdcm_handler, pillow_handler):
    if not handler.is_available():
        sys.exit("python3-gdcm or python3-pil is missing")
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
pydicom.config.pixel_data_handlers = [numpy_handler, rle_handler, pillow_handler, gdcm_handler]
paths = sys.argv[1:]
if not paths:
    root = os.path.join(os.path.dirname(pydicom.__file__), "data")
    paths = [p for p in glob.glob(root + "/**/*", recursive=True) if os.path.isfile(p) and not p.endswith((".py", ".pyc", ".json"))]
for path in sorted(paths):
    shape, result = "none", ""
    try:
        dataset = pydicom.dcmread(path, force=True)
        if "PixelData" in dataset and not getattr(dataset.file_meta, "TransferSyntaxUID", ""):
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian  # as the only such file has it
        values = dataset.pixel_array
        shape = "x".join(map(str, values.shape))
        result = hashlib.sha256(values.astype("<i8").tobytes()).hexdigest()
    except Exception as problem:
        result = f"{type(problem).__name__}: {problem}".split("\n")[0]
    print(path, shape, result, sep="\t")
