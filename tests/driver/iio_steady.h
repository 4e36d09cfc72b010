/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One burst of random light through a board: what came, to be compared with another one's. */
#ifndef OAC_TESTS_DRIVER_IIO_STEADY_H
#define OAC_TESTS_DRIVER_IIO_STEADY_H

#include <math.h>

#include "base/rng.h"
#include "driver/iio/stream.h"
#include "tests/driver/iio_fixture.h"

#define IIO_STEADY_SLOTS    60u
#define IIO_STEADY_PAYLOAD  40u
#define IIO_STEADY_WIDE_MAX 16u
#define IIO_STEADY_SEGMENTS 3u

struct iio_steady {
    size_t picks, per_slot, received, saturated;
    float rx[IIO_STEADY_SEGMENTS][(IIO_STEADY_SLOTS + 1) * IIO_STEADY_WIDE_MAX];
};

static inline uint16_t iio_steady_code(const struct oac_port *port, uint64_t index,
                                       uint32_t use)
{
    uint32_t word[4];
    oac_rng_words(7, OAC_RNG_TEST, index, use, word);
    return (uint16_t)(port->code_min +
                      (int32_t)(word[0] % (uint32_t)(port->code_max - port->code_min + 1)));
}

static inline void iio_steady_fill(const struct oac_port *port, size_t wide, uint32_t use,
                                   uint16_t *code)
{
    const size_t first = (IIO_STEADY_SLOTS - IIO_STEADY_PAYLOAD) / 2;
    for (size_t i = 0; i < IIO_STEADY_SLOTS * wide; i++) {
        const size_t slot = i / wide;
        const bool lit = slot >= first && slot < first + IIO_STEADY_PAYLOAD;
        code[i] = lit ? iio_steady_code(port, slot, use) : (uint16_t)port->code_safe;
    }
}

/* Plays on an open stream; other light for another `use`. Codes are within the limits of `ports`, whose
 * resting codes they begin and end with. */
static inline enum oac_status iio_steady_burst(struct oac_stream *stream,
                                               const struct oac_stream_caps *ports,
                                               struct iio_steady *steady, uint32_t use,
                                               struct oac_err *err)
{
    static uint16_t weight[IIO_STEADY_SLOTS * IIO_STEADY_WIDE_MAX],
        client[IIO_STEADY_SEGMENTS][IIO_STEADY_SLOTS * IIO_STEADY_WIDE_MAX];
    static uint32_t pick[(IIO_STEADY_SLOTS + 1) * IIO_STEADY_WIDE_MAX];
    const struct oac_stream_caps *caps = stream->caps;
    const size_t wide = caps->weight_samples_per_slot;
    uint8_t flag[IIO_STEADY_SEGMENTS] = {0};
    struct oac_stream_segment segment[IIO_STEADY_SEGMENTS];
    uint32_t handle = 0;
    memset(steady, 0, sizeof *steady);
    steady->per_slot = caps->readout_samples_per_slot;
    steady->picks = (IIO_STEADY_SLOTS + 1) * steady->per_slot;
    for (size_t i = 0; i < steady->picks; i++)
        pick[i] = (uint32_t)i;
    iio_steady_fill(ports->link.weight, wide, 0, weight);
    const struct oac_stream_load load = {.slots = IIO_STEADY_SLOTS,
                                         .rows = 1,
                                         .weight = weight,
                                         .first = (IIO_STEADY_SLOTS - IIO_STEADY_PAYLOAD) / 2,
                                         .count = IIO_STEADY_PAYLOAD};
    const struct oac_stream_capture capture = {.picks = steady->picks, .pick = pick};
    if (oac_stream_load(stream, &load, &handle, err))
        return err->status;
    for (uint32_t s = 0; s < IIO_STEADY_SEGMENTS; s++) {
        iio_steady_fill(ports->link.client, wide, 10 * use + 1 + s, client[s]);
        segment[s] = (struct oac_stream_segment){.handle = handle,
                                                 .client = client[s],
                                                 .slot0 = 1000 * s + 100,
                                                 .launch = 1.0f,
                                                 .capture = &capture,
                                                 .rx = steady->rx[s],
                                                 .flag = &flag[s]};
    }
    struct oac_stream_burst burst = {.segments = IIO_STEADY_SEGMENTS, .segment = segment};
    struct oac_workspace *workspace = stream->ops->workspace_create(stream->self, err);
    if (!workspace)
        return err->status;
    const enum oac_status status = oac_stream_play(stream, workspace, &burst, err);
    stream->ops->workspace_destroy(stream->self, workspace);
    steady->received = burst.received;
    for (size_t s = 0; s < IIO_STEADY_SEGMENTS; s++)
        steady->saturated += flag[s] & OAC_FLAG_SATURATED;
    return status;
}

static inline enum oac_status iio_steady_play(const struct iio_fixture *rig, const char *uri,
                                              struct iio_steady *steady, uint32_t use,
                                              struct oac_err *err)
{
    struct oac_stream stream;
    if (oac_iio_stream_open(&rig->rig, rig->hash, uri, NULL, &stream, err))
        return err->status;
    const enum oac_status status = iio_steady_burst(&stream, stream.caps, steady, use, err);
    oac_stream_close(&stream);
    return status;
}

/* Largest difference at the best shift of up to two slots: delays differ from run to run. */
static inline double iio_steady_apart(const struct iio_steady *a, const struct iio_steady *b)
{
    double worst = 0.0;
    for (size_t s = 0; s < IIO_STEADY_SEGMENTS; s++) {
        double least = INFINITY;
        for (size_t shift = 0; shift <= 4 * a->per_slot; shift++) {
            const size_t left = shift > 2 * a->per_slot ? shift - 2 * a->per_slot : 0;
            const size_t right = shift < 2 * a->per_slot ? 2 * a->per_slot - shift : 0;
            double most = 0.0;
            for (size_t i = 0; i + left + right < a->picks; i++)
                most =
                    fmax(most, fabs((double)a->rx[s][i + left] - (double)b->rx[s][i + right]));
            least = fmin(least, most);
        }
        worst = fmax(worst, least);
    }
    return worst;
}

#endif
