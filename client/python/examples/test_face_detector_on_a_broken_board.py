"""The failing twin of test_face_detector.py: the same on a board with a fault, to see how that looks.

Start a board that hands out the previous result again:

    plumb-agent --server 127.0.0.1:7070 --name broken --tag faulty --virtual S6,fault=stale --cache cache
    pytest --plumb-server 127.0.0.1:7070 test_face_detector_on_a_broken_board.py
"""

import pytest

pytestmark = pytest.mark.plumb_board("faulty")


def test_the_board_computes_what_the_simulator_does(plumb_board, face_detector, astronaut):
    plumb_board.assert_matches(face_detector, astronaut)


def test_the_same_with_a_plain_assert(plumb_board, face_detector, astronaut):
    report = plumb_board.run(face_detector, astronaut)
    assert report.tensor("classificators").cosine > 0.99
