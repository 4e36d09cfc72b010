/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig_check_subcarrier.h"

#include <inttypes.h>
#include <math.h>

#include "base/constants.h"
#include "hal/subcarrier.h"

#define CHIPS        ((int64_t)OAC_SUBCARRIER_CHIPS)
#define SLOPE_LEAST  0.5  /* of a modulator's steepest, at rest: hal/modem_subcarrier.c */
#define CARRIER_ROOM 20.0 /* a pole so far above the carrier costs 0.1 % of it */
#define CARRIER_GRID \
    4.5 /* samples of light in a period of the carrier: 2.25 of the product's */
#define LARGEST_BESSEL 1.8411837813406593

static enum oac_status check_samples(const struct oac_rig *rig, const char *who,
                                     int64_t samples, struct oac_err *err)
{
    const int64_t chips = CHIPS * rig->subcarrier.periods;
    if (samples % chips == 0)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "%s.samples_per_slot %" PRId64 ": subcarrier.periods %" PRId64
                    " makes %" PRId64 " chips a slot, each of whole samples",
                    who, samples, rig->subcarrier.periods, chips);
}

static enum oac_status check_drive(const struct oac_rig *rig, const char *who,
                                   const struct oac_rig_dac *dac,
                                   const struct oac_rig_modulator *modulator,
                                   struct oac_err *err)
{
    const double vpi_v = modulator->vpi_v,
                 slack_v = dac->full_scale_v / ldexp(1.0, (int)dac->bits);
    const double room_v = fmin(-dac->min_v, dac->min_v + dac->full_scale_v) + slack_v;
    const double need_v =
        rig->subcarrier.carrier_hz > 0.0 ? LARGEST_BESSEL / OAC_PI * vpi_v : 0.5 * vpi_v;
    if (!(fabs(sin(OAC_PI * modulator->bias_v / vpi_v)) >= SLOPE_LEAST))
        return oac_fail(
            err, OAC_EINVAL,
            "%s_modulator.bias_v %g V with subcarrier.periods: rest, 0 V, must lie on "
            "the slope, V_pi/2 = %g V from the peak",
            who, modulator->bias_v, 0.5 * vpi_v);
    if (!(room_v >= need_v))
        return oac_fail(
            err, OAC_EINVAL,
            "%s_dac spans %g .. %g V: a subcarrier needs +-%g V around 0 V (V_pi %g "
            "V); change %s_dac.min_v or full_scale_v",
            who, dac->min_v, dac->min_v + dac->full_scale_v, need_v, vpi_v, who);
    return OAC_OK;
}

static enum oac_status check_carrier_drive(const struct oac_rig *rig, const char *who,
                                           const struct oac_rig_dac *dac,
                                           const struct oac_rig_modulator *modulator,
                                           struct oac_err *err)
{
    if (isinf(dac->bandwidth_hz) && dac->jitter_s == 0.0 && modulator->s21_file[0] == '\0' &&
        modulator->bandwidth_hz >= CARRIER_ROOM * rig->subcarrier.carrier_hz)
        return OAC_OK;
    return oac_fail(err, OAC_EUNSUPPORTED,
                    "%s_dac and %s_modulator with subcarrier.carrier_hz %g: a radio's filters, "
                    "jitter and a modulator below %g times the carrier are not modelled; set "
                    "bandwidth_hz none, jitter_s 0, no s21_file",
                    who, who, rig->subcarrier.carrier_hz, CARRIER_ROOM);
}

static enum oac_status check_carrier(const struct oac_rig *rig, struct oac_err *err)
{
    const double carrier_hz = rig->subcarrier.carrier_hz;
    const double grid_hz = rig->slot_rate_hz * (double)rig->wave.samples_per_slot;
    if (rig->subcarrier.periods == 0)
        return oac_fail(err, OAC_EINVAL,
                        "subcarrier.carrier_hz %g needs subcarrier.periods of 1 or more: the "
                        "phase of a bare carrier says nothing about zero",
                        carrier_hz);
    if (!(grid_hz >= CARRIER_GRID * carrier_hz))
        return oac_fail(err, OAC_EINVAL,
                        "wave.samples_per_slot %" PRId64 " at %g slots/s are %g Hz: "
                        "subcarrier.carrier_hz %g needs %g times as many",
                        rig->wave.samples_per_slot, rig->slot_rate_hz, grid_hz, carrier_hz,
                        CARRIER_GRID);
    if (rig->adc.jitter_s != 0.0)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "adc.jitter_s %g s with subcarrier.carrier_hz is not modelled: set it 0",
            rig->adc.jitter_s);
    if (check_carrier_drive(rig, "weight", &rig->weight_dac, &rig->weight_modulator, err) ||
        check_carrier_drive(rig, "client", &rig->client_dac, &rig->client_modulator, err))
        return err->status;
    return OAC_OK;
}

enum oac_status oac_rig_check_subcarrier(const struct oac_rig *rig, struct oac_err *err)
{
    if (rig->subcarrier.carrier_hz > 0.0 && check_carrier(rig, err))
        return err->status;
    if (rig->subcarrier.periods == 0)
        return OAC_OK;
    if (rig->receiver.kind != OAC_RECEIVER_TIA || rig->detector.pair)
        return oac_fail(err, OAC_EINVAL,
                        "subcarrier.periods %" PRId64 " needs receiver.kind tia and no "
                        "detector.pair: a gate or a difference is not on the subcarrier",
                        rig->subcarrier.periods);
    if (check_samples(rig, "weight_dac", rig->weight_dac.samples_per_slot, err) ||
        check_samples(rig, "client_dac", rig->client_dac.samples_per_slot, err) ||
        check_samples(rig, "adc", rig->adc.samples_per_slot, err) ||
        check_drive(rig, "weight", &rig->weight_dac, &rig->weight_modulator, err) ||
        check_drive(rig, "client", &rig->client_dac, &rig->client_modulator, err))
        return err->status;
    return OAC_OK;
}
