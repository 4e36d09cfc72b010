/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig_warnings_wave.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/constants.h"
#include "base/units.h"
#include "sim/components/one_pole.h"
#include "sim/components/touchstone.h"

#define LINE_BYTES 300

/* What leaks from a slot into all later ones beyond this is worth a line. (Into the next alone will not do: of a
 * pole that is far too slow each later slot gets next to nothing.) */
static const double LEAK = 0.01;
/* Time constants, in samples, that the grid shows badly: shorter ones act within a sample anyway. */
static const double COARSE_FROM = 0.05, COARSE_TO = 1.0;

/* No modulator is measured beyond: the most that a bandwidth_hz may be. */
static const double HIGHEST_HZ = 1e13;

struct pole {
    const char *name;
    double bandwidth_hz;
    bool exact; /* behind the detector all is linear: sampled exactly, however short */
};

struct audience {
    void (*say)(void *context, const char *line);
    void *context;
};

/* 3 dB bandwidth of a modulator: its file's, else its pole's. */
static double modulator_hz(const struct oac_rig_modulator *modulator)
{
    struct oac_touchstone *table = NULL;
    struct oac_err ignored;
    if (modulator->s21_file[0] == '\0')
        return modulator->bandwidth_hz;
    if (oac_touchstone_read(modulator->s21_file, modulator->s21_peaking, &table, &ignored))
        return INFINITY; /* oac_rig_check says so */
    double bandwidth_hz = oac_touchstone_bandwidth_hz(table);
    oac_touchstone_destroy(table);
    return bandwidth_hz;
}

static void warn_pole(const struct oac_rig *rig, const struct pole *pole,
                      const struct audience *to)
{
    char line[LINE_BYTES];
    double tau_s = oac_one_pole_tau_s(pole->bandwidth_hz);
    double next = oac_one_pole_leak(tau_s, 1.0 / rig->slot_rate_hz, 1);
    double lost = 1.0 - oac_one_pole_leak(tau_s, 1.0 / rig->slot_rate_hz, 0);
    double samples = tau_s * rig->slot_rate_hz * (double)rig->wave.samples_per_slot;
    if (lost > LEAK) {
        int used =
            snprintf(line, sizeof line,
                     "%s.bandwidth_hz %g leaks %.1f %% of a slot into the next at %g slots/s",
                     pole->name, pole->bandwidth_hz, 100.0 * next, rig->slot_rate_hz);
        if (lost > next + LEAK)
            snprintf(line + used, sizeof line - (size_t)used, ", %.1f %% into all later ones",
                     100.0 * lost);
        to->say(to->context, line);
    }
    if (!pole->exact && samples > COARSE_FROM && samples < COARSE_TO) {
        snprintf(line, sizeof line,
                 "%s.bandwidth_hz %g has a time constant of %.2g samples: wave shows its "
                 "transients roughly with wave.samples_per_slot %" PRId64 ", well from %.0f",
                 pole->name, pole->bandwidth_hz, samples, rig->wave.samples_per_slot,
                 ceil((double)rig->wave.samples_per_slot / samples));
        to->say(to->context, line);
    }
}

/* A file in another unit than it says covers another band than the bench needs. */
static void warn_file(const struct oac_rig *rig, const char *name,
                      const struct oac_rig_modulator *modulator, const struct audience *to)
{
    struct oac_touchstone *table = NULL;
    struct oac_err ignored;
    char line[LINE_BYTES];
    if (modulator->s21_file[0] == '\0' ||
        oac_touchstone_read(modulator->s21_file, modulator->s21_peaking, &table, &ignored))
        return; /* oac_rig_check says so */
    double end_hz = table->f_hz[table->points - 1];
    oac_touchstone_destroy(table);
    if (end_hz >= rig->slot_rate_hz && end_hz <= HIGHEST_HZ)
        return;
    if (end_hz < rig->slot_rate_hz)
        snprintf(
            line, sizeof line,
            "%s.s21_file ends at %g Hz, below %g slots/s: nothing passes above its end. Is "
            "the unit in its option line right?",
            name, end_hz, rig->slot_rate_hz);
    else
        snprintf(
            line, sizeof line,
            "%s.s21_file ends at %g Hz, above %g Hz: is the unit in its option line right?",
            name, end_hz, HIGHEST_HZ);
    to->say(to->context, line);
}

static void warn_optics(const struct oac_rig *rig, const struct audience *to)
{
    char line[LINE_BYTES];
    if (rig->demux.passband_hz < rig->slot_rate_hz) {
        snprintf(line, sizeof line,
                 "demux.passband_hz %g is narrower than %g slots/s: it smears slots together",
                 rig->demux.passband_hz, rig->slot_rate_hz);
        to->say(to->context, line);
    }
    double split_db =
        oac_db_from_power_ratio(1.0 + oac_linear_loss_from_db(rig->weight_modulator.er_db));
    if (rig->weight_modulator.dual_output && rig->weight_modulator.il_db < split_db - 1e-12) {
        snprintf(line, sizeof line,
                 "weight_modulator.il_db %g with two outputs of er_db %g gives out more light "
                 "than enters: at least %.4f",
                 rig->weight_modulator.il_db, rig->weight_modulator.er_db, split_db);
        to->say(to->context, line);
    }
    if (rig->wave.samples_per_slot < 8) {
        snprintf(line, sizeof line,
                 "wave.samples_per_slot %" PRId64 ": filters and noise want at least 8",
                 rig->wave.samples_per_slot);
        to->say(to->context, line);
    }
}

void oac_rig_warnings_wave(const struct oac_rig *rig,
                           void (*say)(void *context, const char *line), void *context)
{
    const struct audience to = {say, context};
    bool tia = rig->receiver.kind == OAC_RECEIVER_TIA;
    const struct pole poles[] = {
        {"weight_dac", rig->weight_dac.bandwidth_hz, false},
        {"weight_modulator", modulator_hz(&rig->weight_modulator), false},
        {"client_dac", rig->client_dac.bandwidth_hz, false},
        {"client_modulator", modulator_hz(&rig->client_modulator), false},
        {"detector", rig->detector.bandwidth_hz, true},
        {"receiver", tia ? rig->receiver.bandwidth_hz : INFINITY, true},
    };
    for (size_t i = 0; i < sizeof poles / sizeof poles[0]; i++)
        warn_pole(rig, &poles[i], &to);
    warn_file(rig, "weight_modulator", &rig->weight_modulator, &to);
    warn_file(rig, "client_modulator", &rig->client_modulator, &to);
    warn_optics(rig, &to);
}
