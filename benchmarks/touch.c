/* Looking at an open need, in C: twin of sim.kernels.deciding.touch and of all that it calls, for measuring alone.
 *
 * rows.h is written from the records of the state: struct needs, residents, events, neighbourhoods, office, traits,
 * levers, permits, solved and fixed. As in the compiled loops nothing is fused or reordered: the same bits.
 */
#include <math.h>
#include <stdint.h>

#include "rows.h"

enum channel { WAIT, ONLINE, COUNTER, BROKER, EVENT };
enum { PREPARATION = PREPARATION_CODE, MONTH = 21, LANES = LANES_OF_A_DAY, FAR = 1000000 };

/* What a loop over needs is given; the pointers are those of the arrays in memory. */
struct given {
    const struct fixed *fixed;
    const struct levers *levers;
    const struct permits *permits;
    const struct solved *solved;
    const struct traits *traits;
    const struct residents *residents;
    struct needs *needs;
    const struct events *events;
    const struct neighbourhoods *neighbourhoods;
    const struct office *office;
    int64_t *needs_due;
    int64_t heads; /* entries of needs_due */
};

static inline double larger(double a, double b) { return b > a ? b : a; }
static inline double smaller(double a, double b) { return b < a ? b : a; }

/* sim.rules.influence */
static inline double faded(double anchored, double rest, int64_t days, double half_life)
{
    static const double LN2 = 0.6931471805599453;
    if (days <= 0 || anchored == rest)
        return anchored;
    return rest + (anchored - rest) * exp(-LN2 * (double)days / half_life);
}

static inline int64_t days_until(double amount, double rate)
{
    if (rate <= 0.0)
        return FAR;
    double days = amount / rate;
    if (days >= (double)FAR)
        return FAR;
    int64_t whole = (int64_t)days;
    whole += (double)whole < days;
    return whole > 1 ? whole : 1;
}

/* sim.rules.choice */
static inline double learning_cost(const struct levers *p, enum channel channel, double knowledge, double literacy)
{
    switch (channel) {
    case ONLINE: return (1.0 - knowledge) + (1.0 - literacy);
    case COUNTER: return 1.0 - knowledge;
    case EVENT: return p->learning_event * (1.0 - knowledge);
    default: return 0.0;
    }
}

static inline double compliance_cost(const struct levers *p, enum channel channel, int64_t at_work)
{
    switch (channel) {
    case ONLINE: return p->compliance_online;
    case COUNTER: return p->compliance_counter + p->compliance_at_work * (double)at_work;
    case EVENT: return p->compliance_event;
    default: return p->compliance_broker;
    }
}

static inline double psychological_cost(const struct levers *p, enum channel channel, double trust, double remembered)
{
    double burden = (1.0 - trust) + p->rejection_memory * smaller(remembered, 3.0);
    switch (channel) {
    case COUNTER: return burden;
    case BROKER: return p->burden_broker * burden;
    case ONLINE: return p->burden_online * burden;
    default: return p->burden_event * burden;
    }
}

static inline double threat(int64_t at_works, int64_t noticed, double detection_rate)
{
    if (noticed > 0)
        return 1.0;
    return at_works > 0 ? 1.0 - exp(-detection_rate) : 0.0;
}

static inline double own_rate(double base, double keen, int64_t aware, int64_t obstacle, double hesitation)
{
    if (aware == 0)
        return 0.0;
    return obstacle > 0 ? base * keen * hesitation : base * keen;
}

static inline double prompted(double level, double relative, double cap)
{
    return level * smaller(relative, cap);
}

/* sim.calendar */
static inline void move(const struct given *g, int64_t row, int64_t old, int64_t day)
{
    struct needs *needs = g->needs;
    int64_t lane = row % LANES, place = LANES * old + lane;
    if (0 <= place && place < g->heads) {
        if (needs[row].before < 0)
            g->needs_due[place] = needs[row].after;
        else
            needs[needs[row].before].after = needs[row].after;
        if (needs[row].after >= 0)
            needs[needs[row].after].before = needs[row].before;
    }
    place = LANES * day + lane;
    if (0 <= place && place < g->heads) {
        needs[row].after = g->needs_due[place];
        needs[row].before = -1;
        if (g->needs_due[place] >= 0)
            needs[g->needs_due[place]].before = row;
        g->needs_due[place] = row;
    }
}

static inline int at_hand(const struct given *g, const struct needs *need, enum channel channel, int64_t day)
{
    const struct events *e;
    switch (channel) {
    case ONLINE: return g->levers->online > 0 && g->traits[need->resident].internet > 0 && need->online_failed == 0;
    case BROKER: return g->levers->brokers > 0;
    case EVENT:
        if (need->event < 0)
            return 0;
        e = &g->events[need->event];
        return e->phase >= PREPARATION && e->places > 0 && e->delivery_day >= day;
    default: return 1;
    }
}

