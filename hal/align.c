/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CONTRAST_MOST 1e9  /* of a fit that leaves nothing */
#define SMOOTHING     3u   /* passes where a slot has 6 samples and more */
#define SLOPE_STEP    0.25 /* [samples] over which the template's slope is taken */

struct work {
    const struct oac_align *align;
    size_t total;           /* samples of all pieces */
    double *raw;            /* (total) what projection leaves of the samples */
    double *value;          /* (total) the same of the smoothed samples */
    unsigned passes;        /* of smoothing */
    double *integral;       /* (total slots + pieces) C at the slots' borders */
    double *s, *q, *up, *d; /* (total) template, its blur, scratch, its slope */
};

/* Takes the mean out, and with `slope` the straight line. */
static void project(double *x, size_t n, bool slope)
{
    double mean = 0.0, along = 0.0, square = 0.0;
    const double middle = 0.5 * (double)(n - 1);
    for (size_t j = 0; j < n; j++)
        mean += x[j];
    mean /= (double)n;
    for (size_t j = 0; j < n; j++)
        x[j] -= mean;
    if (!slope || n < 2)
        return;
    for (size_t j = 0; j < n; j++) {
        along += x[j] * ((double)j - middle);
        square += ((double)j - middle) * ((double)j - middle);
    }
    for (size_t j = 0; j < n; j++)
        x[j] -= along / square * ((double)j - middle);
}

/* Passes of (1 2 1)/4, ends kept, so that straight lines stay. */
static void smooth(double *x, size_t n, unsigned passes)
{
    for (unsigned pass = 0; pass < passes; pass++) {
        double before = x[0];
        for (size_t j = 1; j + 1 < n; j++) {
            double here = x[j];
            x[j] = 0.25 * (before + 2.0 * here + x[j + 1]);
            before = here;
        }
    }
}

/* C at t [slots], from its values at the borders. */
static double integral_at(const double *border, size_t slots, double t)
{
    if (!(t > 0.0))
        return 0.0;
    if (t >= (double)slots)
        return border[slots];
    size_t n = (size_t)t;
    return border[n] + (t - (double)n) * (border[n + 1] - border[n]);
}

/* The template at `delay`, smoothed and projected, for all pieces. */
static void make_template(const struct work *w, double delay, unsigned passes, double *s)
{
    const double per_slot = w->align->per_slot;
    const double *border = w->integral;
    for (size_t p = 0; p < w->align->pieces; p++) {
        const struct oac_align_piece *piece = &w->align->piece[p];
        double before = integral_at(border, piece->slots, -delay / per_slot);
        for (size_t j = 0; j < piece->samples; j++) {
            double after =
                integral_at(border, piece->slots, ((double)j + 1.0 - delay) / per_slot);
            s[j] = w->align->running ? before : per_slot * (after - before);
            before = after;
        }
        smooth(s, piece->samples, passes);
        project(s, piece->samples, w->align->running);
        border += piece->slots + 1;
        s += piece->samples;
    }
}

