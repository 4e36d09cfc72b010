/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A measured record is applied as a whole: on a link that obeys it the product is exact. */
#include "tests/hal/measured_fixture.h"

static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_BALANCED};

Test(engine_measured, crosstalk_and_bent_readouts_leave_the_product_exact)
{
    for (size_t e = 0; e < 2; e++)
        for (int effects = 0; effects < 4; effects++) {
            struct measured m;
            measured_open(&m, encodings[e], effects & 1, effects & 2);
            measured_build(&m);
            measured_multiply(&m, 0, MEASURED_IMAGES);
            cr_expect_leq(measured_error(&m, 0, MEASURED_IMAGES), MEASURED_ROUNDING,
                          "encoding %zu, effects %d: off by %g, %g is rounding", e, effects,
                          measured_error(&m, 0, MEASURED_IMAGES), MEASURED_ROUNDING);
            measured_close(&m);
        }
}

Test(engine_measured, what_the_record_does_not_know_stays_in_the_product)
{
    for (int effects = 1; effects < 3; effects++) {
        struct measured m;
        measured_open(&m, OAC_RAILS, effects & 1, effects & 2);
        for (size_t k = 0; k < MEASURED_CHANNELS; k++)
            m.record->channel[k].quadratic_per_code = m.record->channel[k].cubic_per_code2 =
                0.0;
        free(m.record->crosstalk);
        m.record->crosstalk = NULL;
        measured_build(&m);
        measured_multiply(&m, 0, MEASURED_IMAGES);
        cr_expect_gt(measured_error(&m, 0, MEASURED_IMAGES), 100.0 * MEASURED_ROUNDING);
        measured_close(&m);
    }
}

Test(engine_measured, parked_lasers_leak_what_was_measured_of_them)
{
    struct measured
        m; /* 15 rows on 6 channels: the last tile parks three. Rails would cancel it. */
    measured_open(&m, OAC_BALANCED, true, false);
    oac_exact_truth(&m.link)->finding[4].parked_t = 0.4;
    m.record->finding[4].parked_t = 0.4;
    measured_build(&m);
    measured_multiply(&m, 0, MEASURED_IMAGES);
    cr_expect_leq(measured_error(&m, 0, MEASURED_IMAGES), MEASURED_ROUNDING);
    measured_close(&m);
}

Test(engine_measured, rows_of_excluded_channels_go_to_the_others)
{
    for (size_t e = 0; e < 2; e++)
        for (int crosstalk = 0; crosstalk < 2; crosstalk++) {
            struct measured m;
            measured_open(&m, encodings[e], crosstalk, false);
            m.record->channel[0].excluded = m.record->channel[3].excluded = true;
            m.record->channel[3].gain_code = 0.0; /* nobody asks a dead channel */
            struct oac_calrec_channel *dead = &oac_exact_truth(&m.link)->channel[3];
            dead->gain_code = 0.0;
            measured_build(&m);
            measured_multiply(&m, 0, MEASURED_IMAGES);
            cr_expect_leq(measured_error(&m, 0, MEASURED_IMAGES), MEASURED_ROUNDING,
                          "encoding %zu, crosstalk %d", e, crosstalk);
            measured_close(&m);
        }
}

Test(engine_measured, a_record_that_excludes_every_channel_is_refused)
{
    struct measured m;
    measured_open(&m, OAC_RAILS, false, false);
    for (size_t k = 0; k < MEASURED_CHANNELS; k++)
        m.record->channel[k].excluded = true;
    cr_assert_eq(oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err),
                 OAC_EINVAL);
    cr_assert_neq(strstr(m.err.message, "excludes all 6 channels"), NULL, "%s", m.err.message);
    measured_close(&m);
}

