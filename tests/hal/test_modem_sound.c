/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches whose peaks are not where the nominal record has them: up to V_pi off, where dark is open and open
 * dark. */
#include <criterion/criterion.h>
#include <math.h>

#include "hal/modem.h"
#include "tests/hal/sounded_bench.h"

#define SLOT_S OAC_EXACT_STREAM_SLOT_S

static struct oac_exact_stream_options bench(enum oac_receiver receiver, double peaks_off)
{
    return sounded_bench(3, receiver, peaks_off);
}

static void expect_found(const struct oac_exact_stream_options *options)
{
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(oac_exact_stream_open(options, &stream, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, NULL, &link, &err), OAC_OK, "receiver %d, %g V_pi: %s",
                 (int)options->receiver, options->peaks_off, err.message);
    const struct oac_modem_alignment *found = oac_modem_alignment(&link);
    cr_expect_float_eq(found->skew_applied_s / SLOT_S, options->skew_slots, 0.02,
                       "receiver %d, %g V_pi: skew %g", (int)options->receiver,
                       options->peaks_off, found->skew_applied_s / SLOT_S);
    for (size_t k = 0; k < options->channels; k++) {
        cr_expect_float_eq(found->delay_s[k] / SLOT_S, options->delay_slots, 0.02,
                           "receiver %d, %g V_pi: delay %g", (int)options->receiver,
                           options->peaks_off, found->delay_s[k] / SLOT_S);
        cr_expect_geq(found->contrast[k], 32.0);
    }
    oac_link_close(&link);
    cr_expect_eq(oac_exact_stream_alive(), 0);
}

Test(modem_sound, a_preamble_is_seen_wherever_the_peaks_are)
{
    static const enum oac_receiver receiver[] = {OAC_SAMPLED, OAC_COUNTING};
    for (double off = -1.0; off <= 1.0; off += 0.25) {
        const struct oac_exact_stream_options options = bench(OAC_INTEGRATOR, off);
        expect_found(&options);
    }
    for (size_t r = 0; r < 2; r++) {
        const struct oac_exact_stream_options options = bench(receiver[r], 0.5);
        expect_found(&options);
    }
}

/* The client alone is late; delays jump from burst to burst, as on a board. */
Test(modem_sound, also_on_a_stream_whose_delays_change)
{
    struct oac_exact_stream_options options = bench(OAC_SAMPLED, 0.5);
    options.delay_jumps = true;
    options.no_skew_setting = true;
    options.segments_max = 200;
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(oac_exact_stream_open(&options, &stream, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, NULL, &link, &err), OAC_OK, "%s", err.message);
    oac_link_close(&link);
}
