/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "driver/iio/stream.h"
#include "driver/iio/stream_state.h"
#include "hal/modem.h"
#include "hal/preamble.h"
#include "sim/waveform/waveform.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/stream_contract.h"

#define SLOTS   60u
#define PAYLOAD 40u
#define WINDOWS 3u

static struct iio_fixture bench;

static uint16_t random_code(const struct oac_port *port, uint64_t index, uint32_t use)
{
    uint32_t word[4];
    oac_rng_words(7, OAC_RNG_TEST, index, use, word);
    return (uint16_t)(port->code_min +
                      (int32_t)(word[0] % (uint32_t)(port->code_max - port->code_min + 1)));
}

static void start(uint32_t noise, const char *fault)
{
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, noise, fault, &err);
    cr_assert_null(wrong, "%s", wrong);
}

static enum oac_status open_iio(void *context, struct oac_stream *stream, struct oac_err *err)
{
    (void)context;
    return oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, NULL, stream, err);
}

static enum oac_status open_wave(void *context, struct oac_stream *stream, struct oac_err *err)
{
    (void)context;
    return oac_waveform_open(&bench.rig, bench.hash, bench.noise, 1, NULL, stream, err);
}

Test(iio_stream, keeps_the_contract_of_streams, .timeout = 120)
{
    const struct oac_stream_contract contract = {.name = "iio", .open = open_iio};
    start(0, NULL);
    oac_stream_contract_run(&contract);
    iio_fixture_kill(&bench);
}

struct played {
    struct oac_stream stream;
    struct oac_workspace *workspace;
    uint16_t *weight, *client;
    uint32_t *pick;
    float *rx;
    size_t picks;
    uint8_t flag[WINDOWS];
    size_t received;
};

/* One burst of three segments of random codes inside the limits of `ports`. */
static void play(struct played *p, const struct oac_stream_caps *ports)
{
    const struct oac_stream_caps *caps = p->stream.caps;
    const size_t wide = caps->weight_samples_per_slot, per = caps->readout_samples_per_slot;
    const size_t first = (SLOTS - PAYLOAD) / 2;
    struct oac_err err;
    uint32_t handle = 0;
    p->picks = (SLOTS + 1) * per;
    p->weight = calloc(SLOTS * wide, sizeof *p->weight);
    p->client = calloc(WINDOWS * SLOTS * wide, sizeof *p->client);
    p->pick = calloc(p->picks, sizeof *p->pick);
    p->rx = calloc(WINDOWS * p->picks, sizeof *p->rx);
    for (size_t i = 0; i < SLOTS * wide; i++) {
        const size_t n = i / wide;
        const bool lit = n >= first && n < first + PAYLOAD;
        p->weight[i] = lit ? random_code(ports->link.weight, n, 0)
                           : (uint16_t)ports->link.weight->code_safe;
        for (size_t b = 0; b < WINDOWS; b++)
            p->client[b * SLOTS * wide + i] =
                lit ? random_code(ports->link.client, n, 1 + (uint32_t)b)
                    : (uint16_t)ports->link.client->code_safe;
    }
    for (size_t i = 0; i < p->picks; i++)
        p->pick[i] = (uint32_t)i;
    const struct oac_stream_load load = {
        .slots = SLOTS, .rows = 1, .weight = p->weight, .first = first, .count = PAYLOAD};
    const struct oac_stream_capture capture = {.picks = p->picks, .pick = p->pick};
    struct oac_stream_segment segment[WINDOWS];
    cr_assert_eq(oac_stream_load(&p->stream, &load, &handle, &err), OAC_OK, "%s", err.message);
    for (size_t b = 0; b < WINDOWS; b++)
        segment[b] = (struct oac_stream_segment){.handle = handle,
                                                 .client = p->client + b * SLOTS * wide,
                                                 .slot0 = 1000 * b + 100,
                                                 .launch = 1.0f,
                                                 .capture = &capture,
                                                 .rx = p->rx + b * p->picks,
                                                 .flag = p->flag + b};
    struct oac_stream_burst burst = {.segments = WINDOWS, .segment = segment};
    p->workspace = p->stream.ops->workspace_create(p->stream.self, &err);
    cr_assert_not_null(p->workspace);
    cr_assert_eq(oac_stream_play(&p->stream, p->workspace, &burst, &err), OAC_OK, "%s",
                 err.message);
    p->received = burst.received;
}

static void done(struct played *p)
{
    p->stream.ops->workspace_destroy(p->stream.self, p->workspace);
    oac_stream_close(&p->stream);
    free(p->weight);
    free(p->client);
    free(p->pick);
    free(p->rx);
}

/* Largest difference when b comes `shift` samples after a. */
static double apart(const float *a, const float *b, size_t count, size_t shift)
{
    double most = 0.0;
    for (size_t i = 0; i + shift < count; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i + shift]));
    return most;
}

