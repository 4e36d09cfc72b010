/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations in float32 from plain arithmetic and oac_kernel()->exponential only: libm's exp
 * and tanh differ in their last bit from one processor or C library to the next, and a label
 * may hang on it. */
#include "models/network.h"

#include <string.h>

#include "base/kernel.h"

#define CHUNK 256u

/* NaN becomes `low`. */
static float clamp(float x, float low, float high)
{
    x = x > low ? x : low;
    return x < high ? x : high;
}

static void relu(size_t count, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = y[i] < 0.0f ? 0.0f : y[i]; /* a NaN stays one */
}

/* y = exp(factor * (y - shift)), in place, with the argument clamped to what the kernel takes; a NaN stays
 * one. */
static void exponential(size_t count, float factor, float shift, float *y)
{
    float wanted[CHUNK], argument[CHUNK];
    const struct oac_kernel *kernel = oac_kernel();
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t n = count - first < CHUNK ? count - first : CHUNK;
        float *out = y + first;
        for (size_t i = 0; i < n; i++) {
            wanted[i] = factor * (out[i] - shift);
            argument[i] = clamp(wanted[i], -87.0f, 88.0f);
        }
        kernel->exponential(n, argument, out);
        for (size_t i = 0; i < n; i++)
            out[i] = wanted[i] == wanted[i] ? out[i] : wanted[i];
    }
}

/* 1/(1 + exp(-x)) */
static void sigmoid(size_t count, float *y)
{
    exponential(count, -1.0f, 0.0f, y);
    for (size_t i = 0; i < count; i++)
        y[i] = 1.0f / (1.0f + y[i]);
}

/* 1 - 2/(1 + exp(2x)); below 0.25 that loses digits to cancellation, the Taylor series to x^9
 * does not (its first omitted term is 1382/155925 x^11, 1e-8 relative at 0.25). */
static void hyperbolic_tangent(size_t count, float *y)
{
    float x[CHUNK];
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t n = count - first < CHUNK ? count - first : CHUNK;
        float *out = y + first;
        memcpy(x, out, n * sizeof *x);
        exponential(n, 2.0f, 0.0f, out);
        for (size_t i = 0; i < n; i++) {
            float s = x[i] * x[i];
            float series =
                1.0f - s * (1.0f / 3.0f -
                            s * (2.0f / 15.0f - s * (17.0f / 315.0f - s * (62.0f / 2835.0f))));
            out[i] = s < 0.0625f ? x[i] * series : 1.0f - 2.0f / (1.0f + out[i]);
        }
    }
}

static void softmax(size_t width, float *row)
{
    float largest = row[0];
    for (size_t i = 1; i < width; i++)
        largest = row[i] > largest ? row[i] : largest;
    exponential(width, 1.0f, largest, row);
    float sum = 0.0f;
    for (size_t i = 0; i < width; i++)
        sum += row[i];
    for (size_t i = 0; i < width; i++)
        row[i] /= sum;
}

void oac_activate(enum oac_activation activation, size_t batch, size_t width, float *y)
{
    switch (activation) {
    case OAC_ACT_NONE:
        break;
    case OAC_ACT_RELU:
        relu(batch * width, y);
        break;
    case OAC_ACT_SIGMOID:
        sigmoid(batch * width, y);
        break;
    case OAC_ACT_TANH:
        hyperbolic_tangent(batch * width, y);
        break;
    case OAC_ACT_SOFTMAX:
        for (size_t b = 0; b < batch; b++)
            softmax(width, y + b * width);
        break;
    }
}
