"""Routine 5: decided residents live through the decision, then ties listen. Twin of ``sim.agents.applicant``."""

from __future__ import annotations

import numpy as np

from keliling.sim import ikm
from keliling.sim.compiled import inner, inner_with_arrays, prefetch
from keliling.sim.kernels.applicant import (
    after_failure,
    close,
    draw,
    learn,
    occasion_of,
    remembered_by,
    schedule_need,
    trust_moves,
)
from keliling.sim.rng import Draw
from keliling.sim.rules import influence, satisfaction
from keliling.sim.rules.normal import normal
from keliling.sim.rules.satisfaction import HANDLING
from keliling.sim.rules.serving import GRANTED
from keliling.sim.scenario import YEAR_DAYS
from keliling.sim.state import OPEN
from keliling.sim.sums import grains

PERSON_NOISE, ELEMENT_NOISE, SURVEY_KEY, SITE_SHOCK = (
    Draw.PERSON_NOISE,
    Draw.ELEMENT_NOISE,
    Draw.SURVEY_KEY,
    Draw.SITE_SHOCK,
)
COMPLAINT, COMPLAINT_CLASS, COMPLAINT_CLOSED = Draw.COMPLAINT, Draw.COMPLAINT_CLASS, Draw.COMPLAINT_CLOSED
AHEAD, FRIENDS_AHEAD = 3, 16  # how many decisions and friends early their rows are asked for


@inner_with_arrays
def residents_experience(inputs, p, permits, rows, day, decided):
    """Live routine 5 for the applications ``decided`` today."""
    keys = np.empty(decided.size, np.int64)
    for k in range(decided.size):
        keys[k] = inputs.traits[rows.applications[decided[k]].resident].key
    # By person and not by queue: moves of trust do not commute, and the order of the code may not matter.
    decided = decided[np.argsort(keys, kind="mergesort")]
    base = inputs.fixed[0].base_score + site_shock(inputs, p, day)
    told = 0
    for k in range(decided.size):
        i = decided[k]
        if k + AHEAD < decided.size:
            ask_for_ties(inputs, rows, rows.applications[decided[k + AHEAD]])
        experience(inputs, p, permits, rows, day, i, base)
        told += tell(inputs, p, rows, day, rows.applications[i])
    listen(inputs, p, rows, day, decided, told)


@inner
def ask_for_ties(inputs, rows, a):
    """Ask memory for what a decision will change: the applicant, the need, and those who will hear of it."""
    prefetch(rows.residents, a.resident)
    prefetch(rows.needs, a.need)
    for tie in range(inputs.tie_start[a.resident], inputs.tie_start[a.resident + 1]):
        prefetch(rows.residents, inputs.ties[tie])


