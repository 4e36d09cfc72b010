/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "hal/engine_state.h"
#include "hal/settings.h"

#define REPEATS_MAX 1000000u

static enum oac_status check_calrec(const struct oac_link_caps *caps,
                                    const struct oac_calrec *calrec, bool differential,
                                    struct oac_err *err)
{
    if (calrec->channels != caps->channels)
        return oac_fail(err, OAC_EMISMATCH,
                        "the calibration has %zu channels, the link %zu: calibrate this link",
                        calrec->channels, caps->channels);
    for (size_t k = 0; k < calrec->channels; k++) {
        const struct oac_calrec_channel *c = &calrec->channel[k];
        double swing = differential ? c->gain_code + c->gain_minus_code : c->gain_code;
        double constants =
            differential
                ? c->offset_pair_code + c->dark_pair_code_per_slot + c->gx_pair_code_per_x
                : c->offset_code + c->dark_code_per_slot + c->gx_code_per_x;
        if (c->excluded)
            continue;
        if (!(swing > 0.0) || !isfinite(swing) || !isfinite(constants))
            return oac_fail(
                err, OAC_EINVAL,
                "the calibration of channel %zu is unusable: gain %g codes per slot, constants "
                "%g codes; needed are a gain above 0 and finite constants, or its exclusion",
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

/* The channels in use, with a map and room for a correction each. */
static enum oac_status map_weights(struct oac_engine *engine, struct oac_err *err)
{
    const struct oac_link_caps *caps = engine->link->caps;
    const size_t channels = caps->channels;
    if (!(engine->channel =
              oac_alloc(channels, sizeof *engine->channel, "channels in use", err)) ||
        !(engine->weight = oac_alloc(channels, sizeof *engine->weight, "weight codes", err)) ||
        !(engine->correction =
              oac_alloc(channels + 1, sizeof *engine->correction, "corrections", err)))
        return err->status;
    for (size_t k = 0; k < channels; k++) {
        char what[48];
        if (engine->calrec->channel[k].excluded)
            continue;
        snprintf(what, sizeof what, "weight modulator %zu", k);
        if (oac_code_map_init(&engine->weight[engine->usable], &caps->weight[k],
                              &engine->calrec->channel[k].weight, what, err))
            return err->status;
        engine->channel[engine->usable++] = k;
    }
    if (engine->usable == 0)
        return oac_fail(err, OAC_EINVAL,
                        "the calibration excludes all %zu channels: nothing can be multiplied; "
                        "look at the bench and calibrate again",
                        channels);
    return OAC_OK;
}

static enum oac_status refer(struct oac_engine *engine, struct oac_err *err)
{
    const struct oac_engine_options *options = &engine->options;
    struct oac_schedule *schedule = &engine->schedule;
    const struct oac_reference_spec spec = {
        .link = engine->link,
        .calrec = engine->calrec,
        .client = &engine->client,
        .weight = engine->weight,
        .channel = engine->channel,
        .rows = engine->usable,
        .differential = options->encoding == OAC_BALANCED,
        .span = options->track_span ? options->track_span : OAC_TRACK_SPAN,
    };
    if (!options->track)
        return OAC_OK;
    if (oac_reference_create(&spec, &engine->reference, err))
        return err->status;
    schedule->group = options->track_every ? options->track_every : OAC_TRACK_EVERY;
    schedule->reference = OAC_REFERENCE_WINDOWS * (schedule->guard + engine->reference->slots);
    return OAC_OK;
}

/* Refuses another bench's record, unless forced. */
static enum oac_status match(const struct oac_link_caps *caps, const struct oac_calrec *calrec,
                             const struct oac_engine_options *options, bool *forced,
                             struct oac_err *err)
{
    *forced = calrec->forced;
    enum oac_status status = oac_calrec_match(calrec, caps, err);
    if (status != OAC_EMISMATCH || !options->force)
        return status;
    *forced = true;
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
    bool forced;
    if (check_options(caps, options, err) ||
        check_calrec(caps, calrec, options->encoding == OAC_BALANCED, err) ||
        match(caps, calrec, options, &forced, err))
        return err->status;
    struct oac_engine *made = oac_alloc(1, sizeof *made, "a matrix engine", err);
    if (!made)
        return err->status;
    made->link = link;
    made->calrec = calrec;
    made->options = *options;
    made->schedule.base = options->slot_base;
    made->forced = forced;
    made->schedule.group = 1;
    made->schedule.guard = caps->guard_slots;
    if (map_client(made, err) || map_weights(made, err) ||
        oac_settings_apply(calrec, link, err) || refer(made, err)) {
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
    oac_reference_destroy(engine->reference);
    for (size_t rows = 0; engine->correction && rows <= engine->usable; rows++)
        oac_correction_destroy(engine->correction[rows]);
    free(engine->correction);
    free(engine->channel);
    free(engine->matrix);
    free(engine->weight);
    free(engine->opening);
    free(engine);
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

const struct oac_calrec *oac_engine_calrec(const struct oac_engine *engine)
{
    return engine->calrec;
}

bool oac_engine_forced(const struct oac_engine *engine)
{
    return engine->forced;
}
