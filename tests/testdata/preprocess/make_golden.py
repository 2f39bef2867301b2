#!/usr/bin/python3
"""Makes the expected arrays of tests/common/image and tests/common/preprocess with OpenCV, numpy and
Pillow (Debian 12: python3-opencv 4.6.0, python3-numpy, python3-pil).

    tests/testdata/preprocess/make_golden.py        writes beside itself

noise_WxHxC.bin is the source picture, uint8 HWC; the others are what the named library makes of it.
"""
import os

import cv2
import numpy
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
rng = numpy.random.default_rng(20221122)


def save(name, array):
    numpy.ascontiguousarray(array).tofile(os.path.join(HERE, name))


# Half noise, half black and white: the second finds wrong rounding at the extremes.
noise = rng.integers(0, 256, (13, 17, 3), dtype=numpy.uint8)
noise[7:] = (noise[7:] > 127) * 255
save("noise_17x13x3.bin", noise)
for width, height in [(8, 6), (17, 5), (40, 29), (34, 26), (1, 1), (128, 3)]:
    save("stretch_%dx%d.bin" % (width, height),
         cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR))
even = rng.integers(0, 256, (12, 16, 3), dtype=numpy.uint8)
save("noise_16x12x3.bin", even)
save("half_8x6.bin", cv2.resize(even, (8, 6), interpolation=cv2.INTER_LINEAR))
save("gray_17x13.bin", cv2.cvtColor(noise, cv2.COLOR_RGB2GRAY))
mean = numpy.array([123.675, 116.28, 103.53], numpy.float32)
std = numpy.array([58.395, 57.12, 57.375], numpy.float32)
save("normalized_17x13.f32", (noise.astype(numpy.float32) - mean) / std)

# Pictures: a smooth one (so that JPEG is not all noise) of odd size, chroma subsampled.
y, x = numpy.mgrid[0:21, 0:29]
smooth = numpy.stack([x * 8, y * 11, (x + y) * 5], axis=2).astype(numpy.uint8)
cv2.imwrite(os.path.join(HERE, "smooth_420.jpg"), smooth[:, :, ::-1],
            [cv2.IMWRITE_JPEG_QUALITY, 90])
cv2.imwrite(os.path.join(HERE, "smooth_gray.jpg"), cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY))
Image.fromarray(smooth).save(os.path.join(HERE, "smooth_progressive.jpg"), quality=80,
                             progressive=True, subsampling=0)
exif = Image.Exif()
exif[0x0112] = 6  # orientation: rotate by 90 degrees
Image.fromarray(smooth).save(os.path.join(HERE, "smooth_rotated.jpg"), quality=90, exif=exif)
for name in ["smooth_420", "smooth_gray", "smooth_progressive", "smooth_rotated"]:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    save(name + ".rgb", cv2.imread(os.path.join(HERE, name + ".jpg"), flags)[:, :, ::-1])

small = noise[:5, :6]
alpha = rng.integers(0, 256, (5, 6, 1), dtype=numpy.uint8)
Image.fromarray(numpy.concatenate([small, alpha], axis=2)).save(os.path.join(HERE, "rgba.png"))
Image.fromarray(small).quantize(8).save(os.path.join(HERE, "palette.png"), transparency=2)
Image.fromarray(small[:, :, 0]).save(os.path.join(HERE, "gray.png"))
Image.fromarray(small[:, :, 0] > 127).save(os.path.join(HERE, "one_bit.png"))
cv2.imwrite(os.path.join(HERE, "sixteen_bit.png"), rng.integers(0, 65536, (5, 6, 3),
                                                               dtype=numpy.uint16))
for name in ["rgba", "palette", "gray", "one_bit", "sixteen_bit"]:
    save(name + ".rgb", cv2.imread(os.path.join(HERE, name + ".png"), cv2.IMREAD_COLOR)[:, :, ::-1])
