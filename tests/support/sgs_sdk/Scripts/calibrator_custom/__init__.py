"""STAND-IN for the vendor's calibrator_custom: the same classes around plumb-simulator."""
import os
import sys
import time

import numpy

from calibrator_custom.ring import RingChild

__version__ = "stand-in"

sys.stderr.write("stand-in SDK: this is not the vendor's calibrator_custom\n")

DTYPES = {0: numpy.uint8, 2: numpy.int16, 3: numpy.int32, 4: numpy.int8, 5: numpy.float32}


def details(records):
    return [{"index": i, "name": r["name"], "shape": numpy.array(r["dims"]),
             "dtype": DTYPES[r["format"]],
             "input_formats": "RGB" if r["format"] == 0 else "RAWDATA_S16_NHWC",
             "training_input_formats": "RGB", "quantization": (r["scale"], r["zero_point"]),
             "layouts": "NHWC", "input_width_alignment": 1, "input_height_alignment": 1,
             "batch": 1, "batch_mode": "n_buf"} for i, r in enumerate(records)]


def fail_on_demand(fault):
    if fault == "hang":
        time.sleep(3600)
    if fault == "crash":
        sys.stderr.write("stand-in SDK: something terrible happened\n")
        os._exit(3)
    if fault == "segfault":
        os.kill(os.getpid(), 11)


class offline_simulator:
    def __init__(self, model, batch=1, show_log=False):
        self.child = RingChild(os.environ["PLUMB_STANDIN_SIMULATOR"], model)

    def get_input_details(self):
        return details(self.child.inputs)

    def get_output_details(self):
        return details(self.child.outputs)

    def set_input(self, index, array):
        detail = self.get_input_details()[index]
        if array.dtype != detail["dtype"]:
            raise ValueError("input %d is %s, not %s" % (index, array.dtype, detail["dtype"]))
        self.child.fill(index, array.tobytes())

    def invoke(self):
        fail_on_demand(os.environ.get("PLUMB_STANDIN_FAULT", ""))
        self.child.invoke()

    def get_output(self, index):
        """Rows as they are stored: the last dimension may be longer than the shape's."""
        record = self.child.outputs[index]
        dtype = numpy.dtype(DTYPES[record["format"]])
        rows = int(numpy.prod(record["dims"][:-1], dtype=numpy.int64))
        per_row = (record["stride"] or record["dims"][-1] * dtype.itemsize) // dtype.itemsize
        raw = numpy.frombuffer(self.child.read(index), dtype=dtype)[:rows * per_row]
        return raw.reshape(record["dims"][:-1] + [per_row])
