/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relations between the keys of a rig that no single range can see: errors, then mere warnings. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/components/amplifier.h"
#include "sim/components/converter_error.h"
#include "sim/components/demux.h"
#include "sim/components/fiber.h"
#include "sim/components/laser.h"
#include "sim/components/mzm.h"
#include "sim/rig.h"
#include "sim/rig_check_hidden.h"
#include "sim/rig_check_subcarrier.h"
#include "sim/rig_check_wave.h"

/* A DAC must reach the peak and one null of its modulator, to a part in 1e6 of V_pi. */
static enum oac_status check_travel(const char *who, const struct oac_rig_dac *dac,
                                    const struct oac_rig_modulator *modulator,
                                    struct oac_err *err)
{
    double low = dac->min_v, high = dac->min_v + dac->full_scale_v;
    double slack = 1e-6 * modulator->vpi_v, peak = modulator->bias_v;
    bool has_peak = low <= peak + slack && peak <= high + slack;
    bool has_null =
        low <= peak - modulator->vpi_v + slack || high >= peak + modulator->vpi_v - slack;
    if (!(has_peak && has_null))
        return oac_fail(err, OAC_EINVAL,
                        "%s_dac spans %g .. %g V, which does not contain the peak of "
                        "%s_modulator at bias_v %g V and a null %g V away: change "
                        "%s_dac.min_v or full_scale_v",
                        who, low, high, who, peak, modulator->vpi_v, who);
    return OAC_OK;
}

static enum oac_status check_converter(const char *who, int64_t bits, double enob_bits,
                                       double inl_lsb, double dnl_lsb, struct oac_err *err)
{
    if (!(enob_bits <= (double)bits || isinf(enob_bits)))
        return oac_fail(err, OAC_EINVAL,
                        "%s.enob_bits %g exceeds %s.bits %" PRId64 ": state less, or none", who,
                        enob_bits, who, bits);
    if ((inl_lsb > 0.0 || dnl_lsb > 0.0) && bits > OAC_CONVERTER_ERROR_BITS_MAX)
        return oac_fail(err, OAC_EINVAL,
                        "%s has inl_lsb or dnl_lsb with %" PRId64
                        " bits: error tables end at %d bits",
                        who, bits, OAC_CONVERTER_ERROR_BITS_MAX);
    return OAC_OK;
}

static enum oac_status check_light(const struct oac_rig *rig, struct oac_err *err)
{
    if (!(rig->laser.power_max_dbm >= rig->laser.power_dbm))
        return oac_fail(err, OAC_EINVAL,
                        "laser.power_max_dbm %g is below laser.power_dbm %g dBm",
                        rig->laser.power_max_dbm, rig->laser.power_dbm);
    double span_hz = (double)(rig->channels - 1) * rig->laser.grid_hz;
    if (!(span_hz <= 0.5 * rig->laser.center_hz))
        return oac_fail(err, OAC_EINVAL,
                        "%" PRId64 " channels on a grid of %g Hz span %g Hz: at most half of "
                        "laser.center_hz %g Hz",
                        rig->channels, rig->laser.grid_hz, span_hz, rig->laser.center_hz);
    double out = oac_demux_column_max(rig, (size_t)rig->channels);
    if (!(out <= 1.0 + 1e-12))
        return oac_fail(err, OAC_EINVAL,
                        "demux crosstalk over %" PRId64
                        " channels sends out %g of the light that "
                        "enters: raise demux.il_db or the crosstalk suppression",
                        rig->channels, out);
    struct oac_amplifier amplifier = oac_amplifier_from_rig(rig);
    if (amplifier.stage_gain > 1.0 && !(oac_amplifier_n_sp(&amplifier) >= 1.0))
        return oac_fail(err, OAC_EINVAL,
                        "amplifier.nf_db %g at gain %g dB is below the quantum limit of %g dB",
                        rig->amplifier.nf_db, rig->amplifier.gain_db,
                        oac_db_from_power_ratio(2.0 - 1.0 / amplifier.stage_gain));
    return OAC_OK;
}

