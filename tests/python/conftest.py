"""What the tests share: a farm with a good and a broken board, and a real network."""

import collections
import os

import plumbline
import pytest
from farm import SOURCE, Farm, must_run, program

Model = collections.namedtuple("Model", "model input")


@pytest.fixture(scope="session")
def face(tmp_path_factory):
    """MediaPipe's face detector for S6, and the astronaut: outputs of 896x16 and 896x1 elements."""
    folder = tmp_path_factory.mktemp("model")
    data = os.path.join(SOURCE, "tests", "testdata")
    picture = os.path.join(data, "images", "astronaut.png")
    fixed, model, raw = (str(folder / name) for name in ("face.plm", "face.img", "face.bin"))
    network = os.path.join(data, "models", "face_detection_short_range.tflite")
    plumb = program("plumb")
    must_run(plumb, "quantize", "--model", network, "--calibrate", picture, "--out", fixed)
    must_run(plumb, "compile", "--model", fixed, "--chip", "S6", "--out", model)
    must_run(plumb, "input", "make", "--image", picture, "--model", model, "--out", raw)
    return Model(model, raw)


@pytest.fixture(scope="module")
def farm():
    """Boards "cam" (tag "good") and "bad" (tag "faulty"), which hands out the previous result again."""
    made = Farm()
    try:
        made.add_board("cam", "S6", "good")
        made.add_board("bad", "S6,fault=stale", "faulty")
        yield made
    finally:
        made.close()


@pytest.fixture
def new_farm():
    """A farm of the test's own without boards; called with the server's flags."""
    made = []

    def make(*flags):
        made.append(Farm(*flags))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(farm):
    """Connected to `farm` as ann."""
    with plumbline.connect(farm.address, owner="ann") as made:
        yield made
