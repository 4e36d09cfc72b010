/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads share a matrix and its references, each with its own scratch: same bits as one thread, and no race
 * under TSan. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal/engine.h"
#include "tests/support/exact_link.c" /* this program links the library under test alone */

enum { THREADS = 4, IMAGES = 64, ROWS = 20, COLS = 30 };

struct job {
    struct oac_engine *engine;
    const struct oac_matrix *matrix;
    const float *x;
    float *y;
    size_t first, count;
    enum oac_status status;
    struct oac_err err;
};

static void *work(void *context)
{
    struct job *job = context;
    const struct oac_multiply call = {.image0 = job->first,
                                      .batch = job->count,
                                      .x = job->x + job->first * COLS,
                                      .y = job->y + job->first * ROWS};
    struct oac_engine_scratch *scratch = NULL;
    job->status = oac_engine_scratch_create(job->engine, 5, &scratch, &job->err);
    if (!job->status)
        job->status = oac_matrix_multiply(job->matrix, scratch, &call, &job->err);
    oac_engine_scratch_destroy(scratch);
    return NULL;
}

int main(void)
{
    const struct oac_exact_options options = {
        .channels = 7, .slots_max = 64, .dac_bits = 8, .r_weight = 0.01, .r_client = 0.01};
    const struct oac_engine_options rails = {
        .encoding = OAC_RAILS, .repeats = 1, .track = true, .track_every = 5, .track_span = 3};
    static float w[ROWS * COLS], x[IMAGES * COLS], together[IMAGES * ROWS],
        apart[IMAGES * ROWS];
    struct oac_link link;
    struct oac_engine *engine = NULL;
    struct oac_matrix *matrix;
    struct oac_err err;
    for (size_t i = 0; i < ROWS * COLS; i++)
        w[i] = (float)(i * 7919 % 1000) / 500.0f - 1.0f;
    for (size_t i = 0; i < IMAGES * COLS; i++)
        x[i] = i * 104729 % 10 < 7 ? 0.0f : (float)(i * 31 % 100) / 100.0f;
    const struct oac_matrix_spec spec = {ROWS, COLS, w, -1.0, 1.0, 0.0, 1.0, "layer"};
    if (oac_exact_open(&options, &link, &err) ||
        oac_engine_create(&link, NULL, &rails, &engine, &err) ||
        oac_engine_load(engine, &spec, &matrix, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct job all = {engine, matrix, x, together, 0, IMAGES, OAC_OK, {OAC_OK, ""}};
    work(&all);
    struct job job[THREADS];
    pthread_t thread[THREADS];
    int failed = all.status != OAC_OK;
    for (size_t t = 0; t < THREADS; t++) {
        job[t] = (struct job){.engine = engine,
                              .matrix = matrix,
                              .x = x,
                              .y = apart,
                              .first = t * IMAGES / THREADS,
                              .count = IMAGES / THREADS};
        failed |= pthread_create(&thread[t], NULL, work, &job[t]) != 0;
    }
    for (size_t t = 0; t < THREADS; t++) {
        pthread_join(thread[t], NULL);
        failed |= job[t].status != OAC_OK;
    }
    if (memcmp(together, apart, sizeof together) != 0) {
        fprintf(stderr, "threads change bits\n");
        failed = 1;
    }
    oac_engine_destroy(engine);
    oac_link_close(&link);
    return failed;
}
