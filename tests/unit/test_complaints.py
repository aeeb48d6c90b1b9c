"""The reference of complaints: files decided at base against files drawn, and the rate that comes of it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from keliling.sim.answers import satisfaction_table, solve_answers
from keliling.sim.complaints import complaint_reference, kinds_of, what_is_brought
from keliling.sim.decided import CHANNELS, DEFECTIVE, FAILED_REVIEW, IS_GRANTED, MOST_BEFORE, decided_at_base, waits
from keliling.sim.parameters import defaults, namespace, permits
from keliling.sim.rules.choice import GIVES_UP, TRIES_LATER, after_failure, attempt_failure
from keliling.sim.rules.filing import correction_wait, defect_chance, helper_ratio
from keliling.sim.rules.satisfaction import cut_exponential, experienced_time
from keliling.sim.rules.start import success_chance
from tests.statistics import assert_counts, assert_mean

IMB, IPTM, OTHER = 0, 2, 3
NOT_AT_HAND = -1e9


def numbers(**values: float) -> SimpleNamespace:
    """The defaults but for these, no file with an obstacle behind it."""
    without = {f"{permit.name}_obstacle_part": 0.0 for permit in permits()}
    return namespace(defaults() | without | values)


def files_of(
    p: SimpleNamespace,
    knowledge: list[float],
    permit: list[int],
    worth: list[list[float]],
    flow: np.ndarray | None = None,
    often: np.ndarray | None = None,
) -> np.ndarray:
    """Files decided of people of mean literacy but the last, who has none; one a day of every permit unless told."""
    n = len(permit)
    literacy = np.full(n, p.literacy_mean)
    literacy[-1] = 0.0
    people = SimpleNamespace(knowledge=np.array(knowledge), literacy=literacy)
    flow = np.bincount(permit, minlength=len(permits())).clip(max=1) if flow is None else flow
    worths, often = (np.array(worth), 0.0, 0.0), np.ones(n) if often is None else often
    return decided_at_base(people, (np.arange(n), np.array(permit), often), worths, p, permits(), flow)  # type: ignore[arg-type]


# -- the files


@pytest.mark.parametrize("permit", [IMB, IPTM, OTHER])
def test_a_file_at_the_counter_succeeds_as_the_start_has_it(permit: int) -> None:
    """One who only goes to the counter and never comes again: ``success_chance``, and all others rejected or withdrawn."""
    p = numbers(reapply=0.0, correction_deadline=63, knowledge_mean=0.4)
    files = files_of(p, [0.4, 0.4], [permit, permit], [[NOT_AT_HAND, 0.0, NOT_AT_HAND]] * 2)
    name = permits()[permit].name
    documents, technical = getattr(p, f"{name}_requirements"), getattr(p, f"{name}_technical_rejection")
    error = p.document_error * p.officer_error
    granted = success_chance(documents, error, files_back(p), p.document_correction, p.corrections, technical)
    clean = (1.0 - error) ** documents
    decided = 1.0 - (1.0 - clean) * (1.0 - files_back(p))  # the others are withdrawn
    assert files.sum() == pytest.approx(1.0, rel=1e-12)
    assert files[permit, 1, 0, IS_GRANTED].sum() * decided == pytest.approx(granted, rel=1e-12)
    assert files[permit, 1, 0, FAILED_REVIEW, 0] * decided == pytest.approx(clean * technical, rel=1e-12)
    assert files[permit, 1, 0, DEFECTIVE, 0] == 0.0


def test_files_with_an_obstacle_fail_their_review_and_never_come_again() -> None:
    """Of own files as many fail the review as the permit's parameter says, whatever the part behind an obstacle."""
    p = numbers(document_error=0.0, gives_up=0.0, reapply=0.9, imb_obstacle_part=0.4)
    files = files_of(p, [0.4, 0.4], [IMB, IMB], [[0.3, 0.0, -0.5]] * 2)
    assert files[IMB, :, :, DEFECTIVE].sum() == 0.0
    first, again = files[IMB, :, 0].sum(), files[IMB, :, 1:].sum()
    failing = p.imb_technical_rejection
    clear = 0.6 * failing / (1.0 - 0.4 * failing)
    assert again / (first - 0.4 * failing) == pytest.approx(0.9 * clear / (1.0 - 0.9 * clear), rel=1e-12)
    assert files[IMB, :, :, FAILED_REVIEW].sum() == pytest.approx(failing, rel=1e-12)


