"""The compiled engine against other ways of writing the same model, and what one replicate takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from benchmarks import plain_mesa, vectorised
from benchmarks.timing import Found, Line, Pairs, Setting, Spread, Timed, in_turn, seconds, table, timed, uncollected
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import totals_of
from keliling.sim.records import Record
from keliling.sim.scenario import Scenario, load

Other = Callable[[Scenario, int], tuple[dict[str, float], float]]
"""Another program: a scenario and a replicate to its totals by name and the seconds of its days, without set-up."""

COMPARED = ("attempts", "failed_attempts", "given_up", "ended", "submitted", "decided", "rejected")
WARM = 0.02
"""Share of a district at which a program is lived once beforehand, so that nothing is loaded while it is timed."""
LUCK = (
    "A single run has luck of its own, about half a per cent of its applications. Over 16 runs of each at full size, "
    "pair by pair from one state of day 0, the plain program differs from the kernel by +0.01% in what is submitted "
    "(standard error 0.05), +0.02% in what is decided (0.06) and -0.07% in what is rejected (0.39)."
)


def _of_kernel(scenario: Scenario, lived: dict[int, list[Record]]) -> Timed:
    """The days of the kernel; ``lived`` takes the records of each replicate."""

    def once(replicate: int) -> float:
        simulation = Simulation(scenario, replicate=replicate)
        took = seconds(simulation.live)
        lived[replicate] = simulation.records
        return took

    return once


def agents(setting: Setting) -> Found:
    """The days of a run, creation left out: kernel, then agents, whose records must be the same."""

    def in_both(scenario: Scenario, repeats: int) -> Pairs:
        lived: dict[int, list[Record]] = {}

        def of_agents(replicate: int) -> float:
            model = CoproductionModel(scenario, replicate=replicate)

            def days() -> None:
                while model.day < scenario.days:
                    model.step()

            took = seconds(days)
            assert model.records == lived[replicate], "the engines differ"
            model.close()
            return took

        return in_turn(_of_kernel(scenario, lived), of_agents, repeats)

    scenario = load("kebon-jeruk-2019", size=setting.size)
    in_both(scenario.with_(size=WARM), 1)
    Simulation(scenario).live()
    pairs = in_both(scenario, setting.repeats)
    detail = f"`{scenario.name}`, {scenario.days} days, creation left out. The records of both engines are equal.\n\n"
    detail += table(["the days of a run", "seconds"], pairs.rows("kernel", "agents"))
    return Found([pairs.ratio.at_least("agents engine, time over the kernel's", 30)], detail)


def _against(setting: Setting, program: Other) -> tuple[Pairs, dict[str, tuple[float, float]]]:
    """The days of kernel and another program in turn; mean totals of both over the repeats, by name."""
    scenario = load("kebon-jeruk-no-outreach", size=setting.size)
    lived: dict[int, list[Record]] = {}
    found: list[dict[str, float]] = []

    def of_other(replicate: int) -> float:
        with uncollected():
            totals, took = program(scenario, replicate)
        found.append(totals)
        return took

    program(scenario.with_(size=WARM), 0)
    Simulation(scenario).live()
    pairs = in_turn(_of_kernel(scenario, lived), of_other, setting.repeats)
    ours = [totals_of(records) for records in lived.values()]
    n = setting.repeats
    means = {
        name: (sum(one[name] for one in ours) / n, sum(one.get(name, 0.0) for one in found) / n) for name in COMPARED
    }
    return pairs, means


def plain(setting: Setting) -> Found:
    """Plain Mesa agents in a year without outreach, stepped every day or only when due."""
    lines: list[Line] = []
    detail = "`kebon-jeruk-no-outreach`, set-up left out.\n"
    totals: list[dict[str, tuple[float, float]]] = []
    ways = {"every resident, every day": (_every_day, 200), "residents who are due": (_when_due, 20)}
    for name, (program, asked) in ways.items():
        pairs, means = _against(setting, program)
        totals.append(means)
        lines.append(pairs.ratio.at_least(f"plain Mesa, {name}: time over the kernel's", asked))
        detail += f"\n{table([f'the days of a run, {name}', 'seconds'], pairs.rows('kernel', 'plain Mesa'))}"
    assert totals[0] == totals[1], "whether a resident is stepped when nothing is due made a difference"
    rows = [
        [total, f"{ours:,.1f}", f"{theirs:,.1f}", f"{100 * (theirs / ours - 1):+.2f}%" if ours else "-"]
        for total, (ours, theirs) in totals[0].items()
    ]
    head = [f"mean of {setting.repeats} runs", "kernel", "plain Mesa, either way", "difference"]
    return Found(lines, f"{detail}\n{table(head, rows)}\n{LUCK}\n")


def _every_day(scenario: Scenario, replicate: int) -> tuple[dict[str, float], float]:
    return plain_mesa.live(scenario, replicate, every=True)


def _when_due(scenario: Scenario, replicate: int) -> tuple[dict[str, float], float]:
    return plain_mesa.live(scenario, replicate, every=False)


def numpy_loop(setting: Setting) -> Found:
    """Whole-array NumPy, needs and decisions alone."""
    pairs, means = _against(setting, vectorised.live)
    ours, theirs = means["submitted"]
    detail = "`kebon-jeruk-no-outreach`, set-up left out; the NumPy loop stops at filing.\n\n"
    detail += table(["the days of a run", "seconds"], pairs.rows("kernel", "NumPy loop"))
    detail += f"\nApplications, mean of {setting.repeats} runs: kernel {ours:,.1f}, NumPy loop {theirs:,.1f}.\n"
    return Found([pairs.ratio.line("NumPy loop of needs and decisions alone: time over the kernel's")], detail)


def replicate(setting: Setting) -> Found:
    """One replicate when the population is built: the run is created, lived and its records are read."""
    scenario = load("kebon-jeruk-2019", size=setting.size)
    Simulation(scenario).live()
    parts: dict[str, list[float]] = {"creating the run": [], "living its days": [], "reading its records": []}
    for one in range(3 * setting.repeats):
        simulation, created = timed(Simulation, scenario, replicate=one)
        took = (created, seconds(simulation.live), seconds(lambda of=simulation: of.records))
        for times, part in zip(parts.values(), took, strict=True):
            times.append(part)
    whole = Spread([sum(times) for times in zip(*parts.values(), strict=True)])
    detail = table(["one replicate", "seconds"], [[name, Spread(times).text()] for name, times in parts.items()])
    measure = f"one replicate, {scenario.days} days, population built"
    return Found([whole.at_most(measure, 0.5, unit=" s")], detail)


def threads(setting: Setting) -> Found:
    """Two replicates one after the other and on two threads; their creation is left out."""
    scenario = load("kebon-jeruk-2019", size=setting.size)

    def two(one: int) -> list[Simulation]:
        return [Simulation(scenario, replicate=2 * one + which) for which in range(2)]

    def together(one: int) -> float:
        workers = [threading.Thread(target=simulation.live) for simulation in two(one)]

        def live() -> None:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        return seconds(live)

    def in_a_row(one: int) -> float:
        both = two(one)

        def live() -> None:
            for simulation in both:
                simulation.live()

        return seconds(live)

    together(0)
    pairs = in_turn(together, in_a_row, 2 * setting.repeats)
    detail = table(["the days of two replicates", "seconds"], pairs.rows("on two threads", "one after the other"))
    measure = "two replicates one after the other, time over that on two threads"
    return Found([pairs.ratio.at_least(measure, 1.7)], detail)
