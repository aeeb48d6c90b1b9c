"""Populations, and all of Jakarta one resident for one resident.

As a program (``python -m benchmarks.province SIZE``) it lives the province in a process of its own and prints, as JSON,
its seconds and the most memory that it held.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.timing import Found, Setting, Spread, say, seconds, table, timed
from keliling.experiments.conduct import conduct
from keliling.experiments.keep.histories import Histories
from keliling.experiments.kinds.replicated import replicated
from keliling.experiments.run.executors import Execution
from keliling.sim.ground import ground
from keliling.sim.kernels.simulation import prepare
from keliling.sim.scenario import Scenario, load

THREADS = 2


def built(scenario: Scenario) -> int:
    """Build a population and its ground, and let go of it; returns its adults."""
    return int(ground(scenario).population.key.size)


def building(setting: Setting) -> Found:
    """The ground of Kebon Jeruk, each time of another population seed, so that it is not found built."""
    scenario = load("kebon-jeruk-2019", size=setting.size)
    adults = built(scenario)
    times = []
    for repeat in range(setting.repeats):
        another = scenario.with_(population_seed=1000 + repeat)
        times.append(seconds(built, another))
    return Found([Spread(times).line(f"building the population of Kebon Jeruk, {adults:,} adults", unit=" s")])


def province(setting: Setting) -> Found:
    """The populations of all districts alone, then the province lived, which builds them too; in turn."""
    scenario = load("dki-jakarta-2019", size=setting.size)
    assert scenario.province is not None
    alone, whole, memory, adults = [], [], [], 0
    for repeat in range(setting.few):
        say(f"  {repeat + 1} of {setting.few}")
        districts = [
            scenario.for_district(slug).with_(population_seed=1000 + repeat) for slug in scenario.province.districts
        ]
        with ThreadPoolExecutor(THREADS) as pool:
            sizes, took = timed(lambda pool=pool, districts=districts: list(pool.map(built, districts)))
        alone.append(took)
        adults = sum(sizes)
        command = [sys.executable, "-m", "benchmarks.province", str(setting.size)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        whole.append(told["seconds"])
        memory.append(told["bytes"] / 1e9)
    beyond = Spread([all_ - only for all_, only in zip(whole, alone, strict=True)])
    lines = [
        Spread(alone).at_most(
            f"building the populations of {len(districts)} districts, {THREADS} threads", 60, unit=" s"
        ),
        beyond.at_most("all of Jakarta for three years, 2 workers, beyond building its populations", 30, unit=" s"),
        Spread(memory).at_most("all of Jakarta, most memory held", 4, unit=" GB"),
    ]
    rows = [
        ["building the populations alone", Spread(alone).text()],
        ["the whole, building included", Spread(whole).text()],
    ]
    detail = (
        f"`{scenario.name}`, {adults:,} adults in {len(districts)} districts, {scenario.days} days. The province is "
        "lived in a process of its own, which builds every population as it comes to it; its wall time includes "
        f"that, and leaves out only the start of Python and the loading of compiled code.\n\n"
        + table(["all of Jakarta", "seconds"], rows)
    )
    return Found(lines, detail)


def most_memory() -> int:
    """The most bytes of memory that this process has held."""
    # Linux counts in ru_maxrss also what the process held that started this one, as far as it came before exec.
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


def main() -> None:
    """Live the province once."""
    scenario = load("dki-jakarta-2019", size=float(sys.argv[1]))
    prepare()
    study = replicated([scenario], 1)
    began = time.perf_counter()
    conduct(study, Histories(study), Execution(workers=THREADS))
    print(json.dumps({"seconds": time.perf_counter() - began, "bytes": most_memory()}))


if __name__ == "__main__":
    main()
