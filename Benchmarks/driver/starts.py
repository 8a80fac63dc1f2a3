"""Cold starts: from a request to a function at zero until the first byte of its answer, beside `crun run`."""

import statistics
import time

from programs import BenchmarkError, Crun, Stopwatch
from torpord import Torpord

# Stopped as soon as the platform allows, so that the next sample need not wait long for zero.
SHORT_LIVED = {"scale": {"max": 1, "freezeAfter": "10ms", "stopAfter": "20ms"}}
# Leaves the kernel time to take apart what the sample before left (network namespaces die asynchronously).
SETTLE = 0.01


def first_byte(torpord: Torpord, crun: Crun, samples: int) -> dict[str, list[float]]:
    """One run: each function's and crun's samples in microseconds, taken in turn."""
    torpord.deploy({"cold": SHORT_LIVED, "cold-none": SHORT_LIVED | {"network": "none"}})
    stopwatch = Stopwatch(torpord.work)
    subjects = {
        "cold": lambda: stopwatch.request(torpord.port, "cold", "cold"),
        "crun": crun.run,
        "cold-none": lambda: stopwatch.request(torpord.port, "cold-none", "cold"),
    }
    times: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    for _ in range(samples):
        for name in order:
            torpord.wait_for_zero()
            time.sleep(SETTLE)
            times[name].append(subjects[name]())
        order = order[1:] + order[:1]
    torpord.wait_for_zero()
    stopwatch.close()
    return times


def rates(
        torpord: Torpord, crun: Crun, seconds: float, at_once: int = 4, functions: int = 16
) -> dict[str, float]:
    """Starts per second, `at_once` in flight, ends and cleaning up included.

    Each worker goes round `functions` of its own, which stop as soon as they may. Cold starts count.
    """
    torpord.deploy({f"rate-{worker}-{number}": SHORT_LIVED
                    for worker in range(at_once) for number in range(functions)})
    torpord.wait_for_zero()

    def repeat(stopwatches: list[Stopwatch], command) -> tuple[float, float]:
        for worker, stopwatch in enumerate(stopwatches):
            stopwatch.say("repeat", seconds, functions, *command(worker))
        rounds = cold = 0.0
        for stopwatch in stopwatches:
            elapsed, done, cold_done, failed = map(float, stopwatch.hear())
            if failed:
                raise BenchmarkError(f"{int(failed)} of {int(done)} starts failed")
            rounds += done / elapsed
            cold += cold_done / elapsed
            stopwatch.close()
        return rounds, cold

    clients = [Stopwatch(torpord.work) for _ in range(at_once)]
    _, cold = repeat(clients, lambda w: ["request", "127.0.0.1", torpord.port, f"/function/rate-{w}-@"])
    torpord.wait_for_zero()
    runs, _ = repeat([crun.open_stopwatch() for _ in range(at_once)], lambda w: crun.command(f"rate-{w}-@"))
    return {"torpor": cold, "crun": runs}


def runtimes(crun: Crun, own: Crun, samples: int) -> dict[str, list[float]]:
    """One run: each runtime's samples in microseconds, from start to exit of `run`, taken in turn."""
    times: dict[str, list[float]] = {"torpor-oci": [], "crun": []}
    order = [("torpor-oci", own), ("crun", crun)]
    for _ in range(samples):
        for name, runtime in order:
            time.sleep(SETTLE)
            times[name].append(runtime.run())
        order.reverse()
    return times


def medians(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}
