/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum oac_status oac_measure_init(struct oac_measure *measure, struct oac_link *link,
                                 const struct oac_sink *sink, uint64_t slot, uint64_t seed,
                                 struct oac_err *err)
{
    memset(measure, 0, sizeof *measure);
    measure->workspace = oac_link_workspace_create(link, err);
    if (!measure->workspace)
        return err->status;
    measure->link = link;
    measure->sink = sink;
    measure->channels = link->caps->channels;
    measure->slot = slot + link->caps->preamble_slots;
    measure->seed = seed;
    return OAC_OK;
}

void oac_measure_fini(struct oac_measure *measure)
{
    if (measure->workspace)
        oac_link_workspace_destroy(measure->link, measure->workspace);
    free(measure->weight);
    free(measure->client);
    free(measure->code);
    free(measure->slot0);
    free(measure->flag);
    memset(measure, 0, sizeof *measure);
}

/* *array holds at least count items of size; what it held is lost. */
static enum oac_status room_for(void **array, size_t count, size_t size, struct oac_err *err)
{
    free(*array);
    *array = oac_alloc(count, size, "calibration windows", err);
    return *array ? OAC_OK : OAC_ENOMEM;
}

static enum oac_status windows_room(struct oac_measure *measure, size_t windows,
                                    struct oac_err *err)
{
    size_t cells;
    if (windows <= measure->window_room)
        return OAC_OK;
    measure->window_room = 0;
    if (oac_size_product(windows, measure->channels, "calibration windows", &cells, err) ||
        room_for((void **)&measure->code, cells, sizeof *measure->code, err) ||
        room_for((void **)&measure->flag, cells, sizeof *measure->flag, err) ||
        room_for((void **)&measure->slot0, windows, sizeof *measure->slot0, err))
        return err->status;
    measure->window_room = windows;
    return OAC_OK;
}

static void collect(struct oac_measure *measure, size_t windows, double *code,
                    uint32_t *saturated)
{
    const size_t channels = measure->channels;
    for (size_t b = 0; b < windows; b++)
        for (size_t k = 0; k < channels; k++) {
            const size_t at = b * channels + k;
            code[at] = (double)measure->code[at];
            if (!(measure->flag[at] & OAC_FLAG_SATURATED))
                continue;
            measure->saturated++;
            if (saturated)
                saturated[k]++;
        }
}

/* A readout that never came is no number to fit, nor is one of which the link cannot tell where its light is. */
static enum oac_status check_flags(const struct oac_measure *measure, size_t windows,
                                   struct oac_err *err)
{
    for (size_t i = 0; i < windows * measure->channels; i++) {
        const size_t k = i % measure->channels;
        if (measure->flag[i] & OAC_FLAG_BLIND && measure->blind)
            measure->blind[k] = true;
        else if (measure->flag[i] & OAC_FLAG_BLIND)
            return oac_fail(err, OAC_EDEVICE,
                            "no preamble is seen on readout %zu of \"%s\": check its detector, "
                            "laser and modulator",
                            k, measure->link->caps->device_id);
        if (measure->flag[i] & OAC_FLAG_LOST)
            return oac_fail(
                err, OAC_EDEVICE,
                "window %zu (slot %llu) of \"%s\" was lost, also when played alone: "
                "reopen the device, or lower its sample rates",
                i / measure->channels,
                (unsigned long long)measure->slot0[i / measure->channels],
                measure->link->caps->device_id);
    }
    return OAC_OK;
}

