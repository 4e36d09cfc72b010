/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "sim/components/adc.h"
#include "sim/rig.h"

static struct oac_rig rig_of(int64_t bits, double enob_bits)
{
    struct oac_rig rig = {.bench_seed = 3};
    rig.receiver.kind = OAC_RECEIVER_INTEGRATOR;
    rig.adc.bits = bits;
    rig.adc.enob_bits = enob_bits;
    rig.adc.full_scale_v = 2.0;
    rig.adc.min_v = -1.0;
    return rig;
}

static struct oac_adc *made(const struct oac_rig *rig, double offset_v)
{
    struct oac_adc *adc = NULL;
    struct oac_err err;
    cr_assert_eq(oac_adc_create(rig, offset_v, 0, &adc, &err), OAC_OK);
    return adc;
}

Test(adc, every_code_is_the_nearest_to_its_voltage)
{
    struct oac_rig rig = rig_of(10, INFINITY);
    struct oac_adc *adc = made(&rig, 0.0);
    double lsb_v = 2.0 / 1023.0;
    for (int code = 0; code < 1024; code++) {
        for (double part = -0.49; part < 0.5; part += 0.14)
            cr_assert_eq(oac_adc_convert(adc, -1.0 + lsb_v * (code + part), 0.0, NULL), code);
    }
    oac_adc_destroy(adc);
}

Test(adc, clipping_is_reported_outside_the_range_only)
{
    struct oac_rig rig = rig_of(8, INFINITY);
    struct oac_adc *adc = made(&rig, 0.0);
    bool clipped = true;
    cr_assert_eq(oac_adc_convert(adc, 1.0, 0.0, &clipped), 255.0);
    cr_assert(!clipped);
    cr_assert_eq(oac_adc_convert(adc, 1.1, 0.0, &clipped), 255.0);
    cr_assert(clipped);
    cr_assert_eq(oac_adc_convert(adc, -1.1, 0.0, &clipped), 0.0);
    cr_assert(clipped);
    oac_adc_destroy(adc);
}

Test(adc, noise_and_rounding_together_have_the_variance_of_the_enob)
{
    enum { COUNT = 40000 };
    struct oac_rig rig = rig_of(10, 8.0);
    struct oac_adc *adc = made(&rig, 0.0);
    double sum2 = 0.0;
    for (unsigned i = 0; i < COUNT; i++) {
        double v_v = 1.6 * (oac_rng_uniform(2, OAC_RNG_TEST, i, 0) - 0.5);
        double z = oac_rng_normal(2, OAC_RNG_TEST, i, 1);
        double error = oac_adc_convert(adc, v_v, z, NULL) - oac_adc_linear(adc, v_v);
        sum2 += error * error;
    }
    /* 4^(10-8)/12 = 16/12 lsb^2; nearly Gaussian: var of the mean square is 2 sigma^4/n */
    cr_assert_float_eq(sum2 / COUNT, 16.0 / 12.0, 4.0 * 16.0 / 12.0 * sqrt(2.0 / COUNT));
    oac_adc_destroy(adc);
}

Test(adc, offset_moves_every_code)
{
    struct oac_rig rig = rig_of(10, INFINITY);
    double lsb_v = oac_adc_lsb_v(&rig);
    struct oac_adc *adc = made(&rig, 3.0 * lsb_v);
    cr_assert_eq(oac_adc_convert(adc, -1.0 + 100.0 * lsb_v, 0.0, NULL), 103.0);
    cr_assert_float_eq(oac_adc_linear(adc, -1.0 + 100.25 * lsb_v), 103.25, 1e-9);
    oac_adc_destroy(adc);
}

Test(adc, fixed_error_bends_the_curve_by_at_most_its_inl)
{
    struct oac_rig rig = rig_of(10, INFINITY);
    rig.adc.inl_lsb = 3.0;
    struct oac_adc *adc = made(&rig, 0.0);
    double largest = 0.0;
    for (int code = 0; code < 1024; code++) {
        double got = oac_adc_convert(adc, -1.0 + adc->lsb_v * code, 0.0, NULL);
        largest = fmax(largest, fabs(got - code));
    }
    cr_assert(largest >= 1.0 && largest <= 3.0);
    oac_adc_destroy(adc);
}

Test(adc, a_counter_counts_one_by_one_without_noise)
{
    struct oac_rig rig = rig_of(16, 4.0);
    rig.receiver.kind = OAC_RECEIVER_COUNTER;
    struct oac_adc *adc = made(&rig, 0.0);
    bool clipped = false;
    cr_assert_eq(oac_adc_convert(adc, 731.0, 5.0, NULL), 731.0);
    cr_assert_eq(oac_adc_convert(adc, 70000.0, 0.0, &clipped), 65535.0);
    cr_assert(clipped);
    oac_adc_destroy(adc);
}
