"""A server and agents as real processes, as tests/e2e/farm.h has them for C++."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

PATIENCE = 60.0
BUILD = os.environ["PLUMB_TEST_BUILD"]
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def program(name):
    """The path of a program of the build."""
    return os.path.join(BUILD, "bin", name)


def must_run(*command, **more):
    """What the command prints; AssertionError with all of it when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **more)
    assert done.returncode == 0, "%s\n%s%s" % (" ".join(command), done.stdout, done.stderr)
    return done.stdout


class Process:
    """A program whose output is read as it comes."""

    def __init__(self, *command, **more):
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
        self._lines = []
        self._closed = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._child.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for_line(self, text):
        """The first line that has `text` in it."""

        def found():
            return next((line for line in self._lines if text in line), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._closed, PATIENCE)
            assert found() is not None, "no line with %r in:\n%s" % (text, "\n".join(self._lines))
            return found()

    def kill(self, number=signal.SIGKILL):
        """Sends the signal and waits for the end."""
        if self._child.poll() is None:
            self._child.send_signal(number)
        self._child.wait(PATIENCE)
        self._reader.join(PATIENCE)


def eventually(condition, what):
    """Asks until it holds. The answers come from a server, so nothing here has to wait between."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "never: " + what


class Farm:
    """One plumb-server in a folder of its own, with boards over the virtual IPU."""

    def __init__(self, *flags):
        # pytest's folders have names that are too long for a socket's path.
        self.folder = tempfile.mkdtemp(prefix="plumb-py-")
        self.address = "unix:" + os.path.join(self.folder, "s.sock")
        self._agents = []
        self._server = Process(
            program("plumb-server"), "--listen", self.address, "--data", os.path.join(self.folder, "data"), *flags
        )
        self._server.wait_for_line("listens on " + self.address)

    def tcp_address(self):
        """Where `--listen 127.0.0.1:0` came to listen."""
        return self._server.wait_for_line("and 127.0.0.1:").split()[-1]

    def add_board(self, name, spec="S6", *tags):
        """An agent; returns once the server lists the board as idle."""
        words = [word for tag in tags for word in ("--tag", tag)]
        agent = Process(
            program("plumb-agent"), "--server", self.address, "--name", name, "--virtual", spec,
            "--cache", os.path.join(self.folder, "cache-" + name), *words,
        )  # fmt: skip
        self._agents.append(agent)
        eventually(lambda: self.board(name).get("state") == "idle", "board %s is idle" % name)
        return agent

    def plumb(self, *words):
        """What `plumb VERB …` prints with this server."""
        return must_run(program("plumb"), *words, env={**os.environ, "PLUMB_SERVER": self.address})

    def board(self, name):
        """The board as `plumb boards --json` has it; {} when it is not there."""
        boards = json.loads(self.plumb("boards", "--json", "-"))["boards"]
        return next((board for board in boards if board["name"] == name), {})

    def kill_server(self):
        self._server.kill()

    def close(self):
        for agent in self._agents:
            agent.kill()
        self._server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
