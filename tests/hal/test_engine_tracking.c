/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference windows: drift that they see is taken off, drift that they do not see stays, and no image depends
 * on which others were run. */
#include "tests/hal/measured_fixture.h"

/* Gains of 3 % to 18 % and offsets of 2 to 12 codes, all at once and for good. */
static const struct oac_exact_drift jump = {.from = 0, .rise = 0.03, .shift_code = 2.0};

static void open_tracked(struct measured *m, enum oac_encoding encoding, bool effects)
{
    measured_open(m, encoding, effects, effects);
    m->options.track = true;
    m->options.track_every = 5;
    m->options.track_span = 3;
}

/* With crosstalk a drift of one laser shows in other readouts, and a factor of a readout does not commute
 * with it; the drift here is of the readouts, so it does. */
Test(engine_tracking, drift_of_gain_and_offset_is_taken_off)
{
    static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_BALANCED};
    for (size_t e = 0; e < 2; e++)
        for (int effects = 0; effects < 2; effects++) {
            struct measured m;
            open_tracked(&m, encodings[e], effects);
            oac_exact_set_drift(&m.link, &jump);
            measured_build(&m);
            measured_multiply(&m, 0, MEASURED_IMAGES);
            /* the references are rounded too: half a readout's rounding each, of a full window */
            double error = measured_error(&m, 0, MEASURED_IMAGES);
            cr_expect_leq(error, 2.0 * MEASURED_ROUNDING, "encoding %zu, effects %d: off by %g",
                          e, effects, error);
            measured_close(&m);
        }
}

Test(engine_tracking, without_it_that_drift_stays)
{
    struct measured m;
    open_tracked(&m, OAC_RAILS, false);
    m.options.track = false;
    oac_exact_set_drift(&m.link, &jump);
    measured_build(&m);
    measured_multiply(&m, 0, MEASURED_IMAGES);
    cr_assert_gt(measured_error(&m, 0, MEASURED_IMAGES), 0.1);
    measured_close(&m);
}

Test(engine_tracking, a_bias_that_moves_is_not_seen_and_stays)
{
    double error[2];
    for (int track = 0; track < 2; track++) {
        struct measured m;
        open_tracked(&m, OAC_RAILS, false);
        m.options.track = track;
        measured_operands(&m); /* by the curves as they were */
        for (size_t k = 0; k < MEASURED_CHANNELS; k++)
            oac_exact_truth(&m.link)->channel[k].weight.vpeak_v += 0.05;
        struct measured now = m;
        measured_build(&now);
        memcpy(now.exact, m.exact, sizeof m.exact);
        measured_multiply(&now, 0, MEASURED_IMAGES);
        error[track] = measured_error(&now, 0, MEASURED_IMAGES);
        measured_close(&now);
    }
    cr_assert_gt(error[0], 0.1);
    /* at the peak the references lose (pi 0.05/8)^2 = 4e-4 of their light, which is all they can tell */
    cr_assert_float_eq(error[1], error[0], 5e-4 * 1.3 * MEASURED_COLS + 0.02 * error[0]);
}

Test(engine_tracking, a_slow_drift_is_followed_with_the_lag_of_its_references)
{
    struct measured m;
    open_tracked(&m, OAC_RAILS, false);
    measured_build(&m);
    const struct oac_exact_drift slope = {
        .over_slots = 5 * oac_engine_slots_per_image(m.engine), .rise = 0.001};
    oac_exact_set_drift(&m.link, &slope);
    measured_multiply(&m, 0, MEASURED_IMAGES);
    /* A group of 5 images and its references last a little more than over_slots. References lag their
     * group's middle by the mean of 0, 1, 2 groups and half a group, its end by half a group more: below
     * 2.2 groups of 0.1 % times channel, 6 at most, of y as two rails that are each below COLS. */
    double largest = 2.2 * 0.006 * MEASURED_COLS;
    cr_expect_leq(measured_error(&m, 0, MEASURED_IMAGES), largest);
    cr_expect_gt(measured_error(&m, 40, MEASURED_IMAGES), 0.001);
    measured_close(&m);
}