Test(engine_measured, crosstalk_that_cannot_be_undone_is_refused)
{
    struct measured m;
    measured_open(&m, OAC_RAILS, true, false);
    for (size_t j = 0; j < MEASURED_CHANNELS; j++) /* readouts 0 and 1 see the same light */
        m.record->crosstalk[MEASURED_CHANNELS + j] = m.record->crosstalk[j];
    m.record->crosstalk[1] = m.record->crosstalk[MEASURED_CHANNELS] = 1.0;
    m.record->crosstalk[MEASURED_CHANNELS + 1] = 1.0;
    const struct oac_matrix_spec spec = {6, 4, m.w, -1.0, 1.0, 0.0, 1.0, "layer 1"};
    MEASURED_OK(&m, oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err));
    cr_assert_eq(oac_engine_load(m.engine, &spec, &m.matrix, &m.err), OAC_EINVAL);
    cr_assert_neq(strstr(m.err.message, "cannot be undone"), NULL, "%s", m.err.message);
    measured_close(&m);
}

Test(engine_measured, settings_are_applied_and_what_is_nan_is_left_alone)
{
    struct measured m;
    double value;
    measured_open(&m, OAC_RAILS, false, false);
    m.record->setting[2].value[OAC_LASER_DBM] = -3.25;
    m.record->setting[0].value[OAC_BIAS_CLIENT_V] = 1.5;
    m.record->setting[1].value[OAC_BIAS_CLIENT_V] = 4.0; /* the client has one modulator */
    MEASURED_OK(&m, oac_link_set(&m.link, OAC_LASER_DBM, 1, -7.0, NULL, &m.err));
    MEASURED_OK(&m, oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err));
    MEASURED_OK(&m, oac_link_get(&m.link, OAC_LASER_DBM, 2, &value, &m.err));
    cr_assert_float_eq(value, -3.25, 1e-12);
    MEASURED_OK(&m, oac_link_get(&m.link, OAC_LASER_DBM, 1, &value, &m.err));
    cr_assert_float_eq(value, -7.0, 1e-12);
    MEASURED_OK(&m, oac_link_get(&m.link, OAC_BIAS_CLIENT_V, 0, &value, &m.err));
    cr_assert_eq(value, 1.5);
    measured_close(&m);
}

Test(engine_measured, a_setting_that_the_link_lacks_or_bounds_is_refused_by_name)
{
    struct measured m;
    measured_open(&m, OAC_RAILS, false, false);
    m.record->setting[2].value[OAC_RX_GAIN] = 2.0; /* the exact link has none */
    cr_assert_eq(oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err),
                 OAC_EUNSUPPORTED);
    cr_assert_neq(strstr(m.err.message, "rx_gain"), NULL, "%s", m.err.message);
    m.record->setting[2].value[OAC_RX_GAIN] = NAN;
    m.record->setting[2].value[OAC_LASER_DBM] = 40.0;
    cr_assert_eq(oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err),
                 OAC_EINVAL);
    cr_assert_neq(strstr(m.err.message, "laser_dbm"), NULL, "%s", m.err.message);
    measured_close(&m);
}

Test(engine_measured, another_bench_s_record_is_refused_unless_forced_and_then_marked)
{
    static const char *const what[] = {"rig", "device", "firmware", "slots/s"};
    for (int i = 0; i < 4; i++) {
        struct measured m;
        measured_open(&m, OAC_RAILS, false, false);
        m.record->rig_hash[7] ^= i == 0;
        strcpy(m.record->device_id, i == 1 ? "bench 8" : "exact");
        strcpy(m.record->firmware, i == 2 ? "older" : "test");
        m.record->slot_rate_hz = i == 3 ? 2e6 : 1e6;
        cr_assert_eq(oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err),
                     OAC_EMISMATCH);
        cr_assert_neq(strstr(m.err.message, what[i]), NULL, "%s", m.err.message);
        cr_assert_neq(strstr(m.err.message, "--force-cal"), NULL, "%s", m.err.message);
        m.options.force = true;
        MEASURED_OK(&m, oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err));
        cr_assert(oac_engine_forced(m.engine));
        cr_assert_eq(oac_engine_calrec(m.engine), m.record);
        measured_close(&m);
    }
}

Test(engine_measured, force_marks_nothing_that_fits)
{
    struct measured m;
    measured_open(&m, OAC_RAILS, false, false);
    m.options.force = true;
    MEASURED_OK(&m, oac_engine_create(&m.link, m.record, &m.options, &m.engine, &m.err));
    cr_assert_not(oac_engine_forced(m.engine));
    measured_close(&m);
}
