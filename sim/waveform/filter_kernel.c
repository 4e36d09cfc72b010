/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block sizes, plans and spectra of a filter. */
#include <math.h>
#include <string.h>

#include "sim/waveform/filter_internal.h"

#define ONE_BLOCK \
    16384 /* samples that fit the second-level cache: one block, whatever the cost says */
#define BLOCK_MIN 256
#define WHOLE_TAIL \
    4 /* a ringing, lossy response: hold at most 1/4 of the segment at each side */
#define STEP_WIDTH    12.0 /* block over the step's width: erfc(6) = 2e-17 is left at its ends */
#define COST_PER_PASS 8.0  /* copies and product, in units of one radix-2 pass */

static double cost_of(size_t block, size_t overlap, size_t segment)
{
    double useful = (double)(block - overlap);
    return ceil((double)segment / useful) * (double)block *
           (log2((double)block) + COST_PER_PASS);
}

/* One block where the segment fits the cache, else the size of least cost for the segment. */
static size_t choose_block(size_t overlap, size_t segment)
{
    size_t best = oac_fft_good_size(segment + overlap);
    if (best <= ONE_BLOCK)
        return best;
    double least = best <= OAC_FFT_MAX ? cost_of(best, overlap, segment) : INFINITY;
    size_t first = 2 * overlap > BLOCK_MIN ? 2 * overlap : BLOCK_MIN;
    for (size_t block = oac_fft_good_size(first); block < best && block <= OAC_FFT_MAX;
         block = oac_fft_good_size(block + block / 8)) {
        double cost = cost_of(block, overlap, segment);
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
    if (copy_single(n, kernel->step, &kernel->step_f, err))
        return err->status;
    return copy_single(real ? n : 2 * n, kernel->response, &kernel->response_f, err);
}

enum oac_status oac_filter_kernel_blocks(const struct oac_filter_spec *spec,
                                         const struct oac_filter_design *design,
                                         struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t overlap = design->before + design->after;
    size_t n = choose_block(overlap, spec->segment);
    struct oac_fft *forward = NULL;
    *kernel =
        (struct oac_filter_kernel){.block = n, .lead = design->after, .useful = n - overlap};
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

/* s at j samples from the block's start: 0 before it, 1 after it. */
static double step_at(double j, size_t block)
{
    double width = (double)block / STEP_WIDTH;
    return 0.5 * erfc(-(j - 0.5 * (double)(block - 1)) / width);
}

/* S by the grid of the design, which is long enough for the rise, a rest, the fall and a rest: the step is so
 * smooth that only the response near f = 0 matters, and its own ringing has died out in between. */
static enum oac_status find_step(bool real, const struct oac_filter_design *design,
                                 struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t n = design->n, block = kernel->block, start = n / 8;
    struct oac_fft *forward = NULL, *backward = NULL;
    enum oac_status status = OAC_ENOMEM;
    double *wave = oac_fft_alloc(2 * n, "filter step", err);
    if (!wave || oac_fft_create(n, OAC_FFT_FORWARD, &forward, err) ||
        oac_fft_create(n, OAC_FFT_BACKWARD, &backward, err))
        goto done;
    status = OAC_OK;
    for (size_t i = 0; i < block; i++)
        kernel->step[i] = step_at((double)i, block);
    for (size_t i = 0; i < n; i++)
        wave[2 * i] = step_at((double)i - (double)start, block) -
                      step_at((double)i - (double)(start + n / 2), block);
    oac_fft_execute(forward, wave, wave);
    for (size_t i = 0; i < n; i++) {
        const double *h = design->response + 2 * i;
        double re = wave[2 * i], im = wave[2 * i + 1];
        wave[2 * i] = (re * h[0] - im * h[1]) / (double)n;
        wave[2 * i + 1] = (re * h[1] + im * h[0]) / (double)n;
    }
    oac_fft_execute(backward, wave, wave);
    for (size_t i = 0; i < block; i++) {
        const double *from = wave + 2 * (start + i);
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

enum oac_status oac_filter_kernel_whole(const struct oac_filter_spec *spec,
                                        const struct oac_filter_design *design,
                                        struct oac_filter_kernel *kernel, struct oac_err *err)
{
    size_t n = spec->segment, lead = 0;
    if (!design
             ->lossless) { /* room for the steady values, which a lossless one must not have */
        size_t most = n / WHOLE_TAIL;
        lead = design->after < most ? design->after : most;
        n = oac_fft_good_size(n + lead + (design->before < most ? design->before : most));
    }
    *kernel = (struct oac_filter_kernel){.block = n, .lead = lead, .useful = spec->segment};
    kernel->spectrum = oac_fft_alloc(2 * n, "filter", err);
    kernel->step = oac_fft_alloc(n, "filter", err);
    kernel->response = oac_fft_alloc(2 * n, "filter", err);
    if (!kernel->spectrum || !kernel->step || !kernel->response ||
        oac_filter_sample(spec, n, kernel->spectrum, err) ||
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
