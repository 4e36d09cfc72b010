/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation and every call of the stream fails once: modem over wave, while it is recorded, and
 * replayed. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "driver/fault.h"
#include "tests/driver/fail_calls.h"
#include "tests/driver/recording_fixture.h"

enum { SLOTS = 16, WINDOWS = 2 };

static struct recording_fixture fixture;
static struct oac_fault fault;

static enum oac_status play_frame(struct oac_link *link, struct oac_err *err)
{
    uint16_t weight[SLOTS], client[WINDOWS * SLOTS];
    const uint64_t slot0[WINDOWS] = {1000, 2000};
    float readout[WINDOWS];
    uint32_t handle;
    for (size_t i = 0; i < SLOTS; i++)
        weight[i] = (uint16_t)(link->caps->weight->code_safe + (int32_t)i);
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        client[i] = (uint16_t)(link->caps->client->code_safe + (int32_t)i);
    const struct oac_weight_frame frame = {1, SLOTS, weight,
                                           (uint16_t)link->caps->client->code_safe, false};
    const struct oac_activation_frame windows = {
        .windows = WINDOWS, .code = client, .slot0 = slot0};
    struct oac_readouts out = {.code = readout};
    struct oac_frame_light light;
    if (oac_link_load(link, &frame, &handle, err))
        return err->status;
    struct oac_workspace *workspace = oac_link_workspace_create(link, err);
    if (!workspace)
        return err->status;
    enum oac_status status = oac_link_play(link, handle, workspace, &windows, &out, err);
    oac_link_workspace_destroy(link, workspace);
    return status || oac_link_light(link, handle, &light, err)
               ? err->status
               : oac_link_unload(link, handle, err);
}

static enum oac_status configure_and_play(struct oac_link *link, struct oac_err *err)
{
    double dbm;
    if (oac_link_get(link, OAC_LASER_DBM, 0, &dbm, err) ||
        oac_link_set(link, OAC_LASER_DBM, 0, dbm, &dbm, err) || play_frame(link, err))
        return err->status;
    return oac_link_safe(link, err);
}

static enum oac_status live_on(struct oac_stream *stream, struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_link link;
    if (oac_modem_open(stream, &options, &link, err))
        return err->status;
    const enum oac_status status = configure_and_play(&link, err);
    oac_link_close(&link);
    return status;
}

static enum oac_status live_wave(void *context, unsigned long n, struct oac_err *err)
{
    (void)context;
    (void)n;
    struct oac_stream stream;
    if (oac_waveform_open(&fixture.rig, fixture.hash, OAC_NOISE_NONE, 1, NULL, &stream, err))
        return err->status;
    return live_on(&stream, err);
}

static enum oac_status live_decorated(void *context, unsigned long n, struct oac_err *err)
{
    (void)context;
    struct oac_stream stream;
    fault = (struct oac_fault){.call = OAC_FAULT_ANY, .nth = n, .status = OAC_EDEVICE};
    if (oac_waveform_open(&fixture.rig, fixture.hash, OAC_NOISE_NONE, 1, NULL, &stream, err) ||
        oac_fault_stream(&fault, &stream, err))
        return err->status;
    return live_on(&stream, err);
}

static bool fault_fired(void *context)
{
    (void)context;
    return atomic_load(&fault.fired);
}

/* A recording is there when all went well, and nothing but a journal else. */
static enum oac_status record(struct oac_err *err)
{
    struct oac_stream stream;
    unlink(fixture.path);
    if (recording_fixture_wave(&fixture, &stream, err) || live_on(&stream, err))
        goto fail;
    if (recording_fixture_finish(&fixture, err))
        goto gone;
    return OAC_OK;
fail:
    oac_recorder_abandon(fixture.recorder);
    fixture.recorder = NULL;
gone:
    cr_assert_neq(access(fixture.path, F_OK), 0, "half a recording");
    char journal[OAC_TEST_DIR_BYTES + 32];
    snprintf(journal, sizeof journal, "%s.journal", fixture.path);
    unlink(journal);
    cr_assert_eq(oac_test_dir_entries(fixture.dir), 0, "something is left");
    return err->status;
}

static enum oac_status live_recorded(void *context, unsigned long n, struct oac_err *err)
{
    (void)context;
    (void)n;
    return record(err);
}

static enum oac_status live_replayed(void *context, unsigned long n, struct oac_err *err)
{
    (void)context;
    (void)n;
    struct oac_stream stream;
    if (recording_fixture_replay(&fixture, &stream, err))
        return err->status;
    return live_on(&stream, err);
}

static void make(void)
{
    struct oac_err err;
    cr_assert_eq(recording_fixture_make(&fixture, "m2k-bench", OAC_NOISE_NONE, &err), OAC_OK,
                 "%s", err.message);
}

static void clear(void)
{
    recording_fixture_remove(&fixture);
}

TestSuite(fail_stream, .init = make, .fini = clear, .timeout = 300);

Test(fail_stream, every_allocation_of_a_simulated_bench)
{
    fail_every_call(&(struct fail_loop){
        .name = "wave", .kind = FAIL_ALLOCATION, .live = live_wave, .least = 50});
}

Test(fail_stream, every_call_of_a_stream_below_the_modem)
{
    fail_every_call(&(struct fail_loop){.name = "decorated",
                                        .kind = FAIL_DECORATED,
                                        .live = live_decorated,
                                        .fired = fault_fired,
                                        .least = 10});
}

Test(fail_stream, every_allocation_while_recording)
{
    fail_every_call(&(struct fail_loop){
        .name = "recorded", .kind = FAIL_ALLOCATION, .live = live_recorded, .least = 100});
}

Test(fail_stream, every_allocation_of_a_replay)
{
    struct oac_err err;
    fail_arm(FAIL_ALLOCATION, 0);
    cr_assert_eq(record(&err), OAC_OK, "%s", err.message);
    /* most of the thousand are one for each name and data set of the file */
    fail_every_call(&(struct fail_loop){.name = "replayed",
                                        .kind = FAIL_ALLOCATION,
                                        .live = live_replayed,
                                        .stride = 11,
                                        .least = 50});
}
