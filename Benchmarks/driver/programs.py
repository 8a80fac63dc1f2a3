"""The baseline's measuring programs, and the peers: crun and nginx."""

import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass

import process


class BenchmarkError(Exception):
    """Something that makes the figures worthless: the run ends with it."""


@dataclass
class Sample:
    microseconds: float
    status: int
    tier: str


class Stopwatch:
    """baseline/stopwatch.c behind a pipe. `prefix` is a command that starts it, such as unshare(1)."""

    def __init__(self, work: str, prefix: list[str] | None = None):
        command = (prefix or []) + [f"{work}/bin/stopwatch"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, *words: object) -> None:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list[str]:
        line = self.process.stdout.readline()
        if not line:
            raise BenchmarkError("the stopwatch ended")
        return line.split()

    def time(self, *words: object) -> Sample:
        self.say(*words)
        microseconds, status, tier = self.hear()
        return Sample(float(microseconds), int(status), tier)

    def request(self, port: int, function: str, tier: str) -> float:
        """Microseconds from the request to the first byte of its answer, which must be a 200 of that tier."""
        sample = self.time("request", "127.0.0.1", port, f"/function/{function}")
        if sample.status != 200 or sample.tier != tier:
            raise BenchmarkError(
                f"{function} answered {sample.status} ({sample.tier}), not 200 ({tier})")
        return sample.microseconds

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)


class Crun:
    """`crun run`, or that of another runtime, of a program that does nothing, with cgroup v2 where crun looks for it."""

    def __init__(self, work: str, cgroup: str, program: str = "crun"):
        self.program = program
        # A host with v1 and v2 side by side shows v2 elsewhere: bound over, in a mount namespace of its own.
        self.root, self.name = cgroup.rsplit("/", 1)
        script = 'test "$1" = /sys/fs/cgroup || mount --bind "$1" /sys/fs/cgroup; shift; exec "$@"'
        self.prefix = ["unshare", "--mount", "--propagation", "private", "bash", "-ec", script, "bash",
                       self.root]
        self.work = work
        self.count = 0
        self.stopwatch = self.open_stopwatch()

    def open_stopwatch(self) -> Stopwatch:
        return Stopwatch(self.work, self.prefix)

    def command(self, container: str) -> list[str]:
        return ["run", self.program, "--root", f"{self.work}/run/{os.path.basename(self.program)}",
                "--cgroup-manager=cgroupfs", "run", "--bundle", f"{self.work}/bundle", f"{self.name}-{container}"]

    def run(self) -> float:
        """Microseconds from start to exit."""
        self.count += 1
        sample = self.stopwatch.time(*self.command(str(self.count)))
        if sample.status != 0:
            raise BenchmarkError(f"{self.program} run exited with {sample.status}")
        return sample.microseconds

    def __enter__(self) -> "Crun":
        return self

    def __exit__(self, *_: object) -> None:
        self.stopwatch.close()


class Server:
    """A child process that listens on a port of loopback, bound to one processor."""

    def __init__(
            self, command: list[str], port: int, processor: int, environment: dict[str, str] | None = None):
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", str(processor)] + command, env=environment)
        wait_until_accepting(("127.0.0.1", port), self.process)

    def pids(self) -> list[int]:
        return [self.process.pid] + process.descendants(self.process.pid)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


def wait_until_accepting(address: tuple[str, int] | str, owner: subprocess.Popen, seconds: float = 20) -> None:
    """`address` is a host and port, or the path of a unix socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if owner.poll() is not None:
            raise BenchmarkError(f"{owner.args} exited with {owner.returncode}")
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.connect(address)
            return
        except OSError:
            time.sleep(0.02)
    raise BenchmarkError(f"nothing listens on {address}: {owner.args}")


@dataclass
class Load:
    """What baseline/load.c measured."""

    answers: int
    rate: float
    p50: float
    p99: float

    @staticmethod
    def put(
            work: str, port: int, path: str, processor: int, connections: int, seconds: float,
            pace: int) -> "Load":
        command = ["taskset", "--cpu-list", str(processor), f"{work}/bin/load", "127.0.0.1", str(port), path,
                   str(connections), str(seconds), str(pace)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise BenchmarkError(f"load on port {port} failed")
        result = json.loads(done.stdout)
        if result.pop("failures"):
            raise BenchmarkError(f"load on port {port}: some requests were not answered with 200")
        return Load(**result)
