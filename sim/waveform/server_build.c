/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A frame's server half without noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/waveform/server_internal.h"

/* Light of the payload at launch 1, as the analytic engine counts it: settled weights, mean effect of drive
 * noise included. */
static struct oac_frame_light light_of(const struct oac_waveform *self,
                                       const struct oac_wave_frame *frame)
{
    const struct oac_bench *bench = self->bench;
    bool before = bench->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    struct oac_frame_light light = {0};
    for (size_t k = 0; k < bench->channels; k++) {
        const struct oac_wave_server_channel *part = &self->server->channel[k];
        const struct oac_bench_channel *channel = &bench->channel[k];
        const struct oac_mzm *mzm = &channel->weight;
        size_t per_slot = part->drive.per_slot;
        const uint16_t *code = frame->code + (k * frame->slots + frame->first) * per_slot;
        double sum = 0.0;
        for (size_t i = 0; i < frame->count * per_slot; i++) {
            double mean = mzm->t_on * (1.0 + mzm->r), variance;
            if (!frame->differential)
                oac_mzm_drive_moments(mzm,
                                      oac_dac_voltage(part->drive.dac, code[i]) + part->bias_v,
                                      part->drive.noise_v, &mean, &variance);
            sum += mean;
        }
        light.launched_j += part->power_w * sum * self->slot_s / (double)per_slot;
        if (k < frame->rows)
            light.photons_preweight += bench->demux[k * bench->channels + k] * part->power_w *
                                       bench->fiber.transmission * bench->amplifier.gain *
                                       channel->electrons_per_joule * self->slot_s * mzm->t_on *
                                       channel->client.t_on * channel->gain_plus;
    }
    light.client_in_j =
        light.launched_j * bench->fiber.transmission * (before ? bench->amplifier.gain : 1.0);
    return light;
}

static enum oac_status allocate(const struct oac_waveform *self, struct oac_wave_frame *frame,
                                struct oac_err *err)
{
    size_t channels = self->bench->channels, samples;
    if (frame->power)
        return OAC_OK;
    if (oac_size_product(channels, frame->samples, "a weight frame", &samples, err))
        return err->status;
    free(frame->volts);
    free(frame->field);
    frame->volts = oac_alloc(samples, sizeof *frame->volts, "a weight frame", err);
    if (!frame->volts)
        return err->status;
    frame->field =
        oac_alloc(samples, 2 * frame->lanes * sizeof *frame->field, "a weight frame", err);
    if (!frame->field)
        return err->status;
    frame->power =
        oac_alloc(samples, frame->outputs * sizeof *frame->power, "a weight frame", err);
    return frame->power ? OAC_OK : err->status;
}

enum oac_status oac_wave_server_build(const struct oac_waveform *self,
                                      struct oac_wave_frame *frame,
                                      struct oac_wave_server_scratch *scratch,
                                      struct oac_err *err)
{
    if (allocate(self, frame, err))
        return err->status;
    const struct oac_field_kernel *kernel = oac_field_kernel();
    const size_t n = frame->samples;
    const struct oac_wave_drive_draw still = {0};
    memset(frame->power, 0, self->bench->channels * frame->outputs * n * sizeof *frame->power);
    for (size_t k = 0; k < self->bench->channels; k++) {
        const struct oac_wave_server_channel *part = &self->server->channel[k];
        float *field = frame->field + 2 * k * frame->lanes * n;
        oac_wave_drive_volts(
            &part->drive, frame->slots, frame->code + k * frame->slots * part->drive.per_slot,
            part->delay_s, &still, scratch->filter, scratch->work, frame->volts + k * n);
        oac_wave_server_light(self, frame, NULL, k, scratch, field);
        for (unsigned lane = 0; lane < frame->lanes; lane++)
            kernel->add_power(n, 1.0f, field + 2 * lane * n,
                              frame->power +
                                  (k * frame->outputs + lane / self->polarisations) * n);
    }
    frame->light = light_of(self, frame);
    return OAC_OK;
}
