/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/drive_stairs.h"

#include <math.h>

/* e^-36 = 2e-16: what a pole forgets. */
static const double FORGETS = 36.0;

struct piece { /* of constant input, `length` samples long */
    double length, e1, e2, m1, m2;
};

struct state {
    double y, z;
};

static struct piece piece_of(const struct oac_wave_poles *poles, double length)
{
    struct piece piece = {.length = length};
    if (poles->t1 > 0.0) {
        piece.e1 = exp(-length / poles->t1);
        piece.m1 = -poles->t1 * expm1(-length / poles->t1);
    }
    if (poles->t2 > 0.0) {
        piece.e2 = exp(-length / poles->t2);
        piece.m2 = -poles->t2 * expm1(-length / poles->t2);
    }
    return piece;
}

/* Goes through a piece; returns the integral of the output over it. */
static double advance(const struct oac_wave_poles *poles, const struct piece *piece, double u,
                      struct state *state)
{
    double a = poles->share * (state->y - u), b = state->z - u - a;
    state->y = u + (state->y - u) * piece->e1;
    state->z = u + a * piece->e1 + b * piece->e2;
    return u * piece->length + a * piece->m1 + b * piece->m2;
}

/* Edge j lies in grid sample `cell` at `part` of it. */
static void edge_at(const struct oac_wave_stairs *stairs, size_t j, int64_t *cell, double *part)
{
    double at = stairs->part + stairs->jitter * (double)stairs->z[j];
    double whole = floor(at);
    *cell = (int64_t)(j * stairs->hold) + stairs->whole + (int64_t)whole;
    *part = at - whole;
}

/* The level held throughout grid sample i of a staircase without part and jitter. */
static size_t level_at(const struct oac_wave_stairs *stairs, int64_t i)
{
    int64_t since = i - stairs->whole;
    if (since < 0)
        return 0;
    size_t j = (size_t)since / stairs->hold;
    return j < stairs->levels ? j : stairs->levels - 1;
}

static void fill(size_t n, float value, float *to)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            to[i + k] = value;
    for (; i < n; i++)
        to[i] = value;
}

static void hold(const struct oac_wave_stairs *stairs, size_t samples, float *volts)
{
    size_t j = level_at(stairs, 0), last = stairs->levels - 1;
    int64_t end = (int64_t)((j + 1) * stairs->hold) + stairs->whole;
    for (size_t i = 0; i < samples; j++, end += (int64_t)stairs->hold) {
        size_t stop = j < last && end < (int64_t)samples ? (size_t)end : samples;
        fill(stop - i, stairs->level[j], volts + i);
        i = stop;
    }
}

/* One grid sample: pieces between the edges that lie in it. *j is the next edge. */
static double sample_mean(const struct oac_wave_poles *poles,
                          const struct oac_wave_stairs *stairs, int64_t i, size_t *j,
                          struct state *state)
{
    double from = 0.0, integral = 0.0;
    for (; *j < stairs->levels; (*j)++) {
        int64_t cell;
        double part;
        edge_at(stairs, *j, &cell, &part);
        if (cell > i)
            break;
        if (cell == i && part > from) { /* edges keep their order */
            struct piece piece = piece_of(poles, part - from);
            integral += advance(poles, &piece, (double)stairs->level[*j - 1], state);
            from = part;
        }
    }
    struct piece rest = piece_of(poles, 1.0 - from);
    return integral + advance(poles, &rest, (double)stairs->level[*j - 1], state);
}

/* Before the first edge, or where the poles have forgotten what was earlier. */
static int64_t first_cell(const struct oac_wave_poles *poles,
                          const struct oac_wave_stairs *stairs)
{
    int64_t begin = stairs->whole - 8;
    int64_t oldest = -8 - (int64_t)(FORGETS * (poles->t1 + poles->t2));
    begin = begin < oldest ? oldest : begin;
    return begin < 0 ? begin : 0;
}

/* Edges where jitter puts them: piece by piece. */
static void smooth_jittered(const struct oac_wave_poles *poles,
                            const struct oac_wave_stairs *stairs, size_t samples, float *volts)
{
    struct piece whole = piece_of(poles, 1.0);
    int64_t begin = first_cell(poles, stairs);
    size_t j = level_at(stairs, begin) + 1;
    double rest = (double)stairs->level[j - 1];
    struct state state = {rest, rest};
    for (int64_t i = begin; i < (int64_t)samples; i++) {
        int64_t cell = INT64_MAX;
        double part, mean;
        if (j < stairs->levels)
            edge_at(stairs, j, &cell, &part);
        if (cell > i)
            mean = advance(poles, &whole, (double)stairs->level[j - 1], &state);
        else
            mean = sample_mean(poles, stairs, i, &j, &state);
        if (i >= 0)
            volts[i] = (float)mean;
    }
}

