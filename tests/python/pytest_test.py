"""The pytest plugin, by running pytest on the examples: what a person sees, and what CI reads."""

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree

import plumbline
import pytest
from farm import SOURCE, Process

EXAMPLES = os.path.join(SOURCE, "client", "python", "examples")


class Outcome:
    """One run of pytest: exit code, what it printed, and its JUnit file."""

    def __init__(self, folder, face, arguments, environment=None):
        junit = os.path.join(str(folder), "junit.xml")
        values = {"PLUMB_EXAMPLE_MODEL": face.model, "PLUMB_EXAMPLE_INPUT": face.input, **(environment or {})}
        command = [sys.executable, "-m", "pytest", "-p", "plumbline.pytest_plugin", "-p", "no:cacheprovider"]
        done = subprocess.run(
            command + ["--junitxml", junit] + arguments, capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, **values}, cwd=str(folder),
        )  # fmt: skip
        self.code = done.returncode
        self.text = done.stdout + done.stderr
        self.suite = xml.etree.ElementTree.parse(junit).getroot()[0]

    def counts(self):
        """Tests, failures and errors, as JUnit has them."""
        return tuple(int(self.suite.get(name)) for name in ("tests", "failures", "errors"))


@pytest.fixture
def run_pytest(farm, face, tmp_path):
    """Runs pytest on a file, or on a text that becomes one."""

    def run(what, *arguments, server=farm.address, **environment):
        if not os.path.isabs(what):
            file = tmp_path / "test_it.py"
            file.write_text("MODEL, INPUT = %r, %r\n%s" % (face.model, face.input, what))
            what = str(file)
        server_option = ["--plumb-server", server] if server else []
        return Outcome(tmp_path, face, [what, *server_option, *arguments], environment)

    return run


def test_the_example_passes(run_pytest, client):
    ran = run_pytest(os.path.join(EXAMPLES, "test_face_detector.py"), "--plumb-board", "good")
    assert ran.code == 0, ran.text
    assert ran.counts() == (3, 0, 0)
    properties = {one.get("name"): one.get("value") for one in ran.suite.findall("testcase/properties/property")}
    assert properties["plumb_board"] == "cam" and properties["plumb_verdict"] == "match"
    assert client.report(properties["plumb_run"]).matches
    assert client.reservations() == []


def test_its_failing_twin_shows_the_comparison(run_pytest, client):
    ran = run_pytest(os.path.join(EXAMPLES, "test_face_detector_on_a_broken_board.py"))
    assert ran.code == 1
    assert ran.counts() == (2, 2, 0)
    asserted, plain = ran.text.split("test_the_same_with_a_plain_assert", 1)
    for said in (asserted, plain):
        for shown in (
            "verdict: mismatch (0 of 2 tensors match): stale_output",
            "stale_output  confidence 0.99",
            "every output holds the very bytes that an Invoke on an input of zeros gave before",
            "-> The output buffer shows an earlier result.",
            "regressors: first difference at [0,0,0]: reference 1.02338505, target -1.02338505",
            "tensor          type           elements  different  max LSB  max |d|    cosine  rel_l1  verdict",
            "classificators  s16[1x896x1]        896        880      240    128.2  0.546819   0.723  mismatch",
        ):
            assert shown in said, shown
    # Nothing of the package's own code is in the way.
    assert "site-packages" not in ran.text and "target.py" not in ran.text
    failure = ran.suite.find("testcase/failure")
    assert failure.get("message").startswith("plumbline.errors.Mismatch: mismatch (0 of 2 tensors match): stale_output")
    assert client.reservations() == []


def test_no_board_is_an_error_not_a_failure(run_pytest):
    ran = run_pytest(os.path.join(EXAMPLES, "test_face_detector.py"), "--plumb-board", "nope")
    assert ran.code == 1 and ran.counts() == (3, 0, 3)
    assert "no board matches" in ran.text and "hint: " in ran.text
    assert "Traceback" not in ran.text and "self._connection" not in ran.text


def test_no_server_is_an_error_with_a_hint(run_pytest, tmp_path):
    example = os.path.join(EXAMPLES, "test_face_detector.py")
    ran = run_pytest(example, server="")
    assert ran.counts() == (3, 0, 3) and "pytest: --plumb-server ADDR" in ran.text
    ran = run_pytest(example, server="unix:%s" % (tmp_path / "nobody"))
    assert ran.counts() == (3, 0, 3) and "no server answers at" in ran.text


