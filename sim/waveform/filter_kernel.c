/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block sizes, plans and spectra of a filter. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "sim/waveform/filter_internal.h"

#define BLOCK_MIN 1024
#define WHOLE_TAIL \
    4 /* a ringing, lossy response: hold at most 1/4 of the segment at each side */
#define STEP_WIDTH 12.0 /* circle over the step's width: erfc(6) = 2e-17 is left at its ends */

/* Time of a block in passes over a point: measured for pairs of transforms in single precision, 0.31 ns a pass
 * within a first-level cache of 48 KiB, 1.3 and 1.8 times as much beyond; 6 for copies and product. */
static double cost_of(size_t block)
{
    double beyond = block <= 2048 ? 1.0 : block <= 4096 ? 1.3 : 1.8;
    return (double)block * (beyond * log2((double)block) + 6.0);
}

/* The smallest size >= n of the form 2^a (1, 3, 5, 15 or 25) with 2^a >= 32. Not every oac_fft_good_size is as
 * good: per point, 6561 = 3^8 takes three times as long as 6400, 6750 = 2 3^3 5^3 four times. */
size_t oac_filter_fast_segment(size_t n)
{
    static const size_t odd[] = {1, 3, 5, 15, 25};
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        size_t size = 32 * odd[i];
        while (size < n)
            size *= 2;
        best = size < best ? size : best;
    }
    return best;
}

/* The size of least cost for the segment: one block, or a power of two. */
static size_t choose_block(size_t overlap, size_t segment)
{
    size_t best = oac_filter_fast_segment(segment + overlap), block = BLOCK_MIN;
    double least = best <= OAC_FFT_MAX ? cost_of(best) : INFINITY;
    while (block < 2 * overlap)
        block *= 2;
    for (; block < best && block <= OAC_FFT_MAX; block *= 2) {
        double cost = ceil((double)segment / (double)(block - overlap)) * cost_of(block);
        if (cost < least) {
            least = cost;
            best = block;
        }
    }
    return best;
}

static enum oac_status copy_single(size_t n, const double *values, float **copy,
                                   struct oac_err *err)
{
    *copy = oac_fft_f_alloc(n, "filter", err);
    if (!*copy)
        return err->status;
    for (size_t i = 0; i < n; i++)
        (*copy)[i] = (float)values[i];
    return OAC_OK;
}

/* Folds in 1/block; the single precision copies of all tables; the plans. */
static enum oac_status finish(bool real, struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t n = kernel->block, bins = real ? n / 2 + 1 : n;
    enum oac_fft_kind to = real ? OAC_FFT_REAL_FORWARD : OAC_FFT_FORWARD;
    enum oac_fft_kind from = real ? OAC_FFT_REAL_BACKWARD : OAC_FFT_BACKWARD;
    for (size_t i = 0; i < 2 * bins; i++)
        kernel->spectrum[i] /= (double)n;
    if (copy_single(2 * bins, kernel->spectrum, &kernel->spectrum_f, err) ||
        oac_fft_create(n, to, &kernel->forward, err) ||
        oac_fft_create(n, from, &kernel->backward, err) ||
        oac_fft_f_create(n, to, &kernel->forward_f, err) ||
        oac_fft_f_create(n, from, &kernel->backward_f, err))
        return err->status;
    if (!kernel->step)
        return OAC_OK;
    if (copy_single(kernel->circle, kernel->step, &kernel->step_f, err))
        return err->status;
    return copy_single((real ? 1 : 2) * kernel->circle, kernel->response, &kernel->response_f,
                       err);
}

enum oac_status oac_filter_kernel_blocks(const struct oac_filter_spec *spec,
                                         const struct oac_filter_design *design,
                                         struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t overlap = design->before + design->after;
    size_t n = choose_block(overlap, spec->segment);
    struct oac_fft *forward = NULL;
    *kernel = (struct oac_filter_kernel){
        .block = n, .circle = n, .lead = design->after, .useful = n - overlap};
    kernel->spectrum = oac_fft_alloc(2 * n, "filter", err);
    if (!kernel->spectrum || oac_fft_create(n, OAC_FFT_FORWARD, &forward, err))
        goto fail;
    memcpy(kernel->spectrum, design->impulse, 2 * (design->after + 1) * sizeof(double));
    memcpy(kernel->spectrum + 2 * (n - design->before),
           design->impulse + 2 * (design->n - design->before),
           2 * design->before * sizeof(double));
    oac_fft_execute(forward, kernel->spectrum, kernel->spectrum);
    oac_fft_destroy(forward);
    if (!finish(spec->real, kernel, err))
        return OAC_OK;
fail:
    oac_filter_kernel_fini(kernel);
    return err->status;
}

/* s at j samples from the circle's start: 0 before it, 1 after it. */
static double step_at(double j, size_t circle)
{
    double width = (double)circle / STEP_WIDTH;
    return 0.5 * erfc(-(j - 0.5 * (double)(circle - 1)) / width);
}

/* S by the grid of the design, which is long enough for the rise, a rest, the fall and a rest: the step is so
 * smooth that only the response near f = 0 matters, and its own ringing has died out in between. */
