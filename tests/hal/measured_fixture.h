/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An exact link whose truth is far from nominal, a record that knows it, and a product whose operands are
 * playable, so that what the engine returns is the exact product but for rounding. */
#ifndef OAC_TESTS_HAL_MEASURED_FIXTURE_H
#define OAC_TESTS_HAL_MEASURED_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/engine.h"
#include "tests/support/exact_link.h"

enum { MEASURED_CHANNELS = 6, MEASURED_ROWS = 15, MEASURED_COLS = 40, MEASURED_IMAGES = 48 };

struct measured {
    struct oac_link link;
    struct oac_calrec *record;
    struct oac_engine_options options;
    struct oac_engine *engine;
    struct oac_matrix *matrix;
    struct oac_engine_scratch *scratch;
    struct oac_err err;
    float w[MEASURED_ROWS * MEASURED_COLS], x[MEASURED_IMAGES * MEASURED_COLS],
        y[MEASURED_IMAGES * MEASURED_ROWS];
    double exact[MEASURED_IMAGES * MEASURED_ROWS];
};

#define MEASURED_OK(m, call)                                             \
    do {                                                                 \
        enum oac_status status_ = (call);                                \
        cr_assert(status_ == OAC_OK, "%s: %s", #call, (m)->err.message); \
    } while (0)

static double measured_uniform(uint64_t index, uint32_t sub)
{
    return oac_rng_uniform(23, OAC_RNG_TEST, index, sub);
}

/* -15 to -30 dB between all channels, readouts bent by some 2 % of what they read. */
static void measured_truth(struct oac_calrec *truth, bool crosstalk, bool bent)
{
    struct oac_err err;
    strcpy(truth->origin, "measured");
    strcpy(truth->device_id, "exact");
    strcpy(truth->firmware, "test");
    truth->slot_rate_hz = 1e6;
    if (crosstalk)
        cr_assert_eq(oac_calrec_need_crosstalk(truth, &err), OAC_OK);
    for (size_t i = 0; crosstalk && i < truth->channels * truth->channels; i++)
        if (i % (truth->channels + 1) != 0)
            truth->crosstalk[i] = pow(10.0, -1.5 - 1.5 * measured_uniform(i, 3));
    for (size_t k = 0; bent && k < truth->channels; k++) {
        truth->channel[k].quadratic_per_code = 4e-5 * (1.0 - 0.3 * (double)k);
        truth->channel[k].cubic_per_code2 = -3e-8 * (1.0 - 0.1 * (double)k);
    }
}

static void measured_open(struct measured *m, enum oac_encoding encoding, bool crosstalk,
                          bool bent)
{
    const struct oac_exact_options options = {.channels = MEASURED_CHANNELS,
                                              .slots_max = 64,
                                              .dac_bits = 12,
                                              .guard_slots = 3,
                                              .r_weight = 0.01,
                                              .r_client = 0.02,
                                              .pair_mismatch = 0.07,
                                              .differential = true};
    *m = (struct measured){.options = {.encoding = encoding, .repeats = 1}};
    MEASURED_OK(m, oac_exact_open(&options, &m->link, &m->err));
    measured_truth(oac_exact_truth(&m->link), crosstalk, bent);
    MEASURED_OK(m, oac_calrec_copy(oac_exact_truth(&m->link), &m->record, &m->err));
}

static double measured_opening(const struct oac_port *port, const struct oac_curve *curve,
                               uint64_t index, uint32_t sub)
{
    double part = 0.08 + 0.84 * measured_uniform(index, sub); /* inside the half period */
    return oac_exact_opening(port, curve, (uint16_t)(part * port->code_max));
}

/* Weights that the channel of their row can play, by the truth; row i is on the i-th channel in use. */
static void measured_operands(struct measured *m)
{
    const struct oac_calrec *truth = oac_exact_truth(&m->link);
    const struct oac_link_caps *caps = m->link.caps;
    size_t used[MEASURED_CHANNELS], count = 0;
    for (size_t k = 0; k < MEASURED_CHANNELS; k++)
        if (!m->record->channel[k].excluded)
            used[count++] = k;
    for (size_t i = 0; i < MEASURED_ROWS * MEASURED_COLS; i++) {
        size_t k = used[i / MEASURED_COLS % count];
        double u = measured_opening(&caps->weight[k], &truth->channel[k].weight, i, 1);
        bool balanced = m->options.encoding == OAC_BALANCED;
        m->w[i] = (float)(balanced ? 2.0 * u - 1.0 : i % 3 ? u : -u);
    }
    for (size_t i = 0; i < MEASURED_IMAGES * MEASURED_COLS; i++)
        m->x[i] = (float)measured_opening(caps->client, &truth->client, i, 2);
    for (size_t i = 0; i < MEASURED_IMAGES * MEASURED_ROWS; i++) {
        m->exact[i] = 0.0;
        for (size_t n = 0; n < MEASURED_COLS; n++)
            m->exact[i] += (double)m->w[i % MEASURED_ROWS * MEASURED_COLS + n] *
                           (double)m->x[i / MEASURED_ROWS * MEASURED_COLS + n];
    }
}

static void measured_build(struct measured *m)
{
    measured_operands(m);
    const struct oac_matrix_spec spec = {.rows = MEASURED_ROWS,
                                         .cols = MEASURED_COLS,
                                         .w = m->w,
                                         .w_min = -1.0,
                                         .w_max = 1.0,
                                         .x_max = 1.0,
                                         .name = "layer 1"};
    MEASURED_OK(m, oac_engine_create(&m->link, m->record, &m->options, &m->engine, &m->err));
    MEASURED_OK(m, oac_engine_load(m->engine, &spec, &m->matrix, &m->err));
    MEASURED_OK(m, oac_engine_scratch_create(m->engine, MEASURED_IMAGES, &m->scratch, &m->err));
}

static void measured_multiply(struct measured *m, size_t image0, size_t count)
{
    const struct oac_multiply call = {.image0 = image0,
                                      .batch = count,
                                      .x = m->x + image0 * MEASURED_COLS,
                                      .y = m->y + image0 * MEASURED_ROWS};
    MEASURED_OK(m, oac_matrix_multiply(m->matrix, m->scratch, &call, &m->err));
}

/* The largest error of images first .. last-1. */
static double measured_error(const struct measured *m, size_t first, size_t last)
{
    double largest = 0.0;
    for (size_t i = first * MEASURED_ROWS; i < last * MEASURED_ROWS; i++)
        largest = fmax(largest, fabs((double)m->y[i] - m->exact[i]));
    return largest;
}

static void measured_close(struct measured *m)
{
    oac_engine_scratch_destroy(m->scratch);
    oac_engine_destroy(m->engine);
    cr_assert_eq(oac_exact_loaded(&m->link), 0, "an engine unloads what it loaded");
    oac_calrec_destroy(m->record);
    oac_link_close(&m->link);
}

/* A readout holds up to 1.3 COLS products and some 20 products of offset, dark and gated light; it is
 * rounded to a float by the link and once more when corrected, in each of two passes, and so is y: five
 * roundings of 2^-24, and 5e-8 of the zeros' code. Undoing -15 dB of crosstalk between 6 channels raises
 * them by less than 1.5. */
#define MEASURED_ROUNDING \
    (1.5 * 5.0 * 6e-8 * (1.3 * MEASURED_COLS + 20.0) + 5e-8 * MEASURED_COLS)

#endif
