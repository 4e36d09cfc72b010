/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a filter costs beyond the transforms it cannot avoid: time of oac_filter_apply_f over the time of bare
 * fftwf forward and backward transforms of the same blocks, in the same run, on one thread, as the median of
 * interleaved pairs. Run by scripts/bench. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/constants.h"
#include "base/fft.h"
#include "base/rng.h"
#include "bench/workload.h"
#include "sim/waveform/filter.h"

#define SAMPLE_RATE_HZ    80e9
#define PAIRS             41
#define SAMPLES_PER_TIMED 2000000 /* about 10 ms */
#define TARGET            1.35

/* Dispersion of 40 samples at fs/2 and of magnitude 1. */
static double complex disperse(const void *context, double f_hz)
{
    double x = f_hz / SAMPLE_RATE_HZ;
    (void)context;
    return cexp(2.0 * OAC_PI * I * 40.0 * x * x);
}

static double complex smooth(const void *context, double f_hz)
{
    double x = f_hz / 20e9;
    (void)context;
    return exp(-x * x);
}

struct plan {
    const char *name;
    struct oac_filter_spec spec;
    bool ends_differ;
};

struct bench {
    struct oac_filter *filter;
    struct oac_filter_scratch *scratch;
    struct oac_fft_f *forward, *backward;
    size_t samples, blocks, repeats;
    float *in, *out, *a, *b, *c;
};

static void must(enum oac_status status, const struct oac_err *err)
{
    if (!status)
        return;
    fprintf(stderr, "filter_cost: %s\n", err->message);
    exit(1);
}

static float *array(size_t reals)
{
    struct oac_err err;
    float *x = oac_fft_f_alloc(reals, "benchmark", &err);
    must(x ? OAC_OK : err.status, &err);
    return x;
}

static struct bench prepare(const struct plan *plan)
{
    struct oac_err err;
    const struct oac_filter_spec *spec = &plan->spec;
    struct bench bench = {.samples = spec->segment};
    must(oac_filter_create(spec, &bench.filter, &err), &err);
    const struct oac_filter *const filters[] = {bench.filter};
    must(oac_filter_scratch_create(filters, 1, &bench.scratch, &err), &err);
    size_t n = oac_filter_block(bench.filter), lanes = spec->real ? 1 : 2;
    must(oac_fft_f_create(n, spec->real ? OAC_FFT_REAL_FORWARD : OAC_FFT_FORWARD,
                          &bench.forward, &err),
         &err);
    must(oac_fft_f_create(n, spec->real ? OAC_FFT_REAL_BACKWARD : OAC_FFT_BACKWARD,
                          &bench.backward, &err),
         &err);
    size_t useful = n > spec->segment ? spec->segment : n - 2 * spec->memory;
    bench.blocks = n == spec->segment ? 1 : (spec->segment + useful - 1) / useful;
    bench.repeats = SAMPLES_PER_TIMED / spec->segment + 1;
    bench.in = array(lanes * spec->segment);
    bench.out = array(lanes * spec->segment);
    bench.a = array(2 * n + 2);
    bench.b = array(2 * n + 2);
    bench.c = array(2 * n + 2);
    for (size_t i = lanes; i < lanes * (spec->segment - 1); i++)
        bench.in[i] = (float)oac_rng_normal(1, OAC_RNG_TEST, i, 0);
    if (plan->ends_differ)
        bench.in[0] = 1.0f;
    for (size_t i = 0; i < 2 * n; i++)
        bench.a[i] = (float)oac_rng_normal(2, OAC_RNG_TEST, i, 0);
    return bench;
}

static void put_away(struct bench *bench)
{
    oac_filter_destroy(bench->filter);
    oac_filter_scratch_destroy(bench->scratch);
    oac_fft_f_destroy(bench->forward);
    oac_fft_f_destroy(bench->backward);
    oac_fft_free(bench->in);
    oac_fft_free(bench->out);
    oac_fft_free(bench->a);
    oac_fft_free(bench->b);
    oac_fft_free(bench->c);
}

/* Seconds per sample. */
static double apply_s(struct bench *bench)
{
    double start_s = workload_now_s();
    for (size_t i = 0; i < bench->repeats; i++)
        oac_filter_apply_f(bench->filter, bench->scratch, bench->samples, bench->in,
                           bench->out);
    return (workload_now_s() - start_s) / (double)(bench->repeats * bench->samples);
}

/* The same blocks, transformed there and back from array to array; the values do not matter. */
static double bare_s(struct bench *bench)
{
    double start_s = workload_now_s();
    for (size_t i = 0; i < bench->repeats * bench->blocks; i++) {
        oac_fft_f_execute(bench->forward, bench->a, bench->b);
        oac_fft_f_execute(bench->backward, bench->b, bench->c);
    }
    return (workload_now_s() - start_s) / (double)(bench->repeats * bench->samples);
}

static void run(const struct plan *plan)
{
    double ratio[PAIRS], apply[PAIRS], bare[PAIRS];
    struct bench bench = prepare(plan);
    apply_s(&bench); /* warm up both sides */
    bare_s(&bench);
    for (size_t i = 0; i < PAIRS; i++) {
        bare[i] = bare_s(&bench);
        apply[i] = apply_s(&bench);
        ratio[i] = apply[i] / bare[i];
    }
    double cost = workload_median(PAIRS, ratio);
    printf("  %-34s %6zu samples, %3zu x %5zu points: apply %5.2f ns, bare %5.2f ns a sample, "
           "ratio %.2f, target <= %.2f %s\n",
           plan->name, bench.samples, bench.blocks, oac_filter_block(bench.filter),
           1e9 * workload_median(PAIRS, apply), 1e9 * workload_median(PAIRS, bare), cost,
           TARGET, cost <= TARGET ? "met" : "MISSED");
    fflush(stdout);
    put_away(&bench);
}

int main(void)
{
    static const struct plan plans[] = {
        {"complex, dispersion", {disperse, NULL, SAMPLE_RATE_HZ, 0, 6400, false}, false},
        {"complex, dispersion, ends differ",
         {disperse, NULL, SAMPLE_RATE_HZ, 0, 6400, false},
         true},
        {"complex, dispersion, 8 * 811",
         {disperse, NULL, SAMPLE_RATE_HZ, 0, 6488, false},
         false},
        {"complex, passband", {smooth, NULL, SAMPLE_RATE_HZ, 24, 6400, false}, false},
        {"complex, passband", {smooth, NULL, SAMPLE_RATE_HZ, 24, 100000, false}, false},
        {"real, bandwidth", {smooth, NULL, SAMPLE_RATE_HZ, 24, 6400, true}, false},
        {"real, bandwidth", {smooth, NULL, SAMPLE_RATE_HZ, 24, 100000, true}, false},
    };
    printf("Filters in single precision, one thread, median of %d pairs\n", PAIRS);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        run(&plans[i]);
    return 0;
}
