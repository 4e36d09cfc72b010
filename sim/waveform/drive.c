/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/drive.h"

#include <math.h>

#include "sim/components/one_pole.h"
#include "sim/components/touchstone.h"

/* A pole shorter than this part of a slot is instant, as in the analytic engine. */
static const double INSTANT = 1e-4;
/* An edge closer than this part of a sample to a sample's border lies on it. */
static const double ON_BORDER = 1e-9;
/* e^-36 = 2e-16: what a pole forgets. */
static const double FORGETS = 36.0;

/* Two poles in turn, time in grid samples. From a step of the input to u at t = 0,
 *     z(t) = u + A e^{-t/t1} + B e^{-t/t2},   A = (y0 - u) t1/(t1 - t2),   B = z0 - u - A
 * with y the first pole's output, z the second's. A pole that is not there has t = 0. */
struct poles {
    double t1, t2, share; /* share = t1/(t1 - t2) */
};

struct piece { /* of constant input, `length` samples long */
    double length, e1, e2, m1, m2;
};

struct state {
    double y, z;
};

static struct poles poles_of(const struct oac_wave_drive *drive)
{
    struct poles poles = {.t1 = drive->dac_tau_s / drive->grid.dt_s,
                          .t2 = drive->modulator_tau_s / drive->grid.dt_s};
    if (poles.t1 > 0.0 && fabs(poles.t1 - poles.t2) < 1e-6 * poles.t1)
        poles.t2 = poles.t1 * (1.0 + 1e-6); /* keeps A and B finite; worth 1e-6 of a step */
    poles.share = poles.t1 > 0.0 ? poles.t1 / (poles.t1 - poles.t2) : 0.0;
    return poles;
}

static struct piece piece_of(const struct poles *poles, double length)
{
    struct piece piece = {.length = length};
    if (poles->t1 > 0.0) {
        piece.e1 = exp(-length / poles->t1);
        piece.m1 = -poles->t1 * expm1(-length / poles->t1);
    }
    if (poles->t2 > 0.0) {
        piece.e2 = exp(-length / poles->t2);
        piece.m2 = -poles->t2 * expm1(-length / poles->t2);
    }
    return piece;
}

/* Goes through a piece; returns the integral of the output over it. */
static double advance(const struct poles *poles, const struct piece *piece, double u,
                      struct state *state)
{
    double a = poles->share * (state->y - u), b = state->z - u - a;
    state->y = u + (state->y - u) * piece->e1;
    state->z = u + a * piece->e1 + b * piece->e2;
    return u * piece->length + a * piece->m1 + b * piece->m2;
}

/* Edges of the staircase: edge j, from level j - 1 to level j, lies in grid sample `cell` at `part` of it. */
struct staircase {
    const float *level;  /* (levels) */
    size_t levels, hold; /* grid samples per level */
    int64_t whole;       /* delay */
    double part;
    double jitter;  /* rms, samples */
    const float *z; /* (levels) or NULL */
};

static void edge_at(const struct staircase *stairs, size_t j, int64_t *cell, double *part)
{
    double at = stairs->part;
    if (stairs->z)
        at += stairs->jitter * (double)stairs->z[j];
    double whole = floor(at);
    *cell = (int64_t)(j * stairs->hold) + stairs->whole + (int64_t)whole;
    *part = at - whole;
}

static struct staircase staircase_of(const struct oac_wave_drive *drive, size_t levels,
                                     const float *level, double delay_s, const float *jitter)
{
    double delay = delay_s / drive->grid.dt_s;
    double whole = floor(delay + ON_BORDER);
    double part = delay - whole;
    return (struct staircase){
        .level = level,
        .levels = levels,
        .hold = drive->grid.per_slot / drive->per_slot,
        .whole = (int64_t)whole,
        .part = part > ON_BORDER ? part : 0.0,
        .jitter = drive->jitter_s / drive->grid.dt_s,
        .z = drive->jitter_s > 0.0 ? jitter : NULL,
    };
}

/* The level held throughout grid sample i of a staircase without part and jitter. */
static size_t level_at(const struct staircase *stairs, int64_t i)
{
    int64_t since = i - stairs->whole;
    if (since < 0)
        return 0;
    size_t j = (size_t)since / stairs->hold;
    return j < stairs->levels ? j : stairs->levels - 1;
}