#define STRIDE_MAX 64

/* Between edges `stride` samples apart the integral over cell k is u cover[k] + A first[k] + B second[k]. Of the
 * first cell only what follows the edge is covered, of the cell behind the last what precedes the next. */
struct relaxation {
    size_t stride;
    double cover[STRIDE_MAX + 1], first[STRIDE_MAX + 1], second[STRIDE_MAX + 1];
    double e1, e2; /* left after the stride */
};

/* Integral of e^{-t/tau} from..to */
static double faded(double tau, double from, double to)
{
    return tau > 0.0 ? -tau * exp(-from / tau) * expm1(-(to - from) / tau) : 0.0;
}

/* The largest part of a level that fits the tables. */
static size_t stride_of(size_t hold)
{
    size_t stride = hold < STRIDE_MAX ? hold : STRIDE_MAX;
    while (stride > 1 && hold % stride != 0)
        stride--;
    return stride > 1 ? stride : 1;
}

static void relax(const struct oac_wave_poles *poles, double part, struct relaxation *r)
{
    double end = (double)r->stride;
    for (size_t k = 0; k <= r->stride; k++) {
        double from = fmax(0.0, (double)k - part), to = fmin(end, (double)k + 1.0 - part);
        r->cover[k] = to - from;
        r->first[k] = faded(poles->t1, from, to);
        r->second[k] = faded(poles->t2, from, to);
    }
    r->e1 = poles->t1 > 0.0 ? exp(-end / poles->t1) : 0.0;
    r->e2 = poles->t2 > 0.0 ? exp(-end / poles->t2) : 0.0;
}

/* Cells at .. at + stride of one stride, as far as there are samples; the first has `carry` from the stride
 * before. Returns what the cell behind begins with. */
static double write_stride(const struct relaxation *r, double u, double a, double b,
                           double carry, int64_t at, size_t samples, float *volts)
{
    const size_t stride = r->stride;
    int64_t from = at < 0 ? -at : 0, left = (int64_t)samples - at;
    size_t begin = from < (int64_t)stride ? (size_t)from : stride;
    size_t end = left < (int64_t)stride ? (size_t)left : stride;
    float *to = volts + (at < 0 ? 0 : at);
    if (begin == 0)
        *to++ = (float)(carry + u * r->cover[0] + a * r->first[0] + b * r->second[0]);
    for (size_t k = begin > 0 ? begin : 1; k < end; k++)
        *to++ = (float)(u + a * r->first[k] + b * r->second[k]);
    return u * r->cover[stride] + a * r->first[stride] + b * r->second[stride];
}

/* Every edge cuts its sample at the same place: stride by stride. Behind its last edge the staircase goes on as
 * if there were edges that change nothing. */
static void smooth(const struct oac_wave_poles *poles, const struct oac_wave_stairs *stairs,
                   size_t samples, float *volts)
{
    const size_t stride = stride_of(stairs->hold);
    const size_t per_level = stairs->hold > stride ? stairs->hold / stride : 1;
    struct relaxation r = {.stride = stride};
    relax(poles, stairs->part, &r);
    const size_t last = stairs->levels * per_level - 1;
    size_t j = level_at(stairs, first_cell(poles, stairs)) * per_level + per_level;
    double rest = (double)stairs->level[j / per_level - 1];
    struct state state = {rest, rest};
    double carry = rest * stairs->part;
    int64_t at = (int64_t)(j * r.stride) + stairs->whole;
    for (size_t i = 0; i < samples && (int64_t)i < at; i++)
        volts[i] = (float)rest;
    for (; at < (int64_t)samples; at += (int64_t)r.stride, j++) {
        double u = (double)stairs->level[(j < last ? j : last) / per_level];
        double a = poles->share * (state.y - u), b = state.z - u - a;
        carry = write_stride(&r, u, a, b, carry, at, samples, volts);
        state.y = u + (state.y - u) * r.e1;
        state.z = u + a * r.e1 + b * r.e2;
    }
}

void oac_wave_stairs_smooth(const struct oac_wave_poles *poles,
                            const struct oac_wave_stairs *stairs, size_t samples, float *volts)
{
    if (stairs->z)
        smooth_jittered(poles, stairs, samples, volts);
    else if (poles->t1 > 0.0 || poles->t2 > 0.0 || stairs->part > 0.0)
        smooth(poles, stairs, samples, volts);
    else
        hold(stairs, samples, volts);
}