def test_a_permit_that_nobody_of_the_sample_may_need_has_no_files() -> None:
    files = files_of(numbers(), [0.4, 0.4], [IMB, IMB], [[0.3, 0.0, -0.5]] * 2, flow=np.ones(len(permits())))
    assert files.sum() == pytest.approx(files[IMB].sum()) == pytest.approx(1.0)


def files_back(p: SimpleNamespace) -> float:
    return float(p.correction_chance * (1.0 - (1.0 - 1.0 / p.correction_days) ** p.correction_deadline))


def test_waits_are_those_of_the_rule() -> None:
    p = numbers()
    drawn = np.array([correction_wait(draw, p.correction_days) for draw in np.random.default_rng(4).random(60_000)])
    in_time = drawn[drawn <= p.correction_deadline]
    assert waits(p)[0] == 0.0
    assert waits(p).sum() == pytest.approx(files_back(p) / p.correction_chance, rel=1e-12)
    counts = np.append(np.bincount(in_time, minlength=p.correction_deadline + 1)[1:], drawn.size - in_time.size)
    assert_counts(counts, np.append(waits(p)[1:], 1.0 - waits(p).sum()), detect=0.05)
    assert waits(numbers(correction_days=1.0)).tolist() == [0.0, 1.0] + [0.0] * 20


@pytest.mark.parametrize(
    "values", [{}, {"corrections": 3, "reapply": 0.9}, {"corrections": 0, "correction_chance": 0.5}]
)
def test_files_by_formula_are_those_that_the_rules_draw(values: dict[str, float]) -> None:
    """Six people, each followed with the rules and a generator through choices, returns and attempts.

    Classes differ in channel, end and rejections before; deviations of a fiftieth of a share's root would be found.
    """
    p = numbers(document_error=0.08, **values)
    knowledge, permit = [0.2, 0.4, 0.9, 0.5, 0.4, 0.1], [IMB, IMB, IPTM, OTHER, OTHER, OTHER]
    worth = [
        [0.3, 0.0, -0.5],
        [NOT_AT_HAND, 0.0, 0.2],
        [1.0, 0.0, -1.0],
        [0.5, 0.2, 0.1],
        [0.0, 0.0, 0.0],
        [1.5, 0.0, 0.4],
    ]
    draws = np.random.default_rng(5)
    drawn = np.zeros((len(permits()), len(CHANNELS), 1 + MOST_BEFORE, 3))
    for who in range(6):
        for _ in range(4_000):
            _follow(p, draws, drawn, knowledge[who], 0.0 if who == 5 else p.literacy_mean, permit[who], worth[who])
    formula = files_of(p, knowledge, permit, worth, flow=drawn.sum(axis=(1, 2, 3))).sum(axis=(0, 4))
    seen, shares = drawn.sum(axis=0).ravel(), formula.ravel() / formula.sum()
    rarest_first = np.argsort(shares)
    rare = (
        np.searchsorted(np.cumsum(shares[rarest_first]) * seen.sum(), 30.0) + 1
    )  # these together are expected so often
    some, others = rarest_first[:rare], rarest_first[rare:]
    assert_counts(np.append(seen[others], seen[some].sum()), np.append(shares[others], shares[some].sum()), detect=0.06)


