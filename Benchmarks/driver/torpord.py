"""The daemon under measurement: started, given functions, looked at, ended."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

import process
from programs import BenchmarkError, wait_until_accepting


@dataclass(frozen=True)
class Footprint:
    """What the kernel has of a daemon's instances."""

    processes: frozenset[int]
    cgroups: frozenset[str]
    directories: frozenset[str]
    overlays: int


class Torpord:
    """One daemon with a state directory, a runtime directory, a bridge and a cgroup of its own.

    `processor` binds all of it to one processor, with one gateway thread; else it is free, with its defaults.
    """

    BRIDGE = "torporbn0"

    def __init__(self, options, port: int, processor: int | None = None):
        self.torpor = options.torpor
        self.work = options.work
        self.example = f"{options.work}/example"
        self.manifest = f"{options.work}/torpor.yaml"
        self.run_directory = tempfile.mkdtemp(prefix="daemon-", dir=f"{options.work}/run")
        self.socket = f"{self.run_directory}/torpor.sock"
        self.cgroup = f"{options.cgroup}/{self.BRIDGE}"
        self.port = port
        state = tempfile.mkdtemp(prefix="state-", dir=options.work)
        configuration = f"{state}.yaml"
        with open(configuration, "w") as file:
            file.write(f"gateway-threads: {0 if processor is None else 1}\n")
        command = [options.torpord, "--config", configuration, "--state-dir", state,
                   "--run-dir", self.run_directory, "--listen", f"127.0.0.1:{port}", "--bridge", self.BRIDGE,
                   "--subnet", "10.213.0.0/16", "--log-level", "warning"]
        if processor is not None:
            command = ["taskset", "--cpu-list", str(processor)] + command
        # The shell is in the cgroup before it becomes the daemon.
        join = ["sh", "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"', options.cgroup]
        self.process = subprocess.Popen(join + command, stdin=subprocess.DEVNULL)
        wait_until_accepting(("127.0.0.1", port), self.process)
        wait_until_accepting(self.socket, self.process)
        time.sleep(1)  # what it prepares ahead of the first request
        self.at_rest = self.footprint()

    def __enter__(self) -> "Torpord":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            if self.process.wait(30) != 0:
                print(f"torpord exited with {self.process.returncode}")
        except subprocess.TimeoutExpired:
            print("torpord did not end within 30 s of SIGTERM: killed")
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def command(self, *words: str) -> str:
        line = [self.torpor, "--socket", self.socket, *words]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise BenchmarkError(f"torpor {' '.join(words)}: exit status {done.returncode}")
        return done.stdout

    def deploy(self, functions: dict[str, dict]) -> None:
        """Deploys functions that run the static example; the values are what their specs have besides."""
        specs = {name: {"rootfs": f"{self.example}/rootfs", "command": ["/usr/bin/server"], **spec}
                 for name, spec in functions.items()}
        with open(self.manifest, "w") as file:
            json.dump({"functions": specs}, file)  # JSON is YAML
        self.command("apply", "-f", self.manifest)

    def instances(self, function: str) -> list[str]:
        """Their identities: the names of their cgroups."""
        detail = json.loads(self.command("--output", "json", "describe", function))
        return [instance["id"] for instance in detail["instances"]]

    def pids(self, instance: str) -> list[int]:
        with open(f"{self.cgroup}/{instance}/cgroup.procs") as file:
            return [int(line) for line in file]

    def is_frozen(self, instance: str) -> bool:
        with open(f"{self.cgroup}/{instance}/cgroup.events") as file:
            return "frozen 1" in file.read()

    def footprint(self) -> Footprint:
        return Footprint(
            processes=frozenset(process.descendants(self.pid)),
            cgroups=frozenset(directories(self.cgroup)),
            directories=frozenset(directories(f"{self.run_directory}/instances")),
            overlays=sum(self.overlays_by_namespace().values()))

    def overlays_by_namespace(self) -> dict[str, int]:
        """Overlay mounts in each mount namespace that a thread of the daemon is in."""
        counts: dict[str, int] = {}
        for thread in process.threads(self.pid):
            task = f"/proc/{self.pid}/task/{thread}"
            try:
                namespace = os.readlink(f"{task}/ns/mnt")
                if namespace not in counts:
                    with open(f"{task}/mountinfo") as file:
                        counts[namespace] = len(re.findall(" - overlay ", file.read()))
            except OSError:
                pass  # the thread has ended
        return counts

    def wait_until(self, condition, what: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise BenchmarkError(f"torpord exited with {self.process.returncode}")
            if time.monotonic() > deadline:
                raise BenchmarkError(f"waited {seconds} s for {what}: {self.footprint()}")
            time.sleep(0.001)

    def wait_for_zero(self) -> None:
        """Returns when no process, cgroup, runtime directory or mount of any function exists."""
        self.wait_until(lambda: not directories(self.cgroup), "the last cgroup to go")
        self.wait_until(lambda: self.footprint() == self.at_rest, f"zero, which is {self.at_rest}")


def directories(path: str) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
