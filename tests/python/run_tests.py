#!/usr/bin/python3
"""Runs tests of the Python client with Debian's pytest, against the programs of a build.

    run_tests.py BUILD FILE…      exit 0 all pass, 1 not, 77 a package of Debian is missing

BUILD is the build's folder: its bin/ has the programs, its python/ what tools/python-wheel made.
"""
import importlib.util
import os
import subprocess
import sys
import tempfile

PACKAGES = {
    "google.protobuf": "python3-protobuf",
    "grpc": "python3-grpcio",
    "xxhash": "python3-xxhash",
    "pytest": "python3-pytest",
    "attr": "python3-attr",
    "setuptools": "python3-setuptools",
    "wheel": "python3-wheel",
    "ensurepip": "python3-venv",
}


def is_there(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def main():
    build = os.path.abspath(sys.argv[1])
    missing = sorted(package for module, package in PACKAGES.items() if not is_there(module))
    if missing:
        print("SKIPPED: the tests of the Python client need: apt-get install %s" % " ".join(missing))
        return 77
    tree = os.path.join(build, "python", "tree", "src")
    if not os.path.isdir(tree):
        print("run_tests: %s is missing; build the target python_package" % tree)
        return 1
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLUMB_")}
    environment["PYTHONPATH"] = tree
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PLUMB_TEST_BUILD"] = build
    # Entry points of whatever else is installed here are not under test.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with tempfile.TemporaryDirectory(prefix="plumb-pytest-") as folder:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
        command += ["--basetemp", os.path.join(folder, "t")]
        return subprocess.run(command + sys.argv[2:], env=environment, check=False).returncode


sys.exit(main())
