/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a response to an impulse response: sampling, its support, and whether it rings too long. */
#include <math.h>
#include <string.h>

#include "sim/waveform/filter_internal.h"

#define IDENTITY       1e-7 /* |H - 1| */
#define LOSSLESS       1e-9 /* ||H| - 1| */
#define TAIL           1e-7 /* energy outside the memory found from a response */
#define TAIL_EXACT     1e-26 /* the same where energy must be kept to 1e-12: 1e-13 of amplitude */
#define CHEAP          8     /* a support of 1/8 of the segment costs little */
#define GRID_SEGMENTS  4     /* length of the grid: a tail of half a segment does not wrap */
#define GRID_MIN       1024
#define SYMMETRY_TESTS 61
#define SYMMETRY       1e-9

/* A real waveform's response at -fs/2 is its own conjugate; magnitude 1 stays magnitude 1. */
static double nyquist_of(double complex h)
{
    return fabs(cabs(h) - 1.0) <= LOSSLESS ? copysign(1.0, creal(h)) : creal(h);
}

enum oac_status oac_filter_sample(const struct oac_filter_spec *spec, size_t n, double *values,
                                  struct oac_err *err)
{
    double step_hz = spec->sample_rate_hz / (double)n;
    for (size_t k = 0; k < n; k++) {
        bool mirrored = 2 * k >= n && n > 1;
        if (spec->real && 2 * k > n) { /* conjugate of its mirror image */
            values[2 * k] = values[2 * (n - k)];
            values[2 * k + 1] = -values[2 * (n - k) + 1];
            continue;
        }
        double f_hz = (mirrored ? -(double)(n - k) : (double)k) * step_hz;
        double complex h = spec->response(spec->context, f_hz);
        if (!isfinite(creal(h)) || !isfinite(cimag(h)))
            return oac_fail(err, OAC_EINVAL,
                            "filter: the response at %g Hz is %g%+gi; it must be finite", f_hz,
                            creal(h), cimag(h));
        if (spec->real && (k == 0 || 2 * k == n))
            h = nyquist_of(h);
        values[2 * k] = creal(h);
        values[2 * k + 1] = cimag(h);
    }
    return OAC_OK;
}

static enum oac_status check_symmetry(const struct oac_filter_spec *spec, struct oac_err *err)
{
    for (int i = 0; i < SYMMETRY_TESTS; i++) {
        double f_hz = spec->sample_rate_hz * (0.5 * i / SYMMETRY_TESTS);
        double complex above = spec->response(spec->context, f_hz);
        double complex below = spec->response(spec->context, -f_hz);
        if (!(cabs(below - conj(above)) <= SYMMETRY * (1.0 + cabs(above))))
            return oac_fail(err, OAC_EINVAL,
                            "filter: real waveforms need H(-f) = conj H(f), but at %g Hz they "
                            "differ by %g",
                            f_hz, cabs(below - conj(above)));
    }
    return OAC_OK;
}

static enum oac_status check_spec(const struct oac_filter_spec *spec, struct oac_err *err)
{
    if (!(spec->sample_rate_hz > 0.0) || !isfinite(spec->sample_rate_hz))
        return oac_fail(err, OAC_EINVAL, "filter: sample rate %g Hz must be above 0 and finite",
                        spec->sample_rate_hz);
    if (spec->segment < 1 || spec->segment > OAC_FFT_MAX / GRID_SEGMENTS ||
        spec->memory > OAC_FFT_MAX / 8)
        return oac_fail(err, OAC_EINVAL,
                        "filter: segment %zu and memory %zu samples; possible are 1 to %zu and "
                        "0 to %zu",
                        spec->segment, spec->memory, OAC_FFT_MAX / GRID_SEGMENTS,
                        OAC_FFT_MAX / 8);
    return spec->real ? check_symmetry(spec, err) : OAC_OK;
}

static double energy(const double *z)
{
    return z[0] * z[0] + z[1] * z[1];
}

