"""How long the whole bot takes for a week of virtual time.

    .venv/bin/python benchmarks/demo_week.py [RUNS]

Runs `gridbot demo --hours 168` a few times in fresh processes and prints the median of the wall and CPU seconds.
Run it on an idle machine.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HOURS = 168


def once(seed: int) -> tuple[float, float, dict[str, object]]:
    """Wall seconds, CPU seconds and the summary of one run."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "bot.cli", "demo", "--hours", str(HOURS), "--seed", str(seed), "--json"]
        done = subprocess.run(
            [*command, "--database-url", f"sqlite:///{folder}/bench.db"], capture_output=True, check=True
        )
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, json.loads(done.stdout)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    results = [once(seed) for seed in range(1, runs + 1)]
    walls, cpus = [wall for wall, _, _ in results], [cpu for _, cpu, _ in results]
    print(f"{HOURS} virtual hours, {runs} runs")
    print(f"wall  median {statistics.median(walls):6.1f} s   ({min(walls):.1f} to {max(walls):.1f})")
    print(f"cpu   median {statistics.median(cpus):6.1f} s   ({min(cpus):.1f} to {max(cpus):.1f})")
    print(f"speed {HOURS * 3600 / statistics.median(walls):,.0f} virtual seconds a second")
    for _, _, summary in results:
        share = 100 * int(str(summary["tokens_served"])) / int(str(summary["tokens_asked"]))
        print(f"seed {summary['seed']}: {share:.3f} % served, {summary['fills_stored']} fills")


if __name__ == "__main__":
    main()
