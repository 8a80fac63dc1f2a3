"""The promises, and the table that shows how they are kept."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Promise:
    """One row. `must` and `aim` bound the median of the runs: from above, or below where `more` is better."""

    text: str
    must: float
    aim: float
    binding: bool = False  # a missed must fails the benchmark
    more: bool = False
    unit: str = ""
    results: list[float] = field(default_factory=list)  # one per run

    @property
    def result(self) -> float:
        return statistics.median(self.results)

    def keeps(self, bound: float) -> bool:
        return self.result >= bound if self.more else self.result <= bound

    @property
    def verdict(self) -> str:
        if not self.results:
            return "not measured"
        if self.keeps(self.aim):
            return "aim"
        if self.keeps(self.must):
            return "must"
        return "MISSED" if self.binding else "not yet"

    @property
    def is_missed(self) -> bool:
        return self.binding and bool(self.results) and not self.keeps(self.must)

    def bound(self, value: float) -> str:
        return f"{'≥' if self.more else '≤'} {value:g}{self.unit}"


def promises() -> dict[str, Promise]:
    """By key. What is not binding is printed as information: a later stage binds it."""
    return {
        "cold": Promise("function at zero → first byte / crun run", 0.35, 0.18, binding=True),
        "cold-none": Promise("the same with network: none / crun run", 0.30, 0.16),
        "oci": Promise("torpor-oci run, start to exit / crun run", 1.0, 0.6),
        "rate": Promise("cold starts per second, 4 in flight / crun", 2, 4, more=True),
        "frozen": Promise("frozen → first byte / warm, p50", 1.8, 1.25, binding=True),
        "exec": Promise("exec request → answer / posix_spawn of the same program", 4, 2, binding=True),
        "cpu": Promise("gateway CPU per request / nginx", 1.5, 0.90, binding=True),
        "throughput": Promise(
            "gateway requests per second, one core / nginx", 0.67, 1.05, binding=True, more=True),
        "added": Promise("added latency p99 at 4,000/s / nginx", 2.5, 1.2),
        "private": Promise("daemon at rest, private memory", 10, 4, binding=True, unit=" MB"),
        "pss": Promise("daemon at rest, PSS", 30, 20, binding=True, unit=" MB"),
        "supervisors": Promise("supervising processes per instance", 0, 0),
    }


def render(rows: dict[str, Promise]) -> str:
    """Binding rows first; one line each, with the runs behind the median."""
    ordered = sorted(rows.values(), key=lambda row: not row.binding)
    width = max(len(row.text) for row in ordered)
    lines = [f"{'figure':{width}}  {'must':>8}  {'aim':>8}  {'result':>8}  {'verdict':14}  runs"]
    lines.append("-" * (len(lines[0]) + 14))
    for row in ordered:
        text = f"{row.result:.2f}{row.unit}" if row.results else "–"
        runs = " ".join(f"{value:.2f}" for value in row.results) if len(row.results) > 1 else ""
        verdict = row.verdict if row.binding else f"({row.verdict})"
        lines.append(f"{row.text:{width}}  {row.bound(row.must):>8}  {row.bound(row.aim):>8}  {text:>8}"
                     f"  {verdict:14}  {runs}".rstrip())
    lines.append("A verdict in parentheses is information: it does not change the exit status.")
    return "\n".join(lines)