static enum oac_status check_detector(const struct oac_rig *rig, struct oac_err *err)
{
    bool counts = rig->detector.kind == OAC_DETECTOR_COUNTING;
    if (counts != (rig->receiver.kind == OAC_RECEIVER_COUNTER))
        return oac_fail(err, OAC_EINVAL,
                        "detector.kind counting and receiver.kind counter belong together");
    if (!counts && (rig->detector.dead_time_s > 0.0 || rig->detector.dark_counts_hz > 0.0))
        return oac_fail(err, OAC_EINVAL,
                        "detector.dead_time_s %g s and dark_counts_hz %g Hz need detector.kind "
                        "counting",
                        rig->detector.dead_time_s, rig->detector.dark_counts_hz);
    if (counts && (rig->detector.dark_a > 0.0 || rig->detector.surface_dark_a > 0.0))
        return oac_fail(err, OAC_EINVAL,
                        "a counting detector has dark_counts_hz, not dark_a %g A or "
                        "surface_dark_a %g A",
                        rig->detector.dark_a, rig->detector.surface_dark_a);
    if (rig->detector.kind != OAC_DETECTOR_APD &&
        !(rig->detector.gain == 1.0 && rig->detector.excess_noise == 1.0))
        return oac_fail(err, OAC_EINVAL,
                        "detector.gain %g and excess_noise %g need detector.kind apd",
                        rig->detector.gain, rig->detector.excess_noise);
    if (rig->detector.pair != rig->weight_modulator.dual_output)
        return oac_fail(err, OAC_EINVAL,
                        "detector.pair and weight_modulator.dual_output belong together: each "
                        "detector of a pair reads one output");
    if (rig->detector.pair && counts)
        return oac_fail(err, OAC_EINVAL,
                        "detector.pair: a counter cannot subtract; use pin or apd");
    if (rig->detector.pair_mismatch != 0.0 && !rig->detector.pair)
        return oac_fail(err, OAC_EINVAL, "detector.pair_mismatch %g needs detector.pair",
                        rig->detector.pair_mismatch);
    return OAC_OK;
}

static enum oac_status check_range(const struct oac_rig *rig, struct oac_err *err)
{
    if (rig->receiver.kind == OAC_RECEIVER_COUNTER)
        return OAC_OK;
    double low = rig->adc.min_v, high = rig->adc.min_v + rig->adc.full_scale_v;
    if (!(low <= 0.0 && high > 0.0))
        return oac_fail(err, OAC_EINVAL,
                        "the ADC spans %g .. %g V, without the 0 V of a dark receiver: change "
                        "adc.min_v",
                        low, high);
    if (rig->detector.pair && !(low < 0.0))
        return oac_fail(
            err, OAC_EINVAL,
            "adc.min_v %g V: the difference of a pair is also negative; set it below 0", low);
    return OAC_OK;
}

/* Slots until every memory has faded to 1e-6 (the poles) or has run out (walk-off, dead time). */
static double memory_slots(const struct oac_rig *rig)
{
    double fade_s = 13.8 * fmax(oac_one_pole_tau_s(rig->weight_modulator.bandwidth_hz),
                                oac_one_pole_tau_s(rig->client_modulator.bandwidth_hz));
    double walkoff_s = 0.0;
    if (!rig->fiber.precompensate) {
        struct oac_laser laser = oac_laser_from_rig(rig);
        struct oac_fiber fiber = oac_fiber_from_rig(rig);
        double first_hz = oac_laser_frequency_hz(&laser, 0);
        double last_hz = oac_laser_frequency_hz(&laser, laser.channels - 1);
        walkoff_s = fmax(fabs(oac_fiber_delay_s(&fiber, first_hz)),
                         fabs(oac_fiber_delay_s(&fiber, last_hz)));
    }
    return (fade_s + walkoff_s + rig->detector.dead_time_s) * rig->slot_rate_hz;
}

enum oac_status oac_rig_check(const struct oac_rig *rig, struct oac_err *err)
{
    const struct oac_rig_dac *weight = &rig->weight_dac, *client = &rig->client_dac;
    if (rig->subcarrier.periods == 0 &&
        (check_travel("weight", weight, &rig->weight_modulator, err) != OAC_OK ||
         check_travel("client", client, &rig->client_modulator, err) != OAC_OK))
        return err->status;
    if (oac_rig_check_subcarrier(rig, err) != OAC_OK ||
        check_converter("weight_dac", weight->bits, weight->enob_bits, weight->inl_lsb,
                        weight->dnl_lsb, err) != OAC_OK ||
        check_converter("client_dac", client->bits, client->enob_bits, client->inl_lsb,
                        client->dnl_lsb, err) != OAC_OK ||
        check_converter("adc", rig->adc.bits, rig->adc.enob_bits, rig->adc.inl_lsb,
                        rig->adc.dnl_lsb, err) != OAC_OK ||
        check_light(rig, err) != OAC_OK || check_detector(rig, err) != OAC_OK ||
        check_range(rig, err) != OAC_OK || oac_rig_check_wave(rig, err) != OAC_OK ||
        oac_rig_check_hidden(rig, err) != OAC_OK)
        return err->status;
    double memory = memory_slots(rig);
    if (!((double)rig->guard_slots >= memory))
        return oac_fail(err, OAC_EINVAL,
                        "guard_slots %" PRId64
                        " at %g slots/s do not outlast the bench's memory: "
                        "at least %.0f are needed",
                        rig->guard_slots, rig->slot_rate_hz, ceil(memory));
    return OAC_OK;
}
