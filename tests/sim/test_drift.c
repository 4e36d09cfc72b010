/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "sim/components/drift.h"

enum { PATHS = 20000 };

/* <X_p(t) X_p(t + delta)> over independent processes p, for sigma 1. */
static double correlation(double time_s, double delta_s)
{
    double sum = 0.0;
    for (uint32_t p = 0; p < PATHS; p++) {
        struct oac_drift drift = oac_drift_make(1.0, 2.0, 77, p);
        struct oac_drift_cursor cursor = {.valid = false};
        double a = oac_drift_at(&drift, time_s, &cursor);
        sum += a * oac_drift_at(&drift, time_s + delta_s, &cursor);
    }
    return sum / PATHS;
}

Test(drift, variance_is_stationary)
{
    /* on a knot, in the middle of an interval, near its end, at odd places */
    const double times_s[] = {0.0, 32.0, 63.9, 17.3, 1e5 + 0.123};
    for (unsigned i = 0; i < 5; i++)
        cr_assert_float_eq(correlation(times_s[i], 0.0), 1.0, 4.0 * sqrt(2.0 / PATHS));
}

Test(drift, autocorrelation_falls_as_exp_of_the_time_between)
{
    const double deltas_s[] = {0.02, 0.5, 2.0, 6.0};
    for (unsigned i = 0; i < 4; i++) {
        double rho = exp(-deltas_s[i] / 2.0);
        /* 50.0 .. 56.0 crosses no knot, 62.9 .. 68.9 crosses the one at 64 */
        double error = 4.0 * sqrt((1.0 + rho * rho) / PATHS);
        cr_assert_float_eq(correlation(50.0, deltas_s[i]), rho, error);
        cr_assert_float_eq(correlation(62.9, deltas_s[i]), rho, error);
    }
}

Test(drift, increments_over_short_times_grow_as_time)
{
    double sum2 = 0.0, delta_s = 2.0 / 100.0;
    for (uint32_t p = 0; p < 4000; p++) {
        struct oac_drift drift = oac_drift_make(1.0, 2.0, 5, p);
        double step =
            oac_drift_at(&drift, 9.31 + delta_s, NULL) - oac_drift_at(&drift, 9.31, NULL);
        sum2 += step * step;
    }
    double wanted = 2.0 * (1.0 - exp(-delta_s / 2.0));
    cr_assert_float_eq(sum2 / 4000 / wanted, 1.0, 4.0 * sqrt(2.0 / 4000));
}

Test(drift, order_of_evaluation_and_cursor_change_no_bit)
{
    enum { COUNT = 3000 };
    static double forward[COUNT], shuffled[COUNT], alone[COUNT];
    uint32_t order[COUNT];
    struct oac_drift drift = oac_drift_make(0.3, 7.0, 12, 9);
    struct oac_drift_cursor cursor = {.valid = false}, other = {.valid = false};
    oac_rng_shuffle(1, OAC_RNG_TEST, 0, COUNT, order);
    for (int i = 0; i < COUNT; i++)
        forward[i] = oac_drift_at(&drift, 0.371 * i, &cursor);
    for (int i = 0; i < COUNT; i++)
        shuffled[order[i]] = oac_drift_at(&drift, 0.371 * order[i], &other);
    for (int i = 0; i < COUNT; i++)
        alone[i] = oac_drift_at(&drift, 0.371 * i, NULL);
    cr_assert_eq(memcmp(forward, shuffled, sizeof forward), 0);
    cr_assert_eq(memcmp(forward, alone, sizeof forward), 0);
}

Test(drift, path_is_continuous_across_knots_and_leaves)
{
    struct oac_drift drift = oac_drift_make(1.0, 1.0, 3, 0);
    const double joints_s[] = {32.0, 16.0, 64.0, 32.0 / 262144.0 * 5001.0};
    for (unsigned i = 0; i < 4; i++) {
        double before = oac_drift_at(&drift, joints_s[i] * (1.0 - 1e-12), NULL);
        double after = oac_drift_at(&drift, joints_s[i], NULL);
        /* within a leaf of tau/8192 the path is straight: 1e-10 s of it is nothing */
        cr_assert_float_eq(before, after, 1e-6);
    }
}

Test(drift, processes_and_seeds_are_independent_paths)
{
    struct oac_drift a = oac_drift_make(1.0, 1.0, 3, 0), b = oac_drift_make(1.0, 1.0, 3, 1);
    struct oac_drift c = oac_drift_make(1.0, 1.0, 4, 0);
    double ab = 0.0, ac = 0.0;
    for (int i = 0; i < 2000; i++) { /* 40 tau apart: independent */
        double x = oac_drift_at(&a, 40.0 * i, NULL);
        ab += x * oac_drift_at(&b, 40.0 * i, NULL);
        ac += x * oac_drift_at(&c, 40.0 * i, NULL);
    }
    cr_assert_float_eq(ab / 2000, 0.0, 4.0 / sqrt(2000));
    cr_assert_float_eq(ac / 2000, 0.0, 4.0 / sqrt(2000));
}

Test(drift, no_sigma_is_no_drift_and_time_before_zero_is_fine)
{
    struct oac_drift none = oac_drift_make(0.0, 0.0, 3, 0),
                     some = oac_drift_make(1.0, 1.0, 3, 0);
    cr_assert_eq(oac_drift_at(&none, 123.0, NULL), 0.0);
    cr_assert(isfinite(oac_drift_at(&some, -1e-300, NULL)));
    cr_assert(isfinite(oac_drift_at(&some, -55.5, NULL)));
}
