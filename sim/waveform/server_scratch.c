/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory that light takes on its way through the server half. */
#include <stdlib.h>

#include "base/alloc.h"
#include "sim/waveform/server_internal.h"

static enum oac_status fit_filter(struct oac_filter_bank *bank, size_t samples,
                                  struct oac_filter_scratch **scratch,
                                  const struct oac_filter **filter, struct oac_err *err)
{
    if (!bank)
        return OAC_OK;
    if (oac_filter_bank_find(bank, samples, filter, err))
        return err->status;
    return oac_filter_scratch_fit(filter, 1, scratch, err);
}

static enum oac_status fit_filters(const struct oac_waveform *self, size_t samples,
                                   struct oac_wave_server_scratch *scratch, struct oac_err *err)
{
    const struct oac_wave_server *server = self->server;
    const struct oac_filter *s21 = server->channel[0].drive.s21;
    for (size_t k = 0; k < server->channels; k++)
        if (fit_filter(server->channel[k].dispersion, samples, &scratch->filter,
                       &scratch->dispersion[k], err))
            return oac_fail_within(err, "fiber of channel %zu", k);
    if (fit_filter(server->ase_band, samples, &scratch->filter, &scratch->ase_band, err))
        return oac_fail_within(err, "amplifier");
    return s21 ? oac_filter_scratch_fit(&s21, 1, &scratch->filter, err) : OAC_OK;
}

enum oac_status oac_wave_server_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_server_scratch **scratch,
                                               struct oac_err *err)
{
    struct oac_wave_server_scratch *made =
        oac_alloc(1, sizeof *made, "a server's workspace", err);
    if (!made)
        return err->status;
    made->dispersion = oac_alloc(self->server->channels, sizeof(const struct oac_filter *),
                                 "a server's workspace", err);
    if (!made->dispersion) {
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
    if (slots != scratch->fitted) {
        scratch->fitted = 0;
        if (fit_filters(self, slots * self->grid.per_slot, scratch, err))
            return err->status;
        scratch->fitted = slots;
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
    free((void *)scratch->dispersion);
    free(scratch);
}
