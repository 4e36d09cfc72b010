/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scalar product test of Sludds et al., Science 378, 270 (2022): 10,000 products of random scalars in
 * [0,1] in full scale 1, read out one window each. The paper's system errs by 0.005 rms. */
#include <stdlib.h>

#include "calibration/calibration.h"
#include "hal/engine.h"
#include "tests/calibration/random_bench.h"

#define ROWS     16
#define OPERANDS 25
#define MATRICES 25 /* ROWS x OPERANDS x MATRICES = 10,000 products */
#define BENCHES  20

static double scalar(uint64_t seed, uint32_t matrix, size_t i)
{
    return oac_rng_uniform(seed, OAC_RNG_TEST, UINT64_C(1) << 33 | i, matrix);
}

/* Sum of squared errors of one matrix of scalars. */
static double matrix_error2(struct oac_engine *engine, size_t slots, uint64_t seed,
                            uint32_t number)
{
    struct oac_err err;
    struct oac_matrix *matrix;
    struct oac_engine_scratch *scratch;
    float *w = calloc(ROWS * slots, sizeof *w), *x = calloc(OPERANDS * slots, sizeof *x);
    float y[OPERANDS * ROWS];
    for (size_t i = 0; i < ROWS * slots; i++)
        w[i] = (float)scalar(seed, number, i / slots);
    for (size_t i = 0; i < OPERANDS * slots; i++)
        x[i] = (float)scalar(seed, number, 1000 + i / slots);
    const struct oac_matrix_spec spec = {.rows = ROWS,
                                         .cols = slots,
                                         .w = w,
                                         .w_min = 0.0,
                                         .w_max = 1.0,
                                         .x_min = 0.0,
                                         .x_max = 1.0,
                                         .name = "scalars"};
    struct oac_multiply_tally tally = {0};
    cr_assert_eq(oac_engine_load(engine, &spec, &matrix, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_engine_scratch_create(engine, OPERANDS, &scratch, &err), OAC_OK, "%s",
                 err.message);
    const struct oac_multiply call = {
        .batch = OPERANDS, .x = x, .y = y, .tally = &tally, .image0 = number * OPERANDS};
    cr_assert_eq(oac_matrix_multiply(matrix, scratch, &call, &err), OAC_OK, "%s", err.message);
    double sum = 0.0;
    for (size_t b = 0; b < OPERANDS; b++)
        for (size_t k = 0; k < ROWS; k++) {
            double truth = scalar(seed, number, k) * scalar(seed, number, 1000 + b);
            sum += pow((double)y[b * ROWS + k] / (double)slots - truth, 2.0);
        }
    oac_engine_scratch_destroy(scratch);
    free(w);
    free(x);
    return sum;
}

/* rms error, bias included, of 10,000 products. */
static double scalar_error(struct oac_link *link, const struct oac_calrec *calrec, size_t slots,
                           uint64_t slot_base, uint64_t seed)
{
    double sum = 0.0;
    for (uint32_t m = 0; m < MATRICES; m++) { /* an engine each: loads are for ever */
        struct oac_err err;
        struct oac_engine *engine;
        const struct oac_engine_options options = {
            .encoding = OAC_OFFSET, .repeats = 1, .slot_base = slot_base};
        cr_assert_eq(oac_engine_create(link, calrec, &options, &engine, &err), OAC_OK, "%s",
                     err.message);
        sum += matrix_error2(engine, slots, seed, m);
        oac_engine_destroy(engine);
    }
    return sqrt(sum / (MATRICES * OPERANDS * ROWS));
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Errors before and after calibration of one bench. */
static void one_bench(struct random_bench *bench, uint64_t seed, double *before, double *after)
{
    struct oac_err err;
    struct oac_calibration *found;
    struct oac_calrec *calrec;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    /* Before: as many slots as the nominal bench takes to the same part of its range. */
    const struct oac_link_caps *caps = bench->link.caps;
    const size_t nominal_slots =
        (size_t)(0.8 *
                 ((double)caps->readout[0].code_max - caps->nominal->channel[0].offset_code) /
                 caps->nominal->channel[0].gain_code);
    *before = scalar_error(&bench->link, NULL, nominal_slots, 0, seed);
    cr_assert_eq(oac_calibrate_measure(&bench->link, &options, NULL, &found, &err), OAC_OK,
                 "%s", err.message);
    cr_assert_eq(oac_calibration_record(found, bench->link.caps, &calrec, &err), OAC_OK, "%s",
                 err.message);
    *after = scalar_error(&bench->link, calrec, found->slots, found->last_slot0, seed + 1000);
    oac_calrec_destroy(calrec);
    oac_calibration_destroy(found);
}

/* After calibration every bench is held to the paper's error; the medians to `ratio` between before and after. */
static void compare(const char *what, const double *before, const double *after, double ratio)
{
    double sorted[2][BENCHES];
    for (size_t b = 0; b < BENCHES; b++) {
        sorted[0][b] = before[b];
        sorted[1][b] = after[b];
    }
    qsort(sorted[0], BENCHES, sizeof(double), ascending);
    qsort(sorted[1], BENCHES, sizeof(double), ascending);
    fprintf(
        stderr,
        "%s: rms error before %.4f (median; %.4f to %.4f), after %.5f (median; %.5f to %.5f)\n",
        what, sorted[0][BENCHES / 2], sorted[0][0], sorted[0][BENCHES - 1],
        sorted[1][BENCHES / 2], sorted[1][0], sorted[1][BENCHES - 1]);
    cr_expect_leq(sorted[1][BENCHES - 1], 0.005, "%s: %g after calibration", what,
                  sorted[1][BENCHES - 1]);
    cr_expect_geq(sorted[0][BENCHES / 2], ratio * sorted[1][BENCHES / 2]);
}

Test(scalar_product, twenty_unknown_benches_reach_the_papers_error)
{
    double before[BENCHES], after[BENCHES];
    for (uint64_t seed = 0; seed < BENCHES; seed++) {
        struct random_bench bench;
        bench_open(&bench, "netcast-local", ROWS, 100 + seed);
        one_bench(&bench, 100 + seed, &before[seed], &after[seed]);
        bench_close(&bench);
    }
    /* The brightest of 16 channels, which differ by 6 dB here, bounds the window; read noise of the
     * weakest then weighs up to four times that of equal channels. */
    compare("unknown benches", before, after, 10.0);
}

Test(scalar_product, the_shipped_rig_with_its_own_spreads_and_drift)
{
    double before[BENCHES], after[BENCHES];
    for (uint64_t seed = 0; seed < BENCHES; seed++) {
        struct random_bench bench;
        struct oac_err err;
        cr_assert_eq(oac_rig_read("netcast-local", NULL, 0, &bench.rig, NULL, &err), OAC_OK);
        bench.rig.bench_seed = (int64_t)(1 + seed);
        bench_open_rig(&bench, OAC_NOISE_ALL, 1 + seed);
        one_bench(&bench, seed, &before[seed], &after[seed]);
        bench_close(&bench);
    }
    /* Its spreads are what a bench has left after a calibration by hand: ten times better than that is
     * beyond one window's read noise. */
    compare("netcast-local as shipped", before, after, 1.0);
}
