"""Runs `google_worker.py` in a child process and reads what it answers. The child is ended when it falls silent."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any
from urllib.parse import urlsplit

WORKER = Path(__file__).with_name("google_worker.py")
LONGEST_LINE = 1 << 20  # bytes of one answer; 266 days take 6 KB
MOST_SAID = 16 << 20  # bytes on standard output; the series of 2,700 symbols
LAST_WORDS = 300  # letters of what the child said on standard error
LAST_BYTES = 4_096  # of standard error that are looked at
# What the child gets of the environment: how to reach the network, nothing else. Keys stay with the trader.
PASSED = frozenset(
    (
        *("PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    )
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ChildSilent(Exception):
    """The child gives no further answer; the message says why."""

    def __init__(self, why: str, *, again: bool) -> None:
        """Keep whether another try may help."""
        super().__init__(why)
        self.again = again


class Child:
    """How to start the child. One process for each run of `answers`."""

    def __init__(self, python: str = "", deadline_s: float = 60.0, worker: Path = WORKER) -> None:
        """Use an interpreter that has pytrends (empty: this one); end it when it is silent for so long."""
        self._python = python or sys.executable
        self.deadline_s = deadline_s
        self._worker = worker

    def answers(self, job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Give the child's answers as they come; what else it prints is passed over.

        Raises ChildSilent when it cannot be started, says nothing for too long, or has ended. The child is gone when
        this is over, also when the reader stops early.
        """
        # The job and the last words go through files: a pipe that nobody empties would hold both up.
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
            asked.write(json.dumps(dict(job)).encode())
            asked.seek(0)
            process = self._start(asked, said, job)
            answers: SimpleQueue[dict[str, Any] | str] = SimpleQueue()
            reader = threading.Thread(target=_read, args=(process.stdout, answers), name="google-child", daemon=True)
            reader.start()
            try:
                while isinstance(answer := self._next(answers), dict):
                    yield answer
                raise self._ended(process, said, answer)
            finally:
                _end(process)
                reader.join()
                if process.stdout is not None:
                    process.stdout.close()

    def _start(self, asked: IO[bytes], words: IO[bytes], job: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        # -I: neither this folder (its google.py would hide the package) nor PYTHONPATH gets into the child.
        command = [self._python, "-I", "-X", "utf8", str(self._worker)]
        kept = {name: value for name, value in os.environ.items() if name.upper() in PASSED}
        if urlsplit(job.get("base_url", "")).hostname in LOOPBACK:  # a stand-in is not to be had through a proxy
            kept["NO_PROXY"] = ",".join(LOOPBACK)
        try:
            return subprocess.Popen(
                command, stdin=asked, stdout=subprocess.PIPE, stderr=words, env=kept, start_new_session=True
            )
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
            said = getattr(error, "strerror", None) or str(error)
            why = f"google_python expected a Python that runs, was {self._python!r}: {said}"
            raise ChildSilent(why, again=False) from error

    def _next(self, answers: SimpleQueue[dict[str, Any] | str]) -> dict[str, Any] | str:
        """Give the next answer, or why there is none any more (empty: the child has ended)."""
        try:
            return answers.get(timeout=self.deadline_s)
        except Empty:
            raise ChildSilent(f"no answer for {self.deadline_s:g} s, so the child was ended", again=True) from None

    def _ended(self, process: subprocess.Popen[bytes], said: IO[bytes], why: str) -> ChildSilent:
        if why:
            return ChildSilent(why, again=False)
        try:
            code = process.wait(self.deadline_s)
        except subprocess.TimeoutExpired:
            return ChildSilent("the child says nothing more and does not end, so it was ended", again=True)
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - LAST_BYTES))
        words = said.read(LAST_BYTES).decode("utf-8", "replace").strip().splitlines()
        last = f": {words[-1][:LAST_WORDS]}" if words else ""
        return ChildSilent(f"the child ended with code {code} before it had answered{last}", again=code < 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it started: a shell that started Python would leave it, and its end of the pipe, behind.

    The group is its own (start_new_session), and keeps its number while any of it runs.
    """
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _read(stdout: IO[bytes], answers: SimpleQueue[dict[str, Any] | str]) -> None:
    """Hand on answers and pass over the rest, so that a child that prints without end is silent all the same."""
    said = 0
    while line := stdout.readline(LONGEST_LINE):
        said += len(line)
        if said > MOST_SAID:
            answers.put(f"the child printed more than {MOST_SAID >> 20} MiB, so it was ended")
            return
        answer = _answer(line)
        if answer is not None:
            answers.put(answer)
    answers.put("")


def _answer(line: bytes) -> dict[str, Any] | None:
    """Read one line; None for what is not the worker's."""
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) and read.get("hantrade") == 1 else None
