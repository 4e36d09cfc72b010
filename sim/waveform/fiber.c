/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/fiber.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fft.h"

struct oac_wave_span_work {
    size_t samples, n; /* n: of the transform */
    struct oac_fft *forward, *backward;
    double *field;       /* (2 n) */
    double *half, *full; /* (2 n) dispersion of half a step and of a whole one, and 1/n */
};

enum oac_status oac_wave_span_work_create(size_t samples, struct oac_wave_span_work **work,
                                          struct oac_err *err)
{
    struct oac_wave_span_work *made = oac_alloc(1, sizeof *made, "a Kerr fiber", err);
    if (!made)
        return err->status;
    made->samples = samples;
    made->n = oac_fft_good_size(samples);
    made->field = oac_fft_alloc(2 * made->n, "a Kerr fiber", err);
    made->half = oac_fft_alloc(2 * made->n, "a Kerr fiber", err);
    made->full = oac_fft_alloc(2 * made->n, "a Kerr fiber", err);
    if (!made->field || !made->half || !made->full ||
        oac_fft_create(made->n, OAC_FFT_FORWARD, &made->forward, err) ||
        oac_fft_create(made->n, OAC_FFT_BACKWARD, &made->backward, err)) {
        oac_wave_span_work_destroy(made);
        return err->status;
    }
    *work = made;
    return OAC_OK;
}

void oac_wave_span_work_destroy(struct oac_wave_span_work *work)
{
    if (!work)
        return;
    oac_fft_destroy(work->forward);
    oac_fft_destroy(work->backward);
    oac_fft_free(work->field);
    oac_fft_free(work->half);
    oac_fft_free(work->full);
    free(work);
}

size_t oac_wave_span_work_samples(const struct oac_wave_span_work *work)
{
    return work ? work->samples : 0;
}

double oac_wave_span_step_m(double length_m, size_t steps, size_t i)
{
    double from_m = length_m * ((double)i / (double)steps);
    double to_m = i + 1 == steps ? length_m : length_m * ((double)(i + 1) / (double)steps);
    return to_m - from_m;
}

static double frequency_hz(const struct oac_wave_span *span, size_t n, size_t m)
{
    double bin = m < (n + 1) / 2 ? (double)m : (double)m - (double)n;
    return bin * span->rate_hz / (double)n;
}

static void tabulate(const struct oac_wave_span *span, double length_m, size_t n,
                     double *response)
{
    struct oac_fiber_line line = span->line;
    line.length_m = length_m;
    for (size_t m = 0; m < n; m++) {
        double complex h = oac_fiber_response(&line, frequency_hz(span, n, m));
        response[2 * m] = creal(h) / (double)n;
        response[2 * m + 1] = cimag(h) / (double)n;
    }
}

static void disperse(struct oac_wave_span_work *work, const double *response)
{
    double *e = work->field;
    oac_fft_execute(work->forward, e, e);
    for (size_t m = 0; m < work->n; m++) {
        double re = e[2 * m], im = e[2 * m + 1];
        double c = response[2 * m], s = response[2 * m + 1];
        e[2 * m] = re * c - im * s;
        e[2 * m + 1] = re * s + im * c;
    }
    oac_fft_execute(work->backward, e, e);
}

/* Loss and self-phase modulation of a length, exactly. */
static void modulate(const struct oac_wave_span *span, double length_m, size_t n, double *e)
{
    double alpha = span->loss_per_m;
    double effective_m = alpha > 0.0 ? -expm1(-alpha * length_m) / alpha : length_m;
    double kept = exp(-0.5 * alpha * length_m);
    for (size_t i = 0; i < n; i++) {
        double re = e[2 * i], im = e[2 * i + 1];
        double phase_rad = -span->gamma_per_w_m * (re * re + im * im) * effective_m;
        double c = kept * cos(phase_rad), s = kept * sin(phase_rad);
        e[2 * i] = re * c - im * s;
        e[2 * i + 1] = re * s + im * c;
    }
}

void oac_wave_span_propagate(const struct oac_wave_span *span, struct oac_wave_span_work *work,
                             double *field)
{
    size_t samples = work->samples, n = work->n;
    double length_m = span->line.length_m;
    if (span->line.beta2_s2_per_m == 0.0 && span->line.beta3_s3_per_m == 0.0) {
        modulate(span, length_m, samples, field);
        return;
    }
    double step_m = length_m / (double)span->steps;
    tabulate(span, 0.5 * step_m, n, work->half);
    tabulate(span, step_m, n, work->full);
    double *e = work->field;
    memcpy(e, field, 2 * samples * sizeof *e);
    for (size_t i = samples; i < n; i++) /* the rest of the transform rests too */
        memcpy(e + 2 * i, field + 2 * (i - samples < n - i ? samples - 1 : 0), 2 * sizeof *e);
    disperse(work, work->half);
    for (size_t i = 0; i < span->steps; i++) {
        modulate(span, oac_wave_span_step_m(length_m, span->steps, i), n, e);
        disperse(work, i + 1 < span->steps ? work->full : work->half);
    }
    memcpy(field, e, 2 * samples * sizeof *e);
}