static enum channel touch(const struct given *g, int64_t day, int64_t i)
{
    const struct levers *p = g->levers;
    struct needs *need = &g->needs[i];
    const struct traits *who = &g->traits[need->resident];
    const struct residents *r = &g->residents[need->resident];
    const struct permits *permit = &g->permits[need->permit];
    const struct solved *solved = &g->solved[need->permit];
    double gathered = need->rate * (double)(day - need->anchor);
    double hazard = need->hazard + gathered;
    int64_t unaware = (need->learns < day ? need->learns : day) - need->anchor;
    need->prompted += need->rate * (double)(unaware > 0 ? unaware : 0);
    int64_t works = p->patrols > 0 && need->works_until > day;
    double sanction = p->weight_sanction * threat(works, need->noticed, p->detection_rate), credit = 0.0;
    if (permit->credit > 0 && need->event >= 0 && g->events[need->event].credit > 0)
        credit = p->credit_value;
    double knowledge = faded(r->knowledge, who->knowledge, day - r->knowledge_day, p->knowledge_half_life);
    double trust = faded(r->trust, who->trust, day - r->trust_day, p->trust_half_life);
    double remembered = faded(r->rejections, 0.0, day - r->rejections_day, p->rejection_half_life);
    double norm = g->neighbourhoods[who->rw].norm;

    double benefit = permit->benefit - p->weight_wait * g->office->wait;
    double best = -1e300, standing = -1e300;
    enum channel channel = WAIT;
    for (enum channel c = ONLINE; c <= EVENT; c++) {
        if (!at_hand(g, need, c, day))
            continue;
        double taste = need->taste_counter, constant = 0.0;
        if (c == ONLINE)
            taste = need->taste_online, constant = g->fixed->online;
        else if (c == BROKER)
            taste = need->taste_broker, constant = g->fixed->broker;
        else if (c == EVENT)
            taste = need->taste_event, constant = p->event_constant;
        double worth = taste + constant + benefit + sanction;
        worth -= p->weight_learning * learning_cost(p, c, knowledge, who->literacy);
        worth -= p->weight_compliance * compliance_cost(p, c, who->at_work);
        worth -= p->weight_psychological * psychological_cost(p, c, trust, remembered);
        if (c == BROKER) {
            worth -= p->weight_fee * (permit->fee + permit->broker_fee);
        } else {
            worth = worth - p->weight_fee * permit->fee + p->weight_norm * (norm - 0.5);
            if (c == EVENT)
                worth += credit;
        }
        if (worth > best)
            best = worth, channel = c;
        if (c != EVENT && worth > standing)
            standing = worth;
    }

    double keen = exp(smaller(larger(p->hazard_sensitivity * standing, -30.0), 30.0));
    double relative = keen / solved->mean_keenness;
    if (need->news > 0.0) {
        hazard += prompted(need->news, relative, p->attention_cap);
        need->news = 0.0;
    }
    if (need->pending > 0.0) {
        double added = prompted(need->pending, relative, p->attention_cap);
        hazard += added;
        need->prompted += added;
        need->pending = 0.0;
    }
    double rate = own_rate(solved->base_rate, keen, need->aware, need->obstacle, p->obstacle_hesitation);
    need->hazard = hazard;
    need->anchor = day;
    need->rate = rate;
    int64_t due = day + days_until(need->threshold - hazard, rate);
    if (hazard >= need->threshold) {
        int64_t arrives = channel == EVENT ? g->events[need->event].delivery_day : day;
        if (arrives == day)
            return channel;
        due = arrives;
    }
    int64_t ahead = (need->monthly - day - 1) % MONTH;
    int64_t monthly = day + 1 + (ahead < 0 ? ahead + MONTH : ahead);
    if (need->aware > 0 && day < monthly && monthly < due)
        due = monthly;
    if (need->aware == 0 && day < need->learns && need->learns < due)
        due = need->learns;
    if (day < need->ends && need->ends < due)
        due = need->ends;
    if (day < need->works_until && need->works_until < due)
        due = need->works_until;
    if (day < need->patrol_day && need->patrol_day < due)
        due = need->patrol_day;
    move(g, i, need->due, due);
    need->due = due;
    return WAIT;
}

/* Look at each of ``count`` needs on each of ``days`` days from ``day``; ``chosen`` gets the last day's channels. */
void look(const struct given *g, const int64_t *due, int64_t *chosen, int64_t count, int64_t day, int64_t days)
{
    for (int64_t today = day; today < day + days; today++)
        for (int64_t k = 0; k < count; k++)
            chosen[k] = touch(g, today, due[k]);
}