def _follow(p, draws, counted, know, literacy, permit, worth):  # type: ignore[no-untyped-def]
    """One need through its files, until granted or given up."""
    name = permits()[permit].name
    documents, technical = getattr(p, f"{name}_requirements"), getattr(p, f"{name}_technical_rejection")
    likings = np.array(worth) - np.log(-np.log(draws.random(3)))
    before = 0
    while True:
        order = np.argsort(-likings)
        failing = attempt_failure(CHANNELS[order[0]], p.online_failure, 0.0, literacy, p.literacy_mean, 0.0)
        place = order[0]
        while place == order[0] and draws.random() < failing:
            follows = after_failure(draws.random(), p.gives_up, p.tries_later)
            if follows == GIVES_UP:
                return
            place = order[0] if follows == TRIES_LATER else order[1]
        ratio = helper_ratio(CHANNELS[place], 0.0, p.officer_error, p.broker_error, p.assistance_error)
        chance = defect_chance(
            p.document_error, CHANNELS[place], know, p.knowledge_mean, literacy, p.literacy_mean, ratio,
            p.error_knowledge, p.error_literacy,
        )  # fmt: skip
        defects, returns, end = draws.binomial(documents, chance), 0, -1
        while end < 0:
            if defects == 0:
                end = FAILED_REVIEW if draws.random() < technical else IS_GRANTED
            elif returns == p.corrections:
                end = DEFECTIVE
            else:
                returns += 1
                late = correction_wait(draws.random(), p.correction_days) > p.correction_deadline
                if late or draws.random() >= p.correction_chance:
                    break
                defects = draws.binomial(defects, 1.0 - p.document_correction)
        if end >= 0:
            counted[permit, place, min(before, MOST_BEFORE), end] += 1
        if end == IS_GRANTED or draws.random() >= p.reapply:
            return
        if end >= 0:
            before += 1
            if before <= MOST_BEFORE:
                know += p.knowledge_experience * (1.0 - know)


# -- what they are lived through as


def test_kinds_keep_every_file_and_the_mean_of_the_days() -> None:
    """Rejected for defects after one return, a file took one correction; granted or failed, the review besides."""
    p = numbers()
    files = np.zeros((4, 3, 3, 3, 2))
    files[IMB, 1, 0, IS_GRANTED, 0], files[IMB, 1, 0, FAILED_REVIEW, 1], files[OTHER, 2, 1, DEFECTIVE, 1] = (
        3.0,
        2.0,
        5.0,
    )
    kinds = kinds_of(p, files, permits())
    assert kinds.share.sum() == pytest.approx(1.0)
    assert kinds.share[kinds.granted].tolist() == pytest.approx([0.3])
    assert kinds.share[kinds.before == 1].sum() == pytest.approx(0.5)
    reference = satisfaction_table()[1]
    correction = waits(p) / waits(p).sum()
    for before, review, standard, rows in (
        (0, 5, 14, ~kinds.granted & (kinds.before == 0)),
        (1, 0, 3, kinds.before == 1),
    ):
        experienced = [experienced_time(days + review, standard, p.time_grace) for days in range(correction.size)]
        met = np.average(kinds.felt[rows, 1], weights=kinds.share[rows]) / (3.0 * p.weight_time) + reference[1]
        assert met == pytest.approx(float(correction @ experienced), rel=1e-12), before


def test_expectation_falls_with_each_rejection_and_its_gap_with_it() -> None:
    p = numbers()
    files = np.zeros((4, 3, 3, 3, 2))
    files[OTHER, 1, :, (IS_GRANTED, FAILED_REVIEW), 0] = 1.0
    kinds, answers = kinds_of(p, files, permits()), solve_answers(p)
    brought, spread = what_is_brought(p, answers, kinds, (3.3, 0.2))
    gap = [float(brought[(kinds.before == j) & kinds.granted].item()) - answers.base_score for j in range(3)]
    performance = [answers.base_score + kinds.felt[kinds.granted == g].sum(axis=1)[0] for g in (False, True)]
    expected = [3.3, 3.3 + 0.3 * (performance[0] - 3.3)]
    assert gap[:2] == pytest.approx([0.2 * (performance[1] - one) for one in expected], rel=1e-12)
    assert gap[0] < gap[1] < gap[2]
    assert spread[kinds.before == 1][0] == pytest.approx(math.hypot(answers.person_sd, 0.2 * 0.7 * 0.2))


