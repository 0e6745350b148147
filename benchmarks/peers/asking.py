"""Interpreters of other systems, asked to build and time rows in turn, so that what is compared is timed side by side."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.startup import environment

ROOT = Path(__file__).parent.parent.parent


class Peer:
    """A system in an interpreter of its own, which starts again when it has died.

    Args:
        name: the system.
        python: its interpreter.
        own: whether it is Neano, whose package it may import, and whose cache starts empty.
    """

    def __init__(self, name: str, python: str, own: bool = False) -> None:
        self.name = name
        self.command = [python, "-m", "benchmarks.peers.child", name]
        self.cache = tempfile.TemporaryDirectory()
        self.variables = environment(NEANO_CACHE_DIR=f"{self.cache.name}/neano")
        if not own:
            self.variables["PYTHONPATH"] = str(ROOT)
        self.process: subprocess.Popen[str] | None = None

    def ask(self, command: str) -> dict[str, Any]:
        """Return the answer to a command; an error where the process died of it."""
        if self.process is None:
            self.process = subprocess.Popen(
                self.command,
                env=self.variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self._died()
        for line in self.process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        return self._died()

    def forget(self) -> None:
        """Empty Neano's cache."""
        shutil.rmtree(self.cache.name, ignore_errors=True)

    def stop(self) -> None:
        """End the process; the next question starts another."""
        if self.process is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait()
            self.process = None

    def _died(self) -> dict[str, Any]:
        assert self.process is not None
        status = self.process.wait()
        self.process = None
        return {"error": f"the process ended with {status}"}

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.cache.cleanup()
