/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig_check_wave.h"

#include <inttypes.h>
#include <math.h>

#include "sim/components/touchstone.h"

static enum oac_status check_grid(const struct oac_rig *rig, const char *who,
                                  int64_t conversions, struct oac_err *err)
{
    if (conversions > 0 && rig->wave.samples_per_slot % conversions == 0)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "wave.samples_per_slot %" PRId64
                    " is not a multiple of %s.samples_per_slot %" PRId64
                    ": every conversion must last whole samples",
                    rig->wave.samples_per_slot, who, conversions);
}

static enum oac_status check_jitter(const struct oac_rig *rig, const char *who, double jitter_s,
                                    struct oac_err *err)
{
    double sample_s = 1.0 / (rig->slot_rate_hz * (double)rig->wave.samples_per_slot);
    if (jitter_s <= sample_s)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "%s.jitter_s %g s exceeds a sample of %g s (slot_rate_hz %g, "
                    "wave.samples_per_slot %" PRId64 "): fewer samples a slot, or less jitter",
                    who, jitter_s, sample_s, rig->slot_rate_hz, rig->wave.samples_per_slot);
}

/* The modem finds delays by listening that much longer: memory and time grow with them. */
static enum oac_status check_delay(const struct oac_rig *rig, const char *what, double delay_s,
                                   struct oac_err *err)
{
    static const double SLOTS_MOST = 4096.0;
    if (fabs(delay_s) * rig->slot_rate_hz <= SLOTS_MOST)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "timing.%s %g s is %g slots at slot_rate_hz %g: expected at most %g slots "
                    "(%g s)",
                    what, delay_s, fabs(delay_s) * rig->slot_rate_hz, rig->slot_rate_hz,
                    SLOTS_MOST, SLOTS_MOST / rig->slot_rate_hz);
}

static enum oac_status
check_response(const char *who, const struct oac_rig_modulator *modulator, struct oac_err *err)
{
    struct oac_touchstone *table = NULL;
    if (modulator->s21_file[0] == '\0')
        return OAC_OK;
    if (oac_touchstone_read(modulator->s21_file, modulator->s21_peaking, &table, err))
        return oac_fail_within(err, "%s.s21_file", who);
    oac_touchstone_destroy(table);
    return OAC_OK;
}

static enum oac_status check_link(const struct oac_rig *rig, struct oac_err *err)
{
    if (rig->amplifier.spans > 1 && rig->amplifier.position != OAC_AMPLIFIER_BEFORE_CLIENT)
        return oac_fail(err, OAC_EINVAL,
                        "amplifier.spans %" PRId64
                        " cut the fiber before the client: they need amplifier.position "
                        "before_client",
                        rig->amplifier.spans);
    if (rig->fiber.gamma_per_w_km > 0.0 && rig->fiber.pmd_ps_rtkm > 0.0)
        return oac_fail(err, OAC_EINVAL,
                        "fiber.gamma_per_w_km %g and fiber.pmd_ps_rtkm %g: the Kerr effect is "
                        "not modelled together with polarisation mode dispersion; set one to 0",
                        rig->fiber.gamma_per_w_km, rig->fiber.pmd_ps_rtkm);
    return OAC_OK;
}

enum oac_status oac_rig_check_wave(const struct oac_rig *rig, struct oac_err *err)
{
    bool sampled = rig->receiver.kind == OAC_RECEIVER_TIA;
    if (check_grid(rig, "weight_dac", rig->weight_dac.samples_per_slot, err) ||
        check_grid(rig, "client_dac", rig->client_dac.samples_per_slot, err) ||
        (sampled && check_grid(rig, "adc", rig->adc.samples_per_slot, err)) ||
        check_jitter(rig, "weight_dac", rig->weight_dac.jitter_s, err) ||
        check_jitter(rig, "client_dac", rig->client_dac.jitter_s, err) ||
        check_delay(rig, "skew_s", rig->timing.skew_s, err) ||
        check_delay(rig, "adc_delay_s", rig->timing.adc_delay_s, err) ||
        check_delay(rig, "adc_delay_spread_s", rig->timing.adc_delay_spread_s, err) ||
        check_response("weight_modulator", &rig->weight_modulator, err) ||
        check_response("client_modulator", &rig->client_modulator, err) || check_link(rig, err))
        return err->status;
    return OAC_OK;
}