static enum oac_status find_step(bool real, const struct oac_filter_design *design,
                                 struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t n = design->n, circle = kernel->circle, rise = n / 8, fall = rise + n / 2;
    struct oac_fft *forward = NULL, *backward = NULL;
    enum oac_status status = OAC_ENOMEM;
    double *wave = oac_fft_alloc(2 * n, "filter step", err);
    if (!wave || oac_fft_create(n, OAC_FFT_FORWARD, &forward, err) ||
        oac_fft_create(n, OAC_FFT_BACKWARD, &backward, err))
        goto done;
    status = OAC_OK;
    for (size_t i = 0; i < circle; i++)
        kernel->step[i] = step_at((double)i, circle);
    for (size_t i = 0; i < n; i++)
        wave[2 * i] = step_at((double)i - (double)rise, circle) -
                      step_at((double)i - (double)fall, circle);
    oac_fft_execute(forward, wave, wave);
    for (size_t i = 0; i < n; i++) {
        const double *h = design->response + 2 * i;
        double re = wave[2 * i], im = wave[2 * i + 1];
        wave[2 * i] = (re * h[0] - im * h[1]) / (double)n;
        wave[2 * i + 1] = (re * h[1] + im * h[0]) / (double)n;
    }
    oac_fft_execute(backward, wave, wave);
    for (size_t i = 0; i < circle; i++) {
        const double *from = wave + 2 * (rise + i);
        if (real)
            kernel->response[i] = from[0];
        else
            memcpy(kernel->response + 2 * i, from, 2 * sizeof(double));
    }
done:
    oac_fft_destroy(forward);
    oac_fft_destroy(backward);
    oac_fft_free(wave);
    return status;
}

/* FFTW is fast where it has the factors in straight code and some of them are 2: near 6,400 points 6 ns a
 * sample for 2 and 5, 10 with 7 to 13, 24 to 74 with larger ones; 17 and 24 for odd and twice odd. */
static bool is_fast(size_t n)
{
    static const size_t factors[] = {2, 3, 5, 7, 11, 13};
    size_t left = n;
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
        while (left % factors[i] == 0)
            left /= factors[i];
    return left == 1 && (n % 4 == 0 || n < 256);
}

/* From the response around the circle to that of the block which holds it and its tail. */
static enum oac_status unfold_spectrum(struct oac_filter_kernel *kernel, struct oac_err *err)
{
    struct oac_fft *backward = NULL, *forward = NULL;
    size_t n = kernel->circle;
    enum oac_status status = oac_fft_create(n, OAC_FFT_BACKWARD, &backward, err);
    if (!status)
        status = oac_fft_create(kernel->block, OAC_FFT_FORWARD, &forward, err);
    if (!status) {
        oac_fft_execute(backward, kernel->spectrum, kernel->spectrum);
        for (size_t i = 0; i < 2 * n; i++)
            kernel->spectrum[i] /= (double)n;
        oac_fft_execute(forward, kernel->spectrum, kernel->spectrum); /* zeros behind */
    }
    oac_fft_destroy(backward);
    oac_fft_destroy(forward);
    return status;
}

enum oac_status oac_filter_kernel_whole(const struct oac_filter_spec *spec,
                                        const struct oac_filter_design *design,
                                        struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t circle = spec->segment, lead = 0;
    if (!design
             ->lossless) { /* room for the steady values, which a lossless one must not have */
        size_t most = circle / WHOLE_TAIL;
        lead = design->after < most ? design->after : most;
        circle += lead + (design->before < most ? design->before : most);
        circle = oac_filter_fast_segment(circle);
    }
    size_t block = is_fast(circle) ? circle : oac_filter_fast_segment(2 * circle - 1);
    *kernel = (struct oac_filter_kernel){
        .block = block, .circle = circle, .lead = lead, .useful = spec->segment};
    kernel->spectrum = oac_fft_alloc(2 * block, "filter", err);
    kernel->step = oac_fft_alloc(circle, "filter", err);
    kernel->response = oac_fft_alloc(2 * circle, "filter", err);
    if (!kernel->spectrum || !kernel->step || !kernel->response ||
        oac_filter_sample(spec, circle, kernel->spectrum, err) ||
        (circle < block && unfold_spectrum(kernel, err)) ||
        find_step(spec->real, design, kernel, err) || finish(spec->real, kernel, err)) {
        oac_filter_kernel_fini(kernel);
        return err->status;
    }
    return OAC_OK;
}

void oac_filter_kernel_fini(struct oac_filter_kernel *kernel)
{
    oac_fft_destroy(kernel->forward);
    oac_fft_destroy(kernel->backward);
    oac_fft_f_destroy(kernel->forward_f);
    oac_fft_f_destroy(kernel->backward_f);
    void *const tables[] = {kernel->spectrum, kernel->spectrum_f, kernel->step,
                            kernel->step_f,   kernel->response,   kernel->response_f};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        oac_fft_free(tables[i]);
    *kernel = (struct oac_filter_kernel){0};
}
