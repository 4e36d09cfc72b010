/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated bench of a shipped rig that is recorded, and the recording of it. */
#ifndef OAC_TESTS_DRIVER_RECORDING_FIXTURE_H
#define OAC_TESTS_DRIVER_RECORDING_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "driver/recording/recorder.h"
#include "driver/recording/replay.h"
#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"
#include "tests/support/tmpdir.h"

struct recording_fixture {
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    struct oac_rig rig;
    char *rig_text;
    uint8_t hash[32];
    uint32_t noise;
    uint64_t seed;
    struct oac_recorder *recorder;
};

/* Returned: OAC_OK, or what failed. */
static inline enum oac_status recording_fixture_make(struct recording_fixture *f,
                                                     const char *rig, uint32_t noise,
                                                     struct oac_err *err)
{
    memset(f, 0, sizeof *f);
    f->noise = noise;
    f->seed = 42;
    if (oac_rig_read(rig, NULL, 0, &f->rig, &f->rig_text, err) ||
        oac_digest_memory(f->rig_text, strlen(f->rig_text), f->hash, err))
        return err->status;
    oac_test_dir_make(f->dir);
    oac_test_dir_path(f->dir, "bench.h5", f->path);
    return OAC_OK;
}

static inline void recording_fixture_remove(struct recording_fixture *f)
{
    oac_recorder_abandon(f->recorder);
    oac_test_dir_remove(f->dir);
    free(f->rig_text);
}

static inline enum oac_status recording_fixture_recorder(struct recording_fixture *f,
                                                         const char *on, struct oac_err *err)
{
    char noise[64] = "";
    if (strcmp(on, "wave") == 0)
        oac_noise_format(f->noise, noise);
    const struct oac_recorder_options options = {f->path, on,      f->rig_text,
                                                 noise,   f->seed, NULL};
    return oac_recorder_open(&options, &f->recorder, err);
}

static inline enum oac_status recording_fixture_finish(struct recording_fixture *f,
                                                       struct oac_err *err)
{
    struct oac_recorder *recorder = f->recorder;
    f->recorder = NULL;
    return oac_recorder_finish(recorder, err);
}

/* For contracts: context is the fixture. */
static inline enum oac_status recording_fixture_wave(void *context, struct oac_stream *stream,
                                                     struct oac_err *err)
{
    struct recording_fixture *f = context;
    if (recording_fixture_recorder(f, "wave", err) ||
        oac_waveform_open(&f->rig, f->hash, f->noise, f->seed, NULL, stream, err))
        return err->status;
    return oac_recorder_wrap(f->recorder, stream, err);
}

static inline enum oac_status recording_fixture_replay(void *context, struct oac_stream *stream,
                                                       struct oac_err *err)
{
    const struct recording_fixture *f = context;
    char noise[64];
    oac_noise_format(f->noise, noise);
    const struct oac_replay_request request = {f->hash, f->rig_text, noise, f->seed};
    return oac_replay_open(f->path, &request, stream, err);
}

static inline enum oac_status recording_fixture_wave_link(void *context, struct oac_link *link,
                                                          struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (recording_fixture_wave(context, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

static inline enum oac_status
recording_fixture_replay_link(void *context, struct oac_link *link, struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (recording_fixture_replay(context, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

#endif
