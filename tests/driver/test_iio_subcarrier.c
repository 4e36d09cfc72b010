/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A radio bench over TCP: tones through ports of I and Q against the same rig in the simulator. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "driver/iio/session.h"
#include "driver/registry.h"
#include "hal/calrec.h"
#include "tests/driver/iio_fixture.h"

enum { SLOTS = 60, WINDOWS = 6 };

static struct iio_fixture bench;

static void open_bench(const char *rig)
{
    char *text = NULL;
    struct oac_err err;
    memset(&bench, 0, sizeof bench);
    cr_assert_eq(oac_rig_read(rig, NULL, 0, &bench.rig, &text, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_digest_memory(text, strlen(text), bench.hash, &err), OAC_OK);
    free(text);
    cr_assert_eq(oac_board_read(bench.rig.iio.board, &bench.board, &err), OAC_OK, "%s",
                 err.message);
    const char *wrong = iio_fixture_start(&bench, "127.0.0.1:0", &err);
    cr_assert_null(wrong, "%s", wrong);
}

static enum oac_status open_link(const char *on, struct oac_link *link, struct oac_err *err)
{
    const struct oac_registry_request request = {
        .rig = &bench.rig, .rig_hash = bench.hash, .seed = 5, .uri = bench.uri};
    return oac_registry_open(on, &request, link, err);
}

static void play(const char *on, double *full, float *readout)
{
    static uint16_t weight[SLOTS], client[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    uint32_t handle, word[4];
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(open_link(on, &link, &err), OAC_OK, "%s", err.message);
    const struct oac_port *w = link.caps->weight, *x = link.caps->client;
    for (size_t i = 0; i < SLOTS; i++) {
        oac_rng_words(11, OAC_RNG_TEST, i, 0, word);
        weight[i] = (uint16_t)(w->code_min + (int32_t)(word[0] % 1000u));
    }
    for (size_t i = 0; i < WINDOWS * SLOTS; i++) {
        oac_rng_words(11, OAC_RNG_TEST, i, 1, word);
        client[i] = (uint16_t)(x->code_min + (int32_t)(word[0] % 1000u));
    }
    for (size_t b = 0; b < WINDOWS; b++)
        slot0[b] = b * 200u + 100u;
    const struct oac_weight_frame frame = {
        .rows = 1, .slots = SLOTS, .code = weight, .null_x_code = (uint16_t)x->code_safe};
    const struct oac_activation_frame windows = {
        .windows = WINDOWS, .code = client, .slot0 = slot0};
    struct oac_readouts out = {.code = readout};
    struct oac_workspace *work = oac_link_workspace_create(&link, &err);
    cr_assert_not_null(work);
    cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_link_play(&link, handle, work, &windows, &out, &err), OAC_OK, "%s",
                 err.message);
    *full = SLOTS * link.caps->nominal->channel[0].gain_code;
    oac_link_workspace_destroy(&link, work);
    oac_link_close(&link);
}

Test(iio_subcarrier, tones_through_a_radio_are_those_of_the_simulator, .timeout = 240)
{
    float iio[WINDOWS], wave[WINDOWS];
    double full = 0.0;
    open_bench("fmcomms-bench");
    play("iio", &full, iio);
    play("wave", &full, wave);
    for (size_t b = 0; b < WINDOWS; b++) {
        /* Rounding of board and rig, half a code each of 1650 full ones over 16 x 60 samples, is
         * 1e-5 of full scale;
         * a preamble of rounded samples knows the product's phase to a hundredth: 1e-4 of its cosine. */
        cr_expect_lt(fabs((double)iio[b] - (double)wave[b]), 1e-3 * full, "%zu: %g, %g of %g",
                     b, (double)iio[b], (double)wave[b], full);
        cr_expect_gt((double)wave[b], 0.02 * full);
    }
    iio_fixture_kill(&bench);
}

Test(iio_subcarrier, a_radio_without_a_carrier_in_its_rig_is_refused, .timeout = 60)
{
    struct oac_link link;
    struct oac_err err;
    open_bench("fmcomms-bench");
    bench.rig.subcarrier.carrier_hz = 0.0;
    cr_expect_eq(open_link("iio", &link, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "tx1") && strstr(err.message, "set subcarrier.carrier_hz"),
              "%s", err.message);
    iio_fixture_kill(&bench);
}

Test(iio_subcarrier, mixers_that_do_not_suit_the_rig_s_carrier_are_refused_at_open,
     .timeout = 60)
{
    const struct {
        const char *mixer, *said; /* NULL: a hertz off is what synthesisers round by */
        double carrier_hz;
    } cases[] = {
        {"port tx1", "altvoltage1.frequency is 92160000", 92.2e6},
        {"port tx1", "subcarrier.carrier_hz is 46080000", 46.08e6},
        {NULL, NULL, 92160001.0},
    };
    struct oac_link link;
    struct oac_err err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_bench("fmcomms-bench");
        bench.rig.subcarrier.carrier_hz = cases[i].carrier_hz;
        if (cases[i].mixer) {
            cr_expect_eq(open_link("iio", &link, &err), OAC_EMISMATCH);
            cr_expect(strstr(err.message, cases[i].mixer) && strstr(err.message, cases[i].said),
                      "%s", err.message);
        } else {
            cr_assert_eq(open_link("iio", &link, &err), OAC_OK, "%s", err.message);
            oac_link_close(&link);
        }
        iio_fixture_kill(&bench);
    }
}

Test(iio_subcarrier, tones_of_the_board_s_own_are_off_while_and_after_it_plays, .timeout = 240)
{
    float readout[WINDOWS];
    double full = 0.0;
    char value[80];
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    open_bench("fmcomms-bench");
    cr_assert_eq(oac_iio_open(bench.uri, 0, &session, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_write(session, "cf-ad9361-dds-core-lpc", "altvoltage3", true, "scale",
                               "0.5", value, sizeof value, &err),
                 OAC_OK, "%s", err.message);
    play("iio", &full, readout);
    cr_assert_eq(oac_iio_read(session, "cf-ad9361-dds-core-lpc", "altvoltage3", true, "scale",
                              value, sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_float_eq(strtod(value, NULL), 0.0, 0.0, "%s", value);
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}
#else
typedef int oac_no_libiio;
#endif
