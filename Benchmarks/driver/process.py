"""What the kernel says about a process: its children, its CPU time, its memory, its processors."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Direct children, those of every thread."""
    found = []
    for thread in threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
        except OSError:
            pass  # the thread has ended
    return found


def descendants(pid: int) -> list[int]:
    found = []
    for child in children(pid):
        found += [child] + descendants(child)
    return found


def threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def cpu_seconds(pids: list[int]) -> float:
    """User and kernel time of all threads, in steps of 10 ms."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid: int) -> tuple[float, float]:
    """Private memory and proportional set size, in megabytes (10^6 bytes).

    Private is what the process alone has and the kernel cannot drop: not its program's own pages.
    """
    kibibytes: dict[str, int] = {}
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            words = line.split()
            if words[0].endswith(":") and len(words) == 3:
                kibibytes[words[0][:-1]] = int(words[1])
    private = kibibytes["Private_Dirty"]
    return private * 1024 / 1e6, kibibytes["Pss"] * 1024 / 1e6


def pin(pid: int, processor: int) -> None:
    """Binds every thread of a process to one processor."""
    for thread in threads(pid):
        os.sched_setaffinity(thread, {processor})
