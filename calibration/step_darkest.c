/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Darkness on a link that cannot switch its lasers, before any curve is known: a grid of weight and client
 * codes over their ports. Light is full Tw Tx, so of all codes the darkest weight is so with every code of the
 * client, and the other way round. Half a step of the grid off the null, a modulator of 2.2 V_pi lets 5 %
 * through, two in a row 0.2 %: enough to look for curves by, which then tell where the nulls are. */
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/steps.h"

#define CODES   9
#define REPEATS 4
#define WINDOWS (CODES * REPEATS)
#define SLOTS   32

static uint16_t grid_code(const struct oac_port *port, size_t i)
{
    return (uint16_t)(port->code_min +
                      (int32_t)i * ((port->code_max - port->code_min) / (CODES - 1)));
}

static size_t least_of(const double *sum)
{
    size_t best = 0;
    for (size_t i = 1; i < CODES; i++)
        if (sum[i] < sum[best])
            best = i;
    return best;
}

enum oac_status oac_step_darkest(struct oac_measure *measure, uint16_t *weight,
                                 uint16_t *client, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t channels = measure->channels;
    const size_t slots = caps->slots_max < SLOTS ? caps->slots_max : (size_t)SLOTS;
    double by_client[CODES] = {0.0};
    uint16_t codes[WINDOWS];
    double *by_weight = oac_alloc(channels * CODES, sizeof *by_weight, "dark codes", err);
    double *code = oac_alloc(channels * WINDOWS, sizeof *code, "readouts", err);
    enum oac_status status = by_weight && code ? OAC_OK : OAC_ENOMEM;
    for (size_t b = 0; b < WINDOWS; b++)
        codes[b] = grid_code(caps->client, b / REPEATS);
    for (size_t w = 0; status == OAC_OK && w < CODES; w++) {
        for (size_t k = 0; k < channels; k++)
            weight[k] = grid_code(&caps->weight[k], w);
        status = oac_measure_hold(measure, slots, weight, WINDOWS, codes, code, NULL, err);
        for (size_t i = 0; status == OAC_OK && i < WINDOWS * channels; i++) {
            const size_t b = i / channels, k = i % channels;
            const double light = code[i] / caps->nominal->channel[k].gain_code;
            by_client[b / REPEATS] += light;
            by_weight[k * CODES + w] += light;
        }
    }
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        weight[k] = grid_code(&caps->weight[k], least_of(by_weight + k * CODES));
    *client = grid_code(caps->client, least_of(by_client));
    free(by_weight);
    free(code);
    return status;
}
