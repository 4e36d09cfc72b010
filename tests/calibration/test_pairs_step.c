/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that measures second detectors, on a link that obeys the readout equation exactly. */
#include "calibration/steps.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/exact_link.h"

enum { CHANNELS = 3, SLOTS = 40 };

static const struct oac_exact_options exact = {.channels = CHANNELS,
                                               .slots_max = 256,
                                               .dac_bits = 12,
                                               .guard_slots = 4,
                                               .r_weight = 0.01,
                                               .r_client = 0.02,
                                               .pair_mismatch = 0.07,
                                               .differential = true,
                                               .bare = true};

/* What the steps before would have found. */
static struct oac_calibration *known(const struct oac_calrec *truth)
{
    struct oac_calibration *made;
    struct oac_err err;
    cr_assert_eq(oac_calibration_create(CHANNELS, &made, &err), OAC_OK, "%s", err.message);
    made->slots = SLOTS;
    made->client = truth->client;
    for (size_t k = 0; k < CHANNELS; k++) {
        struct oac_calibration_channel *channel = &made->channel[k];
        channel->weight = truth->channel[k].weight;
        channel->client_vpi_v = truth->client.vpi_v;
        channel->full_code = truth->channel[k].gain_code;
        for (size_t j = 0; j < CHANNELS; j++)
            made->gain[k * CHANNELS + j] =
                truth->channel[k].gain_code * truth->crosstalk[k * CHANNELS + j];
    }
    return made;
}

/* The step on a bench whose truth `change` changed. */
static enum oac_status step(void (*change)(struct oac_calrec *truth),
                            struct oac_calibration **found, struct oac_err *err)
{
    struct oac_link link;
    struct oac_measure measure;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    cr_assert_eq(oac_exact_open(&exact, &link, err), OAC_OK, "%s", err->message);
    struct oac_calrec *truth = oac_exact_truth(&link);
    cr_assert_eq(oac_calrec_need_crosstalk(truth, err), OAC_OK);
    truth->crosstalk[1] = 0.03;
    truth->crosstalk[5] = 0.02;
    change(truth);
    cr_assert_eq(oac_measure_init(&measure, &link, NULL, 0, 1, err), OAC_OK);
    *found = known(truth);
    const enum oac_status status = oac_step_pairs(&measure, &options, *found, err);
    cr_expect_not(measure.differential);
    oac_measure_fini(&measure);
    oac_link_close(&link);
    return status;
}

static void offsets(struct oac_calrec *truth)
{
    for (size_t k = 0; k < CHANNELS; k++) {
        truth->channel[k].offset_pair_code = 7.0 - 4.0 * (double)k;
        truth->channel[k].dark_pair_code_per_slot = 0.02 * ((double)k - 1.0);
    }
}

Test(pairs_step, gains_offsets_and_dark_of_the_difference_are_found)
{
    struct oac_calibration *found;
    struct oac_err err;
    cr_assert_eq(step(offsets, &found, &err), OAC_OK, "%s", err.message);
    for (size_t k = 0; k < CHANNELS; k++) {
        const struct oac_calibration_channel *channel = &found->channel[k];
        cr_expect_float_eq(channel->minus_gain, 1.07, 1e-5, "%g", channel->minus_gain);
        cr_expect_float_eq(channel->offset_pair_code, 7.0 - 4.0 * (double)k, 1e-2, "%g",
                           channel->offset_pair_code);
        cr_expect_float_eq(channel->dark_pair_code_per_slot, 0.02 * ((double)k - 1.0), 1e-4,
                           "%g", channel->dark_pair_code_per_slot);
    }
    oac_calibration_destroy(found);
}

static void no_second_light(struct oac_calrec *truth)
{
    truth->channel[1].gain_minus_code = 0.0;
}

Test(pairs_step, a_second_detector_without_light_is_named)
{
    struct oac_calibration *found;
    struct oac_err err;
    cr_assert_eq(step(no_second_light, &found, &err), OAC_EMISSED);
    cr_expect(strstr(err.message, "channel 1: the second detector of its pair"), "%s",
              err.message);
    oac_calibration_destroy(found);
}
