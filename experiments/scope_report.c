/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "experiments/format.h"
#include "experiments/scope.h"

static struct oac_text amount(double value, const char *unit)
{
    bool plain = unit[0] == 'c'; /* code, counts: no milli-codes */
    return plain ? oac_format_number(value) : oac_format_si(value, unit);
}

/* oac_format_number writes no large negative numbers. */
static struct oac_text signed_amount(double value, const char *unit)
{
    struct oac_text t = amount(fabs(value), unit), s = t;
    if (value < 0.0 && fabs(value) > 0.0)
        snprintf(s.text, sizeof s.text, "-%.30s", t.text);
    return s;
}

static void report_levels(const struct oac_scope_view *v, FILE *out)
{
    fprintf(out, "\nLevels in the %zu slots of window 0, channel %zu\n", v->slots, v->channel);
    fprintf(out, "  %-18s %12s %12s %12s %12s\n", "", "mean", "rms", "lowest", "highest");
    for (size_t i = 0; i < v->levels; i++) {
        const struct oac_scope_level *l = &v->level[i];
        fprintf(out, "  %-18s %12s %12s %12s %12s\n", l->name,
                signed_amount(l->mean, l->unit).text, signed_amount(l->rms, l->unit).text,
                signed_amount(l->low, l->unit).text, signed_amount(l->high, l->unit).text);
    }
    fprintf(out, "  fields as power |E|^2\n");
}

static void report_eyes(const struct oac_scope_view *v, FILE *out)
{
    if (v->windows == 0)
        return;
    fprintf(out, "\nEyes: %zu windows of slots dark or open, best moment of a slot\n",
            v->windows);
    for (size_t i = 0; i < OAC_SCOPE_EYES; i++) {
        const struct oac_scope_eye *e = &v->eye[i];
        if (isnan(e->opening))
            continue;
        fprintf(out, "  %-18s opening %5.1f %%   Q %-8s %s to %s, at %s%s\n", e->name,
                100.0 * e->opening, isfinite(e->q) ? oac_format_number(e->q).text : "infinite",
                signed_amount(e->dark_mean, e->unit).text,
                signed_amount(e->open_mean, e->unit).text,
                signed_amount(e->best_s / v->slot_s, "c").text, " slot");
    }
}

static void report_budget(const struct oac_scope_view *v, FILE *out)
{
    const struct oac_scope_budget *b = &v->budget;
    const struct oac_scope_budget_row *all = b->rows ? &b->row[b->rows - 1] : NULL;

    if (!all)
        return;
    fprintf(out, "\nNoise of a readout, each source alone: %zu windows of %zu slots\n",
            b->windows, v->slots);
    fprintf(out, "  %-12s %14s %14s %16s %8s\n", "", "wave [e^2]", "sim [e^2]", "ratio",
            "share");
    for (size_t i = 0; i < b->rows; i++) {
        const struct oac_scope_budget_row *r = &b->row[i];
        double ratio = r->wave_electrons2 / r->sim_electrons2;
        double error =
            ratio * hypot(r->wave_error / r->wave_electrons2, r->sim_error / r->sim_electrons2);
        char text[40] = "-";
        if (isfinite(ratio) && isfinite(error))
            snprintf(text, sizeof text, "%.3f +- %.3f", ratio, error);
        fprintf(out, "  %-12s %14s %14s %16s %6.1f %%\n", r->name,
                oac_format_number(r->wave_electrons2).text,
                isnan(r->sim_electrons2) ? "-" : oac_format_number(r->sim_electrons2).text,
                text, 100.0 * r->wave_electrons2 / all->wave_electrons2);
    }
    fprintf(out, "  signal: mean %s electrons, spread %s; noise %s rms\n",
            signed_amount(b->signal_electrons, "c").text,
            oac_format_number(b->swing_electrons).text,
            oac_format_number(sqrt(all->wave_electrons2)).text);
}

void oac_scope_report(const struct oac_scope_view *view, FILE *out)
{
    const struct oac_scope_view *v = view;

    fprintf(out, "%s, sampled: channel %zu of %zu, %zu slots of %s\n\n", v->rig_name,
            v->channel, v->channels, v->slots, oac_format_si(v->slot_s, "s").text);
    if (v->levels)
        fprintf(out, "  sample rate       %s: %.0f samples a slot\n",
                oac_format_si(v->level[0].rate_hz, "Hz").text, v->level[0].rate_hz * v->slot_s);
    fprintf(out, "  noise, seed       %s, %llu\n", v->noise, (unsigned long long)v->seed);
    if (v->aligned)
        fprintf(out, "  alignment         light to ADC %s, skew %s, left %s\n",
                signed_amount(v->delay_s, "s").text, signed_amount(v->skew_s, "s").text,
                signed_amount(v->skew_left_s, "s").text);
    report_levels(v, out);
    report_eyes(v, out);
    report_budget(v, out);
}
