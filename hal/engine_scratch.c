/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's buffers of the matrix engine. */
#include <stdlib.h>

#include "base/alloc.h"
#include "hal/engine_state.h"

static bool take_buffers(struct oac_engine_scratch *s, size_t channels, struct oac_err *err)
{
    struct oac_operands *o = &s->operands;
    const size_t row = s->slots_max + OAC_ENGINE_PAD; /* lists may be padded by that */
    const size_t entries = s->chunk * row;            /* at most 2^24 */
    if (!(o->nz_begin = oac_alloc(s->chunk + 1, sizeof *o->nz_begin, "window starts", err)) ||
        !(o->nz_slot = oac_alloc(entries, sizeof *o->nz_slot, "slots", err)))
        return false;
    for (int sign = 0; sign < 2; sign++)
        if (!(o->code[sign] = oac_alloc(entries, sizeof **o->code, "operand codes", err)) ||
            !(o->sum_x[sign] = oac_alloc(s->chunk, sizeof **o->sum_x, "operand sums", err)))
            return false;
    s->row = oac_alloc(row, sizeof *s->row, "operands", err);
    s->value = s->row ? oac_alloc(row, sizeof *s->value, "operands", err) : NULL;
    s->slot0 = s->value ? oac_alloc(s->chunk, sizeof *s->slot0, "window slots", err) : NULL;
    s->code =
        s->slot0 ? oac_alloc(s->chunk, channels * sizeof *s->code, "readouts", err) : NULL;
    s->photons = s->code ? oac_alloc(s->chunk, sizeof *s->photons, "photon counts", err) : NULL;
    s->fixed = s->photons ? oac_alloc(channels, sizeof *s->fixed, "readouts", err) : NULL;
    s->work = s->fixed ? oac_alloc(channels, sizeof *s->work, "readouts", err) : NULL;
    s->gain = s->work ? oac_alloc(channels, sizeof *s->gain, "gains", err) : NULL;
    s->zero = s->gain ? oac_alloc(channels, sizeof *s->zero, "zeros", err) : NULL;
    return s->zero != NULL;
}

enum oac_status oac_engine_scratch_create(struct oac_engine *engine, size_t batch_max,
                                          struct oac_engine_scratch **scratch,
                                          struct oac_err *err)
{
    if (batch_max == 0)
        return oac_fail(err, OAC_EINVAL, "a batch of 0 images: at least 1 is needed");
    struct oac_engine_scratch *made = oac_alloc(1, sizeof *made, "engine buffers", err);
    if (!made)
        return err->status;
    made->engine = engine;
    made->chunk = batch_max < OAC_ENGINE_CHUNK ? batch_max : OAC_ENGINE_CHUNK;
    made->slots_max = 1;
    for (size_t i = 0; i < engine->matrix_count; i++)
        for (size_t t = 0; t < engine->matrix[i]->tile_count; t++)
            if (engine->matrix[i]->tile[t].cols > made->slots_max)
                made->slots_max = engine->matrix[i]->tile[t].cols;
    if (!take_buffers(made, engine->link->caps->channels, err) ||
        (engine->reference && oac_follower_create(engine->reference, &engine->schedule,
                                                  made->chunk, &made->follower, err)) ||
        !(made->workspace = oac_link_workspace_create(engine->link, err))) {
        oac_engine_scratch_destroy(made);
        return err->status;
    }
    engine->frozen = true;
    *scratch = made;
    return OAC_OK;
}

void oac_engine_scratch_destroy(struct oac_engine_scratch *scratch)
{
    if (!scratch)
        return;
    if (scratch->workspace)
        oac_link_workspace_destroy(scratch->engine->link, scratch->workspace);
    for (int sign = 0; sign < 2; sign++) {
        free(scratch->operands.code[sign]);
        free(scratch->operands.sum_x[sign]);
    }
    free(scratch->operands.nz_begin);
    free(scratch->operands.nz_slot);
    free(scratch->row);
    free(scratch->value);
    free(scratch->slot0);
    free(scratch->code);
    free(scratch->fixed);
    free(scratch->work);
    free(scratch->photons);
    oac_follower_destroy(scratch->follower);
    free(scratch->gain);
    free(scratch->zero);
    free(scratch);
}
