/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads share a waveform bench behind the modem, each with its own workspace: the bits of one thread, and no
 * race under TSan. Frames are built by whoever comes first. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"

enum { THREADS_MAX = 4, WINDOWS = 32, ROWS = 4, SLOTS = 24 };

struct job {
    struct oac_link *link;
    uint32_t handle;
    size_t first, count;
    float *code; /* (WINDOWS, ROWS) */
    enum oac_status status;
    struct oac_err err;
};

static void *work(void *context)
{
    struct job *job = context;
    uint16_t x[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    for (size_t i = 0; i < job->count * SLOTS; i++)
        x[i] = (uint16_t)((job->first * SLOTS + i) * 104729 % 4096);
    for (size_t i = 0; i < job->count; i++)
        slot0[i] = 5000 + (job->first + i) * 3000;
    const struct oac_activation_frame play = {.windows = job->count, .code = x, .slot0 = slot0};
    struct oac_readouts readouts = {.code = job->code + job->first * ROWS};
    struct oac_workspace *workspace = oac_link_workspace_create(job->link, &job->err);
    job->status = workspace ? oac_link_play(job->link, job->handle, workspace, &play, &readouts,
                                            &job->err)
                            : job->err.status;
    oac_link_workspace_destroy(job->link, workspace);
    return NULL;
}

/* Plays every window with so many threads on a frame that nobody has played yet. */
static int run(struct oac_link *link, const struct oac_weight_frame *frame, size_t threads,
               float *code)
{
    struct oac_err err;
    uint32_t handle;
    pthread_t thread[THREADS_MAX];
    struct job job[THREADS_MAX];
    int failed = oac_link_load(link, frame, &handle, &err) != OAC_OK;
    for (size_t t = 0; !failed && t < threads; t++) {
        job[t] = (struct job){.link = link,
                              .handle = handle,
                              .first = t * WINDOWS / threads,
                              .count = WINDOWS / threads,
                              .code = code};
        if (pthread_create(&thread[t], NULL, work, &job[t]) != 0)
            abort();
    }
    for (size_t t = 0; !failed && t < threads; t++)
        pthread_join(thread[t], NULL);
    for (size_t t = 0; !failed && t < threads; t++)
        if (job[t].status) {
            fprintf(stderr, "%s\n", job[t].err.message);
            failed = 1;
        }
    return failed || oac_link_unload(link, handle, &err) != OAC_OK;
}

static int same_bits(uint32_t noise)
{
    static float one[WINDOWS * ROWS], many[WINDOWS * ROWS];
    const uint8_t hash[32] = {0};
    const char *const sets[] = {"fiber.length_m=1000", "channels=4"};
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    uint16_t weight[ROWS * SLOTS];
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        weight[i] = (uint16_t)(i * 7919 % 4096);
    const struct oac_weight_frame frame = {
        .rows = ROWS, .slots = SLOTS, .code = weight, .null_x_code = 341};
    if (oac_rig_read("netcast-86km", sets, 2, &rig, NULL, &err) ||
        oac_waveform_open(&rig, hash, noise, 3, NULL, &stream, &err) ||
        oac_modem_open(&stream, NULL, &link, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    int failed = run(&link, &frame, 1, one);
    for (size_t threads = 2; threads <= THREADS_MAX; threads *= 2) {
        failed |= run(&link, &frame, threads, many);
        if (memcmp(one, many, sizeof one) != 0) {
            fprintf(stderr, "%zu threads change bits\n", threads);
            failed = 1;
        }
    }
    oac_link_close(&link);
    return failed;
}

int main(void)
{
    int propagated = same_bits(OAC_NOISE_ALL);
    int contracted =
        same_bits(OAC_NOISE_SHOT | OAC_NOISE_THERMAL | OAC_NOISE_READ | OAC_NOISE_ADC);
    return propagated || contracted;
}
