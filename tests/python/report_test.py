"""Reports, progress, tolerances and texts without a server: documents and events written by hand."""

import json

import plumbline
import pytest
from plumbline._text import harmless, table
from plumbline._wire import run_pb2, tensor_pb2
from plumbline.progress import ProgressFold


def document(**changes):
    tensor = {
        "name": "scores", "index": 0, "element_type": "f32", "shape": [2, 3], "count": 6, "equal": False,
        "different_elements": 2, "cosine": None, "rel_l1": 0.25, "rmse": 0.5, "nrmse": 0.125, "sqnr_db": 12.5,
        "max_abs_error": 1.0, "max_lsb_error": None, "first_difference_index": [1, 2],
        "first_difference_reference": 4.0, "first_difference_target": None, "verdict": "mismatch",
        "rule": "different_elements > 0", "reason": "2 of 6 elements differ",
    }  # fmt: skip
    made = {
        "schema": "plumb.comparison/1", "verdict": "mismatch", "exit_code": 1, "error": None,
        "reference": {"source": "builtin simulator", "sha256": ""},
        "target": {"source": "board cam", "sha256": ""},
        "coverage": {"matched": 1, "missing_in_target": ["boxes"], "missing_in_reference": [], "fused": []},
        "tensors": [tensor], "first_divergence": None,
        "diagnosis": [{"cause": "scaled", "tensor": "scores", "evidence": "times 2", "confidence": 1, "advice": "x"}],
        "notes": ["text of six digits"], "timing": {"board_ms": 1.5},
        "identity": {"board": "cam", "sdk": "virtual IPU S6"},
    }  # fmt: skip
    made.update(changes)
    return made


def test_a_mismatch_as_text():
    report = plumbline.Report.from_json(json.dumps(document()), "run-1")
    assert str(report).splitlines() == [
        "reference  builtin simulator",
        "target     board cam",
        "",
        "tensor  type      elements  different  max LSB  max |d|  cosine  rel_l1  verdict",
        "scores  f32[2x3]         6          2        -        1       -    0.25  mismatch",
        "  scores: first difference at [1,2]: reference 4, target -",
        "  scores: 2 of 6 elements differ",
        "  missing in target: boxes",
        "",
        "diagnosis",
        "  scaled in scores  confidence 1.00",
        "    times 2",
        "    -> x",
        "note: text of six digits",
        "",
        "verdict: mismatch (0 of 1 tensors match): scaled",
        "run: run-1",
    ]
    assert repr(report) == "<plumbline.Report mismatch (0 of 1 tensors match): scaled of board cam>"
    with pytest.raises(KeyError):
        report.tensor("boxes")


def test_only_a_match_is_true():
    assert plumbline.Report(document(verdict="match", diagnosis=[]))
    assert not plumbline.Report(document())
    assert not plumbline.Report(document(verdict="not_compared"))


def test_an_error_is_told_with_its_hint():
    error = {"code": "agent_lost", "message": "the board is gone", "hint": "plug it in"}
    report = plumbline.Report(document(verdict="not_compared", exit_code=3, error=error, tensors=[], diagnosis=[]))
    assert report.cause == "agent_lost"
    assert "error: agent_lost: the board is gone\n  hint: plug it in\n" in str(report)
    with pytest.raises(plumbline.NotCompared, match="not_compared: agent_lost on board cam") as caught:
        plumbline.require_match(report)
    assert caught.value.hint == "plug it in"


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"schema": "plumb.comparison/1"}', json.dumps(document(schema="plumb.layers/1"))]
)
def test_what_is_no_report_is_refused(text):
    with pytest.raises(plumbline.ProtocolError):
        plumbline.Report.from_json(text)


@pytest.mark.parametrize("change", [{"verdict": "perhaps"}, {"tensors": [{}]}, {"exit_code": "x"}, {"notes": 3}])
def test_nor_is_a_spoiled_one(change):
    with pytest.raises(plumbline.ProtocolError, match="the report is not as docs/cli.md has it"):
        plumbline.Report(document(**change))