static double product(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Second differences of s, projected: what a little more or less blur than the template's adds
 * to it. */
static void make_blur(const struct work *w, const double *s, double *q)
{
    for (size_t p = 0; p < w->align->pieces; p++) {
        const size_t n = w->align->piece[p].samples;
        q[0] = q[n - 1] = 0.0;
        for (size_t j = 1; j + 1 < n; j++)
            q[j] = s[j - 1] - 2.0 * s[j] + s[j + 1];
        project(q, n, w->align->running);
        s += n;
        q += n;
    }
}

struct shape { /* the least squares a s + b q at one delay */
    double a, b, energy;
};

/* Leaves the template in w->s and its blur in w->q. */
static struct shape fit_shape(const struct work *w, double delay)
{
    make_template(w, delay, w->passes, w->s);
    make_blur(w, w->s, w->q);
    const double ss = product(w->s, w->s, w->total), qq = product(w->q, w->q, w->total);
    const double sq = product(w->s, w->q, w->total);
    const double ys = product(w->value, w->s, w->total), yq = product(w->value, w->q, w->total);
    const double det = ss * qq - sq * sq;
    if (!(det > 1e-9 * ss * qq))
        return (struct shape){.a = ss > 0.0 ? ys / ss : 0.0,
                              .energy = ss > 0.0 ? ys * ys / ss : 0.0};
    struct shape fit = {.a = (ys * qq - yq * sq) / det, .b = (yq * ss - ys * sq) / det};
    fit.energy = fit.a * ys + fit.b * yq;
    return fit;
}

/* Energy of the samples that a template at `delay` explains. */
static double score(const struct work *w, double delay)
{
    return fit_shape(w, delay).energy;
}

static void work_fini(struct work *w)
{
    free(w->raw);
    free(w->value);
    free(w->integral);
    free(w->s);
    free(w->q);
    free(w->up);
    free(w->d);
}

static bool work_init(const struct oac_align *align, struct work *w, struct oac_err *err)
{
    size_t borders = 0;
    *w = (struct work){.align = align};
    for (size_t p = 0; p < align->pieces; p++) {
        w->total += align->piece[p].samples;
        borders += align->piece[p].slots + 1;
    }
    if (w->total < 8 || !align->per_slot || !(align->min_delay <= align->max_delay)) {
        (void)oac_fail(err, OAC_EINVAL,
                       "an alignment of %zu samples, %u a slot, between %g and %g", w->total,
                       align->per_slot, align->min_delay, align->max_delay);
        return false;
    }
    if (!(w->raw = oac_alloc(w->total, sizeof(double), "alignment", err)) ||
        !(w->value = oac_alloc(w->total, sizeof(double), "alignment", err)) ||
        !(w->integral = oac_alloc(borders, sizeof(double), "alignment", err)) ||
        !(w->s = oac_alloc(w->total, sizeof(double), "alignment", err)) ||
        !(w->q = oac_alloc(w->total, sizeof(double), "alignment", err)) ||
        !(w->up = oac_alloc(w->total, sizeof(double), "alignment", err)) ||
        !(w->d = oac_alloc(w->total, sizeof(double), "alignment", err)))
        return false;
    double *raw = w->raw, *value = w->value, *border = w->integral;
    w->passes = align->per_slot >= 6 ? SMOOTHING : align->per_slot >= 3 ? 1 : 0;
    for (size_t p = 0; p < align->pieces; p++) {
        const struct oac_align_piece *piece = &align->piece[p];
        for (size_t n = 0; n < piece->slots; n++)
            border[n + 1] = border[n] + piece->level[n];
        memcpy(raw, piece->value, piece->samples * sizeof *raw);
        memcpy(value, piece->value, piece->samples * sizeof *value);
        project(raw, piece->samples, align->running);
        smooth(value, piece->samples, w->passes);
        project(value, piece->samples, align->running);
        raw += piece->samples;
        value += piece->samples;
        border += piece->slots + 1;
    }
    if (!isfinite(product(w->raw, w->raw, w->total))) {
        (void)oac_fail(err, OAC_EINVAL, "an alignment of samples that are not finite");
        return false;
    }
    return true;
}

/* Smooths and projects x (all pieces) once more: the transpose of what made the template. */
static void smooth_all(const struct work *w, double *x)
{
    for (size_t p = 0; p < w->align->pieces; p++) {
        project(x, w->align->piece[p].samples, w->align->running);
        smooth(x, w->align->piece[p].samples, w->passes);
        x += w->align->piece[p].samples;
    }
}

/* Standard error of the delay for white noise of that rms [samples]: that of the estimate
 * g y/(a |g|^2), g being the slope of the template beside its amplitude. */
static double standard_error(const struct work *w, double delay, double amplitude, double rms)
{
    make_template(w, delay + SLOPE_STEP, w->passes, w->up);
    make_template(w, delay - SLOPE_STEP, w->passes, w->d);
    make_template(w, delay, w->passes, w->s);
    for (size_t i = 0; i < w->total; i++)
        w->d[i] = (w->up[i] - w->d[i]) / (2.0 * SLOPE_STEP);
    const double shared = product(w->d, w->s, w->total) / product(w->s, w->s, w->total);
    for (size_t i = 0; i < w->total; i++)
        w->d[i] -= shared * w->s[i];
    const double steep = product(w->d, w->d, w->total);
    smooth_all(w, w->d);
    const double sigma = rms * sqrt(product(w->d, w->d, w->total)) / (fabs(amplitude) * steep);
    return isfinite(sigma) ? sigma : HUGE_VAL;
}

/* Amplitude, standard error and contrast at fit->delay, the residual being of the samples as
 * they came. */
static enum oac_status judge(const struct work *w, struct oac_align_fit *fit,
                             struct oac_err *err)
{
    make_template(w, fit->delay, 0, w->s);
    const double square = product(w->s, w->s, w->total);
    if (!(square > 0.0))
        return oac_fail(err, OAC_EINVAL, "an alignment by levels that show no edge");
    const double amplitude = product(w->raw, w->s, w->total) / square;
    double rest = 0.0;
    for (size_t i = 0; i < w->total; i++) {
        double left = w->raw[i] - amplitude * w->s[i];
        rest += left * left;
    }
    const double unknowns = 2.0 + (w->align->running ? 2.0 : 1.0) * (double)w->align->pieces;
    const double rms = sqrt(rest / fmax((double)w->total - unknowns, 1.0));
    fit->amplitude = amplitude;
    fit->contrast = fabs(amplitude) * sqrt(square);
    if (fit->contrast > 0.0) /* a dead receiver shows nothing, without noise */
        fit->contrast =
            fit->contrast > CONTRAST_MOST * rms ? CONTRAST_MOST : fit->contrast / rms;
    fit->sigma = standard_error(w, fit->delay, amplitude, rms);
    return OAC_OK;
}

/* Newton's step of the squares, from the slope of the template. */
static double newton_step(const struct work *w, double delay)
{
    const double h = 1e-3;
    make_template(w, delay + h, w->passes, w->up);
    make_template(w, delay - h, w->passes, w->d);
    const struct shape fit = fit_shape(w, delay);
    double along = 0.0, steep = 0.0;
    for (size_t i = 0; i < w->total; i++) {
        double slope = (w->up[i] - w->d[i]) / (2.0 * h);
        along += (w->value[i] - fit.a * w->s[i] - fit.b * w->q[i]) * slope;
        steep += slope * slope;
    }
    const double step = along / (fit.a * steep);
    return isfinite(step) ? fmin(fmax(step, -0.1), 0.1) : 0.0;
}

static double fine(const struct work *w, double lag)
{
    const double reach = w->align->per_slot, golden = 0.5 * (sqrt(5.0) - 1.0);
    double best = lag, most = -1.0;
    for (double at = lag - reach; at <= lag + reach; at += 0.5) {
        double here = score(w, at);
        if (here > most) {
            most = here;
            best = at;
        }
    }
    double low = best - 0.5, high = best + 0.5;
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = score(w, a), at_b = score(w, b);
    while (high - low > 1e-4) {
        if (at_a > at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = score(w, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = score(w, b);
        }
    }
    double found = 0.5 * (low + high);
    most = score(w, found);
    for (int i = 0; i < 4; i++) {
        double next = found + newton_step(w, found), here = score(w, next);
        if (!(here >= most * (1.0 - 1e-12)))
            break;
        found = next;
        most = here;
    }
    return found;
}

enum oac_status oac_align_find(const struct oac_align *align, struct oac_align_fit *fit,
                               struct oac_err *err)
{
    struct work w;
    double lag = 0.0;
    err->status = OAC_OK;
    if (work_init(align, &w, err) && oac_align_coarse(align, &lag, err) == OAC_OK) {
        struct oac_align_fit found = {.delay = fine(&w, lag)};
        if (judge(&w, &found, err) == OAC_OK)
            *fit = found;
    }
    work_fini(&w);
    return err->status;
}
