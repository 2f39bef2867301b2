"""The wheel: installed by pip into an environment of its own, used from there, offline."""

import glob
import os
import subprocess
import sys
import zipfile

import plumbline
import pytest
from farm import BUILD, SOURCE, must_run, program

# Neither the sources nor a network: what is imported is what was installed.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "PIP"))}
OFFLINE = {**CLEAN, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def wheel():
    (made,) = glob.glob(os.path.join(BUILD, "python", "plumbline-*.whl"))
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The Python of an environment that sees Debian's packages and the wheel."""
    folder = tmp_path_factory.mktemp("venv")
    must_run(sys.executable, "-m", "venv", "--system-site-packages", str(folder), env=OFFLINE)
    python = str(folder / "bin" / "python")
    # pip also checks the names and hashes of RECORD, and that what it depends on is there.
    must_run(python, "-m", "pip", "install", "--no-index", wheel, env=OFFLINE)
    return python


def test_it_is_imported_from_where_it_was_installed(installed):
    said = must_run(installed, "-c", "import plumbline; print(plumbline.__file__, plumbline.__version__)", env=CLEAN)
    file, version = said.split()
    assert file.startswith(os.path.dirname(os.path.dirname(installed)))
    assert must_run(program("plumb"), "--version").strip() == "plumb " + version
    assert "Version: %s\n" % version in must_run(installed, "-m", "pip", "show", "plumbline", env=OFFLINE)


def test_pytest_finds_the_plugin_by_itself(installed, farm, face, tmp_path):
    example = os.path.join(SOURCE, "client", "python", "examples", "test_face_detector.py")
    environment = {**CLEAN, "PLUMB_EXAMPLE_MODEL": face.model, "PLUMB_EXAMPLE_INPUT": face.input}
    said = must_run(
        installed, "-m", "pytest", "-p", "no:cacheprovider", example, "--plumb-server", farm.address,
        "--plumb-board", "cam", env=environment, cwd=str(tmp_path),
    )  # fmt: skip
    assert "3 passed" in said
    assert "@pytest.mark.plumb_board(word" in must_run(installed, "-m", "pytest", "--markers", env=CLEAN)


def test_it_holds_the_package_with_types_and_stubs_and_nothing_else(wheel):
    information = "plumbline-%s.dist-info" % plumbline.__version__
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(information + "/METADATA").decode()
    assert {"plumbline/py.typed", "plumbline/_wire/run_service_pb2_grpc.py", "plumbline/_wire/run_pb2.pyi"} <= names
    assert {name.split("/")[0] for name in names} == {"plumbline", information}
    sources = os.listdir(os.path.join(SOURCE, "client", "python", "src", "plumbline"))
    assert {"plumbline/" + name for name in sources if name.endswith((".py", ".typed"))} <= names
    assert "License: Apache-2.0\n" in metadata and "Requires-Dist: grpcio" in metadata


def test_the_same_sources_give_the_same_bytes(wheel, tmp_path):
    must_run(os.path.join(SOURCE, "tools", "python-wheel"), str(tmp_path), env={**CLEAN, "TZ": "Asia/Tokyo"})
    with open(wheel, "rb") as ours, open(tmp_path / os.path.basename(wheel), "rb") as again:
        assert ours.read() == again.read()


def test_without_its_packages_the_tool_says_what_to_install(tmp_path):
    done = subprocess.run(
        [os.path.join(SOURCE, "tools", "python-wheel"), str(tmp_path)], check=False, capture_output=True, text=True,
        env={**CLEAN, "PLUMB_PYTHON": "/bin/false"},
    )  # fmt: skip
    assert done.returncode == 1 and "apt-get install python3-setuptools python3-wheel" in done.stderr