static void hold(const struct staircase *stairs, size_t samples, float *volts)
{
    size_t i = 0;
    while (i < samples) {
        size_t j = level_at(stairs, (int64_t)i);
        size_t end = samples;
        if (j + 1 < stairs->levels) {
            int64_t next = (int64_t)((j + 1) * stairs->hold) + stairs->whole;
            if (next < (int64_t)samples)
                end = (size_t)next;
        }
        for (; i < end; i++)
            volts[i] = stairs->level[j];
    }
}

/* One grid sample: pieces between the edges that lie in it. *j is the next edge. */
static double sample_mean(const struct poles *poles, const struct staircase *stairs, int64_t i,
                          struct piece cut[2], size_t *j, struct state *state)
{
    double from = 0.0, integral = 0.0;
    for (; *j < stairs->levels; (*j)++) {
        int64_t cell;
        double part;
        edge_at(stairs, *j, &cell, &part);
        if (cell > i)
            break;
        double at = cell == i && part > from ? part : from; /* edges keep their order */
        if (!stairs->z && at > 0.0) { /* every edge cuts its sample at the same place */
            integral += advance(poles, &cut[0], (double)stairs->level[*j - 1], state);
        } else if (at > from) {
            struct piece piece = piece_of(poles, at - from);
            integral += advance(poles, &piece, (double)stairs->level[*j - 1], state);
        }
        from = at;
    }
    double u = (double)stairs->level[*j - 1];
    if (!stairs->z && from == stairs->part)
        return integral + advance(poles, &cut[1], u, state);
    struct piece rest = piece_of(poles, 1.0 - from);
    return integral + advance(poles, &rest, u, state);
}

static void smooth(const struct poles *poles, const struct staircase *stairs, size_t samples,
                   float *volts)
{
    struct piece whole = piece_of(poles, 1.0);
    struct piece cut[2] = {piece_of(poles, stairs->part), piece_of(poles, 1.0 - stairs->part)};
    /* Begins before the first edge, or where the poles have forgotten what was earlier. */
    int64_t begin = stairs->whole - 8,
            oldest = -8 - (int64_t)(FORGETS * (poles->t1 + poles->t2));
    begin = begin < oldest ? oldest : begin;
    begin = begin < 0 ? begin : 0;
    size_t j = level_at(stairs, begin) + 1;
    double rest = (double)stairs->level[j - 1];
    struct state state = {rest, rest};
    for (int64_t i = begin; i < (int64_t)samples; i++) {
        int64_t cell = INT64_MAX;
        double part, mean;
        if (j < stairs->levels)
            edge_at(stairs, j, &cell, &part);
        if (cell > i)
            mean = advance(poles, &whole, (double)stairs->level[j - 1], &state);
        else
            mean = sample_mean(poles, stairs, i, cut, &j, &state);
        if (i >= 0)
            volts[i] = (float)mean;
    }
}

void oac_wave_drive_volts(const struct oac_wave_drive *drive, size_t slots,
                          const uint16_t *code, double delay_s,
                          const struct oac_wave_drive_draw *draw,
                          struct oac_filter_scratch *scratch, float *work, float *volts)
{
    size_t levels = slots * drive->per_slot, samples = slots * drive->grid.per_slot;
    for (size_t j = 0; j < levels; j++)
        work[j] = (float)oac_dac_voltage(drive->dac, code[j]);
    if (drive->noise_v > 0.0 && draw && draw->noise)
        for (size_t j = 0; j < levels; j++)
            work[j] += (float)drive->noise_v * draw->noise[j];
    struct staircase stairs =
        staircase_of(drive, levels, work, delay_s, draw ? draw->jitter : NULL);
    struct poles poles = poles_of(drive);
    if (!(poles.t1 > 0.0 || poles.t2 > 0.0 || stairs.part > 0.0 || stairs.z))
        hold(&stairs, samples, volts);
    else
        smooth(&poles, &stairs, samples, volts);
    if (drive->s21)
        oac_filter_apply_f(drive->s21, scratch, samples, volts, volts);
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
    struct oac_wave_drive made = {
        .dac = dac,
        .per_slot = (size_t)dac_params->samples_per_slot,
        .grid = self->grid,
        .dac_tau_s = pole_s(dac_params->bandwidth_hz, self->slot_s),
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
