/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes with light: the client's open voltage, and every laser alone. */
#include <math.h>

#include "calibration/probe.h"
#include "calibration/steps.h"

static enum oac_status set_bias(struct oac_prober *prober, enum oac_setting setting,
                                size_t channel, double *value_v, struct oac_err *err)
{
    if (!oac_measure_has(prober->measure, setting))
        return OAC_OK;
    return oac_measure_set(prober->measure, setting, channel, *value_v, value_v, err);
}

/* All readouts' light at one client code, over the weights' codes, which each channel takes in its own order so
 * that some are open whatever the peaks. Readouts that saturate without light say nothing. */
static enum oac_status client_light(struct oac_prober *prober, uint16_t code, double *light,
                                    struct oac_err *err)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const size_t n = prober->probe.channels;
    *light = 0.0;
    for (size_t w = 0; w < OAC_PROBE_CODES; w++) {
        for (size_t k = 0; k < n; k++)
            prober->codes[k] = oac_probe_code(&caps->weight[k], w + k);
        if (oac_measure_hold(prober->measure, prober->slots[0], prober->codes, 1, &code,
                             prober->code, NULL, err))
            return err->status;
        for (size_t k = 0; k < n; k++)
            if (prober->probe.dark_saturated[k] <= 0.5)
                *light += prober->code[k] - prober->dark[k];
    }
    return OAC_OK;
}

enum oac_status oac_probe_client(struct oac_prober *prober, struct oac_err *err)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    double most = -INFINITY;
    for (size_t p = 0; p < OAC_PROBE_POINTS; p++) {
        const uint16_t code = oac_probe_code(caps->client, p);
        double light,
            bias_v = oac_probe_bias(prober, OAC_BIAS_CLIENT_V, caps->client,
                                    caps->nominal->client.vpi_v, prober->client_bias_v, p);
        if (set_bias(prober, OAC_BIAS_CLIENT_V, 0, &bias_v, err) ||
            client_light(prober, code, &light, err))
            return err->status;
        if (!(light > most))
            continue;
        most = light;
        prober->open_code = code;
        prober->open_bias_v = bias_v;
    }
    return set_bias(prober, OAC_BIAS_CLIENT_V, 0, &prober->open_bias_v, err);
}

/* One point of weight j's voltages, the others parked: means, and squares about them. */
static enum oac_status play_point(struct oac_prober *prober, size_t j, size_t p, size_t slots,
                                  struct oac_err *err)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const size_t n = prober->probe.channels;
    uint16_t client[OAC_PROBE_REPEATS];
    double bias_v =
        oac_probe_bias(prober, OAC_BIAS_WEIGHT_V, &caps->weight[j],
                       caps->nominal->channel[j].weight.vpi_v, prober->bias_v[j], p);
    for (size_t b = 0; b < OAC_PROBE_REPEATS; b++)
        client[b] = prober->open_code;
    for (size_t k = 0; k < n; k++)
        prober->codes[k] = (uint16_t)caps->weight[k].code_safe;
    prober->codes[j] = oac_probe_code(&caps->weight[j], p);
    if (set_bias(prober, OAC_BIAS_WEIGHT_V, j, &bias_v, err) ||
        oac_measure_hold(prober->measure, slots, prober->codes, OAC_PROBE_REPEATS, client,
                         prober->code, prober->saturated, err))
        return err->status;
    for (size_t k = 0; k < n; k++) {
        double mean = 0.0;
        for (size_t b = 0; b < OAC_PROBE_REPEATS; b++)
            mean += prober->code[b * n + k] / OAC_PROBE_REPEATS;
        for (size_t b = 0; b < OAC_PROBE_REPEATS; b++)
            prober->scatter[k] += pow(prober->code[b * n + k] - mean, 2.0);
        prober->point[p * n + k] = mean;
    }
    return OAC_OK;
}

