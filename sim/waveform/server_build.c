/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A frame's server half without noise, and the memory that light takes on its way. */
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

/* ---- scratch ---- */

static enum oac_status make_filter_scratch(const struct oac_waveform *self,
                                           struct oac_filter_scratch **scratch,
                                           struct oac_err *err)
{
    const struct oac_wave_server *server = self->server;
    const struct oac_filter **filters =
        oac_alloc(server->channels + 2, sizeof *filters, "a server's filters", err);
    if (!filters)
        return err->status;
    size_t count = 0;
    for (size_t k = 0; k < server->channels; k++)
        if (server->channel[k].dispersion)
            filters[count++] = server->channel[k].dispersion;
    if (server->channel[0].drive.s21)
        filters[count++] = server->channel[0].drive.s21;
    if (server->ase_band)
        filters[count++] = server->ase_band;
    enum oac_status status = OAC_OK;
    if (count > 0)
        status = oac_filter_scratch_create(filters, count, scratch, err);
    free(filters);
    return status;
}

enum oac_status oac_wave_server_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_server_scratch **scratch,
                                               struct oac_err *err)
{
    struct oac_wave_server_scratch *made =
        oac_alloc(1, sizeof *made, "a server's workspace", err);
    if (!made)
        return err->status;
    if (make_filter_scratch(self, &made->filter, err)) {
        free(made);
        return err->status;
    }
    *scratch = made;
    return OAC_OK;
}

static void release(struct oac_wave_server_scratch *scratch)
{
    float **arrays[] = {&scratch->volts, &scratch->work,  &scratch->noise, &scratch->jitter,
                        &scratch->hum,   &scratch->turns, &scratch->ase};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        free(*arrays[i]);
        *arrays[i] = NULL;
    }
    free(scratch->kerr);
    scratch->kerr = NULL;
    scratch->slots = 0;
}

/* Room for `count` floats, and for what blocks of four draw beyond. */
static bool take(float **array, size_t count, struct oac_err *err)
{
    *array = oac_alloc(count + 4, sizeof **array, "a server's workspace", err);
    return *array != NULL;
}

static bool take_all(const struct oac_waveform *self, size_t slots,
                     struct oac_wave_server_scratch *scratch, struct oac_err *err)
{
    const struct oac_wave_server *server = self->server;
    const struct oac_wave_drive *drive = &server->channel[0].drive;
    size_t samples = slots * self->grid.per_slot, levels = slots * drive->per_slot;
    size_t hum = samples + server->comb_span;
    size_t apart = server->kerr ? self->bench->amplifier.stages : 1;
    if (!take(&scratch->volts, samples, err) || !take(&scratch->work, samples, err))
        return false;
    if (drive->noise_v > 0.0 && !take(&scratch->noise, levels, err))
        return false;
    if (drive->jitter_s > 0.0 && !take(&scratch->jitter, levels, err))
        return false;
    if (server->rin_sigma > 0.0 && !take(&scratch->hum, hum, err))
        return false;
    if (server->turn_sigma > 0.0 && !take(&scratch->turns, hum, err))
        return false;
    if (server->ase && !take(&scratch->ase, 2 * samples * apart, err))
        return false;
    if (!server->kerr)
        return true;
    scratch->kerr = oac_alloc(2 * samples, sizeof *scratch->kerr, "a server's workspace", err);
    return scratch->kerr != NULL;
}

enum oac_status oac_wave_server_scratch_fit(const struct oac_waveform *self, size_t slots,
                                            struct oac_wave_server_scratch *scratch,
                                            struct oac_err *err)
{
    if (slots > scratch->slots) {
        release(scratch);
        if (!take_all(self, slots, scratch, err)) {
            release(scratch);
            return err->status;
        }
        scratch->slots = slots;
    }
    size_t samples = slots * self->grid.per_slot;
    if (!self->server->kerr || oac_wave_span_work_samples(scratch->span) == samples)
        return OAC_OK;
    oac_wave_span_work_destroy(scratch->span);
    scratch->span = NULL;
    return oac_wave_span_work_create(samples, &scratch->span, err);
}

void oac_wave_server_scratch_destroy(struct oac_wave_server_scratch *scratch)
{
    if (!scratch)
        return;
    release(scratch);
    oac_wave_span_work_destroy(scratch->span);
    oac_filter_scratch_destroy(scratch->filter);
    free(scratch);
}
