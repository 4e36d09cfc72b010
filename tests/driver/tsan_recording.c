/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench that is recorded while several threads play on it: no race under TSan. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/recording/recorder.h"
#include "driver/recording/recording.h"
#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"

enum { THREADS = 3, PLAYS = 8, SLOTS = 12 };

struct player {
    struct oac_link *link;
    uint32_t handle;
    unsigned number;
    struct oac_err err;
    int failed;
    pthread_t thread;
};

static void *play(void *context)
{
    struct player *p = context;
    struct oac_workspace *workspace = oac_link_workspace_create(p->link, &p->err);
    p->failed = !workspace;
    for (unsigned i = 0; i < PLAYS && !p->failed; i++) {
        uint16_t code[SLOTS];
        const uint64_t slot0 = 1000 + 100 * (p->number * PLAYS + i);
        const struct oac_activation_frame frame = {.windows = 1, .code = code, .slot0 = &slot0};
        float readout;
        struct oac_readouts out = {.code = &readout};
        for (size_t n = 0; n < SLOTS; n++)
            code[n] = (uint16_t)(p->link->caps->client->code_safe + (int32_t)(n + i));
        p->failed =
            oac_link_play(p->link, p->handle, workspace, &frame, &out, &p->err) != OAC_OK;
    }
    if (workspace)
        oac_link_workspace_destroy(p->link, workspace);
    return NULL;
}

static int play_all(struct oac_link *link, struct oac_err *err)
{
    struct player player[THREADS];
    uint16_t code[SLOTS];
    uint32_t handle;
    int failed = 0;
    for (size_t n = 0; n < SLOTS; n++)
        code[n] = (uint16_t)(link->caps->weight->code_safe + (int32_t)n);
    const struct oac_weight_frame frame = {1, SLOTS, code,
                                           (uint16_t)link->caps->client->code_safe, false};
    if (oac_link_load(link, &frame, &handle, err))
        return 1;
    for (unsigned i = 0; i < THREADS; i++) {
        player[i] = (struct player){.link = link, .handle = handle, .number = i};
        if (pthread_create(&player[i].thread, NULL, play, &player[i]))
            abort();
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(player[i].thread, NULL);
        failed |= player[i].failed;
        if (player[i].failed)
            *err = player[i].err;
    }
    return failed;
}

static int record(const char *path, struct oac_err *err)
{
    static const uint8_t hash[32] = {0};
    const struct oac_recorder_options options = {path, "wave", "", "none", 1, NULL};
    const struct oac_modem_options modem = {0};
    struct oac_recorder *recorder;
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_link link;
    if (oac_rig_read("m2k-bench", NULL, 0, &rig, NULL, err) ||
        oac_recorder_open(&options, &recorder, err) ||
        oac_waveform_open(&rig, hash, OAC_NOISE_NONE, 1, NULL, &stream, err) ||
        oac_recorder_wrap(recorder, &stream, err) ||
        oac_modem_open(&stream, &modem, &link, err))
        return 1;
    const int failed = play_all(&link, err);
    oac_link_close(&link);
    return oac_recorder_finish(recorder, err) || failed;
}

int main(void)
{
    char path[] = "/tmp/oac-tsan-XXXXXX";
    struct oac_recording *recording = NULL;
    struct oac_err err = {0};
    const int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = record(path, &err) || oac_recording_read(path, &recording, &err);
    if (!failed && recording->bursts < THREADS * PLAYS) {
        (void)oac_fail(&err, OAC_EMISSED, "%zu bursts recorded", recording->bursts);
        failed = 1;
    }
    oac_recording_destroy(recording);
    unlink(path);
    if (failed)
        fprintf(stderr, "tsan_recording: %s\n", err.message);
    return failed;
}
