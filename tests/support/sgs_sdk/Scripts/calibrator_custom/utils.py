"""STAND-IN for the vendor's conversion of inputs to what the device takes."""
import numpy


def convert_to_input_formats(array, detail):
    formats = detail["input_formats"]
    if formats == "RGB":
        return numpy.asarray(array, dtype=numpy.uint8).reshape(detail["shape"])
    if formats == "RAWDATA_S16_NHWC":
        scale = detail["quantization"][0] or 1.0
        quantised = numpy.clip(numpy.asarray(array, dtype=numpy.float32) / scale, -32767, 32767)
        return quantised.astype(numpy.int16).reshape(detail["shape"])
    raise NotImplementedError("the stand-in does not convert to " + formats)
