/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scans out of codes, codes out of scans. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/twin/session_state.h"

#define PIECE_SCANS 16384u

struct oac_twin_mask oac_twin_mask_now(struct oac_twin_session *session, size_t d, uint64_t n)
{
    struct oac_twin *twin = session->twin;
    const struct oac_twin_device *device = &twin->devices->device[d];
    pthread_mutex_lock(&twin->lock);
    struct oac_twin_mask mask = twin->sharing[d].mask;
    pthread_mutex_unlock(&twin->lock);
    if (n == twin->faults->wider)
        for (size_t c = 0; c < device->scans; c++)
            mask.word[c / 32] |= 1u << c % 32;
    return mask;
}

static bool announce(struct oac_twin_session *session, const struct oac_twin_mask *mask,
                     uint64_t n)
{
    char text[OAC_TWIN_MASK_DIGITS + 2];
    struct oac_twin_mask shown = *mask;
    if (n == session->twin->faults->wrong_mask)
        for (size_t w = 0; w < shown.words; w++)
            shown.word[w] = ~shown.word[w];
    oac_twin_mask_format(&shown, text);
    size_t digits = strlen(text);
    text[digits] = '\n';
    return oac_twin_send(session, text, digits + 1);
}

struct piece { /* scratch of one READBUF */
    size_t scans;
    uint16_t *code; /* (readouts, scans, values), and a row of one channel */
    uint8_t *scan;  /* (scans, step) */
};

static bool piece_make(const struct oac_twin_session *session, size_t step, size_t scans,
                       struct piece *piece)
{
    struct oac_err ignored;
    const struct oac_twin_shape *shape = oac_twin_bench_shape(session->twin->bench);
    size_t rows = shape->readouts * shape->values + 1;
    piece->scans = scans < PIECE_SCANS ? scans : PIECE_SCANS;
    piece->code = oac_alloc(rows * piece->scans, sizeof *piece->code, "scans", &ignored);
    piece->scan = oac_alloc(piece->scans, step, "scans", &ignored);
    return piece->code && piece->scan;
}

/* got scans of codes, rows piece->scans apart when pulled for `wanted`, become the device's bytes. */
static void encode(const struct oac_twin *twin, size_t d, const struct oac_twin_layout *layout,
                   struct piece *piece, size_t wanted, size_t got)
{
    const struct oac_twin_device *device = &twin->devices->device[d];
    const struct oac_twin_shape *shape = oac_twin_bench_shape(twin->bench);
    uint16_t *row = piece->code + shape->readouts * shape->values * piece->scans;
    for (size_t i = 0; i < layout->count; i++) {
        const struct oac_twin_channel *channel = &device->channel[layout->channel[i]];
        const size_t k = twin->ports->readout_of[channel->port], values = shape->values;
        const uint16_t *code = k == OAC_TWIN_UNBOUND
                                   ? row
                                   : piece->code + k * wanted * values + channel->quadrature;
        for (size_t s = 0; s < got; s++)
            row[s] = k == OAC_TWIN_UNBOUND
                         ? oac_twin_bench_zero(twin->bench, twin->board, channel->port)
                         : code[s * values];
        oac_codec_encode(&channel->codec, got, row, piece->scan + layout->offset[i],
                         layout->step);
    }
}

bool oac_twin_send_scans(struct oac_twin_session *session, size_t d,
                         const struct oac_twin_mask *mask, uint64_t bytes, uint64_t n)
{
    struct oac_twin_layout layout;
    struct piece piece = {0};
    bool first = true, waits = true, alive = true;
    oac_twin_layout_make(&session->twin->devices->device[d], mask, &layout);
    uint64_t scans = (bytes + layout.step - 1) / layout.step;
    if (!piece_make(session, layout.step, scans < PIECE_SCANS ? (size_t)scans : PIECE_SCANS,
                    &piece)) {
        alive = oac_twin_answer(session, -ENOMEM);
        bytes = 0;
    }
    while (alive && bytes > 0) {
        uint64_t left = (bytes + layout.step - 1) / layout.step;
        size_t wanted = left < piece.scans ? (size_t)left : piece.scans;
        const size_t values = oac_twin_bench_shape(session->twin->bench)->values;
        long got = oac_twin_reader_pull(session->twin->playback, &session->opened[d].reader,
                                        &waits, wanted * values, piece.code);
        got = got > 0 ? got / (long)values : got;
        if (got < 0) {
            alive = oac_twin_answer(session, got);
            break;
        }
        encode(session->twin, d, &layout, &piece, wanted, (size_t)got);
        size_t now = (size_t)got * layout.step;
        now = now < bytes ? now : (size_t)bytes;
        alive = oac_twin_answer(session, (long)now) && (!first || announce(session, mask, n)) &&
                oac_twin_send(session, piece.scan, now);
        bytes -= now;
        first = false;
    }
    free(piece.code);
    free(piece.scan);
    return alive;
}

static void rest(uint16_t idle, size_t count, uint16_t *code)
{
    for (size_t i = 0; i < count; i++)
        code[i] = idle;
}

uint16_t *oac_twin_codes_of(const struct oac_twin_session *session, size_t d, size_t samples,
                            const struct oac_twin_layout *layout)
{
    struct oac_err ignored;
    const struct oac_twin *twin = session->twin;
    const struct oac_twin_device *device = &twin->devices->device[d];
    const size_t values = oac_twin_bench_shape(twin->bench)->values;
    size_t all, row = 0, last = OAC_TWIN_UNBOUND;
    if (oac_size_product(samples * values, layout->count, "a DAC buffer", &all, &ignored))
        return NULL;
    uint16_t *code = oac_alloc(all, sizeof *code, "a DAC buffer", &ignored);
    int32_t *board = oac_alloc(samples, sizeof *board, "a DAC buffer", &ignored);
    uint16_t *one = oac_alloc(samples, sizeof *one, "a DAC buffer", &ignored);
    for (size_t i = 0; code && board && one && i < layout->count; i++) {
        const struct oac_twin_channel *channel = &device->channel[layout->channel[i]];
        size_t drive = twin->ports->drive_of[channel->port];
        oac_codec_decode(&channel->codec, samples, session->data + layout->offset[i],
                         layout->step, board);
        if (!channel->quadrature)
            oac_twin_received_add(twin->devices, d, channel->port, samples, board);
        if (twin->heard)
            twin->heard(twin->heard_context, channel->port, samples, board);
        if (drive == OAC_TWIN_UNBOUND)
            continue;
        oac_twin_bench_drive(twin->bench, drive, samples, board, one);
        if (drive != last) /* I or Q alone: the other rests */
            rest(oac_twin_bench_idle(twin->bench, drive), samples * values,
                 code + row++ * samples * values);
        uint16_t *to = code + (row - 1) * samples * values + channel->quadrature;
        for (size_t s = 0; s < samples; s++)
            to[s * values] = one[s];
        last = drive;
    }
    free(board);
    free(one);
    if (!board || !one) {
        free(code);
        return NULL;
    }
    return code;
}
