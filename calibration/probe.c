/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all probes share: their memory, their voltages, the readouts without light. */
#include "calibration/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/steps.h"

/* Short: twice the nominal light of a channel fits, as in first light. */
static size_t short_slots(const struct oac_link_caps *caps, const double *zero_code)
{
    double slots = fmin((double)caps->slots_max, OAC_STEP_SLOTS_MAX);
    for (size_t k = 0; caps->receiver != OAC_SAMPLED && k < caps->channels; k++)
        if (zero_code[k] < (double)caps->readout[k].code_max)
            slots = fmin(slots, 0.4 * ((double)caps->readout[k].code_max - zero_code[k]) /
                                    caps->nominal->channel[k].gain_code);
    return (size_t)fmax(1.0, slots);
}

enum oac_status oac_prober_init(struct oac_prober *prober, struct oac_measure *measure,
                                size_t drift_windows, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t n = measure->channels;
    size_t windows = (drift_windows + OAC_PROBE_GROUPS - 1) / OAC_PROBE_GROUPS;
    windows = windows < OAC_PROBE_DARK ? OAC_PROBE_DARK : windows;
    memset(prober, 0, sizeof *prober);
    prober->measure = measure;
    struct oac_probe *probe = &prober->probe;
    probe->channels = n;
    probe->switched = oac_measure_has(measure, OAC_LASER_ON);
    probe->dof = OAC_PROBE_DARK - 1.0;
    double *reals = oac_alloc((6 + 2 * OAC_PROBE_LENGTHS + OAC_PROBE_POINTS) * n, sizeof *reals,
                              "probes", err);
    probe->dark_saturated = reals;
    probe->cell = reals ? oac_alloc(n * n, sizeof *probe->cell, "probes", err) : NULL;
    prober->codes = probe->cell ? oac_alloc(2 * n, sizeof *prober->codes, "probes", err) : NULL;
    prober->saturated =
        prober->codes ? oac_alloc(n, sizeof *prober->saturated, "probes", err) : NULL;
    prober->code =
        prober->saturated ? oac_alloc(windows * n, sizeof *prober->code, "probes", err) : NULL;
    if (!prober->code)
        return err->status;
    prober->middle_code = prober->codes + n;
    probe->need = reals + n;
    probe->drift = reals + 2 * n;
    prober->bias_v = reals + 3 * n;
    prober->middle_bias_v = reals + 4 * n;
    prober->scatter = reals + 5 * n;
    prober->dark = reals + 6 * n;
    prober->dark_variance = prober->dark + OAC_PROBE_LENGTHS * n;
    prober->point = prober->dark_variance + OAC_PROBE_LENGTHS * n;
    prober->slots[1] =
        caps->slots_max < OAC_STEP_SLOTS_MAX ? caps->slots_max : (size_t)OAC_STEP_SLOTS_MAX;
    return OAC_OK;
}

void oac_prober_fini(struct oac_prober *prober)
{
    free(prober->probe.dark_saturated); /* and all that was cut from it */
    free(prober->probe.cell);
    free(prober->codes);
    free(prober->saturated);
    free(prober->code);
    memset(prober, 0, sizeof *prober);
}

uint16_t oac_probe_code(const struct oac_port *port, size_t p)
{
    const double part = (double)(p % OAC_PROBE_CODES) / (OAC_PROBE_CODES - 1);
    return (uint16_t)(port->code_min +
                      (int32_t)(part * (double)(port->code_max - port->code_min)));
}

double oac_probe_bias(const struct oac_prober *prober, enum oac_setting setting,
                      const struct oac_port *port, double vpi_v, double present_v, size_t p)
{
    return oac_step_bias(prober->measure, setting, port, vpi_v, present_v, p / OAC_PROBE_CODES,
                         OAC_PROBE_BIASES);
}

/* Swing/most of a curve over the points' voltages. */
static double swing_of(const struct oac_prober *prober, size_t k, const struct oac_curve *curve)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const struct oac_port *port = &caps->weight[k];
    double least = 1.0, most = 0.0;
    for (size_t p = 0; p < OAC_PROBE_POINTS; p++) {
        const double bias_v =
            oac_probe_bias(prober, OAC_BIAS_WEIGHT_V, port,
                           caps->nominal->channel[k].weight.vpi_v, prober->bias_v[k], p);
        const double v_v = oac_port_voltage(port, oac_probe_code(port, p)) + bias_v;
        const double t = oac_curve_transmission(curve, v_v);
        least = fmin(least, t);
        most = fmax(most, t);
    }
    return (most - least) / most;
}

double oac_probe_need(const struct oac_prober *prober, size_t k)
{
    const struct oac_calrec_channel *nominal =
        &prober->measure->link->caps->nominal->channel[k];
    double need = 1.0;
    for (int phase = 0; phase < 64; phase++) {
        const double vpi_v = 1.5 * nominal->weight.vpi_v;
        const struct oac_curve curve = {vpi_v, 2.0 * vpi_v * phase / 64.0, 0.5};
        need = fmin(need, swing_of(prober, k, &curve));
    }
    return need;
}

static void zero_of(const struct oac_prober *prober, size_t k, double *mean, double *variance)
{
    const size_t n = prober->probe.channels;
    *mean = *variance = 0.0;
    for (size_t b = 0; b < OAC_PROBE_DARK; b++)
        *mean += prober->code[b * n + k] / OAC_PROBE_DARK;
    for (size_t b = 0; b < OAC_PROBE_DARK; b++)
        *variance += pow(prober->code[b * n + k] - *mean, 2.0) / (OAC_PROBE_DARK - 1);
    *variance = fmax(*variance, 1.0 / 12.0); /* at least that of rounding */
}

static enum oac_status play_dark(struct oac_prober *prober, size_t slots, double *mean,
                                 double *variance, struct oac_err *err)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const size_t n = prober->probe.channels;
    uint16_t client[OAC_PROBE_DARK];
    for (size_t b = 0; b < OAC_PROBE_DARK; b++)
        client[b] = (uint16_t)caps->client->code_safe;
    for (size_t k = 0; k < n; k++) {
        prober->codes[k] = (uint16_t)caps->weight[k].code_safe;
        prober->saturated[k] = 0;
    }
    if (oac_measure_hold(prober->measure, slots, prober->codes, OAC_PROBE_DARK, client,
                         prober->code, prober->saturated, err))
        return err->status;
    for (size_t k = 0; k < n; k++)
        zero_of(prober, k, &mean[k], &variance[k]);
    return OAC_OK;
}

enum oac_status oac_probe_dark(struct oac_prober *prober, struct oac_err *err)
{
    const struct oac_link_caps *caps = prober->measure->link->caps;
    const size_t n = prober->probe.channels;
    /* One slot first: what saturates there does so without light and dark current. */
    if (oac_step_lasers(prober->measure, false, err) ||
        play_dark(prober, 1, prober->dark, prober->dark_variance, err))
        return err->status;
    for (size_t k = 0; k < n; k++)
        prober->probe.dark_saturated[k] = prober->saturated[k] / (double)OAC_PROBE_DARK;
    prober->slots[0] = short_slots(caps, prober->dark);
    for (size_t l = 0; l < OAC_PROBE_LENGTHS; l++)
        if (play_dark(prober, prober->slots[l], prober->dark + l * n,
                      prober->dark_variance + l * n, err))
            return err->status;
    return oac_step_lasers(prober->measure, true, err);
}
