/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is played on a bench: as a dry run shows it, within limits, along ramps, without tones. */
#ifdef OAC_HAVE_LIBIIO
#include "driver/dry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "driver/iio/session.h"
#include "driver/played.h"
#include "driver/registry.h"
#include "tests/driver/heard.h"
#include "tests/support/tmpdir.h"

#define SLOTS   120u
#define WINDOWS 5u

static struct iio_fixture bench;
static struct heard heard;
static struct oac_err err;

/* Two frames of codes over all that the ports may play. */
static void play(const char *uri, const struct oac_drive *drive)
{
    static uint16_t weight[SLOTS], client[WINDOWS * SLOTS];
    const struct oac_registry_request request = {
        .rig = &bench.rig, .rig_hash = bench.hash, .uri = uri, .drive = drive};
    struct oac_link link;
    uint64_t slot0[WINDOWS];
    float readout[WINDOWS];
    cr_assert_eq(oac_registry_open("iio", &request, &link, &err), OAC_OK, "%s", err.message);
    struct oac_workspace *workspace = oac_link_workspace_create(&link, &err);
    cr_assert_not_null(workspace);
    for (uint32_t f = 0; f < 2; f++) {
        const struct oac_port *port[] = {link.caps->weight, link.caps->client};
        uint32_t handle, word[4];
        for (size_t i = 0; i < (WINDOWS + 1) * SLOTS; i++) {
            const struct oac_port *p = port[i >= SLOTS];
            oac_rng_words(23, OAC_RNG_TEST, i, f, word);
            const uint16_t code =
                (uint16_t)(p->code_min +
                           (int32_t)(word[0] % (uint32_t)(p->code_max - p->code_min + 1)));
            *(i < SLOTS ? &weight[i] : &client[i - SLOTS]) = code;
        }
        weight[0] = client[0] =
            (uint16_t)port[0]->code_min; /* both ends of what may be played */
        weight[1] = client[1] = (uint16_t)port[0]->code_max;
        for (size_t b = 0; b < WINDOWS; b++)
            slot0[b] = (f * WINDOWS + b) * 400u + 100u;
        const struct oac_weight_frame frame = {.rows = 1,
                                               .slots = SLOTS,
                                               .code = weight,
                                               .null_x_code =
                                                   (uint16_t)link.caps->client->code_safe};
        const struct oac_activation_frame windows = {
            .windows = WINDOWS, .code = client, .slot0 = slot0};
        struct oac_readouts out = {.code = readout};
        cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_OK, "%s", err.message);
        cr_assert_eq(oac_link_play(&link, handle, workspace, &windows, &out, &err), OAC_OK,
                     "%s", err.message);
    }
    oac_link_workspace_destroy(&link, workspace);
    oac_link_close(&link);
}

