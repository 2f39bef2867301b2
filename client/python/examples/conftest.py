"""Where the examples' model is: PLUMB_EXAMPLE_MODEL and PLUMB_EXAMPLE_INPUT name its files.

    plumb quantize   --model face_detection_short_range.tflite --calibrate astronaut.png --out face.plm
    plumb compile    --model face.plm --chip S6 --out face.img
    plumb input make --image astronaut.png --model face.img --out face.bin
"""

import os

import pytest


@pytest.fixture(scope="session")
def face_detector():
    """The offline model of MediaPipe's face detector."""
    return os.environ.get("PLUMB_EXAMPLE_MODEL", "face.img")


@pytest.fixture(scope="session")
def astronaut():
    """The bytes of its input buffer."""
    return os.environ.get("PLUMB_EXAMPLE_INPUT", "face.bin")
