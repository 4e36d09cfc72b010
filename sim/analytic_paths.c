/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources and the paths of their light to the detectors, at the present settings. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/units.h"
#include "sim/analytic_bench.h"

static void fill_source(const struct oac_analytic *self, size_t j, struct oac_source *source)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    const struct oac_mzm *mzm = &channel->weight;
    double setting =
        oac_power_ratio_from_db(self->panel.laser_dbm[j] - self->rig.laser.power_dbm);
    double parked_v =
        oac_dac_voltage(channel->weight_dac, (uint32_t)self->panel.caps.weight[j].code_safe) +
        self->panel.bias_weight_v[j];
    double angle = OAC_PI * (parked_v - mzm->vpeak_v) / mzm->vpi_v;
    double spread = OAC_PI * self->weight_sigma_v / mzm->vpi_v;
    double shrink = exp(-spread * spread / 2.0);
    *source = (struct oac_source){
        .power_w = channel->power_w * setting * self->panel.laser_on[j],
        .alpha = mzm->t_on * (1.0 + mzm->r) / 2.0,
        .beta = mzm->t_on * (1.0 - mzm->r) / 2.0,
        .detuning =
            self->tracking ? self->rig.laser.center_hz / channel->frequency_hz - 1.0 : 0.0,
        .parked_c = cos(angle) * shrink,
        .parked_s = sin(angle) * shrink,
    };
}

enum oac_status oac_analytic_paths_refresh(struct oac_analytic *self, struct oac_err *err)
{
    const struct oac_bench *bench = self->bench;
    size_t channels = bench->channels;
    if (!self->source) {
        self->source = oac_alloc(channels, sizeof *self->source, "sources", err);
        self->path_begin = oac_alloc(channels + 1, sizeof *self->path_begin, "paths", err);
        self->path_from = oac_alloc(channels * channels, sizeof *self->path_from, "paths", err);
        self->path_light =
            oac_alloc(channels * channels, sizeof *self->path_light, "paths", err);
    }
    if (!self->source || !self->path_begin || !self->path_from || !self->path_light)
        return err->status;
    for (size_t j = 0; j < channels; j++)
        fill_source(self, j, &self->source[j]);
    size_t used = 0;
    self->crosstalk = false;
    for (size_t k = 0; k < channels; k++) {
        self->path_begin[k] = used;
        for (size_t j = 0; j < channels; j++) {
            double demux = bench->demux[k * channels + j];
            if (!(demux > 0.0))
                continue;
            self->crosstalk |= j != k;
            self->path_from[used] = j;
            self->path_light[used++] = demux * self->source[j].power_w *
                                       bench->fiber.transmission * bench->amplifier.gain *
                                       bench->channel[j].electrons_per_joule * self->slot_s *
                                       bench->detector.gain;
        }
    }
    self->path_begin[channels] = used;
    return OAC_OK;
}

void oac_analytic_paths_destroy(struct oac_analytic *self)
{
    free(self->source);
    free(self->path_begin);
    free(self->path_from);
    free(self->path_light);
}

struct oac_pair_weights oac_analytic_pair(const struct oac_analytic *self,
                                          const struct oac_frame *frame, size_t k)
{
    const struct oac_bench_channel *channel = &self->bench->channel[k];
    double plus = channel->gain_plus, minus = channel->gain_minus;
    if (!frame->differential)
        return (struct oac_pair_weights){plus, plus, plus, plus};
    return (struct oac_pair_weights){plus - minus, plus + minus, plus + minus, plus - minus};
}
