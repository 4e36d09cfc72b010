/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A frame played on a bench of several boards, for tests of one file. */
#ifndef OAC_TESTS_DRIVER_BOARDS_PLAY_H
#define OAC_TESTS_DRIVER_BOARDS_PLAY_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/rng.h"
#include "driver/iio/session.h"
#include "driver/registry.h"
#include "tests/driver/boards_fixture.h"

#define CHANNELS_MAX 2u
#define SLOTS        100u
#define WINDOWS      12u

/* At each end of a payload a quarter of a sample may be left out, and half of one is the model's, whose
 * scans are whole; a full slot is 1633 codes of twelve samples. */
#define ENDS (2.0 * 0.75 / 12.0 * 1633.0)

/* Data lie beside their weights by half of one sample of nine, and by what beacons leave unsaid (0.05 slots): a
 * slot is off by that part of the step to the next weight (rms 0.5 of the range, uniform codes through a squared
 * sine) times its datum (rms 0.61), at random. Four standard errors over 100 slots of 1633 codes. */
#define BESIDE (4.0 * (0.5 / 9.0 + 0.05) * 0.5 * 0.61 * 1633.0 * 10.0)

static struct boards_fixture bench;
static struct oac_err err;
static size_t windows = WINDOWS;             /* of the next frame, at most so many */
static uint8_t flag[CHANNELS_MAX * WINDOWS]; /* of what was played last */

static inline void start(const char *const *sets, size_t count)
{
    const char *wrong = boards_fixture_describe(&bench, sets, count, &err);
    cr_assert_null(wrong, "%s", wrong);
    wrong = boards_fixture_start(&bench, &err);
    cr_assert_null(wrong, "%s", wrong);
}

static inline enum oac_status open_link(void *context, struct oac_link *link,
                                        struct oac_err *failed)
{
    const struct oac_registry_request request = {
        .rig = &bench.rig, .rig_hash = bench.hash, .uri = bench.uri, .drive = context};
    return oac_registry_open("iio", &request, link, failed);
}

static inline void make_codes(const struct oac_port *port, size_t count, uint32_t use,
                              uint16_t *code)
{
    const uint32_t range = (uint32_t)(port->code_max - port->code_min + 1);
    for (size_t i = 0; i < count; i++) {
        uint32_t word[4];
        oac_rng_words(13, OAC_RNG_TEST, i, use, word);
        code[i] = (uint16_t)(port->code_min + (int32_t)(word[0] % range));
    }
}

/* A frame of random codes over all that the ports may play. */
static inline enum oac_status play(struct oac_link *link, float *readout)
{
    static uint16_t weight[CHANNELS_MAX * SLOTS], client[WINDOWS * SLOTS];
    const size_t rows = link->caps->channels;
    uint64_t slot0[WINDOWS];
    uint32_t handle;
    for (size_t k = 0; k < rows; k++)
        make_codes(&link->caps->weight[k], SLOTS, (uint32_t)k, weight + k * SLOTS);
    make_codes(link->caps->client, windows * SLOTS, 99, client);
    for (size_t b = 0; b < windows; b++)
        slot0[b] = b * 200u + 100u;
    const struct oac_weight_frame frame = {.rows = rows,
                                           .slots = SLOTS,
                                           .code = weight,
                                           .null_x_code =
                                               (uint16_t)link->caps->client->code_safe};
    const struct oac_activation_frame data = {
        .windows = windows, .code = client, .slot0 = slot0};
    struct oac_readouts out = {.code = readout, .flag = flag};
    struct oac_workspace *workspace = oac_link_workspace_create(link, &err);
    cr_assert_not_null(workspace);
    enum oac_status status = oac_link_load(link, &frame, &handle, &err);
    if (!status)
        status = oac_link_play(link, handle, workspace, &data, &out, &err);
    oac_link_workspace_destroy(link, workspace);
    return status;
}

static inline void measure(const char *const *sets, size_t count, float *readout)
{
    struct oac_link link;
    start(sets, count);
    cr_assert_eq(open_link(NULL, &link, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(play(&link, readout), OAC_OK, "%s", err.message);
    oac_link_close(&link);
    boards_fixture_end(&bench);
}

static inline const char *powerdown(size_t board)
{
    static char text[64];
    char uri[OAC_TWIN_ADDRESS_BYTES + 4];
    struct oac_iio_session *session = NULL;
    snprintf(uri, sizeof uri, "ip:%s", oac_twin_serve_address(bench.serve, board));
    cr_assert_eq(oac_iio_open(uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_read(session, "m2k-fabric", "voltage0", true, "powerdown", text,
                              sizeof text, &err),
                 OAC_OK, "%s", err.message);
    oac_iio_close(session);
    return text;
}

#endif
