/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "calibration/fit_delay.h"
#include "tests/calibration/pulls.h"

#define REACH   24
#define SHIFTS  (2 * REACH + 1)
#define REPEATS 8
#define POINTS  (SHIFTS * REPEATS)

struct slide {
    unsigned char pattern[63];
    size_t length;
    double y[POINTS], sigma[POINTS];
    int shift[POINTS];
};

/* The pattern's light at time t [slots], from square slots. */
static double at(const struct slide *s, double t)
{
    const double n = floor(t);
    return n >= 0.0 && n < (double)s->length ? s->pattern[(size_t)n] : 0.0;
}

/* What a window gathers: both patterns, the weights' late by tau, integrated slot by slot in two pieces. */
static void slide_draw(struct slide *s, size_t most, double tau, uint64_t seed)
{
    const double f = tau - floor(tau);
    s->length = oac_delay_pattern(most, s->pattern);
    for (size_t i = 0; i < POINTS; i++) {
        double light = 0.0;
        s->shift[i] = (int)(i % SHIFTS) - REACH;
        for (int n = -REACH; n < (int)s->length + REACH; n++) {
            const double x = 0.02 + 0.98 * at(s, n - s->shift[i]);
            const double early = 0.01 + 0.99 * at(s, n + 0.5 * f - tau);
            const double late = 0.01 + 0.99 * at(s, n + 0.5 * (1.0 + f) - tau);
            light += x * (f * early + (1.0 - f) * late);
        }
        s->sigma[i] = 45.0;
        s->y[i] =
            32000.0 + 550.0 * light + s->sigma[i] * oac_rng_normal(seed, OAC_RNG_TEST, i, 0);
    }
}

static enum oac_status slide_fit(const struct slide *s, struct oac_delay *delay,
                                 struct oac_err *err)
{
    struct oac_fit fit;
    const struct oac_fit_data data = {.points = POINTS, .y = s->y, .sigma = s->sigma};
    enum oac_status status = oac_delay_fit("a delay", &data, s->shift, s->pattern, s->length,
                                           REACH, delay, &fit, err);
    if (status == OAC_OK)
        oac_fit_fini(&fit);
    return status;
}

Test(fit_delay, patterns_correlate_at_one_shift_only)
{
    static const size_t most[] = {1, 8, 16, 40}, length[] = {7, 15, 31, 63};
    for (size_t i = 0; i < 4; i++) {
        unsigned char pattern[63];
        int ones = 0;
        cr_assert_eq(oac_delay_pattern(most[i], pattern), length[i]);
        for (size_t n = 0; n < length[i]; n++)
            ones += pattern[n];
        cr_expect_eq(ones, (int)(length[i] + 1) / 2);
        for (size_t shift = 1; shift < length[i]; shift++) { /* a maximal sequence, cyclic */
            int both = 0;
            for (size_t n = 0; n < length[i]; n++)
                both += pattern[n] & pattern[(n + shift) % length[i]];
            cr_expect_eq(both, (int)(length[i] + 1) / 4);
        }
    }
}

Test(fit_delay, fractions_of_a_slot_come_out_within_their_errors)
{
    static struct slide s;
    struct pulls pulls = {.name = "delay"};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct oac_delay delay;
        struct oac_err err;
        const double tau = 40.0 * oac_rng_uniform(seed, OAC_RNG_TEST, 1 << 20, 1) - 20.0;
        slide_draw(&s, 40, tau, seed);
        cr_assert_eq(slide_fit(&s, &delay, &err), OAC_OK, "%s", err.message);
        /* 45 codes of noise against 16 slots of 550 codes, 16 windows on the flanks: 0.0013 */
        cr_expect_lt(delay.sigma_slots, 0.004);
        pulls_add(&pulls, delay.late_slots, tau, delay.sigma_slots);
    }
    cr_expect_eq(pulls_judge(&pulls, 1, stderr), 0);
}

Test(fit_delay, whole_slots_are_no_edge_of_anything)
{
    static struct slide s;
    for (int whole = -20; whole <= 20; whole += 5) {
        struct oac_delay delay;
        struct oac_err err;
        slide_draw(&s, 16, whole, 5);
        cr_assert_eq(slide_fit(&s, &delay, &err), OAC_OK, "%s", err.message);
        cr_expect_lt(fabs(delay.late_slots - whole), 5.0 * delay.sigma_slots);
    }
}

Test(fit_delay, no_pattern_is_said)
{
    static struct slide s;
    struct oac_delay delay;
    struct oac_err err;
    slide_draw(&s, 40, 0.0, 3);
    for (size_t i = 0; i < POINTS; i++)
        s.y[i] = 32000.0 + s.sigma[i] * oac_rng_normal(3, OAC_RNG_TEST, i, 0);
    cr_assert_eq(slide_fit(&s, &delay, &err), OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "does not follow"));
}
