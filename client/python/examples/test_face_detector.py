"""A board computes what the simulator does.

    pytest --plumb-server 127.0.0.1:7070 --plumb-board S6 test_face_detector.py
"""


def test_the_board_computes_what_the_simulator_does(plumb_board, face_detector, astronaut):
    report = plumb_board.assert_matches(face_detector, astronaut)
    assert [tensor.name for tensor in report.tensors] == ["regressors", "classificators"]
    assert all(tensor.equal for tensor in report.tensors)


def test_it_does_so_every_time(plumb_board, face_detector, astronaut):
    plumb_board.assert_matches(face_detector, astronaut, repeat=3)


def test_the_run_can_be_followed(plumb_board, face_detector, astronaut):
    run = plumb_board.start(face_detector, astronaut)
    states = [progress.state for progress in run]
    assert states[-1] == "finished"
    assert run.result().matches
