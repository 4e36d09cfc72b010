/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/drive.h"

#include <math.h>

#include "base/constants.h"
#include "sim/components/one_pole.h"
#include "sim/components/touchstone.h"
#include "sim/waveform/drive_stairs.h"

/* A pole shorter than this part of a slot is instant, as in the analytic engine. */
static const double INSTANT = 1e-4;
/* An edge closer than this part of a sample to a sample's border lies on it. */
static const double ON_BORDER = 1e-9;

static struct oac_wave_poles poles_of(const struct oac_wave_drive *drive)
{
    struct oac_wave_poles poles = {.t1 = drive->dac_tau_s / drive->grid.dt_s,
                                   .t2 = drive->modulator_tau_s / drive->grid.dt_s};
    if (poles.t1 > 0.0 && fabs(poles.t1 - poles.t2) < 1e-6 * poles.t1)
        poles.t2 = poles.t1 * (1.0 + 1e-6); /* keeps A and B finite; worth 1e-6 of a step */
    poles.share = poles.t1 > 0.0 ? poles.t1 / (poles.t1 - poles.t2) : 0.0;
    return poles;
}

static struct oac_wave_stairs staircase_of(const struct oac_wave_drive *drive, size_t levels,
                                           const float *level, double delay_s,
                                           const float *jitter)
{
    double delay = delay_s / drive->grid.dt_s;
    double whole = floor(delay + ON_BORDER);
    double part = delay - whole;
    return (struct oac_wave_stairs){
        .level = level,
        .levels = levels,
        .hold = drive->grid.per_slot / drive->per_slot,
        .whole = (int64_t)whole,
        .part = part > ON_BORDER ? part : 0.0,
        .jitter = drive->jitter_s / drive->grid.dt_s,
        .z = drive->jitter_s > 0.0 ? jitter : NULL,
    };
}

void oac_wave_drive_levels(const struct oac_wave_drive *drive, size_t slots,
                           const uint16_t *code, const struct oac_wave_drive_draw *draw,
                           float *level)
{
    size_t levels = slots * drive->per_slot;
    for (size_t j = 0; j < levels; j++)
        level[j] = (float)oac_dac_voltage(drive->dac, code[j]);
    if (drive->noise_v > 0.0 && draw && draw->noise)
        for (size_t j = 0; j < levels; j++)
            level[j] += (float)drive->noise_v * draw->noise[j];
}

/* Turns levels (I and Q in turn) up on the carrier. */
static void mix(const struct oac_wave_drive *drive, size_t samples, double delay_s,
                const float *level, float *volts)
{
    const double turns = drive->carrier_hz * drive->grid.dt_s;
    const int64_t late = (int64_t)llround(delay_s / drive->grid.dt_s);
    const int64_t hold = (int64_t)(drive->grid.per_slot / (drive->per_slot / 2));
    const int64_t last = (int64_t)samples / hold - 1;
    const double step = 2.0 * OAC_PI * turns, ct = cos(step), st = sin(step);
    double c = 1.0, s = 0.0;
    for (int64_t i = 0; i < (int64_t)samples; i++) {
        const int64_t since = i - late;
        int64_t j = since < 0 ? 0 : since / hold;
        j = j < last ? j : last;
        if (i % hold == 0) { /* exact again: a rotation's rounding would add up */
            const double angle = 2.0 * OAC_PI * fmod(((double)i + 0.5) * turns, 1.0);
            c = cos(angle);
            s = sin(angle);
        }
        volts[i] = (float)((double)level[2 * j] * c - (double)level[2 * j + 1] * s);
        const double next = c * ct - s * st;
        s = s * ct + c * st;
        c = next;
    }
}

/* The mean over a sample of u minus its low-pass y: y' = u + (y - u) E, mean (u - y) (tau/dt) (1 - E). */
static void couple(const struct oac_wave_drive *drive, size_t samples, float *volts)
{
    const double tau = drive->coupling_tau_s / drive->grid.dt_s;
    const double lost = -expm1(-1.0 / tau), mean = tau * lost;
    double y = (double)volts[0];
    for (size_t i = 0; i < samples; i++) {
        const double away = (double)volts[i] - y;
        volts[i] = (float)(mean * away);
        y += lost * away;
    }
}