enum oac_status oac_measure_play(struct oac_measure *measure, size_t slots,
                                 const uint16_t *weight, size_t windows, const uint16_t *client,
                                 double *code, uint32_t *saturated, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const struct oac_weight_frame frame = {.rows = measure->channels,
                                           .slots = slots,
                                           .code = weight,
                                           .null_x_code = (uint16_t)caps->client->code_safe,
                                           .differential = measure->differential};
    uint32_t handle;
    if (oac_stop_requested(measure->sink))
        return oac_fail(err, OAC_EINTERRUPTED, "interrupted: the calibration is not complete");
    if (windows_room(measure, windows, err) ||
        oac_link_load(measure->link, &frame, &handle, err))
        return err->status;
    uint64_t next = measure->slot;
    for (size_t b = 0; b < windows; b++) {
        measure->slot0[b] = next + caps->guard_slots;
        next = measure->slot0[b] + slots;
    }
    const struct oac_activation_frame play = {
        .windows = windows, .code = client, .slot0 = measure->slot0};
    struct oac_readouts readouts = {.code = measure->code, .flag = measure->flag};
    memset(measure->flag, 0, windows * measure->channels);
    enum oac_status status =
        oac_link_play(measure->link, handle, measure->workspace, &play, &readouts, err);
    struct oac_err ignored;
    enum oac_status unloaded = oac_link_unload(measure->link, handle, status ? &ignored : err);
    if (status || unloaded)
        return status ? status : unloaded;
    measure->slot = next + caps->preamble_slots;
    if (check_flags(measure, windows, err))
        return err->status;
    collect(measure, windows, code, saturated);
    return OAC_OK;
}

enum oac_status oac_measure_hold_weights(struct oac_measure *measure, size_t slots,
                                         const uint16_t *weight, size_t windows,
                                         const uint16_t *client, double *code,
                                         uint32_t *saturated, struct oac_err *err)
{
    const size_t weights = measure->channels * slots;
    if (weights > measure->weight_room) {
        measure->weight_room = 0;
        if (room_for((void **)&measure->weight, weights, sizeof *weight, err))
            return err->status;
        measure->weight_room = weights;
    }
    for (size_t i = 0; i < weights; i++)
        measure->weight[i] = weight[i / slots];
    return oac_measure_play(measure, slots, measure->weight, windows, client, code, saturated,
                            err);
}

enum oac_status oac_measure_hold(struct oac_measure *measure, size_t slots,
                                 const uint16_t *weight, size_t windows, const uint16_t *client,
                                 double *code, uint32_t *saturated, struct oac_err *err)
{
    const size_t clients = windows * slots;
    if (clients > measure->client_room) {
        measure->client_room = 0;
        if (room_for((void **)&measure->client, clients, sizeof *client, err))
            return err->status;
        measure->client_room = clients;
    }
    for (size_t i = 0; i < clients; i++)
        measure->client[i] = client[i / slots];
    return oac_measure_hold_weights(measure, slots, weight, windows, measure->client, code,
                                    saturated, err);
}

enum oac_status oac_measure_set(struct oac_measure *measure, enum oac_setting setting,
                                size_t channel, double value, double *readback,
                                struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    double got;
    if (oac_link_set(measure->link, setting, channel, value, &got, err))
        return err->status;
    measure->slot += (uint64_t)ceil(fmax(0.0, caps->settings[setting].settle_s) / caps->slot_s);
    if (readback)
        *readback = got;
    return OAC_OK;
}

enum oac_status oac_measure_set_all(struct oac_measure *measure, enum oac_setting setting,
                                    double value, struct oac_err *err)
{
    for (size_t k = 0; k < measure->channels; k++)
        if (oac_measure_set(measure, setting, k, value, NULL, err))
            return err->status;
    return OAC_OK;
}

bool oac_measure_has(const struct oac_measure *measure, enum oac_setting setting)
{
    const struct oac_range *range = &measure->link->caps->settings[setting];
    return range->max > range->min;
}

uint16_t oac_measure_random_code(const struct oac_measure *measure, const struct oac_port *port,
                                 uint64_t index, uint32_t sub)
{
    const double u = oac_rng_uniform(measure->seed, OAC_RNG_CALIBRATION, index, sub);
    const double codes = (double)(port->code_max - port->code_min) + 1.0;
    return (uint16_t)(port->code_min + (int32_t)(u * codes));
}

uint16_t oac_port_code(const struct oac_port *port, double v_v)
{
    const double code = rint((v_v - port->v0_v) / port->lsb_v);
    return (uint16_t)fmin(fmax(code, (double)port->code_min), (double)port->code_max);
}

double oac_port_voltage(const struct oac_port *port, uint16_t code)
{
    return port->v0_v + port->lsb_v * (double)code;
}

void oac_port_span(const struct oac_port *port, double *low_v, double *high_v)
{
    const double a = port->v0_v + port->lsb_v * (double)port->code_min;
    const double b = port->v0_v + port->lsb_v * (double)port->code_max;
    *low_v = fmin(a, b);
    *high_v = fmax(a, b);
}
