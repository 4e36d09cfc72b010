/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/correction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

double oac_correction_offset(const struct oac_correction *correction, size_t i)
{
    const struct oac_calrec_channel *own = &correction->own[i];
    return correction->differential ? own->offset_pair_code : own->offset_code;
}

double oac_correction_dark(const struct oac_correction *correction, size_t i)
{
    const struct oac_calrec_channel *own = &correction->own[i];
    return correction->differential ? own->dark_pair_code_per_slot : own->dark_code_per_slot;
}

static double minus_of(const struct oac_correction *c, size_t i)
{
    return c->differential ? c->own[i].gain_minus_code : 0.0;
}

static double swing(const struct oac_correction *c, size_t i)
{
    return c->own[i].gain_code + minus_of(c, i);
}

static double coupling(const struct oac_calrec *calrec, size_t readout, size_t laser)
{
    return calrec->crosstalk[readout * calrec->channels + laser];
}

static bool rows_mix(const struct oac_calrec *calrec, const size_t *channel, size_t rows)
{
    for (size_t i = 0; calrec->crosstalk && i < rows; i++)
        for (size_t j = 0; j < rows; j++)
            if (i != j && coupling(calrec, channel[i], channel[j]) != 0.0)
                return true;
    return false;
}

static void swap_rows(double *matrix, size_t n, size_t a, size_t b)
{
    for (size_t j = 0; a != b && j < n; j++) {
        double kept = matrix[a * n + j];
        matrix[a * n + j] = matrix[b * n + j];
        matrix[b * n + j] = kept;
    }
}

static void clear_column(double *matrix, double *inverse, size_t n, size_t at)
{
    const double pivot = matrix[at * n + at];
    for (size_t j = 0; j < n; j++) {
        matrix[at * n + j] /= pivot;
        inverse[at * n + j] /= pivot;
    }
    for (size_t i = 0; i < n; i++) {
        const double factor = matrix[i * n + at];
        for (size_t j = 0; i != at && factor != 0.0 && j < n; j++) {
            matrix[i * n + j] -= factor * matrix[at * n + j];
            inverse[i * n + j] -= factor * inverse[at * n + j];
        }
    }
}

/* Gauss-Jordan with row pivots; matrix is used up, inverse starts as the identity. False: singular. */
static bool invert(double *matrix, double *inverse, size_t n)
{
    for (size_t at = 0; at < n; at++) {
        size_t best = at;
        for (size_t i = at + 1; i < n; i++)
            if (fabs(matrix[i * n + at]) > fabs(matrix[best * n + at]))
                best = i;
        if (!(fabs(matrix[best * n + at]) > 1e-6)) /* of a diagonal of 1 */
            return false;
        swap_rows(matrix, n, at, best);
        swap_rows(inverse, n, at, best);
        clear_column(matrix, inverse, n, at);
    }
    return true;
}

static enum oac_status make_mix(const struct oac_calrec *calrec, struct oac_correction *c,
                                struct oac_err *err)
{
    const size_t rows = c->rows;
    double *matrix = oac_alloc(rows, rows * sizeof *matrix, "a crosstalk matrix", err);
    c->mix = oac_alloc(rows, rows * sizeof *c->mix, "a crosstalk matrix", err);
    if (!matrix || !c->mix) {
        free(matrix);
        return err->status;
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < rows; j++)
            matrix[i * rows + j] = coupling(calrec, c->channel[i], c->channel[j]);
        c->mix[i * rows + i] = 1.0;
    }
    const bool inverted = invert(matrix, c->mix, rows);
    free(matrix);
    if (!inverted)
        return oac_fail(
            err, OAC_EINVAL,
            "the crosstalk of the calibration's first %zu channels in use cannot be "
            "undone: two of them read the same light; exclude one of them",
            rows);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < rows; j++)
            c->mix[i * rows + j] *= swing(c, i) / swing(c, j);
    return OAC_OK;
}

/* What the lasers without a row add to row i's raw readout, per sum Tx. */
static double parked_light(const struct oac_calrec *calrec, const struct oac_port *weight,
                           const struct oac_correction *c, size_t i)
{
    const size_t readout = c->channel[i];
    double sum = 0.0;
    for (size_t j = 0, row = 0; j < calrec->channels; j++) {
        if (row < c->rows && c->channel[row] == j) {
            row++;
            continue;
        }
        double t = oac_calrec_parked_t(calrec, &weight[j], j);
        double other = 1.0 + calrec->channel[j].weight.r - t;
        sum +=
            coupling(calrec, readout, j) * (c->own[i].gain_code * t - minus_of(c, i) * other);
    }
    return sum;
}

/* The constant light that row i's second detector gets of the rows, per sum Tx. */
static double constant_light(const struct oac_calrec *calrec, const struct oac_correction *c,
                             size_t i)
{
    double sum = 0.0;
    for (size_t j = 0; j < c->rows; j++)
        sum += coupling(calrec, c->channel[i], c->channel[j]) * (1.0 + c->own[j].weight.r);
    return minus_of(c, i) * sum;
}