Test(engine_tracking, no_image_depends_on_which_others_were_run)
{
    struct measured m;
    open_tracked(&m, OAC_RAILS, true);
    measured_build(&m);
    const struct oac_exact_drift slope = {.over_slots = 3000, .rise = 0.01, .shift_code = 1.0};
    oac_exact_set_drift(&m.link, &slope);
    measured_multiply(&m, 0, MEASURED_IMAGES);
    float together[MEASURED_IMAGES * MEASURED_ROWS];
    memcpy(together, m.y, sizeof together);
    static const size_t batches[] = {1, 7, 20};
    for (size_t b = 0; b < 3; b++) { /* backwards, so that nothing needed is remembered */
        oac_engine_scratch_destroy(m.scratch);
        m.scratch = NULL;
        MEASURED_OK(&m, oac_engine_scratch_create(m.engine, batches[b], &m.scratch, &m.err));
        memset(m.y, 0, sizeof m.y);
        for (size_t left = MEASURED_IMAGES; left > 0;) {
            size_t count = left < batches[b] ? left : batches[b];
            measured_multiply(&m, left -= count, count);
        }
        cr_assert_eq(memcmp(together, m.y, sizeof together), 0, "batches of %zu", batches[b]);
    }
    measured_close(&m);
}

Test(engine_tracking, references_stand_before_their_group_of_images)
{
    struct measured m;
    const uint64_t *slot0;
    open_tracked(&m, OAC_RAILS, false);
    m.options.slot_base = 1000;
    measured_build(&m);
    struct oac_reference_cost cost;
    MEASURED_OK(&m, oac_engine_reference_cost(m.engine, &cost, &m.err));
    const uint64_t per_image = oac_engine_slots_per_image(m.engine);
    const uint64_t reference = (uint64_t)lrint(5.0 * cost.slots);
    cr_assert_eq(reference, 2 * (3 + 64), "two windows of the longest, guarded");
    cr_assert_float_eq(cost.windows, 0.4, 1e-15);
    measured_multiply(&m, 3, 4); /* images 3 and 4 of group 0, 5 and 6 of group 1 */
    cr_assert_eq(oac_exact_last_slots(&m.link, &slot0), 4);
    cr_assert_eq(slot0[0], 1000 + 4 * per_image + reference - MEASURED_COLS);
    cr_assert_eq(slot0[1] - slot0[0], per_image);
    cr_assert_eq(slot0[2] - slot0[1], per_image + reference);
    measured_close(&m);
}

Test(engine_tracking, a_reference_is_played_once_and_remembered)
{
    struct measured m;
    struct oac_account before, after;
    open_tracked(&m, OAC_RAILS, false);
    measured_build(&m);
    measured_multiply(&m, 20, 20); /* groups 4 to 7, and 2 and 3 before them */
    oac_link_account(&m.link, &before);
    measured_multiply(&m, 20, 20);
    oac_link_account(&m.link, &after);
    const uint64_t own = 20 * 2 * 3; /* images, rails, tiles */
    cr_assert_eq(before.windows, own + 6 * 2);
    cr_assert_eq(after.windows - before.windows, own);
    measured_close(&m);
}

Test(engine_tracking, what_the_references_read_at_calibration_is_believed)
{
    struct measured m;
    open_tracked(&m, OAC_RAILS, false);
    m.record->reference_slots = 32;
    m.record->finding[2].reference_light_code = 1000.0; /* 400 codes are read */
    measured_build(&m);
    struct oac_reference_cost cost;
    MEASURED_OK(&m, oac_engine_reference_cost(m.engine, &cost, &m.err));
    cr_assert_float_eq(5.0 * cost.slots, 2.0 * (3 + 32), 1e-9);
    measured_multiply(&m, 0, MEASURED_IMAGES);
    for (size_t i = 0; i < MEASURED_IMAGES * MEASURED_ROWS; i++) {
        double error = fabs((double)m.y[i] - m.exact[i]);
        if (i % MEASURED_ROWS % MEASURED_CHANNELS == 2)
            cr_assert_gt(error, 0.5 * fabs(m.exact[i]));
        else
            cr_assert_leq(error, 2.0 * MEASURED_ROUNDING);
    }
    measured_close(&m);
}

Test(engine_tracking, a_channel_that_goes_dark_is_named)
{
    struct measured m;
    open_tracked(&m, OAC_RAILS, false);
    measured_build(&m);
    const struct oac_exact_drift dark = {.from = 0, .rise = -1.0 / 3.0}; /* channel 2 */
    oac_exact_set_drift(&m.link, &dark);
    const struct oac_multiply call = {.batch = 4, .x = m.x, .y = m.y};
    cr_assert_eq(oac_matrix_multiply(m.matrix, m.scratch, &call, &m.err), OAC_EDEVICE);
    cr_assert_neq(strstr(m.err.message, "channel 2 has lost its light"), NULL, "%s",
                  m.err.message);
    measured_close(&m);
}
