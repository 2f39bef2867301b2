"""STAND-IN for the vendor's simulator.py: both generations of its options, its text, its dumps."""
import argparse
import importlib.util
import os
import shutil
import sys

import numpy

import calibrator_custom
from calibrator_custom import utils

OLD = os.environ.get("PLUMB_STANDIN_OPTIONS", "new") == "old"
FAULT = os.environ.get("PLUMB_STANDIN_FAULT", "")


def options():
    parser = argparse.ArgumentParser(description="STAND-IN for the vendor's simulator.py")
    parser.add_argument("-i", "--image", required=True)
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-t", "--type", required=OLD, choices=["Float", "Fixed", "Offline"])
    parser.add_argument("-c", "--category", required=OLD, default=None if OLD else "Unknown",
                        choices=["Classification", "Detection", "Unknown"])
    parser.add_argument("-n", "--preprocess", required=not OLD, default="0")
    parser.add_argument("-l", "--label")
    parser.add_argument("--num_process", default=0 if OLD else 1, type=int)
    parser.add_argument("--dump_rawdata", action="store_true")
    parser.add_argument("--skip_garbage", action="store_true")
    parser.add_argument("--draw_result")
    parser.add_argument("--continue_run", action="store_true")
    if OLD:
        parser.add_argument("--save_input", action="store_true")
    else:
        parser.add_argument("--input_config")
        parser.add_argument("--show_log", action="store_true")
    return parser.parse_args()


def preprocessed(script, image):
    spec = importlib.util.spec_from_file_location("preprocess", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.image_preprocess(image, False)


def numbers(array):
    flat = array.ravel()
    lines = []
    for start in range(0, flat.size, 16):
        lines.append("  ".join("%.6f" % value for value in flat[start:start + 16]))
    return "  \n".join(lines)


def write_text(path, simulator, skip_garbage):
    with open(path, "w") as out:
        for index, detail in enumerate(simulator.get_output_details()):
            array = simulator.get_output(index)
            shape = [int(n) for n in detail["shape"]]
            if skip_garbage:
                array = array[..., :shape[-1]]
            out.write("%s Tensor:\n{\n" % detail["name"])
            if array.dtype == numpy.int16 and not skip_garbage:
                out.write("Original shape:%s, Alignment shape:%s\n" % (shape, list(array.shape)))
                out.write("The following tensor data is in alignment shape:\n")
            else:
                out.write("Original shape:%s\n" % shape)
            if array.dtype == numpy.int16:
                array = array * numpy.float32(detail["quantization"][0])
            out.write(numbers(array) + "\n}\n")


def main():
    print("stand-in SDK: this is not the vendor's simulator.py")
    args = options()
    shutil.rmtree("output", ignore_errors=True)
    os.mkdir("output")
    simulator = calibrator_custom.offline_simulator(args.model)
    images = args.image.split(",")
    if args.image.endswith(".txt"):
        with open(args.image) as lines:
            images = lines.readline().strip().split(",")
    for index, (image, script) in enumerate(zip(images, args.preprocess.split(","))):
        detail = simulator.get_input_details()[index]
        array = utils.convert_to_input_formats(preprocessed(script, image), detail)
        end = "_input%d.bin" % index if len(images) > 1 else ".bin"
        if args.dump_rawdata and FAULT != "no_dump":
            array.tofile(os.path.basename(image) + end)
        simulator.set_input(index, array)
    simulator.invoke()
    name = "%s_%s_%s.txt" % (args.category.lower(), os.path.basename(args.model),
                             os.path.basename(images[0]))
    if FAULT != "no_output":
        write_text(os.path.join("output", name), simulator, args.skip_garbage)
    if FAULT == "garbled":
        with open(os.path.join("output", name), "w") as out:
            out.write("scores Tensor:\n{\nOriginal shape:[1, 2]\n1.0  oops\n}\n")
    if FAULT == "foreign_output":
        with open(os.path.join("output", "unknown_other.img_dog.jpg.txt"), "w") as out:
            out.write("of another run\n")
    os.makedirs("log", exist_ok=True)
    shutil.rmtree("log/output", ignore_errors=True)
    shutil.move("output", "log/output")


if __name__ == "__main__":
    sys.exit(main())
