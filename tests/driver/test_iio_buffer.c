/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/iio/buffer.h"
#include "tests/driver/iio_fixture.h"

static struct iio_fixture bench;
static struct oac_iio_session *session;
static const char *const first_channel[] = {"voltage0"};
static const char *const both_channels[] = {"voltage0", "voltage1"};

static void start(const char *fault)
{
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, 0, fault, &err);
    cr_assert_null(wrong, "%s", wrong);
    cr_assert_eq(oac_iio_open(bench.uri, 1000, &session, &err), OAC_OK, "%s", err.message);
}

static void stop(void)
{
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}

static struct oac_iio_buffer_spec input(size_t channels, double deadline_s)
{
    return (struct oac_iio_buffer_spec){.device = "m2k-adc",
                                        .channels = channels,
                                        .channel = both_channels,
                                        .samples = 1000,
                                        .kernel_buffers = 4,
                                        .deadline_s = deadline_s};
}

static struct oac_iio_buffer_spec output(bool cyclic)
{
    return (struct oac_iio_buffer_spec){.device = "m2k-dac-a",
                                        .channels = 1,
                                        .channel = first_channel,
                                        .output = true,
                                        .cyclic = cyclic,
                                        .samples = 1024,
                                        .deadline_s = 5.0};
}

static struct oac_iio_buffer *opened(const struct oac_iio_buffer_spec *spec,
                                     enum oac_iio_mode *mode)
{
    struct oac_iio_buffer *buffer = NULL;
    struct oac_err err;
    cr_assert_eq(oac_iio_buffer_open(session, spec, &buffer, mode, &err), OAC_OK, "%s",
                 err.message);
    return buffer;
}

static long threads(void)
{
    char line[200];
    long count = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %ld", &count) == 1)
            break;
    if (status)
        fclose(status);
    return count;
}

