"""Frozen functions: from a request until the first byte of its answer, beside a twin that is never frozen."""

import time

from programs import BenchmarkError, Stopwatch
from torpord import Torpord

# Between two requests, so that the processor is as asleep for the warm one as for the frozen one.
PAUSE = 0.03


def first_byte(torpord: Torpord, samples: int) -> dict[str, list[float]]:
    """One run, in microseconds, taken in turn over one kept connection.

    - `frozen`: the kernel says that the instance is frozen, and the answer says that it was.
    - `warm`: the twin, after the same pause.
    - `hot`: the twin again, at once.
    """
    torpord.deploy({
        "frozen": {"scale": {"max": 1, "freezeAfter": "15ms", "stopAfter": "never"}},
        "warm": {"scale": {"min": 1, "max": 1, "freezeAfter": "never", "stopAfter": "never"}},
    })
    stopwatch = Stopwatch(torpord.work)
    stopwatch.time("request", "127.0.0.1", torpord.port, "/function/frozen")
    stopwatch.time("request", "127.0.0.1", torpord.port, "/function/warm")
    instances = torpord.instances("frozen")
    if len(instances) != 1:
        raise BenchmarkError(f"expected one instance, found {instances}")
    times: dict[str, list[float]] = {"frozen": [], "warm": [], "hot": []}
    for number in range(samples):
        pair = ["frozen", "warm"] if number % 2 else ["warm", "frozen"]
        for name in pair:
            pause_until = time.monotonic() + PAUSE
            torpord.wait_until(lambda: torpord.is_frozen(instances[0]), "the instance to be frozen")
            time.sleep(max(0, pause_until - time.monotonic()))
            times[name].append(stopwatch.request(torpord.port, name, name))
            if name == "warm":
                times["hot"].append(stopwatch.request(torpord.port, "warm", "warm"))
    stopwatch.close()
    return times
