#!/usr/bin/python3
"""Makes, with Pillow 9.4 and NumPy 1.24, images that hold more than samples. leftbehind_test.go says what. Run it in this folder."""
import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

ramp = np.linspace(0, 255, 8 * 8).reshape(8, 8).astype(np.uint8)
grey = Image.fromarray(ramp)
rgb = Image.fromarray(np.stack([ramp, ramp.T, ramp // 2], -1))
icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
exif = Image.Exif()
exif[0x0112] = 6
exif[0x010F] = "Maker"
upright = Image.Exif()
upright[0x0112] = 1
gps = Image.Exif()
gps[0x8825] = {1: "N"}

text = PngImagePlugin.PngInfo()
text.add_text("Title", "a ramp")
text.add_itxt("XML:com.adobe.xmp", xmp.decode())
rgb.save("full.png", pnginfo=text, icc_profile=icc, exif=exif, dpi=(300, 300))
grey.save("upright.png", exif=upright)
grey.save("frames.png", save_all=True, append_images=[grey.transpose(Image.Transpose.ROTATE_90), grey.rotate(180)])
rgb.quantize(16).save("palette.png")
grey.convert("1").save("bilevel.png")
rgb.save("transparent.png", transparency=(0, 0, 0))

rgb.save("full.jpg", icc_profile=icc, exif=exif, dpi=(300, 300), comment=b"a ramp")
grey.save("plain.jpg")
grey.save("gps.jpg", exif=gps)
grey.save("progressive.jpg", progressive=True)
rgb.convert("CMYK").save("cmyk.jpg")
rgb.save("two.jpg", format="MPO", save_all=True, append_images=[rgb.rotate(90)])

grey.save("plain.tif")
rgb.save("full.tif", icc_profile=icc, dpi=(300, 300), description="a ramp", tiffinfo={274: 3, 700: xmp, 33723: b"\x1c\x02\x05"})
grey.save("pages.tif", save_all=True, append_images=[grey, grey])
rgb.convert("CMYK").save("cmyk.tif")
rgb.quantize(16).save("palette.tif")
grey.convert("1").save("bilevel.tif")
Image.fromarray(ramp.astype(np.float32)).save("float.tif")
Image.fromarray(ramp.astype(np.int32)).save("signed.tif")
Image.fromarray(ramp.astype(np.uint16) * 257).save("sixteen.tif")

grey.save("plain.bmp", dpi=(0, 0))
rgb.save("resolution.bmp", dpi=(300, 300))
rgb.quantize(16).save("palette.bmp", dpi=(0, 0))
