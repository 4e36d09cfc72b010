/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver must survive (docs/boards.md), items 1 to 4 and 12: servers that are late, stopped, resumed and
 * killed, in attributes, refills and pushes. The server is another process.
 *
 * Bounds. A call of libiio on a connection ends after the timeout given at open; opening a context or a buffer
 * waits 5 s for each answer, whatever was given, and asks at most two questions (context: description, timeout;
 * buffer: number of kernel buffers, opening). MARGIN_S is for a machine with more to do than this. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "driver/iio/buffer.h"
#include "tests/driver/iio_process.h"

#define TIMEOUT_MS 400u
#define TIMEOUT_S  (1e-3 * TIMEOUT_MS)
#define OPENING_S  (2 * 5.0)
#define MARGIN_S   3.0

static struct iio_process bench;
static struct oac_iio_session *session;
static struct iio_held before;
static const char *const channel[] = {"voltage0"};

static void start_with(unsigned timeout_ms, const char *fault)
{
    struct oac_err err;
    cr_assert(iio_process_start(&bench, 0, fault));
    before = iio_held_now();
    cr_assert_eq(oac_iio_open(bench.uri, timeout_ms, &session, &err), OAC_OK, "%s",
                 err.message);
}

static void start(unsigned timeout_ms)
{
    start_with(timeout_ms, NULL);
}

/* Nothing is left of the session, not even by a server that is still there. */
static void stop(void)
{
    oac_iio_close(session);
    cr_expect(iio_held_again(&before), "%zu descriptors, %zu threads, from %zu and %zu",
              iio_held_now().descriptors, iio_held_now().threads, before.descriptors,
              before.threads);
    iio_process_signal(&bench, SIGKILL);
}

static struct oac_iio_buffer *opened(bool output, size_t samples, double deadline_s)
{
    const struct oac_iio_buffer_spec spec = {.device = output ? "m2k-dac-a" : "m2k-adc",
                                             .channels = 1,
                                             .channel = channel,
                                             .output = output,
                                             .samples = samples,
                                             .kernel_buffers = 4,
                                             .deadline_s = deadline_s};
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    cr_assert_eq(oac_iio_buffer_open(session, &spec, &buffer, &mode, &err), OAC_OK, "%s",
                 err.message);
    return buffer;
}

static enum oac_status read_rate(char *value, size_t bytes, struct oac_err *err)
{
    return oac_iio_read(session, "m2k-dac-a", "", true, "sampling_frequency", value, bytes,
                        err);
}

static enum oac_status read_ratio(char *value, size_t bytes, struct oac_err *err)
{
    return oac_iio_read(session, "m2k-adc", "", false, "oversampling_ratio", value, bytes, err);
}

