/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/optimizer.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct oac_optimizer adam = {
    .kind = OAC_ADAM, .schedule = OAC_SCHEDULE_CONSTANT, .rate = 0.01, .weight_decay = 0.1};

Test(optimizer, adam_is_its_published_algorithm)
{
    double m = 0.0, v = 0.0, w = 0.5;
    float fm = 0.0f, fv = 0.0f, fw = 0.5f;
    for (uint64_t t = 0; t < 50; t++) {
        double g = sin((double)t) + 0.3;
        struct oac_update update = oac_optimizer_update(&adam, t, 50);
        float fg = (float)g;
        oac_update_apply(&update, INFINITY, 1, &fg, &fm, &fv, &fw);
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        double step = m / (1.0 - pow(0.9, (double)t + 1.0)) /
                      (sqrt(v / (1.0 - pow(0.999, (double)t + 1.0))) + 1e-8);
        w -= 0.01 * (step + 0.1 * w);
        cr_assert_float_eq(fw, w, 1e-5, "step %llu: %g, expected %g", (unsigned long long)t,
                           (double)fw, w); /* float32 against double */
    }
}

Test(optimizer, sgd_is_a_heavy_ball)
{
    struct oac_optimizer sgd = adam;
    sgd.kind = OAC_SGD;
    sgd.momentum = 0.9;
    double m = 0.0, w = 0.5;
    float fm = 0.0f, fv = 0.0f, fw = 0.5f;
    for (uint64_t t = 0; t < 50; t++) {
        float fg = (float)cos((double)t);
        struct oac_update update = oac_optimizer_update(&sgd, t, 50);
        oac_update_apply(&update, INFINITY, 1, &fg, &fm, &fv, &fw);
        m = 0.9 * m + cos((double)t) + 0.1 * w;
        w -= 0.01 * m;
        cr_assert_float_eq(fw, w, 1e-5);
    }
    cr_assert_eq(fv, 0.0f);
}

Test(optimizer, weights_stay_within_their_limit)
{
    float w[] = {0.1f, -0.1f}, m[2] = {0}, v[2] = {0}, g[] = {-1e6f, 1e6f};
    for (uint64_t t = 0; t < 100; t++) {
        struct oac_update update = oac_optimizer_update(&adam, t, 100);
        oac_update_apply(&update, 0.25f, 2, g, m, v, w);
        cr_assert(w[0] <= 0.25f && w[1] >= -0.25f);
    }
    cr_assert_eq(w[0], 0.25f);
    cr_assert_eq(w[1], -0.25f);
}

Test(optimizer, the_cosine_schedule_warms_up_and_ends_at_zero)
{
    struct oac_optimizer cosine = adam;
    cosine.schedule = OAC_SCHEDULE_COSINE;
    cosine.warmup = 0.1;
    cr_assert_float_eq(oac_schedule_rate(&cosine, 0, 1000), 0.01 * 0.0005 / 0.1, 1e-12);
    cr_assert_float_eq(oac_schedule_rate(&cosine, 100, 1000), 0.01, 1e-7);
    cr_assert_float_eq(oac_schedule_rate(&cosine, 549, 1000), 0.005,
                       2e-5); /* one step of slope */
    cr_assert_lt(oac_schedule_rate(&cosine, 999, 1000), 1e-7);
    for (uint64_t t = 101; t < 1000; t++)
        cr_assert_lt(oac_schedule_rate(&cosine, t, 1000),
                     oac_schedule_rate(&cosine, t - 1, 1000));
    cr_assert_eq(oac_schedule_rate(&adam, 999, 1000), 0.01);
}
