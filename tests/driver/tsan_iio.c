/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device's thread, its deadline and its cancelling, against the virtual bench: no race under TSan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/buffer.h"
#include "driver/iio/port_sweep.h"
#include "driver/iio/stream.h"
#include "tests/driver/boards_fixture.h"
#include "tests/driver/iio_fixture.h"

/* libiio is not instrumented: what it locks is known, what it does in between is not. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libiio.so\n";
}

static const char *const channel[] = {"voltage0"};

static int failed(const char *what, const struct oac_err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

/* Output that software repeats, input beside it, both closed in full flight. */
static int buffers(const struct iio_fixture *bench, struct oac_err *err)
{
    const struct oac_iio_buffer_spec out = {.device = "m2k-dac-a",
                                            .channels = 1,
                                            .channel = channel,
                                            .output = true,
                                            .cyclic = true,
                                            .samples = 1024,
                                            .deadline_s = 5.0};
    const struct oac_iio_buffer_spec in = {.device = "m2k-adc",
                                           .channels = 1,
                                           .channel = channel,
                                           .samples = 1024,
                                           .deadline_s = 5.0};
    struct oac_iio_session *session;
    struct oac_iio_buffer *dac, *adc;
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    if (oac_iio_open(bench->uri, 1000, &session, err) ||
        oac_iio_buffer_open(session, &out, &dac, &mode, err) ||
        oac_iio_buffer_open(session, &in, &adc, &mode, err) ||
        oac_iio_buffer_view(dac, &view, err) || oac_iio_buffer_push(dac, err))
        return failed("buffers", err);
    for (int i = 0; i < 20; i++)
        if (oac_iio_buffer_refill(adc, &view, err))
            return failed("refill", err);
    oac_iio_buffer_close(dac);
    oac_iio_buffer_close(adc);
    oac_iio_close(session);
    return 0;
}

static bool count_down(void *context, const struct oac_iio_view *view)
{
    memset(view->data, 0, view->samples * view->step);
    return --*(unsigned *)context > 0;
}

/* Both directions at once, each on its own thread, one of them closed in full flight. */
static int runs(const struct iio_fixture *bench, struct oac_err *err)
{
    const struct oac_iio_buffer_spec out = {.device = "m2k-dac-a",
                                            .channels = 1,
                                            .channel = channel,
                                            .output = true,
                                            .samples = 1024,
                                            .deadline_s = 5.0};
    struct oac_iio_buffer_spec in = out;
    struct oac_iio_session *session;
    struct oac_iio_buffer *dac, *adc;
    enum oac_iio_mode mode;
    unsigned play = UINT32_MAX, hear = 20;
    in.device = "m2k-adc";
    in.output = false;
    if (oac_iio_open(bench->uri, 1000, &session, err) ||
        oac_iio_buffer_open(session, &out, &dac, &mode, err) ||
        oac_iio_buffer_open(session, &in, &adc, &mode, err) ||
        oac_iio_buffer_run(dac, count_down, &play, err) ||
        oac_iio_buffer_run(adc, count_down, &hear, err) || oac_iio_buffer_wait(adc, err))
        return failed("runs", err);
    oac_iio_buffer_close(dac);
    oac_iio_buffer_close(adc);
    oac_iio_close(session);
    return hear != 0 || play == UINT32_MAX;
}

/* One train of a steady segment through every thread of a stream. */
static int stream(const struct oac_rig *rig, const uint8_t hash[32], const char *uri,
                  struct oac_err *err)
{
    enum { SLOTS = 40 };
    static uint16_t weight[SLOTS * 9], client[SLOTS * 9];
    const uint32_t pick = 100;
    float rx;
    struct oac_stream made;
    if (oac_iio_stream_open(rig, hash, uri, NULL, &made, err))
        return failed("stream", err);
    for (size_t i = 0; i < SLOTS * 9; i++) {
        weight[i] = (uint16_t)made.caps->link.weight->code_safe;
        client[i] = (uint16_t)made.caps->link.client->code_safe;
    }
    const struct oac_stream_load load = {
        .slots = SLOTS, .rows = 1, .weight = weight, .first = 10, .count = 20};
    const struct oac_stream_capture capture = {.picks = 1, .pick = &pick};
    struct oac_stream_segment segment = {
        .client = client, .slot0 = 100, .launch = 1.0f, .capture = &capture, .rx = &rx};
    struct oac_stream_burst burst = {.segments = 1, .segment = &segment};
    struct oac_workspace *workspace = made.ops->workspace_create(made.self, err);
    if (!workspace || oac_stream_load(&made, &load, &segment.handle, err))
        return failed("load", err);
    for (int i = 0; i < 3; i++)
        if (oac_stream_play(&made, workspace, &burst, err))
            return failed("play", err);
    made.ops->workspace_destroy(made.self, workspace);
    oac_stream_close(&made);
    return 0;
}