static void goes_on(void)
{
    char value[40] = "";
    struct oac_err err;
    cr_expect_eq(read_rate(value, sizeof value, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "750000");
    cr_expect_eq(read_ratio(value, sizeof value, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "1");
}

/* Ended, as it should: within the time, and with what happened and what to do next. */
static void ended(double from_s, double most_s, const struct oac_err *err, const char *what,
                  const char *next)
{
    const double took_s = iio_fixture_now_s() - from_s;
    cr_expect_lt(took_s, most_s, "%g s", took_s);
    cr_expect(strstr(err->message, bench.uri) && strstr(err->message, what) &&
                  strstr(err->message, next),
              "%s", err->message);
}

Test(iio_survives, item_01_a_late_answer_is_not_taken_for_the_next_one, .timeout = 120)
{
    char value[40] = "";
    struct oac_err err;
    start(TIMEOUT_MS);
    goes_on();
    iio_process_signal(&bench, SIGSTOP);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(read_ratio(value, sizeof value, &err), OAC_EDEVICE);
    ended(from_s, TIMEOUT_S + OPENING_S + MARGIN_S, &err, "cannot open", "check power");
    iio_process_signal(&bench, SIGCONT);
    goes_on(); /* the rate, which is asked first, is not the ratio that was owed */
    stop();
}

Test(iio_survives, item_01_an_attribute_waits_for_a_server_that_resumes, .timeout = 120)
{
    struct iio_later later = {.process = &bench, .number = SIGCONT, .after_s = 1.5};
    char value[40] = "";
    struct oac_err err;
    start(TIMEOUT_MS);
    iio_process_signal(&bench, SIGSTOP);
    iio_later_start(&later);
    cr_expect_eq(read_rate(value, sizeof value, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "750000");
    iio_later_join(&later);
    goes_on();
    stop();
}

Test(iio_survives, item_02_writing_to_a_killed_server_is_an_error_and_no_signal, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    char value[40];
    sigset_t pending;
    start(TIMEOUT_MS);
    struct oac_iio_buffer *dac = opened(true, 1024, 5.0);
    cr_assert_eq(oac_iio_buffer_view(dac, &view, &err), OAC_OK, "%s", err.message);
    iio_process_signal(&bench, SIGKILL);
    const double from_s = iio_fixture_now_s();
    for (int i = 0; i < 3; i++) { /* the second write to a dead socket raises SIGPIPE */
        cr_expect_eq(oac_iio_buffer_push(dac, &err), OAC_OK, "%s", err.message);
        cr_expect_eq(oac_iio_buffer_wait(dac, &err), OAC_EDEVICE);
        cr_expect(strstr(err.message, "m2k-dac-a") && strstr(err.message, "oac safe"), "%s",
                  err.message);
    }
    oac_iio_buffer_close(dac);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(oac_iio_write(session, "m2k-adc", "", false, "oversampling_ratio", "2",
                                   value, sizeof value, &err),
                     OAC_EDEVICE);
    ended(from_s, MARGIN_S, &err, "cannot open", "check power"); /* refused, at once */
    sigpending(&pending);
    cr_expect(!sigismember(&pending, SIGPIPE));
    stop();
}

Test(iio_survives, item_03_a_cancelled_buffer_goes_and_a_new_one_works_at_once, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(60000);
    struct oac_iio_buffer *adc = opened(false, 1024, 0.5);
    cr_assert_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_OK, "%s", err.message);
    iio_process_signal(&bench, SIGSTOP);
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_EDEVICE);
    const double from_s = iio_fixture_now_s();
    oac_iio_buffer_close(adc);
    cr_expect_lt(iio_fixture_now_s() - from_s, MARGIN_S);
    iio_process_signal(&bench, SIGCONT);
    adc = opened(false, 1024, 5.0);
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_OK, "%s", err.message);
    oac_iio_buffer_close(adc);
    goes_on();
    stop();
}

/* The library gave up, not the deadline: nothing has been cancelled when the buffer closes. */
Test(iio_survives, item_03_closing_a_lost_buffer_asks_a_silent_server_nothing, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(3000);
    struct oac_iio_buffer *adc = opened(false, 1024, 60.0);
    iio_process_signal(&bench, SIGSTOP);
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_EDEVICE);
    const double from_s = iio_fixture_now_s();
    oac_iio_buffer_close(adc);
    cr_expect_lt(iio_fixture_now_s() - from_s, 2.0, "the library waits 3 s for an answer");
    iio_process_signal(&bench, SIGCONT);
    goes_on();
    stop();
}

Test(iio_survives, item_04_a_refill_that_hangs_is_cancelled_at_its_own_deadline, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(60000); /* the library would wait a minute */
    struct oac_iio_buffer *adc = opened(false, 1024, 0.5);
    iio_process_signal(&bench, SIGSTOP);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_EDEVICE);
    ended(from_s, 0.5 + MARGIN_S, &err, "no answer within 0.5 s", "oac safe");
    cr_expect_geq(iio_fixture_now_s() - from_s, 0.5);
    cr_expect_eq(oac_iio_buffer_answer(adc), OAC_IIO_REOPEN_BUFFER);
    oac_iio_buffer_close(adc);
    iio_process_signal(&bench, SIGCONT);
    stop();
}

