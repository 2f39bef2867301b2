#!/usr/bin/python3
"""Does `plumb input explain` find what a board did differently?

    explain_test.py PLUMB [--cases N] [--seed S] [--table] [--verbose]

A seeded generator makes pictures and the inputs that a PC and a board would make of them, with numpy,
OpenCV and Pillow alone: the board's has one or two causes. Demanded: the true causes come first in
98 % of the single and 90 % of the double cases, and where they do not, nothing false is accepted
(what gives the very same bytes as the truth is not false). 100 cases by default, 60 in ctest; 1000
are documented in docs/input.md. Exit code 77 without numpy, OpenCV or Pillow.
"""
import argparse
import collections
import ctypes
import json
import os
import random
import subprocess
import sys
import tempfile
import time

try:
    import cv2
    import numpy as np
    from PIL import Image
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

OLD = ("1.x", "Q")


def up(value, alignment):
    return -(-value // alignment) * alignment


def base_way(rng):
    """What the PC does, as a dictionary of decisions."""
    form = rng.choice(["RGB", "BGR", "BGRA", "RGBA", "YUV_NV12", "YUV_NV12", "GRAY",
                       "RAWDATA_S16_NHWC", "RAWDATA_F32_NHWC"])
    family = rng.choice(["S1", "S3", "S6"] + ([] if form == "RAWDATA_F32_NHWC" else list(OLD)))
    way = dict(format=form, family=family, width=rng.choice([48, 61, 80, 96]),
               height=rng.choice([40, 57, 64, 96]), crop=None, kernel="bilinear", real=False,
               round="half-even", fit="stretch", place="centre", pad=0, exif=False, fast=False,
               plain=False, swap=False, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375),
               passes=1, matrix="vendor", chroma="mean", v_first=False,
               nvround="half-even" if family in OLD else "half-up", scale=0.0078125,
               quantise="truncate", zero=0, alignment=None, edits=[])
    if form.startswith("RAWDATA"):
        way["width"], way["height"] = rng.choice([(32, 24), (48, 40), (37, 29)])
    if rng.random() < 0.3:
        way["fit"], way["pad"] = "letterbox", 114
    if rng.random() < 0.25:
        way["real"] = True
    return way


def rounded(values, how):
    return {"half-even": np.rint, "half-away": lambda x: np.trunc(x + np.copysign(0.5, x)),
            "half-up": lambda x: np.floor(x + 0.5), "truncate": np.trunc}[how](values)


CV = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST, "area": cv2.INTER_AREA,
      "cubic": cv2.INTER_CUBIC}


def resized(picture, w, h, way):
    if picture.shape[:2] == (h, w):
        return picture.astype(np.float32) if way["real"] else picture
    if way["kernel"] == "pillow":
        return np.asarray(Image.fromarray(picture).resize((w, h), Image.BILINEAR))
    source = picture.astype(np.float32) if way["real"] else picture
    if way["kernel"] == "corners":
        return align_corners(source, w, h)
    return cv2.resize(source, (w, h), interpolation=CV[way["kernel"]])


def align_corners(source, w, h):
    """Bilinear of its own, in float32 (as an inference library's align_corners)."""
    sh, sw = source.shape[:2]
    ys = (np.arange(h) * ((sh - 1) / max(h - 1, 1))).astype(np.float32)
    xs = (np.arange(w) * ((sw - 1) / max(w - 1, 1))).astype(np.float32)
    y0, x0 = np.minimum(ys.astype(int), sh - 1), np.minimum(xs.astype(int), sw - 1)
    y1, x1 = np.minimum(y0 + 1, sh - 1), np.minimum(x0 + 1, sw - 1)
    fy, fx = (ys - y0)[:, None, None], (xs - x0)[None, :, None]
    p = source.astype(np.float32).reshape(sh, sw, -1)
    top = p[y0][:, x0] * (1 - fx) + p[y0][:, x1] * fx
    low = p[y1][:, x0] * (1 - fx) + p[y1][:, x1] * fx
    return (top * (1 - fy) + low * fy).reshape((h, w) + source.shape[2:])