Test(iio_stream, without_noise_a_board_s_samples_are_the_simulator_s_rounded, .timeout = 120)
{
    struct played iio = {0}, wave = {0};
    struct oac_err err;
    start(0, NULL);
    cr_assert_eq(open_iio(NULL, &iio.stream, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(open_wave(NULL, &wave.stream, &err), OAC_OK, "%s", err.message);
    play(&iio, iio.stream.caps);
    play(&wave, iio.stream.caps);
    const size_t per = wave.stream.caps->readout_samples_per_slot;
    cr_expect_eq(iio.received, WINDOWS);
    for (size_t b = 0; b < WINDOWS; b++) {
        const float *heard = iio.rx + b * iio.picks, *sent = wave.rx + b * wave.picks;
        double least = INFINITY;
        for (size_t shift = 0; shift <= 2 * per; shift++)
            least = fmin(least, apart(sent, heard, iio.picks, shift));
        /* half a step of rounding, and 1e-3 because the train was computed in other stretches */
        cr_expect_lt(least, 0.501, "window %zu: %g codes", b, least);
        for (size_t i = 0; i < iio.picks; i++)
            cr_assert_lt(fabs((double)heard[i] - rint((double)heard[i])), 1e-3);
        cr_expect_eq(iio.flag[b], 0);
    }
    done(&iio);
    done(&wave);
    iio_fixture_kill(&bench);
}

Test(iio_stream, a_receiver_driven_out_of_its_range_is_flagged, .timeout = 120)
{
    struct played iio = {0};
    struct oac_err err;
    start(0, NULL);
    iio_fixture_kill(&bench);
    bench.rig.laser.power_dbm += 3.0; /* twice the light: 4.8 V at an input of 3.1 V */
    cr_assert_null(iio_fixture_start(&bench, "127.0.0.1:0", &err));
    cr_assert_eq(open_iio(NULL, &iio.stream, &err), OAC_OK, "%s", err.message);
    play(&iio, iio.stream.caps);
    for (size_t b = 0; b < WINDOWS; b++)
        cr_expect_eq(iio.flag[b], OAC_FLAG_SATURATED);
    done(&iio);
    iio_fixture_kill(&bench);
}

Test(iio_stream, codes_end_where_profile_or_converter_end)
{
    struct oac_stream stream;
    struct oac_err err;
    start(0, NULL);
    cr_assert_eq(open_iio(NULL, &stream, &err), OAC_OK, "%s", err.message);
    const struct oac_port *port = stream.caps->link.weight;
    const double half = 0.5 * fabs(port->lsb_v);
    const double low_v = port->v0_v + port->lsb_v * port->code_min;
    const double high_v = port->v0_v + port->lsb_v * port->code_max;
    cr_expect(low_v >= -5.0 - half && low_v < -5.0 + 2 * half, "%g V", low_v);
    cr_expect(high_v <= 5.0 + half && high_v > 5.0 - 2 * half, "%g V", high_v);
    cr_expect_float_eq(port->v0_v + port->lsb_v * port->code_safe, 0.0, 2 * half);
    oac_stream_close(&stream);
    iio_fixture_kill(&bench);
}

Test(iio_stream, a_bench_in_the_dark_says_what_to_look_at, .timeout = 120)
{
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    start(0, NULL);
    iio_fixture_kill(&bench);
    bench.rig.laser.power_dbm = -60.0;
    cr_assert_null(iio_fixture_start(&bench, "127.0.0.1:0", &err));
    bench.rig.laser.power_dbm = 10.0;
    cr_assert_eq(open_iio(NULL, &stream, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_modem_open(&stream, NULL, &link, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "start mark") && strstr(err.message, "laser"), "%s",
              err.message);
    iio_fixture_kill(&bench);
}

Test(iio_stream, a_rig_that_the_board_cannot_play_is_refused_with_the_reason)
{
    struct oac_stream stream;
    struct oac_err err;
    start(0, NULL);
    bench.rig.slot_rate_hz = 1e5;
    cr_expect_eq(open_iio(NULL, &stream, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "slot_rate_hz"), "%s", err.message);
    bench.rig.slot_rate_hz = 750e3 / 9.0;
    strcpy(bench.rig.iio.client_port, "dac-a");
    cr_expect_eq(open_iio(NULL, &stream, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "two roles"), "%s", err.message);
    strcpy(bench.rig.iio.client_port, "adc-2");
    cr_expect_eq(open_iio(NULL, &stream, &err), OAC_ENOTFOUND);
    strcpy(bench.rig.iio.client_port, "dac-b");
    bench.rig.client_modulator.vpi_v = 12.0;
    cr_expect_eq(open_iio(NULL, &stream, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "V_pi"), "%s", err.message);
    iio_fixture_kill(&bench);
}

Test(iio_stream, the_mark_is_found_upside_down_and_in_noise_and_nowhere_else)
{
    enum { PER = 12, COUNT = 4000, AT = 1234 };
    static int32_t code[COUNT];
    uint8_t chip[OAC_IIO_MARK_CHIPS];
    double contrast;
    uint32_t word[4];
    oac_preamble_chips(OAC_IIO_MARK_STAGES, chip);
    for (size_t i = 0; i < COUNT; i++) {
        oac_rng_words(9, OAC_RNG_TEST, i, 0, word);
        code[i] = (int32_t)(word[0] % 400u);
    }
    cr_expect_eq(oac_iio_mark_find(code, COUNT, PER, &contrast), COUNT);
    for (size_t i = 0; i < OAC_IIO_MARK_CHIPS * PER; i++)
        code[AT + i] -= 400 * chip[i / PER];
    const size_t at = oac_iio_mark_find(code, COUNT, PER, &contrast);
    cr_expect(at >= AT - 1 && at <= AT + 1, "%zu", at);
    cr_expect_gt(contrast, OAC_IIO_MARK_LEAST);
}

Test(iio_stream, a_paced_input_s_buffer_leaves_almost_half_of_the_kernel_s_free)
{
    for (double rate_hz = 10.0; rate_hz < 1e5; rate_hz *= 1.37) {
        const size_t samples = oac_iio_paced_samples(rate_hz, 16);
        size_t kept = 1; /* by the kernel: a power of two */
        while (kept < samples)
            kept *= 2;
        cr_expect_geq(samples, 16);
        cr_expect_geq(kept - samples, samples - 2, "%zu of %zu at %g Hz", samples, kept,
                      rate_hz);
        cr_expect(samples < 40 || (double)samples < 1.25 * rate_hz, "%zu at %g Hz", samples,
                  rate_hz);
    }
}

Test(iio_stream, a_server_that_came_back_is_set_up_and_played_again, .timeout = 120)
{
    struct played first = {0}, again = {0};
    struct oac_err err;
    char address[120];
    start(0, NULL);
    cr_assert_eq(open_iio(NULL, &first.stream, &err), OAC_OK, "%s", err.message);
    play(&first, first.stream.caps);
    snprintf(address, sizeof address, "%.110s", bench.uri + 3);
    iio_fixture_kill(&bench);
    cr_assert_null(iio_fixture_start(&bench, address, &err));
    again.stream = first.stream;
    play(&again, again.stream.caps);
    cr_expect_eq(again.received, WINDOWS);
    first.stream.ops->workspace_destroy(first.stream.self, first.workspace);
    free(first.weight);
    free(first.client);
    free(first.pick);
    free(first.rx);
    done(&again);
    iio_fixture_kill(&bench);
}

Test(iio_stream, outputs_are_safe_after_closing)
{
    struct played iio = {0};
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    char value[40] = "";
    start(0, NULL);
    cr_assert_eq(open_iio(NULL, &iio.stream, &err), OAC_OK, "%s", err.message);
    play(&iio, iio.stream.caps);
    done(&iio);
    cr_assert_eq(oac_iio_open(bench.uri, 0, &session, &err), OAC_OK, "%s", err.message);
    for (unsigned c = 0; c < 2; c++) {
        char channel[20];
        snprintf(channel, sizeof channel, "voltage%u", c);
        cr_expect_eq(oac_iio_read(session, "m2k-fabric", channel, true, "powerdown", value,
                                  sizeof value, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_str_eq(value, "1");
    }
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}

/* Plays one burst beside a fault; how many buffers were read for it. */
static uint64_t account_of(const char *fault, struct oac_account *account)
{
    struct played iio = {0};
    struct oac_err err;
    start(0, fault);
    cr_assert_eq(open_iio(NULL, &iio.stream, &err), OAC_OK, "%s", err.message);
    iio.stream.ops->account(iio.stream.self, account);
    cr_expect_eq(account->underflow, OAC_LOSS_UNKNOWN, "nothing was played");
    play(&iio, iio.stream.caps);
    iio.stream.ops->account(iio.stream.self, account);
    done(&iio);
    const uint64_t readbufs = atomic_load(&bench.faults.readbufs);
    iio_fixture_kill(&bench);
    return readbufs;
}

Test(iio_stream, losses_in_a_train_are_seen_and_those_before_it_are_not, .timeout = 120)
{
    struct oac_account account;
    char fault[40];
    (void)account_of(NULL, &account); /* no register */
    cr_expect_eq(account.underflow, OAC_LOSS_UNKNOWN);
    cr_expect_eq(account.overflow, OAC_LOSS_UNKNOWN);
    const uint64_t readbufs = account_of("lost:1000000", &account);
    cr_expect_eq(account.underflow, OAC_LOSS_NONE);
    cr_expect_eq(account.overflow, OAC_LOSS_NONE);
    (void)account_of("lost:1", &account);
    cr_expect_eq(account.underflow, OAC_LOSS_NONE);
    cr_expect_eq(account.overflow, OAC_LOSS_NONE);
    snprintf(fault, sizeof fault, "lost:%llu", (unsigned long long)readbufs); /* the last one */
    (void)account_of(fault, &account);
    cr_expect_eq(account.underflow, OAC_LOSS_SEEN);
    cr_expect_eq(account.overflow, OAC_LOSS_SEEN);
}
#else
typedef int oac_no_libiio;
#endif