def test_the_environment_names_server_and_board(run_pytest, farm):
    example = os.path.join(EXAMPLES, "test_face_detector.py")
    assert run_pytest(example, server="", PLUMB_SERVER=farm.address, PLUMB_BOARD="cam").counts() == (3, 0, 0)


def test_a_run_without_a_verdict_is_an_error(run_pytest):
    ran = run_pytest(
        "def test_two_inputs(plumb_board):\n    plumb_board.assert_matches(MODEL, [INPUT, INPUT])\n",
        "--plumb-board=cam",
    )
    assert ran.counts() == (1, 0, 1)
    assert "the model has 1 inputs, but 2 were given" in ran.text


def test_an_assertion_about_a_report_shows_it(run_pytest):
    ran = run_pytest(
        "def test_truth(plumb_board):\n    assert plumb_board.run(MODEL, INPUT)\n"
        "def test_equality(plumb_board):\n    assert plumb_board.run(MODEL, INPUT) == 'match'\n",
        "--plumb-board=bad",
    )
    assert ran.counts() == (2, 2, 0)
    assert "assert <plumbline.Report mismatch (0 of 2 tensors match): stale_output of board bad>" in ran.text
    assert ran.text.count("stale_output  confidence 0.99") >= 2


def test_expected_failures_stay_expected(run_pytest):
    ran = run_pytest(
        "import pytest\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_known(plumb_board):\n    plumb_board.assert_matches(MODEL, INPUT)\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_known_to_be_refused(plumb_board):\n    plumb_board.assert_matches(MODEL, [INPUT, INPUT])\n"
        "def test_caught(plumb_board):\n"
        "    with pytest.raises(AssertionError, match='stale_output'):\n"
        "        plumb_board.assert_matches(MODEL, INPUT)\n",
        "--plumb-board=bad",
    )
    assert ran.code == 0, ran.text
    assert "1 passed, 2 xfailed" in ran.text


def test_the_board_is_the_tests_own_while_it_runs(run_pytest):
    ran = run_pytest(
        "def test_mine(plumb_board, plumb_client):\n"
        "    (mine,) = plumb_client.reservations()\n"
        "    assert mine.board == plumb_board.name == 'cam' and mine.owner == 'nightly'\n"
        "    assert mine.note == 'pytest test_it.py::test_mine'\n",
        "--plumb-board=S6", "--plumb-board=good", "--plumb-owner=nightly",
    )  # fmt: skip
    assert ran.code == 0, ran.text


def test_a_reserved_board_is_waited_for(run_pytest, farm):
    test = "def test_it(plumb_board):\n    assert plumb_board.run(MODEL, INPUT)\n"
    with plumbline.connect(farm.address, owner="eve") as other:
        other.reserve("cam", seconds=1)._over.set()  # nobody renews it: over in a second
        ran = run_pytest(test, "--plumb-board=cam", "--plumb-wait=30")
        assert ran.counts() == (1, 0, 0), ran.text
        with other.reserve("cam"):
            assert run_pytest(test, "--plumb-board=cam").counts() == (1, 0, 1)


def test_ctrl_c_gives_the_board_back(new_farm, face, tmp_path):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=hang")
    file = tmp_path / "test_it.py"
    file.write_text(
        "def test_it(plumb_board):\n"
        "    for progress in plumb_board.start(%r, %r):\n"
        "        print('state', progress.state, flush=True)\n" % (face.model, face.input)
    )
    command = [sys.executable, "-m", "pytest", "-s", "-p", "plumbline.pytest_plugin", "-p", "no:cacheprovider"]
    process = Process(*command, str(file), "--plumb-server", farm.address)
    process.wait_for_line("state running")
    with plumbline.connect(farm.address) as client:
        assert [one.board for one in client.reservations()] == ["cam"]
        process.kill(signal.SIGINT)
        assert client.reservations() == []


def test_a_board_that_plumb_reserve_holds_is_used_without_reserving(run_pytest, farm):
    test = "def test_it(plumb_board):\n    assert plumb_board.run(MODEL, INPUT)\n"
    with plumbline.connect(farm.address, owner="zoe") as holder, holder.reserve("cam"):
        ran = run_pytest(test, "--plumb-no-reserve", PLUMB_BOARD="cam", PLUMB_OWNER="zoe")
        assert ran.counts() == (1, 0, 0), ran.text
