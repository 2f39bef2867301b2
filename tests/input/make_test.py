#!/usr/bin/python3
"""`plumb input make` against an implementation of its own in numpy, and against OpenCV.

    make_test.py PLUMB [--table]      exit 0 all equal, 1 a difference, 77 no numpy

The numpy half is written from the facts (docs/input.md, "Formats and alignment") and shares no code
with the program: every format, family and a range of odd and even sizes, at least 500 combinations,
padding included. The OpenCV half (skipped without cv2) checks resizing, colour, NV12, letterbox, EXIF
and BMP; --table prints what is equal and what is not.
"""
import itertools
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("no numpy: skipped")
    sys.exit(77)
try:
    import cv2
except ImportError:
    cv2 = None

PLUMB = sys.argv[1]
TABLE = "--table" in sys.argv
FAMILIES = ["1.x", "Q", "S1", "S3", "S6"]
FORMATS = ["RGB", "BGR", "RGBA", "BGRA", "YUV_NV12", "GRAY", "RAWDATA_S16_NHWC", "RAWDATA_F32_NHWC"]
SIZES = [(1, 1), (2, 1), (1, 2), (3, 5), (8, 8), (15, 16), (16, 15), (17, 13), (31, 2), (33, 7),
         (64, 48), (100, 75), (225, 223), (641, 427)]
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
SCALE = np.float32(0.0078125)
failures = []
checked = 0