bool oac_wave_drive_steps(const struct oac_wave_drive *drive, double delay_s)
{
    return !(drive->dac_tau_s > 0.0) && !(drive->modulator_tau_s > 0.0) && !drive->s21 &&
           !(drive->jitter_s > 0.0) && !(drive->coupling_tau_s > 0.0) &&
           !(drive->carrier_hz > 0.0) && fabs(delay_s) <= ON_BORDER * drive->grid.dt_s;
}

void oac_wave_drive_volts(const struct oac_wave_drive *drive, size_t slots,
                          const uint16_t *code, double delay_s,
                          const struct oac_wave_drive_draw *draw,
                          struct oac_filter_scratch *scratch, float *work, float *volts)
{
    size_t levels = slots * drive->per_slot, samples = slots * drive->grid.per_slot;
    oac_wave_drive_levels(drive, slots, code, draw, work);
    if (drive->carrier_hz > 0.0) {
        mix(drive, samples, delay_s, work, volts);
        return;
    }
    struct oac_wave_stairs stairs =
        staircase_of(drive, levels, work, delay_s, draw ? draw->jitter : NULL);
    struct oac_wave_poles poles = poles_of(drive);
    oac_wave_stairs_smooth(&poles, &stairs, samples, volts);
    if (drive->s21)
        oac_filter_apply_f(drive->s21, scratch, samples, volts, volts);
    if (drive->coupling_tau_s > 0.0)
        couple(drive, samples, volts);
}

double oac_wave_drive_memory_s(const struct oac_wave_drive *drive)
{
    double fade_s = log(1e6) * (drive->dac_tau_s + drive->modulator_tau_s);
    if (drive->s21)
        fade_s += (double)oac_filter_memory(drive->s21) * drive->grid.dt_s;
    return fade_s;
}

static double pole_s(double bandwidth_hz, double slot_s)
{
    double tau_s = oac_one_pole_tau_s(bandwidth_hz);
    return tau_s < INSTANT * slot_s ? 0.0 : tau_s;
}

static enum oac_status make_s21(const struct oac_waveform *self,
                                const struct oac_rig_modulator *modulator, const char *who,
                                struct oac_filter **filter, struct oac_err *err)
{
    struct oac_touchstone *table = NULL;
    if (oac_touchstone_read(modulator->s21_file, modulator->s21_peaking, &table, err))
        return oac_fail_within(err, "%s.s21_file", who);
    const struct oac_filter_spec spec = {
        .response = oac_touchstone_response,
        .context = table,
        .sample_rate_hz = self->grid.rate_hz,
        .segment =
            (size_t)(self->rig.slots_max + 2 * self->rig.guard_slots) * self->grid.per_slot,
        .real = true,
    };
    enum oac_status status = oac_filter_create(&spec, filter, err);
    oac_touchstone_destroy(table);
    return status == OAC_OK ? OAC_OK : oac_fail_within(err, "%s.s21_file", who);
}

enum oac_status oac_wave_drive_init(const struct oac_waveform *self, const struct oac_dac *dac,
                                    const struct oac_rig_dac *dac_params,
                                    const struct oac_rig_modulator *modulator, const char *who,
                                    struct oac_wave_drive *drive, struct oac_err *err)
{
    double conversions = (double)dac_params->samples_per_slot;
    const double carrier_hz = self->rig.subcarrier.carrier_hz;
    struct oac_wave_drive made = {
        .dac = dac,
        .per_slot = (size_t)dac_params->samples_per_slot * (carrier_hz > 0.0 ? 2 : 1),
        .grid = self->grid,
        .dac_tau_s = pole_s(dac_params->bandwidth_hz, self->slot_s),
        .coupling_tau_s =
            dac_params->coupling_hz > 0.0 ? oac_one_pole_tau_s(dac_params->coupling_hz) : 0.0,
        .carrier_hz = carrier_hz,
    };
    if (modulator->s21_file[0] == '\0')
        made.modulator_tau_s = pole_s(modulator->bandwidth_hz, self->slot_s);
    else if (make_s21(self, modulator, who, &made.s21, err))
        return err->status;
    /* The drive's noise is stated per slot, the DAC's per conversion. */
    if (self->noise & OAC_NOISE_DRIVE)
        made.noise_v =
            hypot(modulator->drive_noise_v * sqrt(conversions), oac_dac_noise_v(dac_params));
    if (self->noise & OAC_NOISE_JITTER)
        made.jitter_s = dac_params->jitter_s;
    *drive = made;
    return OAC_OK;
}

void oac_wave_drive_fini(struct oac_wave_drive *drive)
{
    oac_filter_destroy(drive->s21);
    drive->s21 = NULL;
}
