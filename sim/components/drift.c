/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/drift.h"

#include <math.h>

#include "base/rng.h"

#define KNOT_TAUS     32.0
#define INTERVAL_BITS 40

struct oac_drift oac_drift_make(double sigma, double tau_s, uint64_t seed, uint32_t process)
{
    struct oac_drift drift = {.sigma = sigma, .tau_s = tau_s, .seed = seed, .process = process};
    double half_taus = KNOT_TAUS; /* halved before use */
    for (int level = 0; level < OAC_DRIFT_DEPTH; level++) {
        half_taus *= 0.5;
        double rho = exp(-half_taus), rho2 = rho * rho;
        drift.pull[level] = rho / (1.0 + rho2);
        drift.sd[level] = sigma * sqrt(-expm1(-2.0 * half_taus) / (1.0 + rho2));
    }
    return drift;
}

/* One keyed normal: node 0 is the knot at the interval's start, nodes 1 .. 2^DEPTH - 1 the
 * midpoints in heap order. */
static double draw(const struct oac_drift *drift, int64_t interval, uint32_t node)
{
    uint64_t mask = (UINT64_C(1) << INTERVAL_BITS) - 1;
    uint64_t index = (uint64_t)drift->process << INTERVAL_BITS | ((uint64_t)interval & mask);
    return oac_rng_normal(drift->seed, OAC_RNG_DRIFT, index, node);
}

/* The first level at which the path to `leaf` leaves the one the cursor remembers; -1: another
 * interval. */
static int common_levels(const struct oac_drift_cursor *cursor, int64_t interval, uint32_t leaf)
{
    if (!cursor->valid || cursor->interval != interval)
        return -1;
    uint32_t differ = cursor->leaf ^ leaf;
    int levels = OAC_DRIFT_DEPTH;
    for (; differ; differ >>= 1)
        levels--;
    return levels;
}

double oac_drift_at(const struct oac_drift *drift, double time_s,
                    struct oac_drift_cursor *cursor)
{
    if (!(drift->sigma > 0.0))
        return 0.0;
    struct oac_drift_cursor local = {.valid = false};
    if (!cursor)
        cursor = &local;
    double knots = time_s / (KNOT_TAUS * drift->tau_s);
    double whole = floor(knots);
    double fine = ldexp(knots - whole, OAC_DRIFT_DEPTH);
    /* just below a knot the difference can round to 1 */
    uint32_t leaf = (uint32_t)fmin(fine, ldexp(1.0, OAC_DRIFT_DEPTH) - 1.0);
    double between = fine - (double)leaf;
    int64_t interval = (int64_t)whole;

    int level = common_levels(cursor, interval, leaf);
    if (level < 0) {
        cursor->low[0] = drift->sigma * draw(drift, interval, 0);
        cursor->high[0] = drift->sigma * draw(drift, interval + 1, 0);
        level = 0;
    }
    for (; level < OAC_DRIFT_DEPTH; level++) {
        uint32_t node = (UINT32_C(1) << level) | (leaf >> (OAC_DRIFT_DEPTH - level));
        double low = cursor->low[level], high = cursor->high[level];
        double middle =
            drift->pull[level] * (low + high) + drift->sd[level] * draw(drift, interval, node);
        bool upper = (leaf >> (OAC_DRIFT_DEPTH - 1 - level)) & 1u;
        cursor->low[level + 1] = upper ? middle : low;
        cursor->high[level + 1] = upper ? high : middle;
    }
    cursor->valid = true;
    cursor->interval = interval;
    cursor->leaf = leaf;
    double low = cursor->low[OAC_DRIFT_DEPTH], high = cursor->high[OAC_DRIFT_DEPTH];
    return low + between * (high - low);
}
