/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a whole stream makes of it when the bench misbehaves in full flight: it plays again and the samples are the
 * right ones, or it gives up within its time, has tried to make the outputs safe, and says what to do.
 *
 * Bounds of giving up. A stopped server costs the first attempt one timeout of the library (5 s, stream.c), the
 * second one more for its first attribute, and every opening of a context after that 5 s for the
 * description; there are two attempts left and the safe state at the end: 2 x 5 + 3 x 5 s. A server
 * that is gone refuses at once. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "driver/iio/session.h"
#include "tests/driver/iio_process.h"
#include "tests/driver/iio_steady.h"

#define STOPPED_S (5.0 * 5.0)
#define MARGIN_S  5.0

static struct iio_process bench;
static struct iio_fixture here; /* rig and board alone: the bench is another process */
static struct iio_held before;
static struct oac_stream stream;
static struct iio_steady wanted, got;

static void start(const char *fault)
{
    struct oac_err err;
    cr_assert_null(iio_fixture_describe(&here, &err));
    cr_assert(iio_process_start(&bench, 0, fault));
    before = iio_held_now();
    cr_assert_eq(oac_iio_stream_open(&here.rig, here.hash, bench.uri, NULL, &stream, &err),
                 OAC_OK, "%s", err.message);
}

static void stop(void)
{
    oac_stream_close(&stream);
    cr_expect(iio_held_again(&before), "%zu descriptors, %zu threads, from %zu and %zu",
              iio_held_now().descriptors, iio_held_now().threads, before.descriptors,
              before.threads);
    iio_process_signal(&bench, SIGKILL);
}

static void same_as_wanted(void)
{
    cr_expect_eq(got.received, IIO_STEADY_SEGMENTS);
    cr_expect_eq(got.saturated, 0);
    /* a step of rounding: trains begin at other phases of the stretches that the bench computes */
    cr_expect_leq(iio_steady_apart(&wanted, &got), 1.0 + 1e-3);
}

/* Samples that came to an output since the bench began, over all trains. */
static unsigned long received(void)
{
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    char text[200] = "";
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(
        oac_iio_read(session, "m2k-dac-a", "", true, "received", text, sizeof text, &err),
        OAC_OK, "%s", err.message);
    oac_iio_close(session);
    const char *samples = strstr(text, "samples ");
    cr_assert_not_null(samples, "%s", text);
    return strtoul(samples + 8, NULL, 10);
}

/* A clean bench's samples, from a process of their own; how many make a train. */
static unsigned long play_clean(void)
{
    struct oac_err err;
    start(NULL);
    cr_assert_eq(iio_steady_burst(&stream, stream.caps, &wanted, 1, &err), OAC_OK, "%s",
                 err.message);
    const unsigned long train = received();
    stop();
    return train;
}

/* In so many trains. */
static void plays_through(const char *fault, unsigned long trains)
{
    struct oac_err err;
    const unsigned long train = play_clean();
    start(fault);
    cr_expect_eq(iio_steady_burst(&stream, stream.caps, &got, 1, &err), OAC_OK, "%s: %s", fault,
                 err.message);
    same_as_wanted();
    cr_expect_eq(received(), trains * train, "%lu samples, a train has %lu", received(), train);
    stop();
}

Test(iio_survives, item_06_a_train_is_played_again_when_the_layout_changed, .timeout = 120)
{
    plays_through("wider:5", 2); /* behind four that are discarded comes the train */
}

Test(iio_survives, item_06_a_train_is_played_again_when_other_channels_came, .timeout = 120)
{
    plays_through("mask:5", 2);
}

Test(iio_survives, a_train_is_heard_in_pieces_that_are_too_short, .timeout = 120)
{
    plays_through("short:5", 1);
}

Test(iio_survives, a_connection_closed_in_the_middle_of_samples_is_opened_again, .timeout = 120)
{
    plays_through("close:180000", 2); /* in the fifth READBUF of 40,000 bytes */
}

