"""Measures Torpor beside crun and nginx and prints the table of promises. Started by Benchmarks/run.

Every figure is a ratio of samples that were taken in turn, so that a busy machine disturbs both sides alike.
"""

import argparse
import json
import os
import statistics
import sys
import time

import commands
import process
import proxy
import starts
import thaw
from programs import BenchmarkError, Crun
from promises import Promise, promises, render
from torpord import Torpord

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 8080  # in a network namespace of our own, so it is free


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("--samples", type=int, default=200, help="of each subject in each run (default: 200)")
    parser.add_argument("--runs", type=int, default=3, help="the median of the runs counts (default: 3)")
    parser.add_argument("--seconds", type=float, default=5, help="of each load on a proxy (default: 5)")
    groups = list(GROUPS)
    parser.add_argument("--only", choices=groups, nargs="+", default=groups, help="measure only these")
    parser.add_argument("--json", metavar="FILE", help="also write results and raw samples here")
    for name in ["work", "cgroup", "torpord", "torpor", "torpor-oci"]:
        parser.add_argument(f"--{name}", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S ", time.gmtime()) + text, flush=True)


def summary(times: dict[str, list[float]]) -> str:
    texts = []
    for name, values in times.items():
        p90 = sorted(values)[int(len(values) * 0.9)]
        texts.append(f"{name} p50 {statistics.median(values):.0f} µs, p90 {p90:.0f} µs")
    return "; ".join(texts)


def measure_rest(options, rows: dict[str, Promise], _: dict) -> None:
    with Torpord(options, PORT) as torpord:
        time.sleep(3)
        private, pss = process.memory(torpord.pid)
        rows["private"].results.append(private)
        rows["pss"].results.append(pss)
        torpord.deploy({"one": {"scale": {"min": 1}}})
        instance = set(torpord.pids(*torpord.instances("one")))
        now = set(process.descendants(torpord.pid))
        rows["supervisors"].results.append(len(now - instance - torpord.at_rest.processes))


def measure_starts(options, rows: dict[str, Promise], raw: dict) -> None:
    with Crun(options.work, options.cgroup) as crun, Torpord(options, PORT) as torpord:
        for number in range(options.runs):
            times = starts.first_byte(torpord, crun, options.samples)
            raw.setdefault("starts", []).append(times)
            middle = starts.medians(times)
            for key in ["cold", "cold-none"]:
                rows[key].results.append(middle[key] / middle["crun"])
            say(f"starts, run {number + 1}: {summary(times)}")


def measure_rates(options, rows: dict[str, Promise], raw: dict) -> None:
    with Crun(options.work, options.cgroup) as crun, Torpord(options, PORT) as torpord:
        for number in range(options.runs):
            result = starts.rates(torpord, crun, options.seconds)
            raw.setdefault("rates", []).append(result)
            rows["rate"].results.append(result["torpor"] / result["crun"])
            figures = ", ".join(f"{name} {value:.0f}" for name, value in result.items())
            say(f"starts per second, run {number + 1}: {figures}")


def measure_runtimes(options, rows: dict[str, Promise], raw: dict) -> None:
    with (Crun(options.work, options.cgroup) as crun,
          Crun(options.work, options.cgroup + "-oci", options.torpor_oci) as own):
        for number in range(options.runs):
            times = starts.runtimes(crun, own, options.samples)
            raw.setdefault("runtimes", []).append(times)
            middle = starts.medians(times)
            rows["oci"].results.append(middle["torpor-oci"] / middle["crun"])
            say(f"runtimes, run {number + 1}: {summary(times)}")


def measure_thaw(options, rows: dict[str, Promise], raw: dict) -> None:
    with Torpord(options, PORT) as torpord:
        for number in range(options.runs):
            times = thaw.first_byte(torpord, options.samples)
            raw.setdefault("thaw", []).append(times)
            middle = starts.medians(times)
            rows["frozen"].results.append(middle["frozen"] / middle["warm"])
            say(f"thaw, run {number + 1}: {summary(times)}")


def measure_exec(options, rows: dict[str, Promise], raw: dict) -> None:
    with Torpord(options, PORT) as torpord:
        for number in range(options.runs):
            times = commands.answers(torpord, options.samples)
            raw.setdefault("exec", []).append(times)
            middle = starts.medians(times)
            rows["exec"].results.append(middle["exec"] / middle["spawn"])
            say(f"exec, run {number + 1}: {summary(times)}")


def measure_proxy(options, rows: dict[str, Promise], raw: dict) -> None:
    for number, result in enumerate(proxy.compare(options, HERE, PORT)):
        raw.setdefault("proxy", []).append(vars(result))
        rows["throughput"].results.append(result.rate_torpor / result.rate_nginx)
        rows["cpu"].results.append(result.cpu_torpor / result.cpu_nginx)
        if result.added_nginx > 0:  # else noise hid what nginx adds
            rows["added"].results.append(result.added_torpor / result.added_nginx)
        say(f"gateway, round {number + 1}: torpor {result.rate_torpor:.0f}/s {result.cpu_torpor:.1f} µs"
            f" +{result.added_torpor:.0f} µs p99; nginx {result.rate_nginx:.0f}/s {result.cpu_nginx:.1f} µs"
            f" +{result.added_nginx:.0f} µs p99")


# In the order in which they are measured.
GROUPS = {
    "rest": measure_rest,
    "starts": measure_starts,
    "runtimes": measure_runtimes,
    "thaw": measure_thaw,
    "exec": measure_exec,
    "rates": measure_rates,
    "proxy": measure_proxy,
}


def main() -> int:
    options = arguments()
    rows, raw = promises(), {}
    say(f"{os.uname().release} {os.uname().machine}, {os.cpu_count()} processors")
    errors = 0
    for group, measure in GROUPS.items():
        if group in options.only:
            try:
                measure(options, rows, raw)
            except BenchmarkError as error:
                errors += 1
                say(f"{group} could not be measured: {error}")
    print("\n" + render(rows))
    if options.json:
        results = {key: row.results for key, row in rows.items()}
        with open(options.json, "w") as file:
            json.dump({"results": results, "samples": raw}, file)
    if errors:
        return 2
    return 1 if any(row.is_missed for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
