#!/usr/bin/python3
"""Makes small JPEG files in every mode with cjpeg and jpegtran (libjpeg-turbo 2.1.5) and Pillow 9.4, and expected.txt: for each the
SHA-256 of the PNM file that djpeg makes of it. Pillow must show the same pixels. Run it in this folder."""
import hashlib
import io
import subprocess
import tempfile
import numpy as np
from PIL import Image

rng = np.random.default_rng(1)
expected = {}


def run(command, content):
    return subprocess.run(command.split(), input=content, stdout=subprocess.PIPE, check=True).stdout


def picture(width, height):
    """[H, W, 3]: waves that are too large for the range, an edge and noise."""
    y, x = np.mgrid[:height, :width]
    waves = [128 + 150 * np.sin(x / 5 + c) * np.cos(y / 4 - 2 * c) + 60 * (x > 2 * y) for c in range(3)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)


def pnm(a):
    kind = b"P6" if a.ndim == 3 else b"P5"
    return b"%s %d %d 255\n" % (kind, a.shape[1], a.shape[0]) + a.tobytes()


def keep(name, content):
    shown = run("djpeg -pnm", content)
    m = Image.open(io.BytesIO(content))
    pixels = np.asarray(m if m.mode in ("L", "RGB") else m.convert("RGB"))
    assert shown.endswith(pixels.tobytes()), name
    with open(name, "wb") as f:
        f.write(content)
    expected[name] = hashlib.sha256(shown).hexdigest()


def with_scans(options, text):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(text)
        f.flush()
        return run("cjpeg %s -scans %s" % (options, f.name), pnm(rgb))


rgb = picture(37, 29)
for sample in ("1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "1x4", "2x2,2x1,1x2", "1x1,2x2,1x1"):
    name = "sample-" + sample.replace(",", "-")
    keep(name + ".jpg", run("cjpeg -quality 80 -sample " + sample, pnm(rgb)))
keep("grey.jpg", run("cjpeg", pnm(rgb[..., 0].copy())))
keep("rgb.jpg", run("cjpeg -rgb -quality 90", pnm(rgb)))
for width, height in ((1, 1), (2, 3), (3, 2), (5, 1), (8, 16), (17, 33), (65, 33)):
    keep("size-%dx%d.jpg" % (width, height), run("cjpeg -quality 60", pnm(picture(width, height))))
keep("wide-quantization.jpg", run("cjpeg -quality 2", pnm(rgb)))
keep("quality-100.jpg", run("cjpeg -quality 100 -optimize", pnm(rgb)))
keep("restart.jpg", run("cjpeg -restart 2B", pnm(rgb)))
keep("apart.jpg", with_scans("-restart 1", "2;\n0;\n1;\n"))
keep("progressive.jpg", run("cjpeg -progressive", pnm(rgb)))
keep("progressive-restart.jpg", run("cjpeg -progressive -restart 3B -sample 2x1", pnm(rgb)))
keep("progressive-grey.jpg", run("cjpeg -progressive -quality 95", pnm(rgb[..., 1].copy())))
steps = "0,1,2: 0-0, 0, 3;\n" + "".join("%d: 1-63, 0, 3;\n" % c for c in range(3))
steps += "".join("0,1,2: 0-0, %d, %d;\n" % (high, high - 1) for high in (3, 2, 1))
steps += "".join("%d: 1-63, %d, %d;\n" % (c, high, high - 1) for c in range(3) for high in (3, 2, 1))
keep("progressive-steps.jpg", with_scans("-quality 95", steps))

cmyk = Image.fromarray(np.dstack([rgb, picture(37, 29)[..., 0] // 2]), "CMYK")
for subsampling in range(3):
    for progressive in (False, True):
        f = io.BytesIO()
        cmyk.save(f, "JPEG", quality=90, subsampling=subsampling, progressive=progressive)
        name = "%d%s.jpg" % (subsampling, "-progressive" if progressive else "")
        keep("cmyk-" + name, f.getvalue())
        at = f.getvalue().index(b"Adobe") + 11  # the transform: 0 for none, 2 for YCCK
        assert f.getvalue()[at] == 0
        keep("ycck-" + name, f.getvalue()[:at] + b"\2" + f.getvalue()[at + 1:])

with open("expected.txt", "w") as f:
    f.writelines("%s  %s\n" % (h, name) for name, h in sorted(expected.items()))