# -- the rate


@pytest.mark.parametrize(("mean", "sd", "rate"), [(3.3, 0.4, 0.17), (0.2, 0.5, 0.3), (4.6, 0.1, 1.0), (2.5, 0.8, 0.0)])
def test_the_mean_of_the_exponential_agrees_with_quadrature(mean: float, sd: float, rate: float) -> None:
    found, _ = integrate.quad(lambda x: norm.pdf(x, mean, sd) * math.exp(-rate * x), 1.0, 4.0, epsabs=1e-13)
    ends = norm.cdf(1.0, mean, sd) * math.exp(-rate) + norm.sf(4.0, mean, sd) * math.exp(-4.0 * rate)
    assert cut_exponential(mean, sd, rate) == pytest.approx(found + ends, rel=1e-10)


@pytest.mark.parametrize(
    "values",
    [{}, {"complaint_steepness": 3.0}, {"weight_decision": 0.2}, {"weight_decision": 0.6}, {"complaint_steepness": 0.2},
     {"element_sd": 0.1, "answer_sd": 0.6}, {"complaint_steepness": 3.0, "weight_decision": 0.6, "complaint_rate": 0.02}],
)  # fmt: skip
def test_complaints_of_drawn_applicants_average_the_rate(values: dict[str, float]) -> None:
    """Scores drawn as the model makes them, from the files by formula: within one in a hundred of the rate."""
    p = numbers(**values)
    files = files_of(p, [0.3, 0.5, 0.4], [IMB, OTHER, OTHER], [[0.5, 1.0, 0.0]] * 3)
    answers, expectation = solve_answers(p), (3.3, 0.2)
    reference = complaint_reference(p, answers, files, expectation, permits())
    kinds = kinds_of(p, files, permits())
    brought, spread = what_is_brought(p, answers, kinds, expectation)
    routing, draws = np.array(satisfaction_table()[0]), np.random.default_rng(6)
    chances = []
    for _ in range(16):
        # As many of each kind as it has, by its share, so that only noise is left to chance.
        many = np.searchsorted(np.cumsum(kinds.share), (np.arange(100_000) + draws.random()) / 100_000)
        common = brought[many] + spread[many] * draws.standard_normal(many.size)
        latent = common[:, None] + kinds.felt[many] @ routing.T + p.element_sd * draws.standard_normal((many.size, 9))
        score = np.clip(latent, 1.0, 4.0).mean(axis=1)
        chance = np.minimum(p.complaint_rate * np.exp(p.complaint_steepness * (reference - score)), p.complaint_most)
        chances.append(float(chance.mean()) / p.complaint_rate)
    assert_mean(chances, 1.0, detect=0.024)


def test_without_steepness_every_score_complains_alike() -> None:
    p = numbers(complaint_steepness=0.0)
    files = files_of(p, [0.4, 0.4], [OTHER, OTHER], [[0.0, 0.0, 0.0]] * 2)
    assert complaint_reference(p, solve_answers(p), files, (3.3, 0.2), permits()) == p.ikm_base / 25.0


def test_the_more_complain_of_a_rejection_the_lower_the_reference() -> None:
    found = []
    for weight in (0.2, 0.4, 0.6):
        p = numbers(weight_decision=weight)
        files = files_of(p, [0.4, 0.4], [OTHER, OTHER], [[0.0, 0.0, 0.0]] * 2)
        found.append(complaint_reference(p, solve_answers(p), files, (3.3, 0.2), permits()))
    assert 1.0 < found[2] < found[1] < found[0] < 4.0