def up(value, alignment):
    return -(-value // alignment) * alignment


def padded(plane, row_bytes, rows):
    out = np.zeros((rows, row_bytes), np.uint8)
    flat = plane.reshape(plane.shape[0], -1)
    out[:flat.shape[0], :flat.shape[1]] = flat
    return out


def nv12(rgb, old, width_alignment, height_alignment):
    height, width = rgb.shape[:2]
    even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.float64)
    y_matrix = np.array([218, 732, 74]) / 1024
    u_matrix = np.array([-117, -395, 512]) / 1024
    v_matrix = np.array([512, -465, -47]) / 1024
    rounded = np.round if old else lambda x: np.floor(x + 0.5)
    y = np.clip(rounded(rgb.astype(np.float64) @ y_matrix), 0, 255).astype(np.uint8)
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, 3).mean(axis=(1, 3))
    u = np.clip(rounded(blocks @ u_matrix + 128), 0, 255)
    v = np.clip(rounded(blocks @ v_matrix + 128), 0, 255)
    uv = np.stack([u, v], axis=2).astype(np.uint8)
    pitch = up(width, 16 if old else width_alignment)
    rows = up(height, 2 if old else height_alignment)
    return np.concatenate([padded(y, pitch, rows), padded(uv, pitch, rows // 2)]).tobytes()


def gray_of(rgb):
    r, g, b = (rgb[:, :, i].astype(np.int64) for i in range(3))
    return ((9798 * r + 19235 * g + 3735 * b + 16384) >> 15).astype(np.uint8)


def raw_s16(values, old):
    low = -32768 if old else -32767
    q = np.clip(values / SCALE, low, 32767).astype(np.int16)  # astype truncates
    inner = q.shape[-1]
    return np.pad(q, [(0, 0)] * (q.ndim - 1) + [(0, up(inner, 8) - inner if old else 0)]).tobytes()


def expected(rgb, name, family, wa=None, ha=None):
    old = family in ("1.x", "Q")
    height, width = rgb.shape[:2]
    if name in ("RGB", "BGR"):
        return (rgb if name == "RGB" else rgb[:, :, ::-1]).tobytes()
    if name in ("RGBA", "BGRA"):
        order = rgb if name == "RGBA" else rgb[:, :, ::-1]
        four = np.concatenate([order, np.full((height, width, 1), 255, np.uint8)], axis=2)
        row = up(width * 4, 16) if old else up(width * 4, wa or 1) // 4 * 4
        return padded(four, row, height).tobytes()
    if name == "GRAY":
        return padded(gray_of(rgb), up(width, 16 if old else wa or 1),
                      up(height, 2 if old else ha or 1)).tobytes()
    if name == "YUV_NV12":
        return nv12(rgb, old, wa or 2, ha or 2)
    values = (rgb.astype(np.float32) - MEAN) / STD
    return raw_s16(values, old) if name == "RAWDATA_S16_NHWC" else values.tobytes()


def write_ppm(path, rgb):
    with open(path, "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes())


def make(folder, picture, flags):
    out = os.path.join(folder, "made.bin")
    done = subprocess.run([PLUMB, "input", "make", "--image", picture, "--out", out, "--quiet"] + flags,
                          capture_output=True, text=True)
    if done.returncode != 0:
        return done.returncode, done.stderr
    with open(out, "rb") as file:
        return 0, file.read()


def difference(made, wanted):
    if len(made) != len(wanted):
        return "%d bytes instead of %d" % (len(made), len(wanted))
    a, b = (np.frombuffer(x, np.uint8).astype(int) for x in (made, wanted))
    d = np.abs(a - b)
    return "" if not d.any() else "%.3f %% differ, at most %d" % (100 * (d > 0).mean(), d.max())


def check(what, made, wanted):
    global checked
    checked += 1
    code, data = made
    told = data if code != 0 else difference(data, wanted)
    if told:
        failures.append("%s: %s" % (what, told))


def raw_flags(name):
    flags = []
    if name.startswith("RAWDATA"):
        flags = ["--mean", ":".join("%r" % float(m) for m in [123.675, 116.28, 103.53]),
                 "--std", "58.395:57.12:57.375", "--color", "RGB"]
    return flags + (["--scale", "0.0078125"] if name == "RAWDATA_S16_NHWC" else [])


def check_formats(folder):
    rng = np.random.default_rng(7)
    for width, height in SIZES:
        rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        picture = os.path.join(folder, "p.ppm")
        write_ppm(picture, rgb)
        for name, family in itertools.product(FORMATS, FAMILIES):
            if name == "RAWDATA_F32_NHWC" and family in ("1.x", "Q"):
                continue
            flags = ["--format", name, "--family", family, "--size", "%dx%d" % (width, height)]
            check("%s %s %dx%d" % (name, family, width, height),
                  make(folder, picture, flags + raw_flags(name)), expected(rgb, name, family))
        for name, wa, ha in [("RGBA", 64, None), ("BGRA", 6, None), ("GRAY", 32, 4),
                             ("YUV_NV12", 64, 8)]:
            flags = ["--format", name, "--family", "S3", "--size", "%dx%d" % (width, height),
                     "--width-alignment", str(wa)] + (["--height-alignment", str(ha)] if ha else [])
            check("%s aligned %d %s %dx%d" % (name, wa, ha, width, height),
                  make(folder, picture, flags), expected(rgb, name, "S3", wa, ha))
        for family in ("Q", "S6"):
            old = family == "Q"
            pitch, rows = up(width, 16 if old else 2), up(height, 2)
            wanted = (padded(gray_of(rgb), pitch, rows).tobytes() + bytes(pitch * rows // 2))
            flags = ["--format", "YUV_NV12", "--color", "GRAY", "--family", family,
                     "--size", "%dx%d" % (width, height)]
            check("gray NV12 %s %dx%d" % (family, width, height), make(folder, picture, flags), wanted)


def check_arrays(folder):
    """The wake-word kind: 25 frames of float features; and complex numbers."""
    rng = np.random.default_rng(9)
    for inner, family in itertools.product([96, 97, 3], FAMILIES):
        values = (rng.normal(0, 40, (1, 25, inner))).astype(np.float32)
        values[0, 0, :3] = [1e9, -1e9, -0.5 * SCALE]
        path = os.path.join(folder, "a.npy")
        np.save(path, values)
        flags = ["--format", "RAWDATA_S16_NHWC", "--family", family, "--scale", "0.0078125"]
        check("array S16 %s %d" % (family, inner), make(folder, path, flags),
              raw_s16(values, family in ("1.x", "Q")))
        raw = os.path.join(folder, "a.raw")
        values.tofile(raw)
        if family.startswith("S"):
            flags = ["--format", "RAWDATA_F32_NHWC", "--family", family,
                     "--spec", "1x25x%dxf32" % inner]
            check("raw F32 %s %d" % (family, inner), make(folder, raw, flags), values.tobytes())
    pairs = (rng.normal(size=(4, 5)) + 1j * rng.normal(size=(4, 5))).astype(np.complex64)
    np.save(os.path.join(folder, "c.npy"), pairs)
    check("complex", make(folder, os.path.join(folder, "c.npy"),
                          ["--format", "COMPLEX64", "--family", "S6"]), pairs.tobytes())


def check_refusals(folder):
    global checked
    picture = os.path.join(folder, "p.ppm")
    for flags, words in [
            (["--format", "RAWDATA_F32_NHWC", "--family", "Q"], ["family Q", "RAWDATA_F32_NHWC"]),
            (["--format", "COMPLEX64", "--family", "1.x"], ["family 1.x", "COMPLEX64"]),
            (["--format", "COMPLEX64", "--family", "S1"], ["family S1", "COMPLEX64"]),
            (["--format", "RGB", "--family", "S3", "--width-alignment", "16"], ["RGB", "alignment"]),
            (["--format", "GRAY", "--family", "Q", "--width-alignment", "32"], ["family Q"]),
            (["--format", "YUV_NV12", "--family", "S3", "--width-alignment", "3"], ["even"]),
            (["--format", "RGB", "--family", "S3", "--crop", "0,0,9999,9999"], ["crop"])]:
        checked += 1
        code, told = make(folder, picture, flags + ["--size", "8x8", "--scale", "1"])
        if code != 2 or any(word not in str(told) for word in words):
            failures.append("%s: exit %s, %s" % (" ".join(flags), code, told))


def letterbox(rgb, width, height, fill):
    scale = min(width / rgb.shape[1], height / rgb.shape[0])
    w, h = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    left, top = (width - w) // 2, (height - h) // 2
    return cv2.copyMakeBorder(cv2.resize(rgb, (w, h)), top, height - h - top, left, width - w - left,
                              cv2.BORDER_CONSTANT, value=fill)


# name, flags, what OpenCV or Pillow makes of it, whether bit-equality is claimed
def opencv_cases(w, h):
    size = (w, h)
    cases = []
    for kernel, flag in [("nearest", cv2.INTER_NEAREST), ("bilinear", cv2.INTER_LINEAR),
                         ("area", cv2.INTER_AREA), ("cubic", cv2.INTER_CUBIC)]:
        cases.append(("uint8 " + kernel, ["--kernel", kernel],
                      lambda p, f=flag: cv2.resize(p, size, interpolation=f), True))
        cases.append(("float " + kernel + ", half even", ["--kernel", kernel, "--arithmetic", "float"],
                      lambda p, f=flag: np.clip(np.rint(cv2.resize(p.astype(np.float32), size,
                                                                   interpolation=f)), 0, 255)
                      .astype(np.uint8), True))
    cases.append(("float bilinear, truncated", ["--arithmetic", "float", "--round", "truncate"],
                  lambda p: cv2.resize(p.astype(np.float32), size).astype(np.uint8), True))
    half = ["--kernel", "nearest", "--centres", "half-pixel"]
    cases.append(("nearest, half-pixel, against INTER_NEAREST_EXACT", half,
                  lambda p: cv2.resize(p, size, interpolation=cv2.INTER_NEAREST_EXACT), False))
    cases.append(("letterbox", ["--fit", "letterbox", "--pad", "114:20:30"],
                  lambda p: letterbox(p, w, h, (114, 20, 30)), True))
    try:
        from PIL import Image
        cases.append(("nearest, half-pixel, against Pillow", half, lambda p: np.asarray(
            Image.fromarray(p).resize(size, Image.NEAREST)), False))
        cases.append(("Pillow bilinear", ["--kernel", "pillow"], lambda p: np.asarray(
            Image.fromarray(p).resize(size, Image.BILINEAR)), True))
    except ImportError:
        pass
    return cases


def check_resizing(folder):
    rng = np.random.default_rng(3)
    results = {}
    picture = os.path.join(folder, "r.ppm")
    for (sw, sh), (w, h) in itertools.product(
            [(160, 120), (97, 61), (640, 427)], [(80, 60), (64, 64), (224, 224), (33, 129), (1, 1)]):
        smooth = cv2.GaussianBlur(rng.integers(0, 256, (sh, sw, 3), dtype=np.uint8), (5, 5), 2)
        rgb = np.where(rng.random((sh, sw, 1)) < 0.1, rng.integers(0, 2, (sh, sw, 3)) * 255, smooth)
        rgb = rgb.astype(np.uint8)
        write_ppm(picture, rgb)
        for name, flags, function, claimed in opencv_cases(w, h):
            code, made = make(folder, picture, ["--format", "RGB", "--family", "S3", "--size",
                                                "%dx%d" % (w, h)] + flags)
            wanted = np.ascontiguousarray(function(rgb)).tobytes()
            if claimed:
                check("%s %dx%d to %dx%d" % (name, sw, sh, w, h), (code, made), wanted)
            a, b = np.frombuffer(made, np.uint8).astype(int), np.frombuffer(wanted, np.uint8)
            entry = results.setdefault(name, [0, 0, 0])
            entry[0] += a.size
            entry[1] += int((a != b).sum())
            entry[2] = max(entry[2], int(np.abs(a - b).max()))
    if TABLE:
        print("| Description | values | differing | largest difference |\n|---|---|---|---|")
        for name, (count, differing, largest) in results.items():
            print("| %s | %d | %s | %d |" % (
                name, count, "none" if differing == 0 else "%.4f %%" % (100 * differing / count), largest))


def check_colour_and_files(folder):
    rng = np.random.default_rng(5)
    rgb = cv2.GaussianBlur(rng.integers(0, 256, (38, 54, 3), dtype=np.uint8), (5, 5), 2)
    size = ["--size", "54x38", "--family", "S3"]
    picture = os.path.join(folder, "q.ppm")
    write_ppm(picture, rgb)
    yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420).reshape(-1)
    count = 54 * 38
    uv = np.stack([yuv[count:count + count // 4], yuv[count + count // 4:]], axis=1).reshape(-1)
    check("NV12 as OpenCV", make(folder, picture, size + [
        "--format", "YUV_NV12", "--nv12", "bt601-limited", "--chroma", "top-left"]),
          np.concatenate([yuv[:count], uv]).tobytes())
    check("gray as OpenCV", make(folder, picture, size + ["--format", "GRAY"]),
          cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).tobytes())
    for extension in ("bmp", "jpg", "png"):
        path = os.path.join(folder, "q." + extension)
        cv2.imwrite(path, rgb[:, :, ::-1])
        check(extension, make(folder, path, size + ["--format", "BGR"]), cv2.imread(path).tobytes())
    check_exif(folder, rgb)
    check_bitmaps(folder, rgb)


def check_exif(folder, rgb):
    ok, jpeg = cv2.imencode(".jpg", rgb[:, :, ::-1])
    for orientation, order in itertools.product(range(1, 9), "<>"):
        tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
        tiff += struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
        body = b"Exif\0\0" + tiff
        data = jpeg.tobytes()
        path = os.path.join(folder, "e.jpg")
        with open(path, "wb") as file:
            file.write(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])
        read = cv2.imread(path)
        check("EXIF %d %s" % (orientation, order), make(folder, path, [
            "--format", "BGR", "--family", "S3", "--exif", "apply",
            "--size", "%dx%d" % (read.shape[1], read.shape[0])]), read.tobytes())


def check_bitmaps(folder, rgb):
    try:
        from PIL import Image
    except ImportError:
        return
    whole = Image.fromarray(rgb)
    for name, image in [("8 bits", whole.quantize(200)), ("gray", whole.convert("L")),
                        ("1 bit", whole.convert("1")), ("alpha", whole.convert("RGBA"))]:
        path = os.path.join(folder, "b.bmp")
        image.save(path)
        check("BMP " + name, make(folder, path, ["--format", "BGR", "--family", "S3",
                                                 "--size", "54x38"]), cv2.imread(path).tobytes())


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_formats(folder)
        check_arrays(folder)
        check_refusals(folder)
        combinations = checked
        if cv2 is None:
            print("no OpenCV: its half is skipped")
        else:
            check_resizing(folder)
            check_colour_and_files(folder)
    for failure in failures[:30]:
        print("FAILED " + failure)
    print("%d checks, %d of them formats and families, %d failed" % (checked, combinations, len(failures)))
    return 1 if failures or combinations < 500 else 0


sys.exit(main())
