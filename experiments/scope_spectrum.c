/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_spectrum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fft.h"

#define LENGTH_MAX 1024u

static const double PI = 3.14159265358979323846;

struct welch {
    struct oac_fft *fft;
    double *in, *out, *hann;
    size_t length, bins, segments;
    bool complex_values;
};

static void add_segment(struct welch *w, const struct oac_scope_trace *trace, size_t first,
                        double *density)
{
    size_t parts = w->complex_values ? 2 : 1, shift = w->complex_values ? w->length / 2 : 0;
    double mean = 0.0;

    for (size_t i = 0; i < w->length && !w->complex_values; i++)
        mean += (double)trace->value[first + i] / (double)w->length;
    for (size_t i = 0; i < parts * w->length; i++)
        w->in[i] = w->hann[i / parts] * ((double)trace->value[parts * first + i] - mean);
    oac_fft_execute(w->fft, w->in, w->out);
    for (size_t m = 0; m < w->bins; m++) {
        double re = w->out[2 * m], im = w->out[2 * m + 1];
        density[(m + shift) % w->bins] += re * re + im * im;
    }
    w->segments++;
}

static void scale(const struct welch *w, double rate_hz, double *density)
{
    double square = 0.0;

    for (size_t i = 0; i < w->length; i++)
        square += w->hann[i] * w->hann[i];
    for (size_t m = 0; m < w->bins; m++) {
        bool edge = m == 0 || (w->length % 2 == 0 && m == w->bins - 1);
        double sides = w->complex_values || edge ? 1.0 : 2.0;
        density[m] *= sides / (rate_hz * square * (double)w->segments);
    }
}

static enum oac_status welch_create(struct welch *w, struct oac_err *err)
{
    enum oac_fft_kind kind = w->complex_values ? OAC_FFT_FORWARD : OAC_FFT_REAL_FORWARD;

    w->bins = w->complex_values ? w->length : w->length / 2 + 1;
    if (oac_fft_create(w->length, kind, &w->fft, err) != OAC_OK ||
        !(w->in = oac_fft_alloc(2 * w->length, "a spectrum", err)) ||
        !(w->out = oac_fft_alloc(2 * w->length + 2, "a spectrum", err)) ||
        !(w->hann = oac_alloc(w->length, sizeof(double), "a spectrum", err)))
        return err->status;
    for (size_t i = 0; i < w->length; i++)
        w->hann[i] = 0.5 - 0.5 * cos(2.0 * PI * ((double)i + 0.5) / (double)w->length);
    return OAC_OK;
}

static void welch_destroy(struct welch *w)
{
    oac_fft_destroy(w->fft);
    oac_fft_free(w->in);
    oac_fft_free(w->out);
    free(w->hann);
}

enum oac_status oac_scope_welch(const struct oac_scope_trace *const *trace, size_t count,
                                double from_s, double to_s, size_t length, double *density,
                                struct oac_err *err)
{
    struct welch w = {.length = length, .complex_values = trace[0]->complex_values};
    enum oac_status status = welch_create(&w, err);

    if (status == OAC_OK)
        memset(density, 0, w.bins * sizeof *density);
    for (size_t t = 0; t < count && status == OAC_OK; t++) {
        size_t last = oac_scope_index(trace[t], to_s);
        for (size_t i = oac_scope_index(trace[t], from_s); i + length <= last; i += length / 2)
            add_segment(&w, trace[t], i, density);
    }
    if (status == OAC_OK && w.segments == 0)
        status = oac_fail(err, OAC_EINVAL,
                          "no waveform is as long as the %zu samples of a spectrum", length);
    if (status == OAC_OK)
        scale(&w, trace[0]->rate_hz, density);
    welch_destroy(&w);
    return status;
}

/* density of one recorder's windows; false in *found when the point is missing. */
static enum oac_status one(const struct oac_scope_recorder *r, const char *name, size_t channel,
                           size_t windows, double payload_s, size_t length, double *density,
                           struct oac_err *err)
{
    const struct oac_scope_trace **trace = oac_alloc(windows, sizeof *trace, "traces", err);
    enum oac_status status = OAC_OK;

    if (!trace)
        return err->status;
    for (size_t w = 0; w < windows && status == OAC_OK; w++)
        if (!(trace[w] = oac_scope_find(r, name, w + 1, channel, 0)))
            status = oac_fail(err, OAC_EINTERNAL, "window %zu shows no %s", w + 1, name);
    if (status == OAC_OK)
        status = oac_scope_welch(trace, windows, 0.0, payload_s, length, density, err);
    free(trace);
    return status;
}

enum oac_status oac_scope_spectrum_make(const struct oac_scope_recorder *noisy,
                                        const struct oac_scope_recorder *clean,
                                        const char *name, size_t channel, size_t windows,
                                        double payload_s, struct oac_scope_spectrum *spectrum,
                                        struct oac_err *err)
{
    const struct oac_scope_trace *trace = oac_scope_find(noisy, name, 1, channel, 0);
    struct oac_scope_spectrum made = {0};
    size_t samples, length;

    *spectrum = made;
    snprintf(made.name, sizeof made.name, "%s", name);
    if (windows == 0 || !trace)
        return OAC_OK;
    samples = oac_scope_index(trace, payload_s) - oac_scope_index(trace, 0.0);
    length = samples < LENGTH_MAX ? samples : LENGTH_MAX;
    length -= length % 2;
    if (length < 16)
        return OAC_OK; /* too short to say anything */
    made.two_sided = trace->complex_values;
    made.count = made.two_sided ? length : length / 2 + 1;
    snprintf(made.unit, sizeof made.unit, made.two_sided ? "W/Hz" : "%s^2/Hz", trace->unit);
    if (!(made.frequency_hz = oac_alloc(made.count, sizeof(double), "a spectrum", err)) ||
        !(made.density = oac_alloc(made.count, sizeof(double), "a spectrum", err)) ||
        !(made.clean = oac_alloc(made.count, sizeof(double), "a spectrum", err)) ||
        one(noisy, name, channel, windows, payload_s, length, made.density, err) != OAC_OK ||
        one(clean, name, channel, windows, payload_s, length, made.clean, err) != OAC_OK) {
        oac_scope_spectrum_fini(&made);
        return err->status;
    }
    for (size_t m = 0; m < made.count; m++) {
        double bin = (double)m - (made.two_sided ? 0.5 * (double)length : 0.0); /* even */
        made.frequency_hz[m] = bin * trace->rate_hz / (double)length;
    }
    *spectrum = made;
    return OAC_OK;
}

void oac_scope_spectrum_fini(struct oac_scope_spectrum *spectrum)
{
    free(spectrum->frequency_hz);
    free(spectrum->density);
    free(spectrum->clean);
    memset(spectrum, 0, sizeof *spectrum);
}
