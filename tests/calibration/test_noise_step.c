/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effective bits of a window's readout, from those of the converter. A conversion of b bits of which e are
 * effective has a standard deviation of range/(2^e sqrt 12). A sampled window of N slots of C conversions each is
 * the sum over slots of their means: its range is N times the converter's, its deviation sqrt(N/C) times, which
 * makes e + log2(N C)/2 effective bits. */
#include "calibration/steps.h"
#include "tests/calibration/random_bench.h"

#define SLOTS 256

Test(noise_step,
     a_sum_over_slots_has_the_bits_of_its_converter_and_half_of_those_of_their_number)
{
    struct random_bench bench = {0};
    struct oac_measure measure;
    struct oac_calibration *found;
    struct oac_err err;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    cr_assert_eq(oac_rig_read("m2k-bench", NULL, 0, &bench.rig, NULL, &err), OAC_OK, "%s",
                 err.message);
    bench_open_rig(&bench, OAC_NOISE_ADC, 3);
    const struct oac_link_caps *caps = bench.link.caps;
    cr_assert_eq(caps->receiver, OAC_SAMPLED);
    cr_assert_eq(oac_measure_init(&measure, &bench.link, NULL, 0, 1, &err), OAC_OK);
    cr_assert_eq(oac_calibration_create(1, &found, &err), OAC_OK);
    found->slots = SLOTS;
    found->client = caps->nominal->client;
    found->channel[0].weight = caps->nominal->channel[0].weight;
    found->client_open = oac_port_code(caps->client, found->client.vpeak_v);
    found->weight_open[0] = oac_port_code(caps->weight, found->channel[0].weight.vpeak_v);
    cr_assert_eq(oac_step_noise(&measure, &options, found, &err), OAC_OK, "%s", err.message);
    const double bits =
        bench.rig.adc.enob_bits + 0.5 * log2(SLOTS * (double)bench.rig.adc.samples_per_slot);
    /* 2048 windows know a deviation to 1.6 %, 0.02 bits */
    cr_expect_float_eq(found->channel[0].bright_noise.effective_bits, bits, 0.1, "%g, not %g",
                       found->channel[0].bright_noise.effective_bits, bits);
    cr_expect_float_eq(found->channel[0].dark_noise.effective_bits, bits, 0.1, "%g, not %g",
                       found->channel[0].dark_noise.effective_bits, bits);
    oac_calibration_destroy(found);
    oac_measure_fini(&measure);
    bench_close(&bench);
}