Test(iio_buffer, samples_arrive_interleaved_as_their_channels_are)
{
    const struct oac_iio_buffer_spec spec = input(2, 5.0);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    start(NULL);
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(view.step, 4);
    cr_expect_geq(view.samples, 1000); /* rounded up to length_align_bytes */
    cr_expect_eq(view.offset[0], 0);
    cr_expect_eq(view.offset[1], 2);
    cr_expect_eq(mode, OAC_IIO_STREAMING);
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_buffer, cyclic_output_is_had_where_the_kernel_has_it)
{
    const struct oac_iio_buffer_spec spec = output(true);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    start(NULL);
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    cr_expect_eq(mode, OAC_IIO_CYCLIC);
    cr_assert_eq(oac_iio_buffer_view(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_push(buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_wait(buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_neq(oac_iio_buffer_push(buffer, &err), OAC_OK, "a second push would be refused");
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_buffer, without_cyclic_kernels_software_repeats_and_says_so)
{
    const struct oac_iio_buffer_spec spec = output(true);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    const long before = threads();
    start("nocyclic");
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    cr_assert_eq(oac_iio_buffer_view(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_push(buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_wait(buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_mode(buffer), OAC_IIO_REPEATED);
    usleep(50000);
    cr_expect_eq(oac_iio_buffer_wait(buffer, &err), OAC_OK, "%s", err.message);
    oac_iio_buffer_close(buffer);
    stop();
    cr_expect_leq(threads(), before);
}

Test(iio_buffer, a_second_client_that_widens_the_layout_is_noticed)
{
    const struct oac_iio_buffer_spec spec = input(1, 5.0);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    start("wider:2");
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "another program"), "%s", err.message);
    cr_expect_eq(oac_iio_buffer_answer(buffer), OAC_IIO_REOPEN_BUFFER);
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_buffer, a_busy_device_is_told_apart_from_a_lost_one)
{
    const struct oac_iio_buffer_spec spec = input(1, 5.0);
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    start("ebusy:1");
    cr_expect_eq(oac_iio_buffer_open(session, &spec, &buffer, &mode, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "busy"), "%s", err.message);
    buffer = opened(&spec, &mode); /* the second time it is free */
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_buffer, a_refill_without_an_answer_is_cancelled_at_its_deadline, .timeout = 60)
{
    const struct oac_iio_buffer_spec spec = input(1, 0.3);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    const long before = threads();
    cr_assert_null(iio_fixture_open(&bench, 0, "delay:6:3000", &err));
    /* a timeout of the library far beyond the deadline: the watchdog is the way out */
    cr_assert_eq(oac_iio_open(bench.uri, 20000, &session, &err), OAC_OK, "%s", err.message);
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    enum oac_status status = OAC_OK;
    double slowest_s = 0.0;
    for (int i = 0; i < 8 && status == OAC_OK; i++) {
        const double from_s = iio_fixture_now_s();
        status = oac_iio_buffer_refill(buffer, &view, &err);
        slowest_s = iio_fixture_now_s() - from_s;
    }
    cr_expect_eq(status, OAC_EDEVICE);
    cr_expect(strstr(err.message, "cancelled"), "%s", err.message);
    cr_expect(slowest_s >= 0.3 && slowest_s < 2.0, "%g s", slowest_s);
    oac_iio_buffer_close(buffer);
    buffer = opened(&spec, &mode); /* a new one works at once */
    oac_iio_buffer_close(buffer);
    stop();
    cr_expect_leq(threads(), before);
}

struct run {                /* of a buffer: what its thread counted */
    unsigned buffers, most; /* so far; with the last of which it ends */
    useconds_t pause_us;
    unsigned pushed; /* by the tap */
};

static bool count_buffer(void *context, const struct oac_iio_view *view)
{
    struct run *run = context;
    usleep(run->pause_us);
    memset(view->data, 0, view->samples * view->step);
    return ++run->buffers < run->most;
}

static void count_push(void *context, const char *device, const char *channel, size_t samples,
                       const void *first, size_t step_bytes)
{
    (void)device, (void)channel, (void)samples, (void)first, (void)step_bytes;
    ((struct run *)context)->pushed++;
}

Test(iio_buffer, a_run_plays_and_hears_buffer_after_buffer_until_it_is_told_to_end)
{
    const struct oac_iio_buffer_spec in = input(2, 5.0), out = output(false);
    struct run heard = {.most = 7}, played = {.most = 5};
    const struct oac_tap tap = {.context = &played, .pushed = count_push};
    enum oac_iio_mode mode;
    struct oac_err err;
    start(NULL);
    oac_iio_watch(session, &tap, "");
    struct oac_iio_buffer *adc = opened(&in, &mode), *dac = opened(&out, &mode);
    for (unsigned i = 1; i <= 2; i++) { /* a buffer can run again */
        played.buffers = heard.buffers = 0;
        cr_expect_eq(oac_iio_buffer_run(dac, count_buffer, &played, &err), OAC_OK);
        cr_expect_eq(oac_iio_buffer_run(adc, count_buffer, &heard, &err), OAC_OK);
        cr_expect_eq(oac_iio_buffer_wait(adc, &err), OAC_OK, "%s", err.message);
        cr_expect_eq(oac_iio_buffer_wait(dac, &err), OAC_OK, "%s", err.message);
        cr_expect_eq(heard.buffers, 7);
        cr_expect_eq(played.buffers, 5);
        cr_expect_eq(played.pushed, i * 4, "what ends a run is not played");
    }
    oac_iio_buffer_close(adc);
    oac_iio_buffer_close(dac);
    stop();
}

Test(iio_buffer, the_deadline_of_a_run_is_over_each_call_and_not_over_what_is_done_between)
{
    struct run slow = {.most = 3, .pause_us = 500000};
    enum oac_iio_mode mode;
    struct oac_err err;
    const struct oac_iio_buffer_spec spec = input(1, 0.3);
    start(NULL);
    struct oac_iio_buffer *adc = opened(&spec, &mode);
    cr_expect_eq(oac_iio_buffer_run(adc, count_buffer, &slow, &err), OAC_OK);
    cr_expect_eq(oac_iio_buffer_run(adc, count_buffer, &slow, &err), OAC_EINVAL);
    cr_expect_eq(oac_iio_buffer_wait(adc, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(slow.buffers, 3);
    oac_iio_buffer_close(adc);
    stop();
}

Test(iio_buffer, a_run_without_an_answer_is_cancelled_at_its_deadline, .timeout = 60)
{
    const struct oac_iio_buffer_spec spec = input(1, 0.3);
    struct run run = {.most = 1000};
    enum oac_iio_mode mode;
    struct oac_err err;
    cr_assert_null(iio_fixture_open(&bench, 0, "delay:9:3000", &err));
    cr_assert_eq(oac_iio_open(bench.uri, 20000, &session, &err), OAC_OK, "%s", err.message);
    struct oac_iio_buffer *adc = opened(&spec, &mode);
    const double from_s = iio_fixture_now_s();
    cr_expect_eq(oac_iio_buffer_run(adc, count_buffer, &run, &err), OAC_OK);
    cr_expect_eq(oac_iio_buffer_wait(adc, &err), OAC_EDEVICE);
    const double took_s = iio_fixture_now_s() - from_s;
    cr_expect(strstr(err.message, "m2k-adc: no answer within 0.3 s"), "%s", err.message);
    cr_expect(took_s >= 0.3 && took_s < 2.0, "%g s", took_s);
    cr_expect_gt(run.buffers, 0, "the fault is to come in the middle");
    oac_iio_buffer_close(adc);
    stop();
}

Test(iio_buffer, a_second_client_that_widens_the_layout_ends_a_run)
{
    const struct oac_iio_buffer_spec spec = input(1, 5.0);
    struct run run = {.most = 1000};
    enum oac_iio_mode mode;
    struct oac_err err;
    start("wider:3");
    struct oac_iio_buffer *adc = opened(&spec, &mode);
    cr_expect_eq(oac_iio_buffer_run(adc, count_buffer, &run, &err), OAC_OK);
    cr_expect_eq(oac_iio_buffer_wait(adc, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "another program"), "%s", err.message);
    cr_expect_eq(oac_iio_buffer_answer(adc), OAC_IIO_REOPEN_BUFFER);
    cr_expect_eq(run.buffers, 2);
    oac_iio_buffer_close(adc);
    stop();
}

Test(iio_buffer, a_server_that_dies_ends_refills_and_pushes_with_a_message, .timeout = 60)
{
    const struct oac_iio_buffer_spec in = input(1, 2.0), out = output(false);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    struct oac_err err;
    start(NULL);
    struct oac_iio_buffer *adc = opened(&in, &mode), *dac = opened(&out, &mode);
    iio_fixture_kill(&bench);
    cr_expect_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "m2k-adc"), "%s", err.message);
    for (int i = 0; i < 2; i++) { /* the second write to a dead socket raised SIGPIPE */
        cr_expect_eq(oac_iio_buffer_push(dac, &err), OAC_OK, "%s", err.message);
        cr_expect_eq(oac_iio_buffer_wait(dac, &err), OAC_EDEVICE);
        cr_expect(strstr(err.message, "m2k-dac-a"), "%s", err.message);
    }
    oac_iio_buffer_close(adc);
    oac_iio_buffer_close(dac);
    oac_iio_close(session);
}

Test(iio_buffer, an_echoing_register_is_no_knowledge_of_losses)
{
    const struct oac_iio_buffer_spec spec = input(1, 5.0);
    enum oac_iio_mode mode;
    start(NULL);
    struct oac_iio_buffer *buffer = opened(&spec, &mode);
    cr_expect_eq(oac_iio_buffer_trouble(buffer), OAC_IIO_UNKNOWN);
    oac_iio_buffer_close(buffer);
    stop();
}
#else
typedef int oac_no_libiio;
#endif