/* Cell (k, j) from the points, in codes per slot. */
static struct oac_probe_cell cell_from(const struct oac_prober *prober, size_t k, size_t length)
{
    const size_t n = prober->probe.channels;
    const double slots = (double)prober->slots[length], zero = prober->dark[length * n + k];
    const double windows = OAC_PROBE_POINTS * OAC_PROBE_REPEATS;
    const double variance = fmax(prober->scatter[k] / (windows - OAC_PROBE_POINTS), 1.0 / 12.0);
    double sum = 0.0, least = INFINITY, most = -INFINITY;
    for (size_t p = 0; p < OAC_PROBE_POINTS; p++) {
        const double light = prober->point[p * n + k] - zero;
        sum += light / OAC_PROBE_POINTS;
        least = fmin(least, light);
        most = fmax(most, light);
    }
    const double dark = prober->dark_variance[length * n + k] / OAC_PROBE_DARK;
    return (struct oac_probe_cell){
        .light = sum / slots,
        .sigma = sqrt(variance / windows + dark) / slots,
        .dark_sigma = sqrt(dark) / slots,
        .most = most / slots,
        .swing = (most - least) / slots,
        .swing_sigma = sqrt(2.0 * variance / OAC_PROBE_REPEATS) / slots,
    };
}

/* Where laser j's light is nearest to half of its most, on the readout that sees most of it. */
static void find_middle(struct oac_prober *prober, size_t j)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const size_t n = prober->probe.channels;
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (prober->probe.cell[k * n + j].most > prober->probe.cell[best * n + j].most)
            best = k;
    const double half = 0.5 * prober->probe.cell[best * n + j].most * (double)prober->slots[0];
    double nearest = INFINITY;
    for (size_t p = 0; p < OAC_PROBE_POINTS; p++) {
        const double off = fabs(prober->point[p * n + best] - prober->dark[best] - half);
        if (!(off < nearest))
            continue;
        nearest = off;
        prober->middle_code[j] = oac_probe_code(&caps->weight[j], p);
        prober->middle_bias_v[j] =
            oac_probe_bias(prober, OAC_BIAS_WEIGHT_V, &caps->weight[j],
                           caps->nominal->channel[j].weight.vpi_v, prober->bias_v[j], p);
    }
}

/* Long windows replace what short ones said wherever the readout took them. */
static enum oac_status scan_laser(struct oac_prober *prober, size_t j, struct oac_err *err)
{
    const size_t n = prober->probe.channels;
    for (size_t length = 0; length < OAC_PROBE_LENGTHS; length++) {
        for (size_t k = 0; k < n; k++) {
            prober->saturated[k] = 0;
            prober->scatter[k] = 0.0;
        }
        for (size_t p = 0; p < OAC_PROBE_POINTS; p++)
            if (play_point(prober, j, p, prober->slots[length], err))
                return err->status;
        for (size_t k = 0; k < n; k++) {
            struct oac_probe_cell *cell = &prober->probe.cell[k * n + j];
            if (length == 0 || prober->saturated[k] == 0)
                *cell = cell_from(prober, k, length);
            cell->overload = cell->overload || (length == 0 && prober->saturated[k] > 0);
        }
        if (length == 0)
            find_middle(prober, j);
    }
    return OAC_OK;
}

enum oac_status oac_probe_lasers(struct oac_prober *prober, struct oac_err *err)
{
    const size_t n = prober->probe.channels;
    if (oac_step_lasers(prober->measure, false, err))
        return err->status;
    for (size_t j = 0; j < n; j++) {
        const bool switched = prober->probe.switched;
        prober->probe.need[j] = oac_probe_need(prober, j);
        double back_v = prober->bias_v[j];
        if ((switched && oac_measure_set(prober->measure, OAC_LASER_ON, j, 1.0, NULL, err)) ||
            scan_laser(prober, j, err) ||
            set_bias(prober, OAC_BIAS_WEIGHT_V, j, &back_v, err) ||
            (switched && oac_measure_set(prober->measure, OAC_LASER_ON, j, 0.0, NULL, err)))
            return err->status;
    }
    return oac_step_lasers(prober->measure, true, err);
}