/* The same where weights and client are fed on their own, on two boards. */
static int apart(struct oac_err *err)
{
    static const char *const sets[] = {
        "iio.board=server=m2k, client=m2k", "iio.weight_ports=server/dac-a",
        "iio.client_port=client/dac-b", "iio.readout_ports=client/adc-1"};
    static struct boards_fixture bench;
    const char *wrong = boards_fixture_describe(&bench, sets, 4, err);
    if (wrong || (wrong = boards_fixture_start(&bench, err))) {
        fprintf(stderr, "%s\n", wrong);
        return 1;
    }
    const int code = stream(&bench.rig, bench.hash, bench.uri, err);
    boards_fixture_end(&bench);
    return code;
}

/* Two outputs, each fed by a thread of its own, beside an input. */
static int sweep(const struct iio_fixture *bench, struct oac_err *err)
{
    struct oac_port_step step[3];
    struct oac_iio_session *session;
    size_t done;
    const struct oac_port_sweep asked = {
        .output = oac_board_port_find(&bench->board, "dac-a"),
        .input = oac_board_port_find(&bench->board, "adc-1"),
        .from_v = 0.0,
        .to_v = 4.0,
        .steps = 3,
        .samples = 256,
        .holds = 1,
        .hold = {{oac_board_port_find(&bench->board, "dac-b"), 4.5}},
        .deadline_s = 60.0};
    if (oac_iio_open(bench->uri, 5000, &session, err) ||
        oac_port_sweep_run(session, &bench->board, &asked, NULL, step, &done, err))
        return failed("sweep", err);
    oac_iio_close(session);
    return 0;
}

static void *kill_bench(void *context)
{
    const struct timespec moment = {0, 200000000};
    nanosleep(&moment, NULL);
    iio_fixture_kill(context);
    return NULL;
}

/* The watchdog cancels a refill that hangs; its buffer goes, another one works, and while it is read
 * another thread kills the server. */
static int watchdog(struct iio_fixture *bench, struct oac_err *err)
{
    const struct oac_iio_buffer_spec slow = {.device = "m2k-adc",
                                             .channels = 1,
                                             .channel = channel,
                                             .samples = 1024,
                                             .deadline_s = 0.1};
    struct oac_iio_buffer_spec patient = slow;
    struct oac_iio_session *session;
    struct oac_iio_buffer *adc;
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    pthread_t killer;
    patient.deadline_s = 20.0;
    iio_fixture_kill(bench); /* faults are set before anybody is served */
    bench->faults.delay = atomic_load(&bench->faults.requests) + 6; /* a READBUF */
    bench->faults.delay_ms = 1500;
    if (iio_fixture_start(bench, "127.0.0.1:0", err) ||
        oac_iio_open(bench->uri, 20000, &session, err) ||
        oac_iio_buffer_open(session, &slow, &adc, &mode, err))
        return failed("watchdog", err);
    int cancelled = 0;
    for (int i = 0; i < 10 && !cancelled; i++)
        cancelled = oac_iio_buffer_refill(adc, &view, err) != OAC_OK;
    oac_iio_buffer_close(adc);
    if (!cancelled || oac_iio_buffer_open(session, &patient, &adc, &mode, err) ||
        oac_iio_buffer_refill(adc, &view, err))
        return failed("after a cancelled refill", err);
    if (pthread_create(&killer, NULL, kill_bench, bench))
        return failed("no thread", err);
    int refills = 0;
    while (oac_iio_buffer_refill(adc, &view, err) == OAC_OK)
        refills++;
    pthread_join(killer, NULL);
    oac_iio_buffer_close(adc);
    oac_iio_close(session);
    return refills == 0;
}

int main(void)
{
    static struct iio_fixture bench;
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, 0, "nocyclic", &err);
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        return 1;
    }
    const int code = buffers(&bench, &err) || runs(&bench, &err) ||
                     stream(&bench.rig, bench.hash, bench.uri, &err) || apart(&err) ||
                     sweep(&bench, &err) || watchdog(&bench, &err);
    iio_fixture_kill(&bench); /* once more is nothing */
    return code;
}
#else
int main(void)
{
    puts("[SKIP] built without libiio");
    return 0;
}
#endif
