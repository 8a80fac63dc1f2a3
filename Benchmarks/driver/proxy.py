"""The gateway beside nginx. The same server stands behind both, on one processor with the load; the proxy has
another to itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import process
from programs import BenchmarkError, Load, Server
from torpord import Torpord

CONNECTIONS = 64
PACE = 4000  # requests per second at which added latency is compared


@dataclass
class Round:
    """One round: nginx's and Torpor's figures, taken in turn."""

    rate_nginx: float
    rate_torpor: float
    cpu_nginx: float  # microseconds per request
    cpu_torpor: float
    added_nginx: float  # microseconds at p99
    added_torpor: float


def processors() -> tuple[int, int]:
    """One for load and backend, one for the proxy: not two threads of the same core, if there is a choice."""
    first, *others = sorted(os.sched_getaffinity(0))
    for other in others:
        if other not in siblings(first):
            return first, other
    return first, others[0]


def siblings(processor: int) -> set[int]:
    try:
        with open(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list") as file:
            text = file.read().strip()
    except OSError:
        return set()
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        found.update(range(int(low), int(high or low) + 1))
    return found


def start_nginx(work: str, here: str, port: int, backend: int, processor: int) -> Server:
    with open(f"{here}/../baseline/nginx.conf") as file:
        text = file.read().format(work=work, listen=port, backend=backend)
    with open(f"{work}/nginx.conf", "w") as file:
        file.write(text)
    return Server(["nginx", "-c", f"{work}/nginx.conf"], port, processor)


def compare(options, here: str, port: int) -> Iterator[Round]:
    """As many rounds as `options.runs`, each load `options.seconds` long."""
    busy, alone = processors()
    work, nginx_port, backend_port = options.work, port + 1, port + 2
    environment = os.environ | {"PORT": str(backend_port)}
    with (
        Server([f"{work}/example/rootfs/usr/bin/server"], backend_port, busy, environment),
        start_nginx(work, here, nginx_port, backend_port, alone) as nginx,
        Torpord(options, port, processor=alone) as torpord,
    ):
        torpord.deploy({"backend": {
            "scale": {"min": 1, "max": 1, "freezeAfter": "never", "stopAfter": "never"}}})
        instances = torpord.instances("backend")
        if len(instances) != 1:
            raise BenchmarkError(f"expected one instance, found {instances}")
        for pid in torpord.pids(instances[0]):
            process.pin(pid, busy)

        def load(port: int, path: str, pace: int) -> Load:
            return Load.put(work, port, path, busy, CONNECTIONS, options.seconds, pace)

        def cost(pids: list[int], port: int, path: str) -> tuple[float, float]:
            before = process.cpu_seconds(pids)
            result = load(port, path, 0)
            return result.rate, (process.cpu_seconds(pids) - before) * 1e6 / result.answers

        for _ in range(options.runs):
            rate_nginx, cpu_nginx = cost(nginx.pids(), nginx_port, "/")
            rate_torpor, cpu_torpor = cost([torpord.pid], port, "/function/backend")
            direct = load(backend_port, "/", PACE).p99
            yield Round(
                rate_nginx, rate_torpor, cpu_nginx, cpu_torpor,
                added_nginx=load(nginx_port, "/", PACE).p99 - direct,
                added_torpor=load(port, "/function/backend", PACE).p99 - direct)