/* The ADALM2000's rig on a profile of its own, in which `from` reads `to` for both outputs. */
static void start_with(const char *dir, const char *const (*change)[2], size_t changes)
{
    char path[OAC_TEST_DIR_BYTES + 20], set[OAC_TEST_DIR_BYTES + 40], *text, *rig_text;
    const char *sets[] = {set};
    size_t bytes;
    snprintf(path, sizeof path, "%s/driver/boards/m2k.yaml", getenv("OAC_SOURCE_DIR"));
    cr_assert_eq(oac_file_read(path, 1 << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    char *made = calloc(2, bytes + 1000);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *put = line;
        for (size_t i = 0; i < changes; i++)
            if (strstr(line, change[i][0]))
                put = change[i][1];
        sprintf(made + strlen(made), "%s\n", put);
    }
    oac_test_file_put(oac_test_dir_path(dir, "m2k.yaml", path), made, strlen(made));
    memset(&bench, 0, sizeof bench);
    snprintf(set, sizeof set, "iio.board=%s", path);
    cr_assert_eq(oac_rig_read("m2k-bench", sets, 1, &bench.rig, &rig_text, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_board_read(path, &bench.board, &err), OAC_OK, "%s", err.message);
    cr_assert_null(iio_fixture_start(&bench, "127.0.0.1:0", &err), "%s", err.message);
    heard_begin(&heard, &bench);
    free(rig_text);
    free(made);
    free(text);
}

static void start(void)
{
    const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    heard_begin(&heard, &bench);
}

static void finish(void)
{
    iio_fixture_kill(&bench);
    heard_end(&heard);
}

Test(dry, a_dry_run_shows_sample_by_sample_what_a_bench_receives, .timeout = 120)
{
    struct oac_played played;
    struct oac_dry *dry = NULL;
    start();
    play(bench.uri, NULL);
    oac_played_init(&played, true);
    const struct oac_drive drive = {.tap = &played.tap};
    cr_assert_eq(oac_dry_open(&bench.rig, bench.hash, 0, 5, NULL, &dry, &err), OAC_OK, "%s",
                 err.message);
    play(oac_dry_uri(dry), &drive);
    oac_dry_close(dry);
    cr_assert_eq(oac_played_check(&played, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(played.ports, 2);
    for (size_t i = 0; i < played.ports; i++) {
        const struct oac_played_port *port = &played.port[i];
        const size_t p = heard_port(&bench, port->port.name);
        size_t other = 0;
        uint64_t counted = 0;
        cr_assert_eq(port->samples, heard.count[p], "%s: %zu received", port->port.name,
                     heard.count[p]);
        cr_assert_gt(port->samples, 1000);
        for (size_t s = 0; s < heard.count[p]; s++)
            other += (int32_t)port->whole[s] != heard.code[p][s];
        for (size_t c = 0; c < port->codes; c++)
            counted += port->count[c];
        cr_expect_eq(other, 0, "%zu of %zu samples differ", other, heard.count[p]);
        cr_expect_eq(counted, port->samples);
        /* 1e-9 V: two orders of the same sums in double precision */
        cr_expect_float_eq(oac_played_volts(port, port->high), heard_v(&bench, p, port->high),
                           1e-9);
    }
    oac_played_fini(&played);
    finish();
}

Test(dry, a_dry_run_drives_nothing_at_the_uri_it_is_given, .timeout = 120)
{
    struct oac_dry *dry = NULL;
    struct oac_iio_session *session = NULL;
    char text[64];
    start();
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_safe(session, &bench.board, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_dry_open(&bench.rig, bench.hash, 0, 5, bench.uri, &dry, &err), OAC_OK,
                 "%s", err.message);
    play(oac_dry_uri(dry), NULL);
    oac_dry_close(dry);
    cr_expect_eq(heard.count[heard_port(&bench, "dac-a")], 0);
    cr_assert_eq(oac_iio_read(session, "m2k-fabric", "voltage0", true, "powerdown", text,
                              sizeof text, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(text, "1", "the outputs were switched on");
    oac_iio_close(session);
    finish();
}

Test(dry, nothing_beyond_a_port_s_limits_is_received_in_any_phase, .timeout = 120)
{
    static const char *const narrow[][2] = {{"min_v: -5.0", "    min_v: -0.25"},
                                            {"max_v: 5.0", "    max_v: 4.55"}};
    char dir[OAC_TEST_DIR_BYTES];
    oac_test_dir_make(dir);
    start_with(dir, narrow, 2);
    play(bench.uri, NULL);
    for (size_t i = 0; i < 2; i++) {
        const size_t p = heard_port(&bench, i ? "dac-b" : "dac-a");
        double low_v = INFINITY, high_v = -INFINITY;
        for (size_t s = 0; s < heard.count[p]; s++) {
            low_v = fmin(low_v, heard_v(&bench, p, heard.code[p][s]));
            high_v = fmax(high_v, heard_v(&bench, p, heard.code[p][s]));
        }
        /* Within a step of 2.843 mV of the limits, and 1e-9 V is rounding. */
        cr_expect(low_v >= -0.25 - 1e-9 && low_v < -0.25 + 2.85e-3, "least %.6f V", low_v);
        cr_expect(high_v <= 4.55 + 1e-9 && high_v > 4.55 - 2.85e-3, "most %.6f V", high_v);
    }
    finish();
    oac_test_dir_remove(dir);
}

Test(dry, outputs_ramp_from_and_to_the_safe_voltage_at_the_port_s_slope, .timeout = 120)
{
    static const char *const bright[][2] = {{"safe_v: 0", "    safe_v: 2"},
                                            {"ramp_v_per_s:", "    ramp_v_per_s: 2000"}};
    char dir[OAC_TEST_DIR_BYTES];
    oac_test_dir_make(dir);
    start_with(dir, bright, 2);
    play(bench.uri, NULL);
    const size_t p = heard_port(&bench, "dac-a"), count = heard.count[p];
    const double lsb_v = 1.164153 * 10 / 4095, step_v = 2000 / 750e3 + lsb_v;
    /* 2 V at 2,000 V/s are 750 samples at 750 kS/s, from 2 V to dark at 0 V. */
    for (size_t s = 0; s + 1 < 750; s++) {
        const double up =
            heard_v(&bench, p, heard.code[p][s + 1]) - heard_v(&bench, p, heard.code[p][s]);
        const double down = heard_v(&bench, p, heard.code[p][count - 1 - s]) -
                            heard_v(&bench, p, heard.code[p][count - 2 - s]);
        cr_assert_leq(fabs(up), step_v, "sample %zu steps %g V", s, up);
        cr_assert_leq(fabs(down), step_v, "sample %zu from the end steps %g V", s, down);
    }
    cr_expect_float_eq(heard_v(&bench, p, heard.code[p][0]), 2.0, step_v);
    cr_expect_float_eq(heard_v(&bench, p, heard.code[p][count - 1]), 2.0, lsb_v);
    cr_expect_float_eq(heard_v(&bench, p, heard.code[p][749]), 0.0, 5 * step_v);
    finish();
    oac_test_dir_remove(dir);
}

static void tone(struct oac_iio_session *session, const char *attribute, const char *value,
                 double expected)
{
    char text[64] = "";
    for (int t = 0; t < 4; t++) {
        char channel[24];
        snprintf(channel, sizeof channel, "altvoltage%d", t);
        if (value)
            cr_assert_eq(oac_iio_write(session, "m2k-dds", channel, true, attribute, value,
                                       text, sizeof text, &err),
                         OAC_OK, "%s", err.message);
        cr_assert_eq(
            oac_iio_read(session, "m2k-dds", channel, true, attribute, text, sizeof text, &err),
            OAC_OK, "%s", err.message);
        cr_expect_eq(atof(text), expected, "%s.%s is %s", channel, attribute, text);
    }
}

Test(dry, every_tone_is_off_before_samples_play_and_after_closing, .timeout = 120)
{
    struct oac_iio_session *session = NULL;
    struct oac_link link;
    const struct oac_registry_request request = {
        .rig = &bench.rig, .rig_hash = bench.hash, .uri = bench.uri};
    start();
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    tone(session, "raw", "1", 1);
    tone(session, "scale", "0.5", 0.5);
    cr_assert_eq(oac_registry_open("iio", &request, &link, &err), OAC_OK, "%s", err.message);
    tone(session, "raw", NULL, 0);
    tone(session, "scale", NULL, 0);
    tone(session, "raw", "1", 1);
    tone(session, "scale", "0.5", 0.5);
    oac_link_close(&link);
    tone(session, "raw", NULL, 0);
    tone(session, "scale", NULL, 0);
    oac_iio_close(session);
    finish();
}
#endif
