/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters in single precision against double, and the same bits whoever asks and wherever. */
#include <pthread.h>

#include "base/kernel.h"
#include "tests/sim/filter_fixture.h"

Test(filter, single_precision_follows_double_to_1e_6)
{
    enum { N = 6000 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        double *x = burst(N, bed.lanes, 0, 1), *y = waveform(reals), *z = waveform(reals);
        oac_filter_apply(bed.filter, bed.scratch, N, x, y);
        apply_single(&bed, N, x, z);
        double error = 0.0;
        for (size_t j = 0; j < reals; j++)
            error += (y[j] - z[j]) * (y[j] - z[j]);
        cr_assert_lt(sqrt(error / energy(reals, x)), 1e-6, "kind %zu", i);
        free(x);
        free(y);
        free(z);
        clear(&bed);
    }
}

/* Twice the array from one more than an aligned address: the copying path and the one that copies nothing. */
Test(filter, bits_do_not_depend_on_alignment_place_or_repetition)
{
    enum { N = 960 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        for (size_t rest = 0; rest < 2; rest++) { /* ends that differ, ends that do not */
            double *x = burst(N, bed.lanes, rest, 1), *y = waveform(reals);
            double *room = waveform(reals + 1);
            oac_filter_apply(bed.filter, bed.scratch, N, x, y);
            memcpy(room + 1, x, reals * sizeof *x);
            oac_filter_apply(bed.filter, bed.scratch, N, room + 1, room + 1);
            cr_assert_arr_eq(y, room + 1, reals * sizeof *x);
            oac_filter_apply(bed.filter, bed.scratch, N, x, x);
            cr_assert_arr_eq(y, x, reals * sizeof *x);
            free(x);
            free(y);
            free(room);
        }
        clear(&bed);
    }
}

enum { SHARED = 5000 };

struct job {
    const struct oac_filter *filter;
    const float *in;
    float out[2 * SHARED];
    int failed;
};

static void *apply_thread(void *context)
{
    struct job *job = context;
    struct oac_err error;
    struct oac_filter_scratch *scratch;
    const struct oac_filter *const filters[] = {job->filter};
    job->failed = oac_filter_scratch_create(filters, 1, &scratch, &error) != OAC_OK;
    for (int i = 0; i < 10 && !job->failed; i++)
        oac_filter_apply_f(job->filter, scratch, SHARED, job->in, job->out);
    if (!job->failed)
        oac_filter_scratch_destroy(scratch);
    return NULL;
}

Test(filter, threads_share_one_filter_and_get_the_same_bits)
{
    enum { THREADS = 3 };
    static struct job jobs[THREADS];
    static float in[2 * SHARED], out[2 * SHARED];
    double width_hz = 9e9;
    struct bed bed = lay(gaussian, &width_hz, 0, 1000, false);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < 2 * SHARED; i++)
        in[i] = (float)oac_rng_normal(3, OAC_RNG_TEST, i, 0);
    oac_filter_apply_f(bed.filter, bed.scratch, SHARED, in, out);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].filter = bed.filter;
        jobs[i].in = in;
        cr_assert_eq(pthread_create(&thread[i], NULL, apply_thread, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        cr_assert_eq(jobs[i].failed, 0);
        cr_assert_arr_eq(jobs[i].out, out, sizeof out);
    }
    clear(&bed);
}

/* "auto" may be v1 itself, on an old machine: then this compares nothing but repetition. */
Test(filter, every_processor_level_gives_the_same_bits)
{
    enum { N = 1500 };
    if (oac_kernel_select("v1", &err)) /* not an x86-64 */
        return;
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        double *x = burst(N, bed.lanes, 0, 1), *y = waveform(reals), *z = waveform(reals);
        cr_assert_eq(oac_kernel_select("v1", &err), OAC_OK);
        oac_filter_apply(bed.filter, bed.scratch, N, x, y);
        cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
        oac_filter_apply(bed.filter, bed.scratch, N, x, z);
        cr_assert_arr_eq(y, z, reals * sizeof *y);
        free(x);
        free(y);
        free(z);
        clear(&bed);
    }
}