/* The shortest support around zero delay outside which at most `share` of the energy lies, half on each side. */
static void support(const struct oac_filter_design *design, double share, size_t *before,
                    size_t *after)
{
    size_t n = design->n, negative = (n - 1) / 2, positive = n / 2;
    double total = 0.0, tail = 0.0;
    for (size_t i = 0; i < n; i++)
        total += energy(design->impulse + 2 * i);
    double limit = 0.5 * share * total;
    while (positive > 0 && (tail += energy(design->impulse + 2 * positive)) <= limit)
        positive--;
    tail = 0.0;
    while (negative > 0 && (tail += energy(design->impulse + 2 * (n - negative))) <= limit)
        negative--;
    *before = negative;
    *after = positive;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* See filter.h on the memory. The memory reported is that of TAIL; overlap-save keeps more where it is cheap. */
static void choose_support(const struct oac_filter_spec *spec, struct oac_filter_design *design)
{
    size_t given = spec->memory, limit = given ? given : spec->segment / 2, before, after;
    support(design, TAIL, &design->before, &design->after);
    bool rings = larger(design->before, design->after) > limit;
    design->memory = given ? given : smaller(larger(design->before, design->after), limit);
    support(design, TAIL_EXACT, &before, &after);
    bool ends = larger(before, after) <= limit;
    design->whole = design->lossless ? !ends : rings && !given;
    size_t cheap = design->lossless && ends ? limit : spec->segment / CHEAP;
    for (double share = TAIL_EXACT; share < TAIL; share *= 10.0) {
        support(design, share, &before, &after);
        if (larger(before, after) > cheap)
            continue;
        design->before = before;
        design->after = after;
        break;
    }
    design->before = given ? given : smaller(design->before, limit);
    design->after = given ? given : smaller(design->after, limit);
}

/* What the support leaves out goes to the tap at zero delay, so that H(0), which steady values see, is exact. */
static void keep_steady(struct oac_filter_design *design)
{
    size_t n = design->n;
    for (size_t i = design->after + 1; i < n - design->before; i++) {
        design->impulse[0] += design->impulse[2 * i];
        design->impulse[1] += design->impulse[2 * i + 1];
    }
}

static void classify(struct oac_filter_design *design)
{
    design->identity = design->lossless = true;
    for (size_t i = 0; i < design->n; i++) {
        const double *h = design->response + 2 * i;
        if (!(hypot(h[0] - 1.0, h[1]) <= IDENTITY))
            design->identity = false;
        if (!(fabs(hypot(h[0], h[1]) - 1.0) <= LOSSLESS))
            design->lossless = false;
    }
}

static enum oac_status find_impulse(struct oac_filter_design *design, struct oac_err *err)
{
    struct oac_fft *backward;
    if (oac_fft_create(design->n, OAC_FFT_BACKWARD, &backward, err))
        return err->status;
    oac_fft_execute(backward, design->response, design->impulse);
    for (size_t i = 0; i < 2 * design->n; i++)
        design->impulse[i] /= (double)design->n;
    oac_fft_destroy(backward);
    return OAC_OK;
}

enum oac_status oac_filter_design_init(const struct oac_filter_spec *spec,
                                       struct oac_filter_design *design, struct oac_err *err)
{
    if (check_spec(spec, err))
        return err->status;
    size_t wanted = larger(larger(GRID_SEGMENTS * spec->segment, 8 * spec->memory), GRID_MIN);
    *design = (struct oac_filter_design){.n = oac_fft_good_size(wanted)};
    design->response = oac_fft_alloc(2 * design->n, "filter response", err);
    design->impulse = oac_fft_alloc(2 * design->n, "filter impulse response", err);
    if (!design->response || !design->impulse ||
        oac_filter_sample(spec, design->n, design->response, err))
        goto fail;
    classify(design);
    if (design->identity)
        return OAC_OK;
    if (find_impulse(design, err))
        goto fail;
    choose_support(spec, design);
    keep_steady(design);
    return OAC_OK;
fail:
    oac_filter_design_fini(design);
    return err->status;
}

void oac_filter_design_fini(struct oac_filter_design *design)
{
    oac_fft_free(design->response);
    oac_fft_free(design->impulse);
    design->response = design->impulse = NULL;
}
