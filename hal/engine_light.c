/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one image costs in light and time, before it is played. */
#include <math.h>

#include "hal/engine_state.h"

/* The expected client transmissions of one pass met by the tile's light: sums over slots. */
static void expected_light(const struct oac_matrix *matrix, const struct oac_tile *tile,
                           const struct oac_pass *pass, const float *x_mean, double *sum_tx,
                           double *sum_tw_tx)
{
    const double r = matrix->engine->client.curve.r;
    const double sign = pass->x_negative ? -1.0 : 1.0;
    *sum_tx = 0.0;
    *sum_tw_tx = 0.0;
    for (size_t n = 0; n < tile->cols; n++) {
        double x = fmin(fmax((double)x_mean[tile->col0 + n], matrix->x_low), matrix->x_high);
        double opening = fmax(sign * (x - matrix->range.min), 0.0) / matrix->range.scale;
        double tx = r + (1.0 - r) * opening;
        *sum_tx += tx;
        *sum_tw_tx += tx * tile->share[pass->frame][n];
    }
}

enum oac_status oac_matrix_light(const struct oac_matrix *matrix, const float *x_mean,
                                 struct oac_matrix_light *light, struct oac_err *err)
{
    struct oac_matrix_light total = {0};
    const struct oac_engine *engine = matrix->engine;
    const double repeats = engine->options.repeats;
    for (size_t n = 0; n < matrix->cols; n++)
        if (!isfinite(x_mean[n]))
            return oac_fail(err, OAC_EINVAL, "%s: the mean operand of column %zu is %g",
                            matrix->name, n, (double)x_mean[n]);
    for (size_t t = 0; t < matrix->tile_count; t++) {
        const struct oac_tile *tile = &matrix->tile[t];
        const uint64_t windows = (uint64_t)matrix->pass_count * engine->options.repeats;
        total.windows += windows;
        total.slots += windows * (tile->cols + engine->schedule.guard);
        total.optical_macs += windows * tile->cols * tile->rows;
        for (unsigned p = 0; p < matrix->pass_count; p++) {
            const struct oac_pass *pass = &matrix->pass[p];
            struct oac_frame_light frame;
            double sum_tx, sum_tw_tx;
            if (oac_link_light(engine->link, tile->handle[pass->frame], &frame, err))
                return oac_fail_within(err, "%s", matrix->name);
            /* a channel that carries no row adds only what leaks */
            frame.photons_preweight *=
                (double)tile->correction->rows / (double)tile->correction->lanes;
            expected_light(matrix, tile, pass, x_mean, &sum_tx, &sum_tw_tx);
            total.launched_j += repeats * frame.launched_j;
            total.client_in_j += repeats * frame.client_in_j;
            total.preweight_photons += repeats * frame.photons_preweight * sum_tx;
            total.detected_photons += repeats * frame.photons_preweight * sum_tw_tx;
        }
    }
    *light = total;
    return OAC_OK;
}

enum oac_status oac_engine_reference_cost(const struct oac_engine *engine,
                                          struct oac_reference_cost *cost, struct oac_err *err)
{
    struct oac_reference_cost found = {0};
    if (engine->reference) {
        const double images = (double)engine->schedule.group;
        const double windows = OAC_REFERENCE_WINDOWS / images;
        const double launched = windows * (double)engine->reference->launch;
        struct oac_frame_light light;
        if (oac_link_light(engine->link, engine->reference->handle, &light, err))
            return oac_fail_within(err, "reference windows");
        found = (struct oac_reference_cost){
            .slots = (double)engine->schedule.reference / images,
            .windows = windows,
            .launched_j = launched * light.launched_j,
            .client_in_j = launched * light.client_in_j,
        };
    }
    *cost = found;
    return OAC_OK;
}