@inner
def site_shock(inputs, p, day):
    """This year's site shock on the 1-4 scale; the same in every scenario of a seed and replicate."""
    if p.site_shock == 0:
        return 0.0
    fixed = inputs.fixed[0]
    mark = draw(inputs, SITE_SHOCK, fixed.district, fixed.year_of_day_0 + day // YEAR_DAYS, 0)
    return satisfaction.site_shock(normal(mark), p.site_shock_sd)


@inner
def experience(inputs, p, permits, rows, day, i, base):
    """Live through one decision: satisfaction, a complaint perhaps, and what they change in the resident."""
    a = rows.applications[i]
    me, who, occasion = rows.residents[a.resident], inputs.traits[a.resident].key, occasion_of(a)
    granted = int(a.outcome == GRANTED)
    time = satisfaction.experienced_time(a.decided - a.submitted, permits[a.permit].statutory_days, p.time_grace)
    score, performance = score_of(inputs, p, a, base, time)
    chance = satisfaction.complaint_chance(
        p.complaint_rate, p.complaint_steepness, inputs.fixed[0].complaint_reference, score, p.complaint_most
    )
    a.complaint_chance = chance
    if draw(inputs, COMPLAINT, who, occasion, 0) < chance:
        mark = draw(inputs, COMPLAINT_CLASS, who, occasion, 0)
        a.complaint = satisfaction.complaint_class(mark, time, a.returns, granted, p.complaint_other)
        # How a complaint is handled is one of the nine that are judged, so the score is taken again.
        a.complaint_closed = int(draw(inputs, COMPLAINT_CLOSED, who, occasion, 0) < p.complaint_closed)
        score, performance = score_of(inputs, p, a, base, time)
    # Everybody draws a place in the sample, asked or not, so that a larger sample holds the smaller one.
    a.survey_key = draw(inputs, SURVEY_KEY, who, occasion, 0)
    a.satisfaction, rows.motives[a.resident].satisfaction = score, score
    learn(inputs, p, rows, a.resident, day, p.knowledge_experience)
    trust_moves(inputs, p, rows, a.resident, day, influence.as_unit(score), p.trust_speed)
    before = me.expectation
    me.expectation = satisfaction.on_scale(influence.toward(before, performance, p.expectation_speed))
    rows.sums[0].expectation += grains(me.expectation - before)
    if granted:
        close(inputs, p, permits, rows, day, a.need, 1)
    else:
        me.rejections = remembered_by(p, me, day) + 1.0
        me.rejections_day = day
        after_failure(inputs, p, permits, rows, day, a.need)


@inner
def score_of(inputs, p, a, base, time):
    """Mean latent satisfaction over the nine elements (1-4) and performance; ticks the nine boxes."""
    reference = inputs.reference
    met = satisfaction.experiences(
        a.returns,
        time,
        a.channel,
        int(a.outcome == GRANTED),
        a.crowd,
        int(a.skill > 0.0),
        p.contact_officer,
        p.contact_alone,
        satisfaction.experienced_complaint(a.complaint, a.complaint_closed, reference[HANDLING]),
    )
    felt = satisfaction.weighted(met, reference, p.weight_decision, p.weight_time, p.weight_other)
    performance = satisfaction.performance(base, felt)
    gap = p.weight_disconfirmation * (performance - a.expectation)
    who, occasion = inputs.traits[a.resident].key, occasion_of(a)
    person = inputs.fixed[0].person_sd * normal(draw(inputs, PERSON_NOISE, who, occasion, 0))
    total, boxes = 0.0, 0
    for element in range(inputs.routing.shape[0]):
        noise = person + p.element_sd * normal(draw(inputs, ELEMENT_NOISE, who, occasion, element))
        latent = satisfaction.latent(base, felt, inputs.routing[element], gap, noise)
        total += satisfaction.on_scale(latent)
        boxes |= satisfaction.answer(latent) << ikm.BOX_BITS * element
    a.answers = boxes
    return total / ikm.ELEMENTS, performance


@inner
def tell(inputs, p, rows, day, a):
    """Word of mouth: every tie with an open need thinks again tomorrow; returns how many ties hear of the decision."""
    first, last = inputs.tie_start[a.resident], inputs.tie_start[a.resident + 1]
    for tie in range(first, last):
        friend = inputs.ties[tie]
        if rows.residents[friend].open_needs == 0:
            continue
        for i in range(inputs.first_need[friend], inputs.first_need[friend + 1]):
            need = rows.needs[i]
            if need.status == OPEN and need.aware > 0:
                if a.outcome == GRANTED:
                    need.news = max(need.news, p.success_prompt)
                schedule_need(rows, i, day + 1)
    return last - first


@inner_with_arrays
def listen(inputs, p, rows, day, decided, told):
    """Those told move their trust toward the mean of what they heard today (a convex average)."""
    friends, scores, size = np.empty(told, np.int64), np.empty(told), 0
    for i in decided:
        a = rows.applications[i]
        for tie in range(inputs.tie_start[a.resident], inputs.tie_start[a.resident + 1]):
            friends[size], scores[size] = inputs.ties[tie], influence.as_unit(a.satisfaction)
            size += 1
    # Sorted as numbers that hold the friend and the order of telling, in which what a friend hears adds up.
    for k in range(told):
        friends[k] = friends[k] * told + k
    friends.sort()
    k = 0
    while k < told:
        if k + FRIENDS_AHEAD < told:
            prefetch(inputs.traits, friends[k + FRIENDS_AHEAD] // told)
        friend, total, count = friends[k] // told, 0.0, 0
        while k < told and friends[k] // told == friend:
            total += scores[friends[k] % told]
            count += 1
            k += 1
        trust_moves(inputs, p, rows, friend, day, total / count, p.word_of_mouth)
