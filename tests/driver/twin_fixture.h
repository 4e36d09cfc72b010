/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual ADALM2000 with one wavelength behind it, for tests: the receiver of a sampled bench,
 * converters and rates
 * of the board, without noise unless asked for. */
#ifndef OAC_TESTS_DRIVER_TWIN_FIXTURE_H
#define OAC_TESTS_DRIVER_TWIN_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/twin/session.h"
#include "sim/rig.h"

struct twin_fixture {
    struct oac_rig rig;
    struct oac_board board;
    struct oac_bench_boards boards;
    struct oac_twin_faults faults;
    struct oac_twin *twin;
};

static inline void twin_require(int status, const struct oac_err *err)
{
    if (status == OAC_OK)
        return;
    fprintf(stderr, "twin fixture: %s\n", err->message);
    abort();
}

/* 8 1/3 MBd: 9 DAC samples at 75 MS/s against 12 ADC samples at 100 MS/s a slot. 0 V is dark. */
static inline void twin_fixture_rig(struct oac_rig *rig)
{
    static const char *const sets[] = {
        "channels=1",
        "slot_rate_hz=8333333.333333333",
        "wave.samples_per_slot=36",
        "weight_dac.samples_per_slot=9",
        "client_dac.samples_per_slot=9",
        "adc.samples_per_slot=12",
        "weight_dac.full_scale_v=10",
        "weight_dac.min_v=-5",
        "client_dac.full_scale_v=10",
        "client_dac.min_v=-5",
        "fiber.attenuator_db=0",
        "detector.bandwidth_hz=50e6",
        "receiver.kind=tia",
        "receiver.gain_v_per_a=1e5",
        "receiver.in_a_per_rthz=1e-12",
        "receiver.bandwidth_hz=50e6",
        "receiver.saturation_v=none",
        "adc.bits=12",
        "adc.full_scale_v=5.65",
        "adc.min_v=-2.825",
        "adc.offset_spread_v=0",
    };
    struct oac_err err;
    twin_require(
        oac_rig_read("netcast-local", sets, sizeof sets / sizeof sets[0], rig, NULL, &err),
        &err);
}

static inline void twin_fixture_make(struct twin_fixture *fixture, uint32_t noise,
                                     uint64_t seed)
{
    static const uint8_t hash[32] = {0};
    struct oac_err err;
    memset(fixture, 0, sizeof *fixture);
    twin_fixture_rig(&fixture->rig);
    twin_require(oac_board_read("m2k", &fixture->board, &err), &err);
    fixture->boards.count = 1;
    fixture->boards.board[0].profile = fixture->board;
    const struct oac_twin_options options = {
        .bench = {.boards = &fixture->boards,
                  .rig = &fixture->rig,
                  .rig_hash = hash,
                  .noise = noise,
                  .seed = seed},
        .faults = &fixture->faults,
    };
    twin_require(oac_twin_create(&options, &fixture->twin, &err), &err);
}

static inline void twin_fixture_end(struct twin_fixture *fixture)
{
    oac_twin_destroy(fixture->twin);
}

struct twin_talk { /* a conversation whose answers are kept */
    struct oac_twin_session *session;
    char *said;
    size_t bytes, room;
    bool alive;
};

static inline bool twin_talk_keep(void *context, const void *bytes, size_t count)
{
    struct twin_talk *talk = context;
    while (talk->bytes + count + 1 > talk->room) {
        talk->room = talk->room ? 2 * talk->room : 4096;
        talk->said = realloc(talk->said, talk->room);
    }
    memcpy(talk->said + talk->bytes, bytes, count);
    talk->bytes += count;
    talk->said[talk->bytes] = '\0';
    return true;
}

static inline void twin_talk_open(struct oac_twin *twin, struct twin_talk *talk)
{
    struct oac_err err;
    memset(talk, 0, sizeof *talk);
    const struct oac_twin_peer peer = {.context = talk, .send = twin_talk_keep};
    twin_require(oac_twin_session_open(twin, &peer, &talk->session, &err), &err);
    talk->alive = true;
}

static inline void twin_talk_close(struct twin_talk *talk)
{
    oac_twin_session_close(talk->session);
    free(talk->said);
}

/* Says bytes; returns the answer, which stays until the next. */
static inline const char *twin_say_bytes(struct twin_talk *talk, const void *bytes,
                                         size_t count)
{
    talk->bytes = 0;
    twin_talk_keep(talk, "", 0);
    talk->alive = oac_twin_session_take(talk->session, count, bytes);
    return talk->said;
}

static inline const char *twin_say(struct twin_talk *talk, const char *text)
{
    return twin_say_bytes(talk, text, strlen(text));
}

#endif
