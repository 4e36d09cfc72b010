/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/noise_model.h"

#include <math.h>

struct budget {
    float mean_light;    /* S */
    float per_photon;    /* 1/(nbar N) */
    float read_variance; /* passes (read / (nbar N))^2 */
};

bool oac_noise_model_any(const struct oac_noise_model *noise)
{
    return noise->photons_per_mac > 0.0;
}

/* S is the mean over this chunk: chunks are fixed, so threads change nothing. */
static struct budget make_budget(const struct oac_noise_model *noise, size_t inputs,
                                 size_t rows, size_t outputs, size_t ld, const float *light)
{
    double sum = 0.0;
    for (size_t b = 0; b < rows; b++) {
        float row = 0.0f;
        for (size_t k = 0; k < outputs; k++)
            row += light[b * ld + k];
        sum += (double)row;
    }
    double per_photon = 1.0 / (noise->photons_per_mac * (double)inputs);
    double read = noise->read_electrons * per_photon;
    return (struct budget){.mean_light = (float)(sum / (double)(rows * outputs)),
                           .per_photon = (float)per_photon,
                           .read_variance = (float)(OAC_NOISE_PASSES * read * read)};
}

void oac_noise_add(const struct oac_noise_model *noise, size_t inputs, size_t rows,
                   size_t outputs, size_t ld, const float *light, const float *z, float *y,
                   float *slope)
{
    struct budget budget = make_budget(noise, inputs, rows, outputs, ld, light);
    float shot = budget.per_photon * budget.mean_light;
    float read = budget.read_variance * budget.mean_light * budget.mean_light;
    for (size_t b = 0; b < rows; b++) {
        for (size_t k = 0; k < outputs; k++) {
            size_t i = b * ld + k;
            float sigma = sqrtf(shot * light[i] + read);
            y[i] += sigma * z[i];
            slope[i] = sigma > 0.0f ? 0.5f * z[i] / sigma : 0.0f;
        }
    }
}

void oac_noise_backward(const struct oac_noise_model *noise, size_t inputs, size_t rows,
                        size_t outputs, size_t ld, const float *light, const float *delta,
                        float *slope)
{
    struct budget budget = make_budget(noise, inputs, rows, outputs, ld, light);
    float shot = budget.per_photon * budget.mean_light;
    float read = 2.0f * budget.read_variance * budget.mean_light;
    double through_mean = 0.0; /* dL/dS */
    for (size_t b = 0; b < rows; b++) {
        float row = 0.0f;
        for (size_t k = 0; k < outputs; k++) {
            size_t i = b * ld + k;
            float variance = delta[i] * slope[i]; /* dL/d sigma^2 */
            row += variance * (budget.per_photon * light[i] + read);
            slope[i] = variance * shot;
        }
        through_mean += (double)row;
    }
    float share = (float)(through_mean / (double)(rows * outputs));
    for (size_t b = 0; b < rows; b++)
        for (size_t k = 0; k < outputs; k++)
            slope[b * ld + k] += share;
}

void oac_quantise(unsigned bits, float full, size_t count, float *x)
{
    float steps = (float)((1u << bits) - 1u);
    if (!(full > 0.0f))
        return;
    float to_code = steps / full, to_value = full / steps;
    for (size_t i = 0; i < count; i++) {
        float code = x[i] * to_code;
        int nearest = (int)(code + (code < 0.0f ? -0.5f : 0.5f));
        x[i] = (float)nearest * to_value;
    }
}
