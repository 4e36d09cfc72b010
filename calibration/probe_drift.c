/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One frame, all modulators in mid slope, for as many windows as a sweep has: does the light stay?
 *
 *     G groups of m windows; s^2 the variance within groups, q^2 that of the G means
 *     drift^2 >= ( q^2 / F - s^2/m ) / most^2      F the quantile of q^2 over its expectation, chi^2/(G-1)
 * a lower bound at OAC_FALSE_ALARM shared by the channels. Change within a group counts as noise. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/probe.h"
#include "calibration/steps.h"

static enum oac_status set_weights(struct oac_prober *prober, const double *bias_v,
                                   struct oac_err *err)
{
    if (!oac_measure_has(prober->measure, OAC_BIAS_WEIGHT_V))
        return OAC_OK;
    for (size_t k = 0; k < prober->probe.channels; k++)
        if (oac_measure_set(prober->measure, OAC_BIAS_WEIGHT_V, k, bias_v[k], NULL, err))
            return err->status;
    return OAC_OK;
}

/* Means of one group; the variance within it is added to `within` (channels). */
static void collect(const struct oac_prober *prober, size_t windows, double *mean,
                    double *within)
{
    const size_t n = prober->probe.channels;
    for (size_t k = 0; k < n; k++) {
        double square = 0.0;
        mean[k] = 0.0;
        for (size_t b = 0; b < windows; b++)
            mean[k] += prober->code[b * n + k] / (double)windows;
        for (size_t b = 0; b < windows; b++)
            square += pow(prober->code[b * n + k] - mean[k], 2.0);
        within[k] += square / (double)(windows - 1) / OAC_PROBE_GROUPS;
    }
}

static double lower_bound(const struct oac_prober *prober, size_t k, size_t windows,
                          const double *mean, double within)
{
    const size_t n = prober->probe.channels;
    double most = 0.0, middle = 0.0, square = 0.0;
    for (size_t j = 0; j < n; j++)
        most = fmax(most, prober->probe.cell[k * n + j].most * (double)prober->slots[0]);
    for (size_t g = 0; g < OAC_PROBE_GROUPS; g++)
        middle += mean[g * n + k] / OAC_PROBE_GROUPS;
    for (size_t g = 0; g < OAC_PROBE_GROUPS; g++)
        square += pow(mean[g * n + k] - middle, 2.0) / (OAC_PROBE_GROUPS - 1);
    const double quantile =
        gsl_cdf_chisq_Qinv(OAC_FALSE_ALARM / (double)n, OAC_PROBE_GROUPS - 1) /
        (OAC_PROBE_GROUPS - 1);
    const double slow = square / quantile - within / (double)windows;
    return slow > 0.0 && most > 0.0 ? sqrt(slow) / most : 0.0;
}

enum oac_status oac_probe_drift(struct oac_prober *prober, size_t windows, struct oac_err *err)
{
    const size_t n = prober->probe.channels;
    const size_t each = windows > 2 * OAC_PROBE_GROUPS
                            ? (windows + OAC_PROBE_GROUPS - 1) / OAC_PROBE_GROUPS
                            : 2;
    double *mean = oac_alloc((OAC_PROBE_GROUPS + 1) * n, sizeof *mean, "probes", err);
    uint16_t *client = mean ? oac_alloc(each, sizeof *client, "probes", err) : NULL;
    if (!client) {
        free(mean);
        return err->status;
    }
    double *within = mean + OAC_PROBE_GROUPS * n;
    for (size_t b = 0; b < each; b++)
        client[b] = prober->open_code;
    for (size_t k = 0; k < n; k++)
        within[k] = 0.0;
    enum oac_status status = set_weights(prober, prober->middle_bias_v, err);
    for (size_t g = 0; status == OAC_OK && g < OAC_PROBE_GROUPS; g++) {
        status = oac_measure_hold(prober->measure, prober->slots[0], prober->middle_code, each,
                                  client, prober->code, NULL, err);
        if (status == OAC_OK)
            collect(prober, each, mean + g * n, within);
    }
    for (size_t k = 0; status == OAC_OK && k < n; k++)
        prober->probe.drift[k] = lower_bound(prober, k, each, mean, within[k]);
    if (status == OAC_OK)
        status = set_weights(prober, prober->bias_v, err);
    if (status == OAC_OK && oac_measure_has(prober->measure, OAC_BIAS_CLIENT_V))
        status = oac_measure_set(prober->measure, OAC_BIAS_CLIENT_V, 0, prober->client_bias_v,
                                 NULL, err);
    free(mean);
    free(client);
    return status;
}
