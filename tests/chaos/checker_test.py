"""The check of tools/farm-chaos finds what it is there to find: histories written by hand."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "farm-chaos"
loader = importlib.machinery.SourceFileLoader("farm_chaos", str(TOOL))
spec = importlib.util.spec_from_loader("farm_chaos", loader)
farm_chaos = importlib.util.module_from_spec(spec)
loader.exec_module(farm_chaos)


def history(audit, runs, told=(), held=()):
    entries = [{"id": i + 1, "at_ms": i, "actor": "x", "action": a, "subject": s, "detail": d}
               for i, (a, s, d) in enumerate(audit)]
    records = [{"id": run, "phase": phase, "attempt": attempt, "max_attempts": 2, "outcome": outcome,
                "board": "cam", "server": "pc-1", "epoch": 1}
               for run, phase, attempt, outcome in runs]
    return {"audit": entries, "runs": records, "told": list(told), "held": list(held)}


GOOD = [("submit", "r1", ""), ("grant", "cam", "r1 grant 1"), ("expire", "cam", "r1 waits again grant 1"),
        ("grant", "cam", "r1 grant 2"), ("finish", "r1", "match grant 2")]
DONE = [("r1", "finished", 2, "match")]


class CheckerTest(unittest.TestCase):
    def wrong(self, *arguments, **more):
        return farm_chaos.Checker(history(*arguments, **more)).check()

    def test_a_good_history_is_clean(self):
        told = [{"run": "r1", "verdict": "match", "exit": 0}]
        self.assertEqual(self.wrong(GOOD, DONE, told=told), [])

    def test_two_leases_of_one_board_overlap(self):
        audit = [("grant", "cam", "r1 grant 1"), ("grant", "cam", "r2 grant 2"),
                 ("finish", "r1", "match grant 1"), ("finish", "r2", "match grant 2")]
        wrong = self.wrong(audit, [("r1", "finished", 1, "match"), ("r2", "finished", 1, "match")])
        self.assertEqual(len(wrong), 1)
        self.assertIn("granted to r2 while r1 has it", wrong[0])

    def test_an_epoch_comes_twice(self):
        audit = [("grant", "cam", "r1 grant 2"), ("finish", "r1", "match grant 2"),
                 ("grant", "cam", "r2 grant 2"), ("finish", "r2", "match grant 2")]
        wrong = self.wrong(audit, [("r1", "finished", 1, "match"), ("r2", "finished", 1, "match")])
        self.assertEqual(len(wrong), 1)
        self.assertIn("epoch 2 after 2", wrong[0])

    def test_a_result_of_an_older_grant(self):
        audit = GOOD[:-1] + [("finish", "r1", "match grant 1")]
        wrong = self.wrong(audit, DONE)
        self.assertEqual(len(wrong), 1)
        self.assertIn("ended by grant 1, its latest is [2]", wrong[0])

    def test_a_run_that_ends_twice_or_never(self):
        self.assertIn("ended 2 times", self.wrong(GOOD + [("cancel", "r1", "x")], DONE)[0])
        wrong = self.wrong(GOOD[:-1], [("r1", "running", 2, "")])
        self.assertEqual(len(wrong), 2)
        self.assertIn("is running at the end", wrong[0])
        self.assertIn("ended 0 times", wrong[1])

    def test_what_a_client_was_told(self):
        for told, text in [([{"run": "r9", "verdict": "match", "exit": 0}], "is not there"),
                           ([{"run": "r1", "verdict": "mismatch", "exit": 1}], "was told mismatch"),
                           ([{"run": "r1", "verdict": "match", "exit": 0}] * 2, "two clients")]:
            wrong = self.wrong(GOOD, DONE, told=told)
            self.assertEqual(len(wrong), 1, text)
            self.assertIn(text, wrong[0])

    def test_more_starts_than_allowed_and_a_board_that_is_held(self):
        self.assertIn("was started 3 times", self.wrong(GOOD, [("r1", "finished", 3, "match")])[0])
        self.assertIn("boards held", self.wrong(GOOD, DONE, held=["cam"])[0])


if __name__ == "__main__":
    unittest.main()
