"""Runs through the Python client, held against what `plumb` says of the same runs."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import plumbline
import pytest
from farm import Process, eventually, program
from plumbline import _upload


def told_by_plumb(farm, run_id):
    """The document that `plumb watch --json` writes for the run; its exit code is the run's."""
    command = [program("plumb"), "watch", run_id, "--server", farm.address, "--json", "-", "--quiet"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def test_a_good_board_matches(farm, client, face):
    run = client.run(face.model, face.input, board="cam")
    states = list(run)
    assert states[-1].finished and not any(state.finished for state in states[:-1])
    assert states[-1].verdict == "match" and states[-1].exit_code == 0 and states[-1].board == "cam"
    last = {tensor.name: tensor for tensor in states[-1].tensors}
    assert last["regressors"].compared == last["regressors"].total == 896 * 16
    assert last["classificators"].board_bytes == last["classificators"].board_size > 0
    report = run.result()
    assert report.matches and report and report.exit_code == 0 and report.cause == ""
    assert [tensor.shape for tensor in report.tensors] == [(1, 896, 16), (1, 896, 1)]
    assert [tensor.count for tensor in report.tensors] == [14336, 896]
    assert report.tensor("regressors").first_difference == ""
    assert "verdict: match (2 of 2 tensors match, every valid element is equal)" in str(report)


def test_a_report_is_what_plumb_writes(farm, client, face):
    report = client.run(face.model, face.input, board="bad").result()
    told = told_by_plumb(farm, report.run_id)
    assert report.to_dict() == told
    assert (report.verdict, report.exit_code, report.cause) == ("mismatch", 1, "stale_output")
    classificators = report.tensor("classificators")
    assert classificators.cosine == told["tensors"][1]["cosine"]
    assert classificators.first_difference_index == tuple(told["tensors"][1]["first_difference_index"])
    assert client.report(report.run_id).to_dict() == told


def test_a_reports_text_is_what_plumb_prints(farm, client, face):
    report = client.run(face.model, face.input, board="bad").result()
    command = [program("plumb"), "watch", report.run_id, "--server", farm.address, "--no-color"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    first = next(i for i, line in enumerate(printed) if line.startswith("reference"))
    last = next(i for i, line in enumerate(printed) if line.startswith("invoke"))
    wanted = [line for line in printed[first:last] if line]
    assert len(wanted) > 10
    assert [line for line in str(report).splitlines() if line in wanted] == wanted


def test_bytes_and_arrays_are_inputs_too(client, face):
    with open(face.input, "rb") as file:
        data = file.read()
    array = np.frombuffer(data, np.uint8).reshape(128, 128, 3)
    by_path = client.run(face.model, face.input, board="good").result()
    for inputs in (data, [bytearray(data)], array, [array]):
        report = client.run(face.model, inputs, board="good").result()
        assert report.matches
        assert report.to_dict()["identity"]["input_sha256"] == by_path.to_dict()["identity"]["input_sha256"]
    with pytest.raises(plumbline.UsageError, match="neither a path nor contiguous bytes"):
        client.run(face.model, array[:, ::2], board="good")


@pytest.mark.parametrize("size", [0, 1, 256 << 10, (256 << 10) + 1, 3_000_001])
def test_an_upload_arrives_whole_whatever_its_size(client, size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    # The server takes it only when its SHA-256 is the announced one.
    artifact = _upload.ensure(client._connection, data, "data")
    assert artifact.size == size
    request = _upload.run_service_pb2.FindMissingRequest(artifacts=[artifact])
    assert not client._connection.call(client._connection.runs.FindMissing, request).missing


def test_a_tolerance_excuses_what_it_says(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=rounding")
    with plumbline.connect(farm.address) as client:
        assert client.run(face.model, face.input).result().cause == "rounding_profile"
        excused = client.run(face.model, face.input, tolerance=plumbline.Tolerance(min_cosine=0.9)).result()
        assert excused.matches and "within the tolerance" in str(excused)
        one = plumbline.Tolerance(min_cosine=0.9, per_tensor={"classificators": plumbline.Tolerance(max_rel_l1=0.0)})
        report = client.run(face.model, face.input, tolerance=one).result()
        assert [tensor.verdict for tensor in report.tensors] == ["match", "mismatch"]


def test_a_recorded_reference_is_replayed(client, face):
    first = client.run(face.model, face.input, board="cam").result()
    again = client.run(face.model, face.input, board="cam", reference_run=first.run_id).result()
    assert again.matches and first.run_id in again.reference


def test_a_board_that_is_not_there_is_named_with_those_that_are(client, face):
    with pytest.raises(plumbline.NoBoard, match="'cam' .tags S6, good") as caught:
        client.run(face.model, face.input, board="nope")
    assert caught.value.reason == "board_not_found" and caught.value.code == "not_found"
    assert "hint: " in str(caught.value)
    assert len(caught.value.request_id) == 12


def test_what_cannot_be_asked_for_is_said_before_anything_is_uploaded(client, face):
    for options, said in (
        ({"bord": "cam"}, "no option 'bord'"),
        ({"repeat": 0}, "repeat is 0"),
        ({"deadline": 0}, "deadline is 0 seconds"),
        ({"simulator": "magic"}, "no simulator 'magic'"),
        ({"board": ["a\n"]}, "board is"),
        ({"priority": 1001}, "from -1000 to 1000"),
    ):
        with pytest.raises(plumbline.UsageError, match=said):
            client.run("not there", face.input, **options)
    with pytest.raises(plumbline.UsageError, match="the model 'not there' cannot be read"):
        client.run("not there", face.input)
    with pytest.raises(plumbline.UsageError, match="1 to 256 inputs, not 0"):
        client.run(face.model, [])


def test_a_refused_input_comes_to_no_verdict(client, face):
    report = client.run(face.model, [face.input, face.input], board="cam").result()
    assert (report.verdict, report.cause, bool(report)) == ("not_compared", "input_refused", False)
    with pytest.raises(plumbline.NotCompared, match="the model has 1 inputs, but 2 were given") as caught:
        plumbline.require_match(report)
    assert caught.value.reason == "input_refused"
    assert not isinstance(caught.value, AssertionError)


def test_a_crash_of_the_boards_runtime_is_no_mismatch(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=crash")
    with plumbline.connect(farm.address) as client:
        with pytest.raises(plumbline.NotCompared) as caught:
            client.board("cam").assert_matches(face.model, face.input)
        assert caught.value.reason == "runner_crashed" and caught.value.report.exit_code == 4


def test_a_board_that_differs_from_itself_comes_to_no_verdict(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=noise")
    with plumbline.connect(farm.address) as client:
        report = client.run(face.model, face.input, repeat=3).result()
        assert (report.verdict, report.cause, report.exit_code) == ("not_compared", "not_repeatable", 6)


def test_a_run_is_cancelled(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=hang")
    with plumbline.connect(farm.address) as client:
        run = client.run(face.model, face.input)
        next(progress for progress in run if progress.state == "running")
        run.cancel()
        assert run.result().cause == "cancelled"


def test_ctrl_c_ends_the_run_too(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=hang")
    script = (
        "import plumbline\n"
        "follow = plumbline.Run.__iter__\n"
        "def told(self):\n"
        "    for progress in follow(self):\n"
        "        if progress.state == 'running':\n"
        "            print('running', self.run_id, flush=True)\n"
        "        yield progress\n"
        "plumbline.Run.__iter__ = told\n"
        "plumbline.connect(%r).run(%r, %r).result()\n" % (farm.address, face.model, face.input)
    )
    process = Process(sys.executable, "-c", script)
    run_id = process.wait_for_line("running").split()[1]
    process.kill(signal.SIGINT)
    with plumbline.connect(farm.address) as client:
        assert client.attach(run_id).result().cause == "cancelled"


def test_a_server_that_dies_ends_the_watching(new_farm, face):
    farm = new_farm()
    farm.add_board("cam", "S6,fault=hang")
    with plumbline.connect(farm.address) as client:
        run = client.run(face.model, face.input)
        with pytest.raises(plumbline.ServerUnreachable, match="broke") as caught:
            for progress in run:
                if progress.state == "running":
                    farm.kill_server()
        assert caught.value.reason == "server_lost"
        with pytest.raises(plumbline.ServerUnreachable):
            client.boards()


def test_a_server_that_is_not_there_is_told_with_a_hint(tmp_path):
    address = "unix:" + os.path.join(tmp_path, "nobody")
    with pytest.raises(plumbline.ServerUnreachable, match="no server answers at " + address) as caught:
        plumbline.connect(address, timeout=0.2)
    assert "plumb-server --listen" in caught.value.hint


def test_runs_and_boards_are_listed(farm, client, face):
    run = client.run(face.model, face.input, board="cam")
    run.result()
    newest = client.runs(limit=1)
    assert [(one.run_id, one.state, one.verdict) for one in newest] == [(run.run_id, "finished", "match")]
    boards = {board.name: board for board in client.boards()}
    assert sorted(boards) == ["bad", "cam"]
    assert boards["bad"].tags == ("S6", "faulty") and boards["bad"].family == "S6"
    eventually(lambda: all(board.state == "idle" for board in client.boards()), "all are idle")


def test_the_package_has_the_programs_version(client):
    assert client.server_version == plumbline.__version__