def test_a_terminal_is_not_steered_by_what_a_server_says():
    assert harmless("a\x1b[2Jb\nc\u202ed\u2028") == "a\\x1B[2Jb\\x0Ac\\xE2\\x80\\xAEd\\xE2\\x80\\xA8"
    assert harmless("é ok") == "é ok"
    assert harmless("x" * 5000) == "x" * 4096
    report = plumbline.Report(document(notes=["\x1b]0;owned\x07"]))
    assert "\x1b" not in str(report)


def test_columns_are_as_wide_as_what_is_in_them():
    assert table(("a", "long"), [("wide", "1"), ("b", "22")], right="lr") == ["a     long", "wide     1", "b       22"]


def test_progress_is_added_up():
    fold = ProgressFold()
    output = tensor_pb2.TensorDesc(name="scores", aligned_size=64)
    fold.add(run_pb2.RunEvent(snapshot=run_pb2.RunSnapshot(run=run_pb2.RunSummary(run_id="r", state=1))))
    fold.add(run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=3, board_name="cam")))
    model = tensor_pb2.ModelInfo(outputs=[output])
    fold.add(run_pb2.RunEvent(model=run_pb2.ModelLoaded(role=2, model=model)))
    for role, received in ((2, 32), (1, 64)):  # the reference's bytes are not the board's
        fold.add(run_pb2.RunEvent(progress=run_pb2.TensorProgress(role=role, received=received, total=64)))
    now = fold.add(run_pb2.RunEvent(tensor=run_pb2.TensorComparison(name="scores", count=8, total=16, cosine=0.5)))
    assert (now.state, now.board, now.finished, now.verdict) == ("running", "cam", False, "")
    (scores,) = now.tensors
    assert (scores.board_bytes, scores.board_size, scores.compared, scores.total) == (32, 64, 8, 16)
    assert (scores.cosine, scores.rmse, scores.verdict) == (0.5, None, "")
    assert fold.add(run_pb2.RunEvent(note=run_pb2.RunNote(text="slow"))).note == "slow"
    assert fold.add(run_pb2.RunEvent()) == fold.current()  # a newer sender's


@pytest.mark.parametrize(
    "event",
    [
        run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r")),
        run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=99)),
        run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=5, verdict=9)),
        run_pb2.RunEvent(tensor=run_pb2.TensorComparison(index=256)),
    ],
)
def test_what_no_server_sends_is_refused(event):
    with pytest.raises(plumbline.ProtocolError):
        ProgressFold().add(event)


def test_a_tolerance_file_is_that_of_the_command_line(tmp_path):
    file = tmp_path / "limits.json"
    file.write_text('{"default": {"min_cosine": 0.99}, "tensors": {"scores": {"atol": 0.5}}}')
    limits = plumbline.Tolerance.from_file(file)
    assert limits == plumbline.Tolerance(min_cosine=0.99, per_tensor={"scores": plumbline.Tolerance(atol=0.5)})
    wire = limits.to_wire()
    assert wire.defaults.min_cosine == 0.99 and not wire.defaults.HasField("atol")
    assert [(named.tensor, named.limits.atol) for named in wire.per_tensor] == [("scores", 0.5)]


@pytest.mark.parametrize("text", ["", "[]", "3", '{"defualt": {}}', '{"default": {"cos": 1}}', '{"tensors": {"a": 1}}'])
def test_another_file_is_refused(tmp_path, text):
    file = tmp_path / "limits.json"
    file.write_text(text)
    with pytest.raises(plumbline.UsageError, match="limits.json"):
        plumbline.Tolerance.from_file(file)


@pytest.mark.parametrize("limits", [{"atol": -1}, {"min_cosine": 1.5}, {"rtol": float("nan")}, {"max_rel_l1": "1"}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(plumbline.UsageError, match=next(iter(limits))):
        plumbline.Tolerance(**limits)
