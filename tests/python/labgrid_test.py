"""The labgrid example against a stand-in for labgrid, which Debian 12 does not have.

The stand-in has the few names that the example uses, with the life of a driver as labgrid documents
it: bound when made, usable between activate and deactivate only. It shows that the driver works with
a server; it does not show that it works with labgrid.
"""

import functools
import importlib.util
import os
import sys
import types

import attr
import plumbline
import pytest
from farm import SOURCE

FOLDER = os.path.join(SOURCE, "client", "python", "examples", "labgrid")


class StateError(Exception):
    """The stand-in's: the driver is not active."""


@attr.s(eq=False)
class Resource:
    target = attr.ib()
    name = attr.ib()


@attr.s(eq=False)
class Driver:
    target = attr.ib()
    name = attr.ib()

    def __attrs_post_init__(self):
        self.active = False
        for name, kind in self.bindings.items():
            setattr(self, name, next(one for one in self.target if isinstance(one, kind)))

    @staticmethod
    def check_active(function):
        @functools.wraps(function)
        def checked(self, *arguments, **options):
            if not self.active:
                raise StateError("%s is not active" % type(self).__name__)
            return function(self, *arguments, **options)

        return checked

    def activate(self):
        self.on_activate()
        self.active = True

    def deactivate(self):
        self.active = False
        self.on_deactivate()


def step(args=(), result=False):
    """Checks that the arguments that are to be logged are the function's."""

    def decorate(function):
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        assert set(args) <= set(names)
        return function

    return decorate


@pytest.fixture(scope="module")
def example():
    """The example as a module, labgrid being the stand-in."""
    registered = []
    factory = types.SimpleNamespace(
        reg_driver=lambda kind: registered.append(kind) or kind, reg_resource=lambda kind: registered.append(kind) or kind
    )
    modules = {
        "labgrid": {},
        "labgrid.driver": {"Driver": Driver},
        "labgrid.resource": {"Resource": Resource},
        "labgrid.factory": {"target_factory": factory},
        "labgrid.step": {"step": step},
    }
    before = {name: sys.modules.get(name) for name in modules}
    for name, names in modules.items():
        module = types.ModuleType(name)
        module.__dict__.update(names)
        sys.modules[name] = module
    spec = importlib.util.spec_from_file_location(
        "plumb_board_driver", os.path.join(FOLDER, "plumb_board_driver.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    assert [kind.__name__ for kind in registered] == ["PlumbBoard", "PlumbBoardDriver"]
    for name, old in before.items():
        sys.modules.pop(name)
        if old is not None:
            sys.modules[name] = old


def make(example, server, board, **options):
    resource = example.PlumbBoard("main", "board", server, board, **options)
    return example.PlumbBoardDriver([resource], "driver")


def test_the_board_is_reserved_while_the_driver_is_active(example, farm, client, face):
    driver = make(example, farm.address, ["S6", "good"])
    with pytest.raises(StateError):
        driver.run(face.model, face.input)
    driver.activate()
    assert [(one.board, one.note) for one in client.reservations()] == [("cam", "labgrid")]
    assert driver.assert_matches(face.model, face.input, repeat=2).matches
    driver.deactivate()
    assert client.reservations() == []
    with pytest.raises(StateError):
        driver.assert_matches(face.model, face.input)


def test_a_mismatch_is_an_assertion_with_the_comparison(example, farm, face):
    driver = make(example, farm.address, "bad")
    driver.activate()
    try:
        assert driver.run(face.model, face.input).cause == "stale_output"
        with pytest.raises(AssertionError, match="classificators  s16.1x896x1.        896        880"):
            driver.assert_matches(face.model, face.input)
    finally:
        driver.deactivate()


def test_a_board_that_is_not_there_stops_the_activation(example, farm):
    driver = make(example, farm.address, "nope")
    with pytest.raises(plumbline.NoBoard):
        driver.activate()


def test_the_environment_file_names_what_the_example_has(example):
    with open(os.path.join(FOLDER, "env.yaml"), encoding="utf-8") as file:
        text = file.read()
    fields = {field.name for field in attr.fields(example.PlumbBoard)}
    for key in ("server", "board", "wait"):
        assert key + ":" in text and key in fields
    assert "PlumbBoardDriver: {}" in text and "plumb_board_driver.py" in text
