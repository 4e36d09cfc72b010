/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every libiio call and every allocation of the driver fails once, against a virtual bench in a process of its
 * own, so that the server's allocations are not the ones that fail. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/iio/session.h"
#include "driver/iio/stream.h"
#include "tests/driver/fail_calls.h"
#include "tests/driver/iio_fixture.h"

enum { SLOTS = 60, PAYLOAD = 40 };

static struct iio_fixture bench;
static pid_t server;

/* The child serves until it is killed, and dies with the test. */
static void serve(void)
{
    struct oac_err err;
    int pipe_fd[2];
    cr_assert_eq(pipe(pipe_fd), 0);
    server = fork();
    cr_assert_geq(server, 0);
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
        const bool told = !wrong && write(pipe_fd[1], bench.uri, sizeof bench.uri) > 0;
        while (told)
            pause();
        _exit(1);
    }
    close(pipe_fd[1]);
    char *text = NULL;
    cr_assert_eq(read(pipe_fd[0], bench.uri, sizeof bench.uri), (ssize_t)sizeof bench.uri);
    close(pipe_fd[0]);
    cr_assert_eq(oac_rig_read("m2k-bench", NULL, 0, &bench.rig, &text, &err), OAC_OK, "%s",
                 err.message);
    free(text);
}

static void stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static enum oac_status play_segment(struct oac_stream *stream, struct oac_err *err)
{
    static uint16_t weight[SLOTS * 64], client[SLOTS * 64];
    static float rx[SLOTS * 64];
    static uint32_t pick[SLOTS * 64];
    const struct oac_stream_caps *caps = stream->caps;
    const size_t picks = (SLOTS + 1) * caps->readout_samples_per_slot;
    uint32_t handle;
    for (size_t i = 0; i < SLOTS * caps->weight_samples_per_slot; i++)
        weight[i] = (uint16_t)caps->link.weight->code_safe;
    for (size_t i = 0; i < SLOTS * caps->client_samples_per_slot; i++)
        client[i] = (uint16_t)caps->link.client->code_safe;
    for (size_t i = 0; i < picks; i++)
        pick[i] = (uint32_t)i;
    const struct oac_stream_load load = {.slots = SLOTS,
                                         .rows = 1,
                                         .weight = weight,
                                         .first = (SLOTS - PAYLOAD) / 2,
                                         .count = PAYLOAD};
    const struct oac_stream_capture capture = {.picks = picks, .pick = pick};
    if (oac_stream_load(stream, &load, &handle, err))
        return err->status;
    const struct oac_stream_segment segment = {.handle = handle,
                                               .client = client,
                                               .slot0 = 100,
                                               .launch = 1.0f,
                                               .capture = &capture,
                                               .rx = rx};
    struct oac_stream_burst burst = {.segments = 1, .segment = &segment};
    struct oac_workspace *workspace = stream->ops->workspace_create(stream->self, err);
    if (!workspace)
        return err->status;
    const enum oac_status status = oac_stream_play(stream, workspace, &burst, err);
    stream->ops->workspace_destroy(stream->self, workspace);
    return status ? status : oac_stream_unload(stream, handle, err);
}

static bool opened;

static enum oac_status live(void *context, unsigned long n, struct oac_err *err)
{
    (void)context;
    (void)n;
    struct oac_stream stream;
    opened = false;
    if (oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, NULL, &stream, err))
        return err->status;
    opened = true;
    const enum oac_status status = play_segment(&stream, err);
    oac_stream_close(&stream);
    return status;
}

/* Both outputs were told to rest, whatever failed. */
static void safe_was_tried(void *context, enum oac_status status)
{
    (void)context;
    cr_assert(!opened || fail_writes_of("powerdown") >= 2,
              "safe state not tried: status %d, %lu", (int)status, fail_writes_of("powerdown"));
}

TestSuite(fail_iio, .init = serve, .fini = stop, .timeout = 500);

Test(fail_iio, every_libiio_call_from_open_to_close)
{
    fail_every_call(&(struct fail_loop){.name = "libiio",
                                        .kind = FAIL_LIBIIO,
                                        .live = live,
                                        .after = safe_was_tried,
                                        .least = 30});
}

Test(fail_iio, every_allocation_from_open_to_close)
{
    fail_every_call(&(struct fail_loop){.name = "driver memory",
                                        .kind = FAIL_ALLOCATION,
                                        .live = live,
                                        .after = safe_was_tried,
                                        .least = 20});
}
#else
typedef int oac_no_libiio;
#endif