Test(iio_survives, an_output_that_is_busy_at_first_is_tried_again, .timeout = 120)
{
    plays_through("ebusy:2", 1); /* the input is the first */
}

Test(iio_survives, a_request_without_an_answer_costs_one_timeout_of_a_train, .timeout = 120)
{
    plays_through("drop:60", 1); /* after some fifty of setting up */
}

Test(iio_survives, a_server_stopped_in_a_train_and_resumed_in_time_loses_nothing,
     .timeout = 120)
{
    struct iio_later later = {.process = &bench, .number = SIGCONT, .after_s = 2.0};
    struct oac_err err;
    play_clean();
    start(NULL);
    iio_process_signal(&bench, SIGSTOP);
    iio_later_start(&later);
    cr_expect_eq(iio_steady_burst(&stream, stream.caps, &got, 1, &err), OAC_OK, "%s",
                 err.message);
    iio_later_join(&later);
    same_as_wanted();
    stop();
}

/* Ended within its time, with a reason and with what is to be done about outputs that nobody could reach. */
static void gives_up(double most_s)
{
    struct oac_err err;
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(iio_steady_burst(&stream, stream.caps, &got, 1, &err), OAC_EDEVICE);
    const double took_s = iio_fixture_now_s() - from_s;
    cr_expect_lt(took_s, most_s, "%g s", took_s);
    cr_expect(strstr(err.message, bench.uri) && strstr(err.message, "attempts") &&
                  strstr(err.message, "check power") && strstr(err.message, "oac safe"),
              "%s", err.message);
}

Test(iio_survives, a_server_that_stays_stopped_is_given_up_within_its_time, .timeout = 120)
{
    struct oac_err err;
    play_clean();
    start(NULL);
    cr_assert_eq(iio_steady_burst(&stream, stream.caps, &got, 0, &err), OAC_OK, "%s",
                 err.message);
    iio_process_signal(&bench, SIGSTOP);
    gives_up(STOPPED_S + MARGIN_S);
    iio_process_signal(&bench, SIGCONT);
    cr_expect_eq(iio_steady_burst(&stream, stream.caps, &got, 1, &err), OAC_OK, "%s",
                 err.message);
    same_as_wanted(); /* and not what was under way when it stopped */
    stop();
}

Test(iio_survives, a_server_killed_between_trains_is_given_up_at_once, .timeout = 120)
{
    struct oac_err err;
    start(NULL);
    cr_assert_eq(iio_steady_burst(&stream, stream.caps, &got, 0, &err), OAC_OK, "%s",
                 err.message);
    iio_process_signal(&bench, SIGKILL);
    gives_up(MARGIN_S);
    stop();
}

Test(iio_survives, a_server_killed_in_full_flight_is_given_up_at_once, .timeout = 120)
{
    struct iio_later later = {.process = &bench, .number = SIGKILL, .after_s = 0.5};
    start(NULL);
    iio_process_signal(&bench, SIGSTOP); /* so that a call is under way */
    iio_later_start(&later);
    gives_up(0.5 + MARGIN_S);
    iio_later_join(&later);
    stop();
}

/* The server is there and the light is not: the failure leaves the outputs off, before anybody closes. */
Test(iio_survives, outputs_are_made_safe_after_a_failure, .timeout = 120)
{
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    char value[40] = "";
    bench.laser_db = -70.0;
    start(NULL);
    cr_expect_eq(iio_steady_burst(&stream, stream.caps, &got, 0, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "no start mark on m2k-adc") &&
                  strstr(err.message, "check laser, bias, fibres and cables"),
              "%s", err.message);
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    for (unsigned c = 0; c < 2; c++) {
        char channel[20];
        snprintf(channel, sizeof channel, "voltage%u", c);
        cr_assert_eq(oac_iio_read(session, "m2k-fabric", channel, true, "powerdown", value,
                                  sizeof value, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_str_eq(value, "1");
    }
    oac_iio_close(session);
    stop();
}
#else
typedef int oac_no_libiio;
#endif
