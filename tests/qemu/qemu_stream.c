/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of samples through the real kernel, by the stream that --on iio opens. */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>

#include "base/rng.h"
#include "driver/iio/port_io.h"
#include "tests/qemu/loop_burst.h"

static struct loop loop;
static struct loop_burst burst;

static void open_loop(void)
{
    loop_find(&loop);
    loop_reset(&loop);
}

/* Random codes over the whole range of 16 bits, with its ends in every payload. */
static void play_everything(struct loop_burst *all, size_t segments, struct oac_stream *stream)
{
    uint32_t word[4];
    loop_burst_rest(all, segments);
    for (size_t s = 0; s < segments; s++)
        for (size_t k = 0; k < LOOP_CHANNELS; k++) {
            uint16_t *code = all->code[s][k] + LOOP_GUARD;
            for (uint32_t i = 0; i < LOOP_PAYLOAD; i++) {
                oac_rng_words(21, OAC_RNG_TEST, s * LOOP_CHANNELS + k, i, word);
                code[i] = (uint16_t)word[0];
            }
            code[50] = code[51] = 0;
            code[100 + k] = UINT16_MAX;
            code[150] = LOOP_ZERO - 1;
            code[151] = LOOP_ZERO + 1;
        }
    loop_burst_play(all, stream);
}

Test(qemu_stream, every_sample_comes_back_as_it_was_played, .init = open_loop, .timeout = 120)
{
    struct oac_stream stream = loop_stream(&loop);
    for (unsigned again = 0; again < 3; again++) {
        play_everything(&burst, 3, &stream);
        for (size_t s = 0; s < burst.segments; s++)
            for (size_t k = 0; k < LOOP_CHANNELS; k++)
                cr_expect_eq(loop_burst_wrong(&burst, s, k, LOOP_UNITY, 0), 0,
                             "segment %zu, channel %zu", s, k);
    }
    oac_stream_close(&stream);
}

Test(qemu_stream, gains_and_offsets_act_as_the_kernel_computes_them, .init = open_loop,
     .timeout = 120)
{
    static const double wanted[LOOP_CHANNELS] = {0.3333, -0.75, -1.5};
    const int32_t bias[LOOP_CHANNELS] = {-1234, 5, 32767};
    int32_t gain[LOOP_CHANNELS];
    struct oac_err err;
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_stream stream = loop_stream(&loop);
    const struct oac_range *range = &stream.caps->link.settings[OAC_RX_GAIN];
    cr_expect_eq(range->min, -8.0);
    cr_expect_eq(range->max, 8.0);
    for (size_t k = 0; k < LOOP_CHANNELS; k++) {
        double got = NAN, again = NAN;
        char text[20], channel[20];
        cr_assert_eq(stream.ops->set(stream.self, OAC_RX_GAIN, k, wanted[k], &got, &err),
                     OAC_OK, "%s", err.message);
        cr_assert_eq(stream.ops->get(stream.self, OAC_RX_GAIN, k, &again, &err), OAC_OK);
        cr_expect_eq(got, again);
        gain[k] = (int32_t)lrint(got * LOOP_UNITY);
        /* the nearest step of 1/4096; what is read back is cut to nine decimals */
        cr_expect_eq(gain[k], (int32_t)lrint(wanted[k] * LOOP_UNITY));
        cr_expect_float_eq(got * LOOP_UNITY, (double)gain[k], 1e-9 * LOOP_UNITY);
        snprintf(text, sizeof text, "%d", bias[k]);
        snprintf(channel, sizeof channel, "voltage%zu", k);
        loop_write(session, "loop-adc", channel, false, "calibbias", text, NULL);
    }
    play_everything(&burst, 2, &stream);
    for (size_t k = 0; k < LOOP_CHANNELS; k++)
        cr_expect_eq(loop_burst_wrong(&burst, 1, k, gain[k], bias[k]), 0, "channel %zu", k);
    cr_expect_eq(burst.flag[0][0], 0, "a third of full scale leaves nothing");
    cr_expect_eq(burst.flag[0][2], OAC_FLAG_SATURATED);
    oac_stream_close(&stream);
    oac_iio_close(session);
}

Test(qemu_stream, samples_driven_out_of_range_are_held_at_its_ends_and_counted,
     .init = open_loop, .timeout = 120)
{
    struct oac_port_reading reading;
    struct oac_err err;
    struct oac_iio_session *session = loop_session(&loop);
    const struct oac_board_port *port = oac_board_port_find(&loop.board, "adc-3");
    for (int turn = 0; turn < 2; turn++) {
        const char *sample = turn ? "-20000" : "20000";
        loop_write(session, "loop-dac", "voltage3", true, "raw", sample, NULL);
        loop_write(session, "loop-adc", "voltage3", false, "calibscale", "1.5", NULL);
        cr_assert_eq(oac_port_read(session, &loop.board, port, 400, 5.0, &reading, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_eq(reading.clipped, 0);
        cr_expect_float_eq(reading.mean_v, (turn ? -30000 : 30000) / 32768.0, 1e-12);
        loop_write(session, "loop-adc", "voltage3", false, "calibscale", "2", NULL);
        cr_assert_eq(oac_port_read(session, &loop.board, port, 400, 5.0, &reading, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_eq(reading.clipped, reading.samples);
        cr_expect_float_eq(reading.mean_v, turn ? -1.0 : 32767 / 32768.0, 1e-12);
        cr_expect_eq(reading.sigma_v, 0.0);
    }
    cr_assert_eq(oac_iio_safe(session, &loop.board, &err), OAC_OK);
    oac_iio_close(session);
}
#else
typedef int oac_no_libiio;
#endif
