/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "calibration/steps.h"
#include "hal/code_map.h"

/* Draws are apart from those of sweeps. */
#define FIRST_INDEX (UINT64_C(1) << 40)

struct player {
    struct oac_code_map client_map, *weight_map; /* (channels) */
    uint16_t *weight, *client; /* (channels, slots), (OAC_VECTOR_WINDOWS, slots) */
    double *tw, *tx;           /* transmissions: (channels, slots), (slots) */
    double *sum;               /* (channels) */
};

static double draw(const struct oac_measure *measure, uint64_t frame, size_t row, size_t slot)
{
    return oac_rng_uniform(measure->seed, OAC_RNG_CALIBRATION, FIRST_INDEX + frame,
                           (uint32_t)(row << 11 | slot));
}

static enum oac_status player_init(struct player *player, const struct oac_measure *measure,
                                   const struct oac_calibration *calibration, size_t slots,
                                   struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t channels = calibration->channels;
    memset(player, 0, sizeof *player);
    player->weight_map = oac_alloc(channels, sizeof *player->weight_map, "code maps", err);
    player->weight = oac_alloc(channels * slots, sizeof *player->weight, "vectors", err);
    player->client =
        oac_alloc(OAC_VECTOR_WINDOWS * slots, sizeof *player->client, "vectors", err);
    player->tw =
        oac_alloc(channels * slots + slots + channels, sizeof *player->tw, "vectors", err);
    if (!player->weight_map || !player->weight || !player->client || !player->tw)
        return err->status;
    player->tx = player->tw + channels * slots;
    player->sum = player->tx + slots;
    struct oac_curve curve = calibration->client;
    curve.vpeak_v -= calibration->client_bias_v;
    curve.r = fmax(0.0, curve.r);
    if (oac_code_map_init(&player->client_map, caps->client, &curve, "the client modulator",
                          err))
        return err->status;
    for (size_t k = 0; k < channels; k++) {
        curve = calibration->channel[k].weight;
        curve.vpeak_v -= calibration->channel[k].weight_bias_v;
        curve.r = fmax(0.0, curve.r);
        if (oac_code_map_init(&player->weight_map[k], &caps->weight[k], &curve,
                              "a weight modulator", err))
            return err->status;
    }
    return OAC_OK;
}

static void player_fini(struct player *player)
{
    free(player->weight_map);
    free(player->weight);
    free(player->client);
    free(player->tw);
}

static void fill_weights(struct player *player, const struct oac_measure *measure,
                         const struct oac_calibration *calibration, size_t slots,
                         uint64_t frame)
{
    for (size_t k = 0; k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        for (size_t n = 0; n < slots; n++) {
            const size_t at = k * slots + n;
            player->weight[at] = oac_code_map_code(
                &player->weight_map[k], draw(measure, frame, k + OAC_VECTOR_WINDOWS, n), NULL);
            player->tw[at] = oac_curve_transmission(
                &channel->weight,
                oac_port_voltage(&measure->link->caps->weight[k], player->weight[at]) +
                    channel->weight_bias_v);
        }
    }
}

/* Light of window b on every detector. */
static void expect(struct player *player, const struct oac_measure *measure,
                   const struct oac_calibration *calibration, size_t slots, size_t b,
                   double *expected)
{
    const size_t channels = calibration->channels;
    for (size_t j = 0; j < channels; j++) {
        struct oac_curve own = calibration->client;
        own.vpi_v = calibration->channel[j].client_vpi_v;
        player->sum[j] = 0.0;
        for (size_t n = 0; n < slots; n++) {
            const double v_v =
                oac_port_voltage(measure->link->caps->client, player->client[b * slots + n]) +
                calibration->client_bias_v;
            player->sum[j] += player->tw[j * slots + n] * oac_curve_transmission(&own, v_v);
        }
    }
    for (size_t k = 0; k < channels; k++) {
        expected[k] = 0.0;
        for (size_t j = 0; j < channels; j++)
            expected[k] += calibration->gain[k * channels + j] * player->sum[j];
    }
}

static enum oac_status play_frame(struct player *player, struct oac_measure *measure,
                                  const struct oac_calibration *calibration,
                                  struct oac_vectors *vectors, size_t at, uint64_t frame,
                                  struct oac_err *err)
{
    const size_t slots = vectors->slots, channels = calibration->channels;
    fill_weights(player, measure, calibration, slots, frame);
    for (size_t b = 0; b < OAC_VECTOR_WINDOWS; b++) {
        for (size_t n = 0; n < slots; n++)
            player->client[b * slots + n] =
                oac_code_map_code(&player->client_map, draw(measure, frame, b, n), NULL);
        expect(player, measure, calibration, slots, b, vectors->expected + (at + b) * channels);
    }
    return oac_measure_play(measure, slots, player->weight, OAC_VECTOR_WINDOWS, player->client,
                            vectors->code + at * channels, NULL, err);
}

enum oac_status oac_vectors_play(struct oac_measure *measure,
                                 const struct oac_calibration *calibration, size_t windows,
                                 uint64_t first, const char *what, struct oac_vectors *vectors,
                                 struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t frames = (windows + OAC_VECTOR_WINDOWS - 1) / OAC_VECTOR_WINDOWS;
    struct oac_vectors made = {.windows = frames * OAC_VECTOR_WINDOWS};
    struct player player;
    /* Products of two uniform numbers are a quarter on average: three times the slots of open windows
     * leave room. */
    made.slots = 3 * calibration->slots;
    made.slots = made.slots < caps->slots_max ? made.slots : caps->slots_max;
    made.slots = made.slots < OAC_STEP_SLOTS_MAX ? made.slots : (size_t)OAC_STEP_SLOTS_MAX;
    enum oac_status status = player_init(&player, measure, calibration, made.slots, err);
    if (status == OAC_OK) {
        made.code =
            oac_alloc(made.windows * calibration->channels, sizeof *made.code, "vectors", err);
        made.expected = oac_alloc(made.windows * calibration->channels, sizeof *made.expected,
                                  "vectors", err);
        status = made.code && made.expected ? OAC_OK : OAC_ENOMEM;
    }
    for (size_t f = 0; status == OAC_OK && f < frames; f++) {
        status = play_frame(&player, measure, calibration, &made, f * OAC_VECTOR_WINDOWS,
                            first + f, err);
        oac_progress(measure->sink, what, f + 1, frames, NULL);
    }
    player_fini(&player);
    if (status != OAC_OK) {
        oac_vectors_fini(&made);
        return status;
    }
    *vectors = made;
    return OAC_OK;
}

void oac_vectors_fini(struct oac_vectors *vectors)
{
    free(vectors->code);
    free(vectors->expected);
    memset(vectors, 0, sizeof *vectors);
}