Test(iio_survives, item_04_a_push_that_hangs_is_cancelled_at_its_own_deadline, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(60000);
    struct oac_iio_buffer *dac = opened(true, 4u << 20, 0.5); /* more than sockets hold */
    cr_assert_eq(oac_iio_buffer_view(dac, &view, &err), OAC_OK, "%s", err.message);
    iio_process_signal(&bench, SIGSTOP);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(oac_iio_buffer_push(dac, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_wait(dac, &err), OAC_EDEVICE);
    ended(from_s, 0.5 + MARGIN_S, &err, "pushing to m2k-dac-a", "outputs may still play");
    oac_iio_buffer_close(dac);
    iio_process_signal(&bench, SIGCONT);
    goes_on();
    stop();
}

/* The call is under way when the server stops, and is answered when it goes on, before its deadline. */
static void resumed_during(enum oac_status (*call)(struct oac_iio_buffer *, struct oac_err *),
                           struct oac_iio_buffer *buffer)
{
    struct iio_later later = {.process = &bench, .number = SIGCONT, .after_s = 0.5};
    struct oac_err err;
    iio_process_signal(&bench, SIGSTOP);
    iio_later_start(&later);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(call(buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_geq(iio_fixture_now_s() - from_s, 0.4, "nothing was under way");
    iio_later_join(&later);
    cr_expect_eq(call(buffer, &err), OAC_OK, "%s", err.message);
    goes_on();
    oac_iio_buffer_close(buffer);
    stop();
}

/* The call is under way when the server dies: the kernel closes its sockets, so it ends long before its time. */
static void killed_during(enum oac_status (*call)(struct oac_iio_buffer *, struct oac_err *),
                          struct oac_iio_buffer *buffer, const char *what, const char *next,
                          double most_s)
{
    struct iio_later later = {.process = &bench, .number = SIGKILL, .after_s = 0.3};
    struct oac_err err;
    iio_process_signal(&bench, SIGSTOP);
    iio_later_start(&later);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(call(buffer, &err), OAC_EDEVICE);
    ended(from_s, 0.3 + most_s, &err, what, next);
    iio_later_join(&later);
    oac_iio_buffer_close(buffer);
    stop();
}

static enum oac_status refill(struct oac_iio_buffer *buffer, struct oac_err *err)
{
    struct oac_iio_view view;
    return oac_iio_buffer_refill(buffer, &view, err);
}

static enum oac_status push(struct oac_iio_buffer *buffer, struct oac_err *err)
{
    struct oac_iio_view view;
    if (oac_iio_buffer_view(buffer, &view, err) || oac_iio_buffer_push(buffer, err))
        return err->status;
    return oac_iio_buffer_wait(buffer, err);
}

static enum oac_status read_attribute(struct oac_iio_buffer *buffer, struct oac_err *err)
{
    char value[40];
    (void)buffer;
    return read_rate(value, sizeof value, err);
}

Test(iio_survives, a_server_stopped_in_a_refill_and_resumed_answers_it, .timeout = 120)
{
    start(60000);
    resumed_during(refill, opened(false, 1024, 30.0));
}

Test(iio_survives, a_server_stopped_in_a_push_and_resumed_takes_it, .timeout = 120)
{
    start(60000);
    resumed_during(push, opened(true, 4u << 20, 30.0)); /* more than sockets hold */
}

Test(iio_survives, a_server_killed_in_a_refill_ends_it, .timeout = 120)
{
    start(60000);
    killed_during(refill, opened(false, 1024, 60.0), "reading samples of m2k-adc", "oac safe",
                  MARGIN_S);
}

Test(iio_survives, a_server_killed_in_a_push_ends_it, .timeout = 120)
{
    start(60000);
    killed_during(push, opened(true, 4u << 20, 60.0), "pushing to m2k-dac-a", "oac safe",
                  MARGIN_S);
}

Test(iio_survives, a_server_killed_in_an_attribute_ends_it, .timeout = 120)
{
    start(60000);
    killed_during(read_attribute, NULL, "cannot open", "check power", MARGIN_S);
}

static const struct oac_iio_buffer_spec spec = {.device = "m2k-adc",
                                                .channels = 1,
                                                .channel = channel,
                                                .samples = 1024,
                                                .kernel_buffers = 4,
                                                .deadline_s = 1.0};

Test(iio_survives, item_12_opening_a_buffer_of_a_stopped_server_ends, .timeout = 120)
{
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    start(TIMEOUT_MS);
    iio_process_signal(&bench, SIGSTOP);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(oac_iio_buffer_open(session, &spec, &buffer, &mode, &err), OAC_EDEVICE);
    ended(from_s, TIMEOUT_S + OPENING_S + MARGIN_S, &err, "cannot open", "check power");
    cr_expect_null(buffer);
    iio_process_signal(&bench, SIGCONT);
    stop();
}

/* The alignment is told, the number of kernel buffers is not: nobody waits for an opening as well. */
Test(iio_survives, item_12_a_device_that_has_become_silent_is_not_opened, .timeout = 120)
{
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    start_with(TIMEOUT_MS, "drop:4"); /* after two timeouts and the alignment */
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(oac_iio_buffer_open(session, &spec, &buffer, &mode, &err), OAC_EDEVICE);
    ended(from_s, TIMEOUT_S + MARGIN_S, &err, "setting the number of kernel buffers of m2k-adc",
          "check power");
    goes_on();
    buffer = opened(false, 1024, 5.0);
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_survives, item_12_the_context_goes_after_the_last_of_its_buffers, .timeout = 120)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(TIMEOUT_MS);
    struct oac_iio_buffer *adc = opened(false, 1024, 5.0), *dac = opened(true, 1024, 5.0);
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_OK, "%s", err.message);
    oac_iio_buffer_close(dac);
    oac_iio_buffer_close(adc);
    stop(); /* would find its connection, were it still counted as used */
}
#else
typedef int oac_no_libiio;
#endif