static double mixed(const struct oac_correction *c, size_t i, const double *value)
{
    double sum = 0.0;
    for (size_t j = 0; c->mix && j < c->rows; j++)
        sum += c->mix[i * c->rows + j] * value[j];
    return c->mix ? sum : value[i];
}

static void fill_leak(const struct oac_calrec *calrec, const struct oac_port *weight,
                      struct oac_correction *c, double *raw)
{
    for (size_t i = 0; i < c->rows; i++) {
        raw[i] = parked_light(calrec, weight, c, i);
        if (c->mix)
            raw[i] -= constant_light(calrec, c, i);
    }
    for (size_t i = 0; i < c->rows; i++) {
        c->leak_code_per_x[i] = mixed(c, i, raw);
        if (c->mix)
            c->leak_code_per_x[i] += minus_of(c, i) * (1.0 + c->own[i].weight.r);
    }
}

/* One constant of all rows, mixed. */
static void mix_constant(struct oac_correction *c, size_t offset, double *raw)
{
    for (size_t i = 0; i < c->rows; i++)
        memcpy(&raw[i], (const char *)&c->own[i] + offset, sizeof *raw);
    for (size_t i = 0; i < c->rows; i++) {
        double value = mixed(c, i, raw);
        memcpy((char *)&c->reader[i] + offset, &value, sizeof value);
    }
}

static enum oac_status fill(const struct oac_calrec *calrec, const struct oac_port *weight,
                            struct oac_correction *c, struct oac_err *err)
{
    static const size_t single[] = {offsetof(struct oac_calrec_channel, offset_code),
                                    offsetof(struct oac_calrec_channel, dark_code_per_slot),
                                    offsetof(struct oac_calrec_channel, gx_code_per_x)};
    static const size_t pair[] = {offsetof(struct oac_calrec_channel, offset_pair_code),
                                  offsetof(struct oac_calrec_channel, dark_pair_code_per_slot),
                                  offsetof(struct oac_calrec_channel, gx_pair_code_per_x)};
    if (rows_mix(calrec, c->channel, c->rows) && make_mix(calrec, c, err))
        return err->status;
    double *raw = oac_alloc(c->rows, sizeof *raw, "correction constants", err);
    if (!raw)
        return err->status;
    for (size_t i = 0; i < 3; i++)
        mix_constant(c, c->differential ? pair[i] : single[i], raw);
    if (calrec->crosstalk)
        fill_leak(calrec, weight, c, raw);
    free(raw);
    return OAC_OK;
}

enum oac_status oac_correction_create(const struct oac_calrec *calrec,
                                      const struct oac_port *weight, const size_t *channel,
                                      size_t rows, bool differential,
                                      struct oac_correction **correction, struct oac_err *err)
{
    struct oac_correction *made = oac_alloc(1, sizeof *made, "a correction", err);
    if (!made)
        return err->status;
    made->rows = rows;
    made->lanes = channel[rows - 1] + 1;
    made->channel = channel;
    made->differential = differential;
    if (!(made->own = oac_alloc(rows, sizeof *made->own, "correction constants", err)) ||
        !(made->reader = oac_alloc(rows, sizeof *made->reader, "correction constants", err)) ||
        !(made->leak_code_per_x =
              oac_alloc(rows, sizeof *made->leak_code_per_x, "correction constants", err)))
        goto destroy;
    if (made->lanes > rows &&
        !(made->unused = oac_alloc(made->lanes, sizeof *made->unused, "lanes", err)))
        goto destroy;
    for (size_t lane = 0; made->unused && lane < made->lanes; lane++)
        made->unused[lane] = true;
    for (size_t i = 0; i < rows; i++) {
        if (made->unused)
            made->unused[channel[i]] = false;
        made->own[i] = made->reader[i] = calrec->channel[channel[i]];
        made->bent |=
            made->own[i].quadratic_per_code != 0.0 || made->own[i].cubic_per_code2 != 0.0;
    }
    if (fill(calrec, weight, made, err))
        goto destroy;
    *correction = made;
    return OAC_OK;

destroy:
    oac_correction_destroy(made);
    return err->status;
}

void oac_correction_destroy(struct oac_correction *correction)
{
    if (!correction)
        return;
    free(correction->unused);
    free(correction->own);
    free(correction->reader);
    free(correction->leak_code_per_x);
    free(correction->mix);
    free(correction);
}

bool oac_correction_acts(const struct oac_correction *correction)
{
    return correction->mix || correction->bent || correction->lanes != correction->rows;
}

void oac_correction_apply(const struct oac_correction *correction, size_t slots,
                          const struct oac_drifted *drifted, const float *code, double *work,
                          float *fixed)
{
    const struct oac_correction *c = correction;
    for (size_t i = 0; i < c->rows; i++) {
        const double offset = oac_correction_offset(c, i);
        work[i] = oac_calrec_linear(&c->own[i], offset, (double)code[c->channel[i]]);
        if (!drifted)
            continue;
        double base = offset + (double)slots * oac_correction_dark(c, i);
        double moved = base + drifted->shift_scale * drifted->shift_code[i];
        work[i] = base + (work[i] - moved) / drifted->rise[i];
    }
    for (size_t i = 0; i < c->rows; i++)
        fixed[i] = (float)mixed(c, i, work);
}
