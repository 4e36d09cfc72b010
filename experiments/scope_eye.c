/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_eye.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MOMENTS 96u /* tried for the opening, over three slots */

struct pattern {
    const struct oac_scope_recorder *recorder;
    const char *name;
    size_t channel, windows, slots;
    double slot_s;
    const bool *bits;
};

/* The waveform at time_s, linear between samples, each of which is the mean of its interval; NAN outside. */
static double at(const struct oac_scope_trace *trace, double time_s)
{
    double place = (time_s - trace->start_s) * trace->rate_hz - 0.5;

    if (!(place >= 0.0) || place > (double)(trace->samples - 1))
        return (double)NAN;
    size_t i = (size_t)place;
    double part = place - (double)i, here = oac_scope_sample(trace, i);
    return i + 1 < trace->samples ? here + part * (oac_scope_sample(trace, i + 1) - here)
                                  : here;
}

static const struct oac_scope_trace *trace_of(const struct pattern *p, size_t window)
{
    return oac_scope_find(p->recorder, p->name, window, p->channel, 0);
}

struct class
{ /* of slots played dark, or open */
    double count, sum, square, low, high;
};

static void take(struct class *c, double v)
{
    c->low = c->count == 0.0 || v < c->low ? v : c->low;
    c->high = c->count == 0.0 || v > c->high ? v : c->high;
    c->count += 1.0;
    c->sum += v;
    c->square += v * v;
}

static double sigma(const struct class *c)
{
    double mean = c->sum / c->count;
    return sqrt(fmax(0.0, c->square / c->count - mean * mean));
}

/* Opening and Q at one moment of the slot. */
static void look(const struct pattern *p, double moment_s, struct class classes[2])
{
    memset(classes, 0, 2 * sizeof *classes);
    for (size_t w = 0; w < p->windows; w++) {
        const struct oac_scope_trace *trace = trace_of(p, w + 1);
        for (size_t n = 0; trace && n < p->slots; n++) {
            double v = at(trace, (double)n * p->slot_s + moment_s);
            if (!isnan(v))
                take(&classes[p->bits[w * p->slots + n]], v);
        }
    }
}

static void find_opening(const struct pattern *p, struct oac_scope_eye *eye)
{
    eye->opening = eye->q = eye->open_mean = eye->dark_mean = (double)NAN;
    for (size_t m = 0; m < MOMENTS; m++) {
        double moment_s = (3.0 * ((double)m + 0.5) / MOMENTS - 1.0) * p->slot_s;
        struct class c[2];
        look(p, moment_s, c);
        if (c[0].count == 0.0 || c[1].count == 0.0)
            continue;
        double open = c[1].sum / c[1].count, dark = c[0].sum / c[0].count;
        double opening = (c[1].low - c[0].high) / (open - dark);
        double q = (open - dark) / (sigma(&c[1]) + sigma(&c[0]));
        if (!(open > dark) || opening < eye->opening ||
            (opening == eye->opening && !(q > eye->q)))
            continue;
        eye->opening = opening;
        eye->q = q;
        eye->open_mean = open;
        eye->dark_mean = dark;
        eye->best_s = moment_s;
    }
}

static bool find_range(const struct pattern *p, struct oac_scope_eye *eye)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t w = 0; w < p->windows; w++) {
        const struct oac_scope_trace *trace = trace_of(p, w + 1);
        if (!trace)
            return false;
        size_t last = oac_scope_index(trace, (double)p->slots * p->slot_s);
        for (size_t i = oac_scope_index(trace, 0.0); i < last; i++) {
            low = fmin(low, oac_scope_sample(trace, i));
            high = fmax(high, oac_scope_sample(trace, i));
        }
        snprintf(eye->unit, sizeof eye->unit, "%s", trace->complex_values ? "W" : trace->unit);
    }
    if (!(high > low))
        high = low + fmax(fabs(low), 1e-30);
    eye->low = low - 0.06 * (high - low);
    eye->high = high + 0.06 * (high - low);
    return isfinite(low) && isfinite(high);
}

/* A column collects the path of each trace across it: all levels between its two edges share one crossing. */
static void cross(struct oac_scope_eye *eye, size_t column, double from, double to)
{
    double scale = OAC_EYE_LEVELS / (eye->high - eye->low);
    double a = (fmin(from, to) - eye->low) * scale, b = (fmax(from, to) - eye->low) * scale;
    size_t first = a > 0.0 ? (size_t)a : 0, last = b > 0.0 ? (size_t)b : 0;

    last = last < OAC_EYE_LEVELS ? last : OAC_EYE_LEVELS - 1;
    for (size_t level = first; level <= last; level++)
        eye->density[column * OAC_EYE_LEVELS + level] += 1.0 / (double)(last - first + 1);
}

/* Two slots of one trace from begin_s on. */
static void fold_slots(const struct oac_scope_trace *trace, double begin_s, double step_s,
                       struct oac_scope_eye *eye)
{
    for (size_t c = 0; c < OAC_EYE_TIMES; c++) {
        double t_s = begin_s + (double)c * step_s;
        double from = at(trace, t_s), to = at(trace, t_s + step_s);
        if (!isnan(from) && !isnan(to))
            cross(eye, c, from, to);
    }
}

static void fold(const struct pattern *p, struct oac_scope_eye *eye)
{
    double step_s = 2.0 * p->slot_s / OAC_EYE_TIMES, crossings = 0.0;

    for (size_t w = 0; w < p->windows; w++)
        for (size_t n = 0; n + 1 < p->slots; n++) {
            fold_slots(trace_of(p, w + 1), (double)n * p->slot_s, step_s, eye);
            crossings += 1.0;
        }
    for (size_t i = 0; crossings > 0.0 && i < (size_t)OAC_EYE_TIMES * OAC_EYE_LEVELS; i++)
        eye->density[i] /= crossings;
}

enum oac_status oac_scope_eye_fold(const struct oac_scope_recorder *recorder, const char *name,
                                   size_t channel, double slot_s, size_t windows, size_t slots,
                                   const bool *bits, struct oac_scope_eye *eye,
                                   struct oac_err *err)
{
    const struct pattern p = {recorder, name, channel, windows, slots, slot_s, bits};
    struct oac_scope_eye made = {.opening = NAN, .q = NAN};

    snprintf(made.name, sizeof made.name, "%s", name);
    if (windows > 0 && find_range(&p, &made)) {
        made.density = oac_alloc((size_t)OAC_EYE_TIMES * OAC_EYE_LEVELS, sizeof *made.density,
                                 "an eye diagram", err);
        if (!made.density)
            return err->status;
        fold(&p, &made);
        find_opening(&p, &made);
    }
    *eye = made;
    return OAC_OK;
}

void oac_scope_eye_fini(struct oac_scope_eye *eye)
{
    free(eye->density);
    memset(eye, 0, sizeof *eye);
}
