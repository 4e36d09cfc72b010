/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <complex.h>
#include <criterion/criterion.h>
#include <pthread.h>

#include "base/constants.h"
#include "sim/waveform/filter_bank.h"

static struct oac_err err;

/* Dispersion of 40 samples at fs/2. */
static double complex disperse(const void *context, double f_hz)
{
    (void)context;
    return cexp(2.0 * OAC_PI * I * 40.0 * f_hz * f_hz);
}

static double complex infinite(const void *context, double f_hz)
{
    (void)context;
    return 1.0 / (f_hz * 0.0);
}

static struct oac_filter_bank *bank_of(oac_response response, size_t least)
{
    const struct oac_filter_spec spec = {
        .response = response, .sample_rate_hz = 1.0, .segment = least};
    struct oac_filter_bank *bank = NULL;
    cr_assert_eq(oac_filter_bank_create(&spec, &bank, &err), OAC_OK, "%s", err.message);
    return bank;
}

static const struct oac_filter *find(struct oac_filter_bank *bank, size_t samples)
{
    const struct oac_filter *filter = NULL;
    cr_assert_eq(oac_filter_bank_find(bank, samples, &filter, &err), OAC_OK, "%s", err.message);
    return filter;
}

Test(filter_bank, lengths_share_the_next_fast_circle)
{
    struct oac_filter_bank *bank = bank_of(disperse, 1000);
    const struct oac_filter *first = find(bank, 6304);
    cr_assert_eq(oac_filter_block(first), 6400);
    cr_assert_eq(find(bank, 6400), first);
    cr_assert_eq(oac_filter_block(find(bank, 6401)), 7680);
    cr_assert_eq(find(bank, 6200), first);
    cr_assert_eq(oac_filter_block(find(bank, 8)), 1024); /* the shortest */
    oac_filter_bank_destroy(bank);
}

Test(filter_bank, a_filter_that_cannot_be_made_is_refused_and_asked_for_again)
{
    struct oac_filter_bank *bank = bank_of(infinite, 1);
    const struct oac_filter *filter = NULL;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(oac_filter_bank_find(bank, 100, &filter, &err), OAC_EINVAL);
    cr_assert_null(filter);
    oac_filter_bank_destroy(bank);
}

struct job {
    struct oac_filter_bank *bank;
    const struct oac_filter *filter[3];
};

static void *look(void *context)
{
    struct job *job = context;
    struct oac_err ignored;
    for (size_t i = 0; i < 3; i++)
        (void)!oac_filter_bank_find(job->bank, 300 << i, &job->filter[i], &ignored);
    return NULL;
}

Test(filter_bank, threads_that_ask_at_once_get_the_same_filters)
{
    enum { THREADS = 4 };
    struct oac_filter_bank *bank = bank_of(disperse, 1);
    struct job job[THREADS] = {{0}};
    pthread_t thread[THREADS];
    for (int t = 0; t < THREADS; t++) {
        job[t].bank = bank;
        cr_assert_eq(pthread_create(&thread[t], NULL, look, &job[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(thread[t], NULL);
    for (int t = 0; t < THREADS; t++)
        for (size_t i = 0; i < 3; i++) {
            cr_assert_not_null(job[t].filter[i]);
            cr_assert_eq(job[t].filter[i], job[0].filter[i]);
        }
    oac_filter_bank_destroy(bank);
}
