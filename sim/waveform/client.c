/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum oac_status oac_wave_client_init(const struct oac_waveform *self,
                                     struct oac_wave_client *client, struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    client->tracking = rig->client_modulator.vpi_tracks_wavelength &&
                       rig->laser.grid_hz > 0.0 && rig->channels > 1;
    return oac_wave_drive_init(self, self->bench->client_dac, &rig->client_dac,
                               &rig->client_modulator, "client_modulator", &client->drive, err);
}

void oac_wave_client_fini(struct oac_wave_client *client)
{
    oac_wave_drive_fini(&client->drive);
}

double oac_wave_client_memory_s(const struct oac_waveform *self,
                                const struct oac_wave_client *client)
{
    return oac_wave_drive_memory_s(&client->drive) + fabs(self->rig.timing.skew_s);
}

static const float *draw(const struct oac_waveform *self, enum oac_wave_use use,
                         const struct oac_wave_window *window, size_t count, float *z)
{
    if (!z)
        return NULL;
    oac_wave_normals(self, use, 0, window->segment->slot0, (count + 3) / 4, z);
    return z;
}

void oac_wave_client_drive(const struct oac_waveform *self,
                           const struct oac_wave_client *client,
                           const struct oac_wave_window *window,
                           struct oac_wave_client_scratch *scratch, float *volts)
{
    const struct oac_wave_frame *frame = window->frame;
    size_t count = frame->slots * client->drive.per_slot;
    const struct oac_wave_drive_draw dice = {
        .noise = draw(self, OAC_WAVE_CLIENT_DRIVE, window, count, scratch->noise),
        .jitter = draw(self, OAC_WAVE_CLIENT_JITTER, window, count, scratch->jitter),
    };
    oac_wave_drive_volts(&client->drive, frame->slots, window->segment->client,
                         self->rig.timing.skew_s + self->panel.skew_s, &dice, scratch->filter,
                         scratch->work, volts);
}

struct oac_field_modulator oac_wave_client_modulator(const struct oac_waveform *self,
                                                     const struct oac_wave_window *window,
                                                     size_t k)
{
    const struct oac_mzm *mzm = &self->bench->channel[k].client;
    double turns_per_v = 0.25 / mzm->vpi_v;
    double bias_v = self->panel.bias_client_v - mzm->vpeak_v - window->motion.client_bias_v;
    return (struct oac_field_modulator){
        .amplitude = (float)sqrt(mzm->t_on),
        .s = (float)sqrt(mzm->r),
        .chirp = (float)self->rig.client_modulator.chirp,
        .turns0 = (float)(bias_v * turns_per_v),
        .turns_per_v = (float)turns_per_v,
    };
}

enum oac_status oac_wave_client_scratch_fit(const struct oac_waveform *self,
                                            const struct oac_wave_client *client, size_t slots,
                                            struct oac_wave_client_scratch *scratch,
                                            struct oac_err *err)
{
    const struct oac_wave_drive *drive = &client->drive;
    oac_wave_client_scratch_fini(scratch);
    size_t draws = (slots * drive->per_slot + 3) / 4 * 4;
    scratch->work =
        oac_alloc(slots * self->grid.per_slot + 2, sizeof(float), "a workspace", err);
    if (!scratch->work)
        goto fini;
    if (drive->noise_v > 0.0) {
        scratch->noise = oac_alloc(draws, sizeof(float), "a workspace", err);
        if (!scratch->noise)
            goto fini;
    }
    if (drive->jitter_s > 0.0) {
        scratch->jitter = oac_alloc(draws, sizeof(float), "a workspace", err);
        if (!scratch->jitter)
            goto fini;
    }
    const struct oac_filter *filter = drive->s21;
    if (filter && oac_filter_scratch_create(&filter, 1, &scratch->filter, err))
        goto fini;
    return OAC_OK;

fini:
    oac_wave_client_scratch_fini(scratch);
    return err->status;
}

void oac_wave_client_scratch_fini(struct oac_wave_client_scratch *scratch)
{
    free(scratch->noise);
    free(scratch->jitter);
    free(scratch->work);
    oac_filter_scratch_destroy(scratch->filter);
    memset(scratch, 0, sizeof *scratch);
}
