"""Mode exec: from a request until the first byte of the command's answer, beside posix_spawn of the same program."""

from programs import BenchmarkError, Stopwatch
from torpord import Torpord


def answers(torpord: Torpord, samples: int) -> dict[str, list[float]]:
    """One run, in microseconds, taken in turn: `exec` in a warm sandbox over one kept connection, `spawn` on the host."""
    directory = f"{torpord.work}/command"
    torpord.deploy({"answer": {
        "mode": "exec", "rootfs": directory, "command": ["/bin/answer"],
        "scale": {"min": 1, "max": 1, "freezeAfter": "never", "stopAfter": "never"}}})
    stopwatch = Stopwatch(torpord.work)
    times: dict[str, list[float]] = {"exec": [], "spawn": []}
    stopwatch.time("request", "127.0.0.1", torpord.port, "/function/answer")
    for _ in range(samples):
        times["exec"].append(stopwatch.request(torpord.port, "answer", "warm"))
        sample = stopwatch.time("run", f"{directory}/bin/answer")
        if sample.status != 0:
            raise BenchmarkError(f"the program exited with {sample.status}")
        times["spawn"].append(sample.microseconds)
    stopwatch.close()
    return times
