"""The numbers of docs/metrics.md in numpy float64, timed on request.

    numpy_metrics.py REFERENCE TARGET     two files of little-endian float32

Prints the version of numpy; then for each line "all" or "three" on stdin: seconds, mse and cosine
on one line. "three" computes cosine, mse and rmse alone.
"""
import sys
import time

import numpy as np


def three(reference, target):
    r = reference.astype(np.float64)
    t = target.astype(np.float64)
    d = t - r
    mse = float(np.dot(d, d)) / d.size
    cosine = float(np.dot(r, t) / (np.linalg.norm(r) * np.linalg.norm(t)))
    return mse, cosine, mse ** 0.5


def everything(reference, target):
    r = reference.astype(np.float64)
    t = target.astype(np.float64)
    d = t - r
    magnitude = np.abs(d)
    squared_error = float(np.dot(d, d))
    squared_reference = float(np.dot(r, r))
    mse = squared_error / d.size
    cosine = float(np.dot(r, t)) / (squared_reference ** 0.5 * float(np.dot(t, t)) ** 0.5)
    low, high = float(r.min()), float(r.max())
    at = int(np.argmax(magnitude))
    different = magnitude != 0
    return (mse, cosine, mse ** 0.5, mse ** 0.5 / (high - low),
            float(magnitude.sum()) / float(np.abs(r).sum()),
            (squared_error / squared_reference) ** 0.5,
            10 * np.log10(squared_reference / squared_error), at, float(magnitude[at]),
            int(np.count_nonzero(different)), int(np.argmax(different)),
            float(t.min()), float(t.max()),
            int(np.isnan(reference).sum()), int(np.isnan(target).sum()),
            int(np.isinf(reference).sum()), int(np.isinf(target).sum()))


reference = np.fromfile(sys.argv[1], dtype="<f4")
target = np.fromfile(sys.argv[2], dtype="<f4")
print(np.__version__, flush=True)
for line in sys.stdin:
    metrics = everything if line.strip() == "all" else three
    begin = time.perf_counter()
    result = metrics(reference, target)
    seconds = time.perf_counter() - begin
    print("%.9f %.17g %.17g" % (seconds, result[0], result[1]), flush=True)
