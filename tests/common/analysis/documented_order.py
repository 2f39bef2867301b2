"""docs/metrics.md, "The order of the sums", in plain Python: prints what pair_kernels_test.cc expects.

    python3 tests/common/analysis/documented_order.py
"""
import struct


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def fold(lanes):
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + (
        (lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))


def total(terms):
    result = 0.0
    for begin in range(0, len(terms), 4096):
        lanes = [0.0] * 8
        for i in range(begin, min(begin + 4096, len(terms))):
            lanes[i % 8] += terms[i]
        result += fold(lanes)
    return result


def pairs(count):
    state = 12345
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        reference = float32((state - 2**31) / 2**28)
        yield reference, float32(reference * (1 + ((state >> 7) % 256 - 100) / 10000.0))


both = list(pairs(10007))
for name, term in (("squared_error", lambda r, t: (t - r) * (t - r)),
                   ("absolute_error", lambda r, t: abs(t - r)),
                   ("squared_reference", lambda r, t: r * r),
                   ("absolute_reference", lambda r, t: abs(r)),
                   ("squared_target", lambda r, t: t * t),
                   ("product", lambda r, t: r * t)):
    print(name, total([term(r, t) for r, t in both]).hex())
