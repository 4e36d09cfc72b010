/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's memory for the receiver: taken once per longest segment, not per window. */
#include <stdlib.h>

#include "base/alloc.h"
#include "sim/waveform/receive_state.h"

/* Normals come in blocks of four. */
#define ROOM 8u

enum oac_status oac_wave_receiver_scratch_create(const struct oac_waveform *self,
                                                 struct oac_wave_receiver_scratch **scratch,
                                                 struct oac_err *err)
{
    struct oac_wave_receiver_scratch *made =
        oac_alloc(1, sizeof *made, "a receiver's scratch", err);
    if (!made)
        return err->status;
    size_t channels = self->bench->channels;
    made->sums = oac_alloc(channels, sizeof *made->sums, "a receiver's scratch", err);
    made->z_row = oac_alloc(channels + ROOM, sizeof *made->z_row, "a receiver's scratch", err);
    if (!made->sums || !made->z_row) {
        oac_wave_receiver_scratch_destroy(made);
        return err->status;
    }
    *scratch = made;
    return OAC_OK;
}

static enum oac_status fit_samples(const struct oac_waveform *self, size_t slots,
                                   struct oac_wave_receiver_scratch *scratch,
                                   struct oac_err *err)
{
    size_t conversions = self->caps.readout_samples_per_slot;
    size_t boxcar = (self->grid.per_slot + conversions - 1) / conversions;
    size_t samples; /* the ADC's clock runs as fine as the light's, and longer */
    if (oac_size_product(slots + self->caps.delay_slots_max + 1, boxcar * conversions,
                         "a receiver's samples", &samples, err) != OAC_OK)
        return err->status;
    if (samples <= scratch->samples)
        return OAC_OK;
    float **array[] = {&scratch->z, &scratch->x,    &scratch->y,
                       &scratch->g, &scratch->plus, &scratch->minus};
    scratch->samples = 0;
    for (size_t i = 0; i < sizeof array / sizeof array[0]; i++) {
        free(*array[i]);
        *array[i] = oac_alloc(samples + ROOM, sizeof(float), "a receiver's samples", err);
        if (!*array[i])
            return err->status;
    }
    scratch->samples = samples;
    return OAC_OK;
}

static enum oac_status fit_picks(const struct oac_waveform *self, size_t picks,
                                 struct oac_wave_receiver_scratch *scratch, struct oac_err *err)
{
    if (picks <= scratch->picks && scratch->volt)
        return OAC_OK;
    size_t all;
    if (oac_size_product(self->bench->channels, picks, "readouts", &all, err) != OAC_OK)
        return err->status;
    float **array[] = {&scratch->slope, &scratch->jitter, &scratch->z_read, &scratch->z_adc};
    const size_t count[] = {picks, picks, all, all};
    scratch->picks = 0;
    for (size_t i = 0; i < sizeof array / sizeof array[0]; i++) {
        free(*array[i]);
        *array[i] = oac_alloc(count[i] + ROOM, sizeof(float), "readouts", err);
        if (!*array[i])
            return err->status;
    }
    free(scratch->volt);
    scratch->volt = oac_alloc(picks + ROOM, sizeof *scratch->volt, "readouts", err);
    if (!scratch->volt)
        return err->status;
    scratch->picks = picks;
    return OAC_OK;
}

enum oac_status oac_wave_receiver_scratch_fit(const struct oac_waveform *self, size_t slots,
                                              size_t picks,
                                              struct oac_wave_receiver_scratch *scratch,
                                              struct oac_err *err)
{
    if (fit_samples(self, slots, scratch, err) != OAC_OK)
        return err->status;
    return fit_picks(self, picks, scratch, err);
}

void oac_wave_receiver_scratch_destroy(struct oac_wave_receiver_scratch *scratch)
{
    if (!scratch)
        return;
    void *const array[] = {scratch->z,     scratch->x,      scratch->y,     scratch->g,
                           scratch->plus,  scratch->minus,  scratch->slope, scratch->jitter,
                           scratch->z_adc, scratch->z_read, scratch->z_row, scratch->volt,
                           scratch->sums};
    for (size_t i = 0; i < sizeof array / sizeof array[0]; i++)
        free(array[i]);
    free(scratch);
}
