/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim/components/converter_error.h"
#include "sim/components/dac.h"
#include "sim/rig.h"

static const struct oac_rig_dac PLAIN = {
    .bits = 8, .enob_bits = INFINITY, .full_scale_v = 2.55, .min_v = -1.0};

static struct oac_dac *made(struct oac_rig_dac params, uint64_t seed, uint32_t converter)
{
    struct oac_dac *dac = NULL;
    struct oac_err err;
    cr_assert_eq(oac_dac_create(&params, seed, converter, &dac, &err), OAC_OK);
    return dac;
}

Test(dac, codes_span_the_full_scale_in_equal_steps)
{
    struct oac_dac *dac = made(PLAIN, 1, 0);
    cr_assert_eq(dac->codes, 256);
    cr_assert_null(dac->error_v);
    cr_assert_float_eq(oac_dac_voltage(dac, 0), -1.0, 1e-15);
    cr_assert_float_eq(oac_dac_voltage(dac, 100), 0.0, 1e-14);
    cr_assert_float_eq(oac_dac_voltage(dac, 255), 1.55, 1e-14);
    oac_dac_destroy(dac);
}

Test(dac, noise_beyond_its_steps_completes_rounding_to_the_enob)
{
    struct oac_rig_dac params = PLAIN;
    params.enob_bits = 6.0;
    double lsb_v = 0.01, noise_v = oac_dac_noise_v(&params);
    /* rounding and noise together are the rounding of a 6-bit converter, whose lsb is 4 times larger */
    double total = lsb_v * lsb_v / 12.0 + noise_v * noise_v;
    cr_assert_float_eq(total / (16.0 * lsb_v * lsb_v / 12.0), 1.0, 1e-12);
}

Test(dac, enob_none_or_of_all_bits_is_noiseless)
{
    struct oac_rig_dac params = PLAIN;
    cr_assert_eq(oac_dac_noise_v(&params), 0.0);
    params.enob_bits = 8.0;
    cr_assert_eq(oac_dac_noise_v(&params), 0.0);
}

Test(dac, fixed_error_is_the_same_for_one_seed_and_differs_for_another)
{
    struct oac_rig_dac params = PLAIN;
    params.inl_lsb = 1.0;
    params.dnl_lsb = 0.5;
    struct oac_dac *a = made(params, 7, 3), *b = made(params, 7, 3);
    struct oac_dac *other_seed = made(params, 8, 3), *other_converter = made(params, 7, 4);
    size_t bytes = 256 * sizeof *a->error_v;
    cr_assert_eq(memcmp(a->error_v, b->error_v, bytes), 0);
    cr_assert_neq(memcmp(a->error_v, other_seed->error_v, bytes), 0);
    cr_assert_neq(memcmp(a->error_v, other_converter->error_v, bytes), 0);
    oac_dac_destroy(a);
    oac_dac_destroy(b);
    oac_dac_destroy(other_seed);
    oac_dac_destroy(other_converter);
}

Test(dac, inl_bounds_the_smooth_error_and_leaves_the_ends_exact)
{
    for (uint32_t converter = 0; converter < 50; converter++) {
        double error_lsb[256], largest = 0.0;
        oac_converter_error(8, 2.0, 0.0, 11, converter, error_lsb);
        for (int c = 0; c < 256; c++)
            largest = fmax(largest, fabs(error_lsb[c]));
        cr_assert(largest <= 2.0 && largest > 0.5);
        cr_assert_float_eq(error_lsb[0], 0.0, 1e-12);
        cr_assert_float_eq(error_lsb[255], 0.0, 1e-12);
    }
}

Test(dac, dnl_is_the_rms_error_of_a_step)
{
    static double error_lsb[65536];
    oac_converter_error(16, 0.0, 0.4, 5, 0, error_lsb);
    double sum2 = 0.0;
    for (int c = 0; c < 65535; c++)
        sum2 += pow(error_lsb[c + 1] - error_lsb[c], 2);
    /* neighbouring differences share a term: var of the mean square is 3 sigma^4/n */
    cr_assert_float_eq(sum2 / 65535.0, 0.16, 4.0 * 0.16 * sqrt(3.0 / 65535.0));
}

Test(dac, destroying_nothing_is_fine)
{
    oac_dac_destroy(NULL);
}
