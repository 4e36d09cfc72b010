/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/components/receiver.h"

/* The analytic readout's volts per electron are those of the whole window; a receiver that is sampled slot by slot
 * counts codes differently, which its nominal gain says. */
static double electrons_per_code(const struct oac_rig *rig, const struct oac_link_caps *caps,
                                 size_t slots)
{
    double window_s = (double)slots * caps->slot_s;
    struct oac_receiver_figures figures = oac_receiver_figures(rig, window_s);
    double gain = rig->detector.kind == OAC_DETECTOR_APD ? rig->detector.gain : 1.0;

    return fabs(caps->readout[0].lsb_v) / (figures.volts_per_electron * gain);
}

enum oac_status oac_scope_bench_open(const struct oac_station_options *options, const char *on,
                                     uint32_t noise, size_t slots, const struct oac_sink *sink,
                                     struct oac_scope_bench *bench, struct oac_err *err)
{
    struct oac_station_options asked = *options;

    memset(bench, 0, sizeof *bench);
    asked.on = on;
    asked.noise = noise;
    asked.engine = (struct oac_engine_options){.encoding = OAC_RAILS, .repeats = 1};
    if (oac_station_open(&asked, sink, &bench->station, err) != OAC_OK)
        return err->status;
    bench->caps = bench->station.link.caps;
    bench->channels = bench->caps->channels;
    bench->slots = slots;
    if (slots > bench->caps->slots_max) {
        oac_fail(err, OAC_EINVAL,
                 "%zu slots asked for; a window of this rig has at most %zu (slots_max)", slots,
                 bench->caps->slots_max);
        goto fail;
    }
    bench->electrons_per_code = electrons_per_code(&bench->station.rig, bench->caps, slots);
    bench->workspace = oac_link_workspace_create(&bench->station.link, err);
    if (!bench->workspace)
        goto fail;
    bench->weight_code = oac_alloc(bench->channels * slots, sizeof(uint16_t), "codes", err);
    if (!bench->weight_code)
        goto fail;
    return OAC_OK;
fail:
    oac_scope_bench_close(bench);
    return err->status;
}

void oac_scope_bench_close(struct oac_scope_bench *bench)
{
    if (bench->workspace)
        oac_link_workspace_destroy(&bench->station.link, bench->workspace);
    free(bench->weight_code);
    oac_station_close(&bench->station);
    memset(bench, 0, sizeof *bench);
}

static uint16_t code_of(const struct oac_port *port, const struct oac_curve *curve, double t)
{
    double code = nearbyint((oac_curve_voltage(curve, t, 0) - port->v0_v) / port->lsb_v);

    code = fmin(fmax(code, (double)port->code_min), (double)port->code_max);
    return (uint16_t)code;
}

enum oac_status oac_scope_bench_play(struct oac_scope_bench *bench,
                                     const struct oac_scope_play *play, struct oac_err *err)
{
    const struct oac_link_caps *caps = bench->caps;
    size_t values = play->windows * bench->slots;
    uint16_t *client = oac_alloc(values, sizeof *client, "client codes", err);
    struct oac_weight_frame frame = {
        .rows = bench->channels,
        .slots = bench->slots,
        .code = bench->weight_code,
        .null_x_code = code_of(&caps->client[0], &caps->nominal->client, 0.0),
        .differential = false, /* of a pair the first detector alone */
    };
    struct oac_activation_frame windows = {
        .windows = play->windows, .code = client, .slot0 = play->slot0};
    struct oac_readouts readouts = {.code = play->code};
    uint32_t handle;

    if (!client)
        return err->status;
    for (size_t i = 0; i < bench->channels * bench->slots; i++)
        bench->weight_code[i] =
            code_of(&caps->weight[i / bench->slots],
                    &caps->nominal->channel[i / bench->slots].weight, (double)play->weight[i]);
    for (size_t i = 0; i < values; i++)
        client[i] = code_of(&caps->client[0], &caps->nominal->client, (double)play->client[i]);
    enum oac_status status = oac_link_load(&bench->station.link, &frame, &handle, err);
    if (status == OAC_OK) {
        struct oac_err later;
        status = oac_link_play(&bench->station.link, handle, bench->workspace, &windows,
                               &readouts, err);
        if (oac_link_unload(&bench->station.link, handle, &later) != OAC_OK &&
            status == OAC_OK) {
            *err = later;
            status = later.status;
        }
    }
    free(client);
    return status;
}