def decode(path, way):
    flags = cv2.IMREAD_COLOR | (0 if way["exif"] else cv2.IMREAD_IGNORE_ORIENTATION)
    if way["fast"] or way["plain"]:
        return djpeg(path, way)
    return cv2.imread(path, flags)[:, :, ::-1]


def djpeg(path, way):
    """libjpeg-turbo with the decoder's switches (TJFLAG_FASTDCT, TJFLAG_FASTUPSAMPLE)."""
    with open(path, "rb") as file:
        data = file.read()
    w, h = Image.open(path).size
    out = np.zeros((h, w, 3), np.uint8)
    TURBO.tjInitDecompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(TURBO.tjInitDecompress())
    flags = (2048 if way["fast"] else 4096) | (256 if way["plain"] else 0)
    failed = TURBO.tjDecompress2(handle, data, ctypes.c_ulong(len(data)), out.ctypes.data_as(
        ctypes.c_void_p), w, 0, h, 0, flags)
    TURBO.tjDestroy(handle)
    if failed:
        raise ValueError("tjDecompress2")
    return out


def pixels(path, way):
    picture = decode(path, way)
    if way["crop"]:
        x, y, w, h = way["crop"]
        picture = picture[y:y + h, x:x + w]
    picture = np.ascontiguousarray(picture)
    gray = way["format"] == "GRAY"
    if gray and way["real"]:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    W, H = way["width"], way["height"]
    sh, sw = picture.shape[:2]
    if way["fit"] == "letterbox":
        scale = min(W / sw, H / sh)
        w, h = max(1, round(sw * scale)), max(1, round(sh * scale))
        small = resized(picture, w, h, way)
        left, top = ((W - w) // 2, (H - h) // 2) if way["place"] == "centre" else (0, 0)
        out = np.full((H, W) + picture.shape[2:], way["pad"], small.dtype)
        out[top:top + h, left:left + w] = small
    elif way["fit"] == "cover":
        scale = max(W / sw, H / sh)
        w, h = max(W, round(sw * scale)), max(H, round(sh * scale))
        small = resized(picture, w, h, way)
        out = small[(h - H) // 2:(h - H) // 2 + H, (w - W) // 2:(w - W) // 2 + W]
    else:
        out = resized(picture, W, H, way)
    keeps = way["format"].startswith("RAWDATA") and way["round"] == "half-even" and way["real"]
    if way["real"] and not keeps:
        out = np.clip(rounded(out, way["round"]), 0, 255).astype(np.uint8)
    if gray and not way["real"]:
        out = cv2.cvtColor(np.ascontiguousarray(out), cv2.COLOR_RGB2GRAY)
    return out


MATRICES = {"vendor": ([218 / 1024, 732 / 1024, 74 / 1024], [-117 / 1024, -395 / 1024, 0.5],
                       [0.5, -465 / 1024, -47 / 1024], 0),
            "bt601-full": ([0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5],
                           [0.5, -0.418688, -0.081312], 0),
            "bt709-limited": ([0.182586, 0.614231, 0.062007], [-0.100644, -0.338572, 0.439216],
                              [0.439216, -0.398942, -0.040274], 16),
            "bt601-limited": ([269484 / 2**20, 528482 / 2**20, 102760 / 2**20],
                              [-155188 / 2**20, -305135 / 2**20, 460324 / 2**20],
                              [460324 / 2**20, -385875 / 2**20, -74448 / 2**20], 16)}


def nv12_planes(rgb, way):
    y_m, u_m, v_m, floor = MATRICES[way["matrix"]]
    even = np.pad(rgb, ((0, rgb.shape[0] % 2), (0, rgb.shape[1] % 2), (0, 0)), mode="edge")
    blocks = even.astype(np.float64).reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, 3)
    chosen = {"mean": blocks.mean(axis=(1, 3)), "top-left": blocks[:, 0, :, 0],
              "left": blocks[:, :, :, 0].mean(axis=1), "top": blocks[:, 0].mean(axis=2)}[way["chroma"]]
    fix = lambda x: np.clip(rounded(x, way["nvround"]), 0, 255).astype(np.uint8)
    y = fix(rgb.astype(np.float64) @ np.array(y_m) + floor)
    u, v = (fix(chosen @ np.array(m) + 128) for m in (u_m, v_m))
    return y, np.stack([v, u] if way["v_first"] else [u, v], axis=2)


def padded(plane, row, rows):
    out = np.zeros((rows, row), np.uint8)
    flat = plane.reshape(plane.shape[0], -1)
    out[:flat.shape[0], :flat.shape[1]] = flat
    return out


def alignment_of(way, size):
    if way["alignment"]:
        return way["alignment"]
    old = way["family"] in OLD
    if way["format"] == "YUV_NV12":
        return (16, 2) if old else (2, 2)
    if size == 4:
        return (16, 1) if old else (1, 1)
    if size == 1:
        return (16, 2) if old else (1, 1)
    return (1, 1)


def encode(image, way):
    form = way["format"]
    if image.ndim == 3 and way["swap"]:
        image = image[:, :, ::-1]
    for edit in way["edits"]:
        if edit[0] == "pixels":
            image = edit[1](image)
    image = np.ascontiguousarray(image)
    if form.startswith("RAWDATA"):
        values = image.astype(np.float32)
        for _ in range(way["passes"]):
            values = (values - np.array(way["mean"], np.float32)) / np.array(way["std"], np.float32)
        if form == "RAWDATA_F32_NHWC":
            return values.astype(np.float32).tobytes()
        old = way["family"] in OLD
        low = -32768 if old else -32767
        scaled = np.clip(values / np.float32(way["scale"]), low, 32767)
        q = np.clip(rounded(scaled, way["quantise"]) + way["zero"], low, 32767).astype(np.int16)
        inner = way["alignment"][0] if way["alignment"] else (8 if old else 3)
        return np.pad(q, ((0, 0), (0, 0), (0, inner - 3))).tobytes()
    if form == "YUV_NV12":
        a, b = alignment_of(way, 1)
        y, uv = nv12_planes(image, way)
        pitch, rows = up(way["width"], a), up(way["height"], b)
        return np.concatenate([padded(y, pitch, rows), padded(uv, pitch, rows // 2)]).tobytes()
    if form in ("RGBA", "BGRA"):
        image = np.concatenate([image, np.full(image.shape[:2] + (1,), 255, np.uint8)], axis=2)
    if form in ("BGR", "BGRA"):
        image = image[:, :, [2, 1, 0, 3][:image.shape[2]]] if image.shape[2] == 4 else image[:, :, ::-1]
    size = 1 if image.ndim == 2 else image.shape[2]
    row, rows = alignment_of(way, size)
    return padded(np.ascontiguousarray(image), up(way["width"] * size, row), up(way["height"], rows)).tobytes()


def make(path, way):
    data = encode(pixels(path, way), way)
    for edit in way["edits"]:
        if edit[0] == "bytes":
            data = edit[1](data, way)
    return data


# ---- causes: name, whether it applies, and the change --------------------------------------------

def set_to(**changes):
    def change(way, rng):
        way.update({k: v(way, rng) if callable(v) else v for k, v in changes.items()})
    return change


def add_pixels(function):
    return lambda way, rng: way["edits"].append(("pixels", function(way, rng)))


def add_bytes(function):
    return lambda way, rng: way["edits"].append(("bytes", function))


def is_u8(way):
    return not way["format"].startswith("RAWDATA")


def is_color(way):
    return way["format"] != "GRAY"


def crop_some(way, rng):
    w, h = way["source"]
    kind = rng.randrange(3)
    if kind == 0:
        side = min(w, h)
        return ((w - side) // 2, (h - side) // 2, side, side)
    if kind == 1:
        cw, ch = int(w * 0.875), int(h * 0.875)
        return ((w - cw) // 2, (h - ch) // 2, cw, ch)
    x, y = rng.randrange(1, 9), rng.randrange(0, 9)
    return (x, y, w - x - rng.randrange(0, 9), h - y - rng.randrange(0, 9))


def moved(way, rng):
    n = rng.choice([2, 4, 6]) * rng.choice([1, -1])
    across = rng.random() < 0.5
    return lambda image: np.roll(image, n, axis=1 if across else 0)


def offset_bytes(data, way):
    array = np.frombuffer(data, np.uint8)
    return ((array.astype(int) + 128) % 256).astype(np.uint8).tobytes()


def offset_words(data, way):
    array = np.frombuffer(data, np.int16).astype(int)
    if way["family"] in OLD:
        return data
    return np.clip(array + 37, -32768, 32767).astype(np.int16).tobytes()


def big_endian(data, way):
    return np.frombuffer(data, np.int16).byteswap().tobytes()


def planar(data, way):
    array = np.frombuffer(data, np.uint8).reshape(way["height"], way["width"], 3)
    return np.ascontiguousarray(array.transpose(2, 0, 1)).tobytes()


def i420(data, way):
    a, b = alignment_of(way, 1)
    start = up(way["width"], a) * up(way["height"], b)
    uv = np.frombuffer(data[start:], np.uint8).reshape(-1, 2)
    return data[:start] + uv[:, 0].tobytes() + uv[:, 1].tobytes()


def no_padding(way):
    return {"YUV_NV12": (2, 2), "GRAY": (1, 1)}.get(way["format"], (1, 1))


CAUSES = [
    ("crop", lambda w: w["fit"] == "stretch", set_to(crop=crop_some)),
    ("resize_kernel", lambda w: not (w["real"]), set_to(
        kernel=lambda w, r: r.choice(["nearest", "area", "cubic", "pillow"]))),
    ("resize_kernel", lambda w: w["real"], set_to(
        kernel=lambda w, r: r.choice(["nearest", "area", "cubic", "corners"]))),
    ("resize_dtype", lambda w: not w["real"], set_to(
        real=True, round=lambda w, r: r.choice(["half-even", "truncate"]))),
    ("resize_dtype", lambda w: w["real"], set_to(real=False)),
    ("rounding", lambda w: w["real"], set_to(round="truncate")),
    ("rounding", lambda w: w["format"] == "RAWDATA_S16_NHWC", set_to(
        quantise=lambda w, r: r.choice(["half-even", "half-away"]))),
    ("rounding", lambda w: w["format"] == "YUV_NV12", set_to(nvround="truncate")),
    ("letterbox", lambda w: w["fit"] == "stretch", set_to(fit="letterbox", pad=0)),
    ("letterbox", lambda w: w["fit"] == "letterbox", set_to(fit="stretch")),
    ("pad_side", lambda w: w["fit"] == "letterbox", set_to(place="top-left")),
    ("pad_value", lambda w: w["fit"] == "letterbox", set_to(pad=lambda w, r: r.choice([0, 128, 255]))),
    ("channel_order", is_color, set_to(swap=True)),
    ("exif_rotation", lambda w: w["rotated"], set_to(exif=True)),
    ("jpeg_decoder", lambda w: w["djpeg"] and not w["rotated"], set_to(
        fast=True, plain=lambda w, r: r.random() < 0.5)),
    ("jpeg_decoder", lambda w: w["djpeg"] and not w["rotated"], set_to(plain=True)),
    ("normalisation", lambda w: not is_u8(w), set_to(passes=lambda w, r: r.choice([0, 2]))),
    ("normalisation", lambda w: not is_u8(w), set_to(mean=(127.5,) * 3, std=(127.5,) * 3)),
    ("normalisation", lambda w: not is_u8(w), set_to(mean=(103.53, 116.28, 123.675),
                                                     std=(57.375, 57.12, 58.395))),
    ("nv12_range", lambda w: w["format"] == "YUV_NV12", set_to(matrix="bt601-limited")),
    ("nv12_range", lambda w: w["format"] == "YUV_NV12", set_to(matrix="bt709-limited")),
    ("nv12_matrix", lambda w: w["format"] == "YUV_NV12", set_to(matrix="bt601-full")),
    ("nv12_chroma", lambda w: w["format"] == "YUV_NV12", set_to(
        chroma=lambda w, r: r.choice(["top-left", "left", "top"]))),
    ("nv12_chroma", lambda w: w["format"] == "YUV_NV12", set_to(v_first=True)),
    ("layout", lambda w: w["format"] == "YUV_NV12", add_bytes(i420)),
    ("layout", lambda w: w["format"] in ("RGB", "BGR"), add_bytes(planar)),
    ("alignment", lambda w: w["format"] in ("YUV_NV12", "GRAY", "BGRA", "RGBA") and
     w["family"] not in OLD, set_to(alignment=lambda w, r: r.choice([(64, 2), (32, 2), (128, 2)]))),
    ("alignment", lambda w: w["format"] in ("YUV_NV12", "GRAY") and w["family"] in OLD and
     w["width"] % 16 != 0, set_to(alignment=lambda w, r: no_padding(w))),
    ("alignment", lambda w: w["format"] == "RAWDATA_S16_NHWC", set_to(
        alignment=lambda w, r: (3, 0) if w["family"] in OLD else (8, 0))),
    ("zero_point_128", lambda w: w["format"] in ("RGB", "BGR"), add_bytes(offset_bytes)),
    ("zero_point_128", lambda w: w["format"] == "RAWDATA_S16_NHWC", set_to(zero=128)),
    ("constant_offset", lambda w: w["format"] == "RAWDATA_S16_NHWC" and w["family"] not in OLD,
     add_bytes(offset_words)),
    ("element_format", lambda w: w["format"] == "RAWDATA_S16_NHWC", add_bytes(big_endian)),
    ("scaled", lambda w: w["format"] == "RAWDATA_S16_NHWC", set_to(scale=0.015625)),
    ("not_quantised", lambda w: w["format"] == "RAWDATA_S16_NHWC", set_to(scale=1.0)),
    ("mirrored", is_u8, add_pixels(lambda w, r: r.choice(
        [lambda p: p[:, ::-1], lambda p: p[::-1], lambda p: p[::-1, ::-1]]))),
    ("shifted", is_u8, add_pixels(moved)),
]
SLOTS = {"shifted_rows": "shifted", "shifted_columns": "shifted"}


def picture_file(folder, rng, rotated):
    nrng = np.random.default_rng(rng.randrange(1 << 30))
    w, h = rng.choice([(173, 131), (160, 121), (211, 149), (131, 175)])
    base = cv2.resize(nrng.integers(0, 256, (9, 12, 3), dtype=np.uint8), (w, h),
                      interpolation=cv2.INTER_CUBIC).astype(int)
    noise = nrng.normal(0, 12, (h, w, 3))
    picture = np.clip(base + noise, 0, 255).astype(np.uint8)
    for _ in range(8):
        x, y = int(nrng.integers(0, w)), int(nrng.integers(0, h))
        cv2.rectangle(picture, (x, y), (x + int(nrng.integers(5, 50)), y + int(nrng.integers(5, 50))),
                      [int(c) for c in nrng.integers(0, 256, 3)], -1)
    path = os.path.join(folder, "picture.jpg")
    exif = Image.Exif()
    exif[0x0112] = rng.choice([3, 6, 8]) if rotated else 1
    Image.fromarray(picture).save(path, quality=90, exif=exif)
    return path, (w, h)


def flags_of(way):
    flags = ["--format", way["format"], "--family", way["family"],
             "--size", "%dx%d" % (way["width"], way["height"]), "--color",
             "GRAY" if way["format"] == "GRAY" else "RGB", "--fit", way["fit"], "--pad", str(way["pad"]),
             "--arithmetic", "float" if way["real"] else "uint8"]
    if way["format"].startswith("RAWDATA"):
        flags += ["--mean", "123.675:116.28:103.53", "--std", "58.395:57.12:57.375"]
    if way["format"] == "RAWDATA_S16_NHWC":
        flags += ["--scale", "0.0078125"]
    return flags


def draw(rng, folder, double):
    """A case: PC's way, board's way, true causes. Changes that change nothing are drawn again."""
    while True:
        rotated = rng.random() < 0.15
        path, size = picture_file(folder, rng, rotated)
        pc = base_way(rng)
        pc.update(source=size, rotated=rotated, djpeg=TURBO is not None)
        usable = [c for c in CAUSES if c[1](pc)]
        names = sorted({c[0] for c in usable})
        chosen = rng.sample(names, 2 if double else 1) if len(names) > 1 else names
        board = dict(pc, edits=[])
        for name in chosen:
            rng.choice([c for c in usable if c[0] == name])[2](board, rng)
        try:
            a, b = make(path, pc), make(path, board)
        except (ValueError, cv2.error):
            continue
        # Exchanged pixels and an exchanged mean together are exchanged channels, nothing else.
        if board["swap"] and board["mean"][0] == pc["mean"][2]:
            continue
        if not shows(path, pc, board, chosen, a, b):
            continue
        return path, pc, chosen, a, b


GROUPS = {"std": "mean", "round": "real", "plain": "fast", "place": "place"}


def shows(path, pc, board, chosen, a, b):
    """Every cause must change something by itself, and the two together neither alone."""
    if a == b:
        return False
    if len(chosen) == 1:
        return True
    for key in board:
        if key != "edits" and board[key] != pc[key] and make(path, dict(board, **{key: pc[key]})) == b:
            return False
    changed = [key for key in board if key != "edits" and board[key] != pc[key]]
    if len({g for k in changed for g in [GROUPS.get(k, k)]}) + len(board["edits"]) < 2:
        return False  # both turned the same knob: one cause
    for i in range(len(board["edits"])):
        rest = board["edits"][:i] + board["edits"][i + 1:]
        if make(path, dict(board, edits=rest)) == b:
            return False
    return True


def run_case(plumb, folder, path, pc, a, b):
    names = [os.path.join(folder, n) for n in ("pc.bin", "board.bin", "told.json")]
    for name, data in zip(names, (a, b)):
        with open(name, "wb") as file:
            file.write(data)
    start = time.monotonic()
    done = subprocess.run([plumb, "input", "explain", names[0], names[1], "--image", path, "--json",
                           names[2], "--quiet"] + flags_of(pc), capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode != 1:
        return None, seconds, "exit %d: %s" % (done.returncode, done.stderr)
    with open(names[2]) as file:
        return json.load(file)["input"]["findings"], seconds, done.stdout


def words(finding):
    return sorted(SLOTS.get(c["cause"], c["cause"]) for c in finding["causes"])


try:
    TURBO = ctypes.CDLL("libturbojpeg.so.0")
except OSError:
    TURBO = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("plumb")
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    score = collections.defaultdict(lambda: [0, 0, 0])  # (double, cause): cases, first, false
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for case in range(options.cases):
            rng = random.Random(options.seed * 1000003 + case)
            double = case % 2 == 1
            path, pc, chosen, a, b = draw(rng, folder, double)
            findings, seconds, told = run_case(options.plumb, folder, path, pc, a, b)
            times.append(seconds)
            first = bool(findings) and findings[0]["accepted"] and words(findings[0]) == sorted(chosen)
            # Exactly the board's bytes by another way is an answer too, if not the one asked for.
            false = bool(findings) and not first and findings[0]["accepted"] and \
                findings[0]["residual"]["different_elements"] != 0
            for name in chosen:
                entry = score[(len(chosen) == 2, name)]
                entry[0] += 1
                entry[1] += first
                entry[2] += false
            entry = score[(len(chosen) == 2, "all")]
            entry[0], entry[1], entry[2] = entry[0] + 1, entry[1] + first, entry[2] + false
            if options.verbose and not first:
                best = findings[0] if findings else None
                print("case %d %s %s %s %dx%d %.1f s: %s" % (
                    case, chosen, pc["format"], pc["family"], pc["width"], pc["height"], seconds,
                    (words(best), best["accepted"], best["residual"]) if best else told[:300]), flush=True)
    return report(score, times, options)


def report(score, times, options):
    if options.table:
        print("| Cause | alone: cases | first | in pairs: cases | first |\n|---|---|---|---|---|")
        for name in sorted({n for _, n in score}):
            one, two = score[(False, name)], score[(True, name)]
            print("| `%s` | %d | %d | %d | %d |" % (name, one[0], one[1], two[0], two[1]))
    single, double = score[(False, "all")], score[(True, "all")]
    times.sort()
    print("single: %d of %d first; double: %d of %d first; false ones accepted: %d and %d; "
          "median %.2f s, longest %.2f s a case" % (
              single[1], single[0], double[1], double[0], single[2], double[2],
              times[len(times) // 2], times[-1]))
    good = single[1] >= 0.98 * single[0] and double[1] >= 0.90 * double[0]
    return 0 if good and single[2] + double[2] == 0 else 1


sys.exit(main())
