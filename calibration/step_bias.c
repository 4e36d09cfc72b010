/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slow settings of the steps: lasers, biases, and how long a window may be. */
#include <math.h>

#include "calibration/fit_transfer.h"
#include "calibration/steps.h"

double oac_step_bias(const struct oac_measure *measure, enum oac_setting setting,
                     const struct oac_port *port, double vpi_v, double present_v, size_t level,
                     size_t levels)
{
    const struct oac_range *range = &measure->link->caps->settings[setting];
    double low_v, high_v;
    if (!oac_measure_has(measure, setting) || levels < 2)
        return present_v;
    oac_port_span(port, &low_v, &high_v);
    const double half_v = fmax(0.0, 0.5 * (2.4 * vpi_v - (high_v - low_v)));
    const double at = (double)level / (double)(levels - 1); /* 0 .. 1 */
    return fmin(fmax(half_v * (2.0 * at - 1.0), range->min), range->max);
}

enum oac_status oac_step_lasers(struct oac_measure *measure, bool on, struct oac_err *err)
{
    if (!oac_measure_has(measure, OAC_LASER_ON))
        return OAC_OK;
    return oac_measure_set_all(measure, OAC_LASER_ON, on ? 1.0 : 0.0, err);
}

/* The bias that lets the DAC reach as much as it can of a half period: its middle, on the side and branch
 * that asks for the least bias. Curve in volts at the modulator. */
static double operating_bias(const struct oac_measure *measure, enum oac_setting setting,
                             const struct oac_port *port, const struct oac_curve *curve)
{
    const struct oac_range *range = &measure->link->caps->settings[setting];
    double low_v, high_v, best_v = 0.0;
    bool found = false;
    oac_port_span(port, &low_v, &high_v);
    for (int half = -5; half <= 5; half += 2) {
        const double middle_v = curve->vpeak_v + 0.5 * half * curve->vpi_v;
        const double bias_v = middle_v - 0.5 * (low_v + high_v);
        if (!(bias_v >= range->min && bias_v <= range->max))
            continue;
        if (!found || fabs(bias_v) < fabs(best_v))
            best_v = bias_v;
        found = true;
    }
    return best_v;
}

/* Does the converter reach null and peak of some half period at this bias, but for a hundredth of V_pi? */
static bool reaches(const struct oac_port *port, const struct oac_curve *curve, double bias_v)
{
    double low_v, high_v;
    oac_port_span(port, &low_v, &high_v);
    const double slack_v = 0.01 * curve->vpi_v;
    for (int half = -5; half <= 5; half++) {
        const double from_v = curve->vpeak_v + half * curve->vpi_v - bias_v;
        if (from_v >= low_v - slack_v && from_v + curve->vpi_v <= high_v + slack_v)
            return true;
    }
    return false;
}

static double bias_to_work_at(const struct oac_measure *measure, enum oac_setting setting,
                              const struct oac_port *port, const struct oac_curve *curve,
                              double present_v)
{
    if (!oac_measure_has(measure, setting) || reaches(port, curve, present_v))
        return present_v;
    return operating_bias(measure, setting, port, curve);
}

/* The code nearest to a peak. */
static uint16_t peak_code(const struct oac_port *port, const struct oac_curve *curve,
                          double bias_v)
{
    double low_v, high_v;
    oac_port_span(port, &low_v, &high_v);
    const double middle_v = 0.5 * (low_v + high_v);
    uint16_t best = oac_port_code(port, middle_v);
    double most = -1.0;
    for (int branch = -1; branch <= 1; branch++) {
        const double v_v = oac_branch_near(curve->vpeak_v - bias_v, curve->vpi_v, middle_v) +
                           2.0 * branch * curve->vpi_v;
        const uint16_t code = oac_port_code(port, v_v);
        const double t = oac_curve_transmission(curve, oac_port_voltage(port, code) + bias_v);
        if (t > most)
            best = code;
        most = fmax(most, t);
    }
    return best;
}

uint16_t oac_step_null_code(const struct oac_port *port, const struct oac_curve *curve,
                            double bias_v)
{
    uint16_t best = (uint16_t)port->code_min;
    double least = HUGE_VAL;
    for (int32_t code = port->code_min; code <= port->code_max; code++) {
        const double v_v = oac_port_voltage(port, (uint16_t)code) + bias_v;
        const double t = oac_curve_transmission(curve, v_v);
        if (t < least)
            best = (uint16_t)code;
        least = fmin(least, t);
    }
    return best;
}

enum oac_status oac_step_operate(struct oac_measure *measure,
                                 struct oac_calibration *calibration, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    calibration->client_bias_v =
        bias_to_work_at(measure, OAC_BIAS_CLIENT_V, caps->client, &calibration->client,
                        calibration->client_bias_v);
    if (oac_measure_has(measure, OAC_BIAS_CLIENT_V) &&
        oac_measure_set(measure, OAC_BIAS_CLIENT_V, 0, calibration->client_bias_v,
                        &calibration->client_bias_v, err))
        return err->status;
    calibration->client_open =
        peak_code(caps->client, &calibration->client, calibration->client_bias_v);
    for (size_t k = 0; k < calibration->channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        const struct oac_port *port = &caps->weight[k];
        channel->weight_bias_v = bias_to_work_at(measure, OAC_BIAS_WEIGHT_V, port,
                                                 &channel->weight, channel->weight_bias_v);
        if (oac_measure_has(measure, OAC_BIAS_WEIGHT_V) &&
            oac_measure_set(measure, OAC_BIAS_WEIGHT_V, k, channel->weight_bias_v,
                            &channel->weight_bias_v, err))
            return err->status;
        calibration->weight_open[k] = peak_code(port, &channel->weight, channel->weight_bias_v);
    }
    return OAC_OK;
}

size_t oac_step_slots(const struct oac_measure *measure,
                      const struct oac_calibration *calibration, double part)
{
    const struct oac_link_caps *caps = measure->link->caps;
    double slots = fmin((double)caps->slots_max, OAC_STEP_SLOTS_MAX);
    /* A sampled receiver converts slot by slot: no sum to overflow. */
    for (size_t k = 0; caps->receiver != OAC_SAMPLED && k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        const double room = part * ((double)caps->readout[k].code_max - channel->offset_code);
        slots =
            fmin(slots, room / (channel->open_code + fmax(0.0, channel->dark_code_per_slot)));
    }
    return (size_t)fmax(1.0, slots);
}

bool oac_step_shorter(const struct oac_measure *measure, struct oac_calibration *calibration,
                      uint64_t before)
{
    if (measure->saturated == before || calibration->slots <= 1)
        return false;
    oac_log(measure->sink, OAC_LOG_DEBUG, "%zu slots overflow the readout: shorter windows",
            calibration->slots);
    calibration->slots -= (calibration->slots + 3) / 4;
    return true;
}
