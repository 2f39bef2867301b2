#!/usr/bin/env python3
"""Runs an offline model in the vendor's Python classes and writes the raw outputs.

    plumb_sgs_bridge.py --sdk DIR --model M.img --result FOLDER INPUT.bin …

plumb and plumb-server start it in the environment of the SDK's cfg_env.sh. Inputs are DUMP_RAWDATA
files: they go into the simulator as they are, without being converted again. FOLDER gets a tensor
folder (docs/formats/tensor-folder.md). Works with any Python from 3.6 that the SDK's modules load in.
"""
import argparse
import json
import os
import sys
import time

# What the runtime rounds a buffer up to: a board's input may carry that many bytes more.
BUFFER_ALIGNMENT = 64

ELEMENT_TYPES = {"uint8": "u8", "int8": "s8", "int16": "s16", "uint16": "u16", "int32": "s32",
                 "int64": "s64", "float16": "f16", "float32": "f32", "float64": "f64",
                 "bool": "bool", "complex64": "c64"}

PICTURE_TYPES = {"YUV_NV12": "nv12", "BGRA": "argb8888", "RGBA": "abgr8888"}


class Refusal(Exception):
    """The run cannot be done; `kind` is a word of docs/formats/tensor-folder.md."""

    def __init__(self, kind, message, hint=""):
        Exception.__init__(self, message)
        self.kind = kind
        self.hint = hint


def words_of(error):
    return "%s: %s" % (type(error).__name__, error)


def load_sdk(folder):
    """(numpy, calibrator_custom, the SDK's convert_to_input_formats or None)"""
    for place in ("Scripts", os.path.join("Scripts", "calibrator"), "."):
        path = os.path.join(folder, place)
        if os.path.isdir(path) and path not in sys.path:
            sys.path.append(path)
    try:
        import numpy
        import calibrator_custom
    except Exception as error:  # whatever a foreign module throws while it loads
        raise Refusal(
            "python",
            "the SDK's modules do not load in %s (Python %d.%d.%d): %s" % (
                (sys.executable or "python",) + tuple(sys.version_info[:3]) + (words_of(error),)),
            "name an interpreter they were built for, mostly Python 3.7 with numpy: --sdk-python")
    convert = None
    for name in ("utils", "utls"):
        try:
            module = __import__("calibrator_custom." + name, fromlist=[name])
            convert = getattr(module, "convert_to_input_formats", convert)
        except ImportError:
            continue
    if not hasattr(calibrator_custom, "offline_simulator"):
        raise Refusal("python", "calibrator_custom of this SDK has no offline_simulator",
                      "run its simulator.py instead: --sdk-api text with --sdk-image")
    return numpy, calibrator_custom, convert


