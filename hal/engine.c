/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/engine_state.h"

#define REPEATS_MAX 1000000u

static enum oac_status check_calrec(const struct oac_link_caps *caps,
                                    const struct oac_calrec *calrec, bool differential,
                                    struct oac_err *err)
{
    if (calrec->channels != caps->channels)
        return oac_fail(err, OAC_EMISMATCH,
                        "the calibration has %zu channels, the link %zu: calibrate this link",
                        calrec->channels, caps->channels);
    if (memcmp(calrec->rig_hash, caps->rig_hash, sizeof calrec->rig_hash) != 0)
        return oac_fail(
            err, OAC_EMISMATCH,
            "the calibration (%s, device \"%s\") was made for another rig: calibrate this one",
            calrec->origin, calrec->device_id);
    for (size_t k = 0; k < calrec->channels; k++) {
        const struct oac_calrec_channel *c = &calrec->channel[k];
        double swing = differential ? c->gain_code + c->gain_minus_code : c->gain_code;
        double constants =
            differential
                ? c->offset_pair_code + c->dark_pair_code_per_slot + c->gx_pair_code_per_x
                : c->offset_code + c->dark_code_per_slot + c->gx_code_per_x;
        if (!(swing > 0.0) || !isfinite(swing) || !isfinite(constants))
            return oac_fail(
                err, OAC_EINVAL,
                "the calibration of channel %zu is unusable: gain %g codes per slot, constants "
                "%g codes; needed are a gain above 0 and finite constants",
                k, swing, constants);
    }
    return OAC_OK;
}

static enum oac_status check_options(const struct oac_link_caps *caps,
                                     const struct oac_engine_options *options,
                                     struct oac_err *err)
{
    if ((unsigned)options->encoding > OAC_BALANCED)
        return oac_fail(err, OAC_EINVAL, "encoding %d does not exist", (int)options->encoding);
    if (options->encoding == OAC_BALANCED && !caps->differential)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "the link \"%s\" has no detector pairs, which the encoding \"balanced\" needs: use "
            "\"rails\" or \"offset\"",
            caps->device_id);
    if (!(options->repeats >= 1 && options->repeats <= REPEATS_MAX))
        return oac_fail(err, OAC_EINVAL, "%u repeats: 1 to %u are possible", options->repeats,
                        REPEATS_MAX);
    return OAC_OK;
}

static enum oac_status map_client(struct oac_engine *engine, struct oac_err *err)
{
    const struct oac_port *port = &engine->link->caps->client[0];
    if (oac_code_map_init(&engine->client, port, &engine->calrec->client,
                          "the client modulator", err))
        return err->status;
    engine->opening = oac_alloc((size_t)port->code_max + 1, sizeof *engine->opening,
                                "the client's code table", err);
    if (!engine->opening)
        return err->status;
    for (int32_t code = port->code_min; code <= port->code_max; code++)
        engine->opening[code] = (int32_t)lrint(
            oac_code_map_opening(&engine->client, (uint16_t)code) / OAC_OPENING_UNIT);
    return OAC_OK;
}

static enum oac_status map_weights(struct oac_engine *engine, struct oac_err *err)
{
    const struct oac_link_caps *caps = engine->link->caps;
    engine->weight = oac_alloc(caps->channels, sizeof *engine->weight, "weight codes", err);
    if (!engine->weight)
        return err->status;
    for (size_t k = 0; k < caps->channels; k++) {
        char what[48];
        snprintf(what, sizeof what, "weight modulator %zu", k);
        if (oac_code_map_init(&engine->weight[k], &caps->weight[k],
                              &engine->calrec->channel[k].weight, what, err))
            return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_engine_create(struct oac_link *link, const struct oac_calrec *calrec,
                                  const struct oac_engine_options *options,
                                  struct oac_engine **engine, struct oac_err *err)
{
    const struct oac_link_caps *caps = link->caps;
    if (!calrec)
        calrec = caps->nominal;
    if (!calrec)
        return oac_fail(err, OAC_EINVAL,
                        "the link \"%s\" has no nominal calibration and none was given",
                        caps->device_id);
    if (check_options(caps, options, err) ||
        check_calrec(caps, calrec, options->encoding == OAC_BALANCED, err))
        return err->status;
    struct oac_engine *made = oac_alloc(1, sizeof *made, "a matrix engine", err);
    if (!made)
        return err->status;
    made->link = link;
    made->calrec = calrec;
    made->options = *options;
    made->schedule.base = options->slot_base;
    made->schedule.guard = caps->guard_slots;
    if (map_client(made, err) || map_weights(made, err)) {
        oac_engine_destroy(made);
        return err->status;
    }
    *engine = made;
    return OAC_OK;
}

void oac_engine_destroy(struct oac_engine *engine)
{
    if (!engine)
        return;
    for (size_t i = 0; i < engine->matrix_count; i++)
        oac_matrix_destroy(engine->matrix[i]);
    free(engine->matrix);
    free(engine->weight);
    free(engine->opening);
    free(engine);
}

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
    s->gain = s->photons ? oac_alloc(channels, sizeof *s->gain, "gains", err) : NULL;
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
    free(scratch->photons);
    free(scratch->gain);
    free(scratch->zero);
    free(scratch);
}

uint64_t oac_engine_slots_per_image(const struct oac_engine *engine)
{
    return engine->schedule.per_image;
}

uint64_t oac_engine_clipped_weights(const struct oac_engine *engine)
{
    return engine->clipped_weights;
}

const struct oac_link_caps *oac_engine_caps(const struct oac_engine *engine)
{
    return engine->link->caps;
}