def device_array(numpy, convert, detail, path):
    """The file's bytes in the shape and type in which the SDK's own conversion gives them."""
    shape = [int(n) for n in detail["shape"]]
    example = numpy.zeros(shape, dtype=detail["dtype"])
    if convert is not None:
        try:
            example = numpy.asarray(convert(example, detail))
        except Exception as error:
            raise Refusal("invoke_failed", "the SDK's convert_to_input_formats failed on a picture "
                          "of zeros, which only asks for the layout: " + words_of(error))
    size = os.path.getsize(path)
    most = -(-example.nbytes // BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT
    if not example.nbytes <= size <= most:
        raise Refusal(
            "input_refused",
            "'%s' has %d bytes, but input '%s' (%s %s) takes %d to %d" % (
                path, size, detail["name"], detail.get("input_formats", ""), shape,
                example.nbytes, most),
            "dump the input again for this very model: simulator.py ... --dump_rawdata")
    data = numpy.fromfile(path, dtype=example.dtype, count=example.size)
    return data.reshape(example.shape), example.nbytes, most


def first_number(value):
    """A scale or zero point may be a number, a list or an array of one."""
    try:
        return value.item() if hasattr(value, "item") else value[0]
    except (TypeError, IndexError, ValueError):
        return value


def quantisation(detail):
    values = detail.get("quantization") or (0, 0)
    try:
        return float(first_number(values[0])), int(first_number(values[1]))
    except (TypeError, IndexError, ValueError):
        return 0.0, 0


def safe_name(name, role, index):
    text = "".join(c if c.isprintable() else "_" for c in str(name))[:200]
    return text or "%s %d" % (role, index)


def describe_input(detail, index, dtype, payload, aligned):
    scale, zero_point = quantisation(detail)
    picture = PICTURE_TYPES.get(str(detail.get("input_formats", "")))
    shape = [int(n) for n in detail["shape"]]
    described = {"name": safe_name(detail["name"], "input", index),
                 "element_type": picture or ELEMENT_TYPES[dtype.name],
                 "shape": shape, "scale": max(scale, 0.0), "zero_point": zero_point,
                 "payload_size": payload, "aligned_size": aligned}
    rows = 1
    for n in shape[:-1]:
        rows *= n
    if not picture and rows > 0 and payload > rows * shape[-1] * dtype.itemsize:
        described["inner_stride"] = payload // rows
    return described


def describe_output(detail, index, array):
    if array.dtype.name not in ELEMENT_TYPES:
        raise Refusal("bad_output", "output %d has the element type %s" % (index, array.dtype))
    shape = [int(n) for n in detail["shape"]]
    # The SDK's own recipe: a longer last dimension is alignment, to be cut.
    padded = list(array.shape)
    if len(padded) != len(shape) or padded[:-1] != shape[:-1] or padded[-1] < shape[-1]:
        raise Refusal("bad_output", "output %d is %s although its shape is %s" % (
            index, padded, shape))
    described = {"name": safe_name(detail["name"], "output", index),
                 "element_type": ELEMENT_TYPES[array.dtype.name], "shape": shape,
                 "aligned_size": int(array.nbytes)}
    if padded[-1] != shape[-1]:
        described["inner_stride"] = int(padded[-1] * array.dtype.itemsize)
    if array.dtype.kind in "iu":
        scale, zero_point = quantisation(detail)
        described["scale"] = max(scale, 0.0)
        described["zero_point"] = zero_point
    return described


def run(arguments):
    numpy, sdk, convert = load_sdk(arguments.sdk)
    try:
        simulator = sdk.offline_simulator(arguments.model)
        inputs = list(simulator.get_input_details())
        outputs = list(simulator.get_output_details())
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("model_refused", "the SDK does not load the model: " + words_of(error),
                      "compile the model with this SDK, or name the SDK it was compiled with: --sdk")
    if len(inputs) != len(arguments.inputs):
        raise Refusal("input_refused", "the model has %d inputs, but %d files are given" % (
            len(inputs), len(arguments.inputs)), "give one --input for each input of the model")
    told = {"schema": "plumb.tensors/1", "source": "sgs",
            "sdk": "SGS SDK %s (calibrator_custom, Python %d.%d)" % (
                getattr(sdk, "__version__", os.path.basename(os.path.abspath(arguments.sdk))),
                sys.version_info[0], sys.version_info[1]),
            "inputs": [], "outputs": []}
    for index, (detail, path) in enumerate(zip(inputs, arguments.inputs)):
        array, payload, aligned = device_array(numpy, convert, detail, path)
        told["inputs"].append(describe_input(detail, index, array.dtype, payload, aligned))
        simulator.set_input(index, array)
    start = time.time()
    try:
        simulator.invoke()
        arrays = [numpy.ascontiguousarray(simulator.get_output(i)) for i in range(len(outputs))]
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("invoke_failed", "the SDK's simulator failed: " + words_of(error))
    told["invoke_ms"] = [(time.time() - start) * 1e3]
    for index, (detail, array) in enumerate(zip(outputs, arrays)):
        told["outputs"].append(describe_output(detail, index, array))
        array.tofile(os.path.join(arguments.result, "output_%02d.raw" % index))
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--result", required=True)
    parser.add_argument("inputs", nargs="*")
    arguments = parser.parse_args()
    refusal = None
    try:
        told = run(arguments)
    except Refusal as error:
        refusal = {"kind": error.kind, "message": str(error), "hint": error.hint}
    except MemoryError:
        refusal = {"kind": "out_of_memory", "message": "the SDK's simulator ran out of memory",
                   "hint": "it wants 6 GB; end other programs"}
    if refusal is not None:
        told = {"schema": "plumb.tensors/1", "error": refusal}
    # Last, and whole: without it nothing was produced.
    path = os.path.join(arguments.result, "tensors.json")
    with open(path + ".part", "w") as out:
        json.dump(told, out, indent=1)
    os.replace(path + ".part", path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
