/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The optics behind the client's input: what follows from the rig, and a thread's buffers. */
#include "sim/waveform/optics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "sim/waveform/optics_state.h"
#include "sim/waveform/passband.h"

/* The receiver counts photons of its own wavelength: crosstalk from another line is a little more or less. */
static enum oac_status make_mix(const struct oac_waveform *self, struct oac_wave_optics *optics,
                                struct oac_err *err)
{
    const struct oac_bench *bench = self->bench;
    size_t channels = bench->channels, cells = 0;
    if (oac_size_product(channels, channels, "a demultiplexer", &cells, err))
        return err->status;
    optics->mix = oac_alloc(cells, sizeof *optics->mix, "a demultiplexer", err);
    optics->mix_f = oac_alloc(cells, sizeof *optics->mix_f, "a demultiplexer", err);
    if (!optics->mix || !optics->mix_f)
        return err->status;
    for (size_t k = 0; k < channels; k++)
        for (size_t j = 0; j < channels; j++) {
            size_t at = k * channels + j;
            optics->mix[at] = bench->demux[at] * bench->channel[j].electrons_per_joule /
                              bench->channel[k].electrons_per_joule;
            optics->mix_f[at] = (float)optics->mix[at];
            optics->crosstalk |= j != k && bench->demux[at] > 0.0;
        }
    return OAC_OK;
}

static enum oac_status make_passband(const struct oac_waveform *self,
                                     struct oac_wave_optics *optics, struct oac_err *err)
{
    if (!oac_wave_has_passband(&self->rig))
        return oac_wave_ase_init(self, NULL, NULL, &optics->ase, err);
    struct oac_filter_spec spec = {
        .response = oac_wave_passband,
        .context = &self->rig,
        .sample_rate_hz = self->grid.rate_hz,
        .segment = (size_t)self->rig.slots_max * self->grid.per_slot,
    };
    const size_t most = spec.segment;
    struct oac_filter *longest;
    if (oac_filter_create(&spec, &longest, err))
        return err->status;
    const bool flat = oac_filter_is_identity(longest);
    optics->passband_memory = oac_filter_memory(longest);
    oac_filter_destroy(longest);
    /* a circle that leaves room for it at both ends: filter_kernel.c */
    spec.segment = 4 * optics->passband_memory + 1;
    spec.segment = spec.segment < most ? spec.segment : most;
    if (!flat && oac_filter_bank_create(&spec, &optics->passband, err))
        return err->status;
    return oac_wave_ase_init(self, oac_wave_passband, &self->rig, &optics->ase, err);
}

enum oac_status oac_wave_optics_create(struct oac_waveform *self, struct oac_err *err)
{
    struct oac_wave_optics *optics = oac_alloc(1, sizeof *optics, "the client's optics", err);
    if (!optics)
        return err->status;
    bool after = self->rig.amplifier.position == OAC_AMPLIFIER_AFTER_CLIENT;
    optics->gain = after ? self->bench->amplifier.gain : 1.0;
    if (oac_wave_client_init(self, &optics->client, err) || make_mix(self, optics, err) ||
        make_passband(self, optics, err)) {
        oac_wave_optics_destroy(optics);
        return err->status;
    }
    self->optics = optics;
    return OAC_OK;
}

/* Settings act where a window is played: nothing is kept that depends on them. */
enum oac_status oac_wave_optics_refresh(struct oac_waveform *self, struct oac_err *err)
{
    (void)self;
    (void)err;
    return OAC_OK;
}

void oac_wave_optics_destroy(struct oac_wave_optics *optics)
{
    if (!optics)
        return;
    oac_wave_client_fini(&optics->client);
    oac_wave_ase_fini(&optics->ase);
    oac_filter_bank_destroy(optics->passband);
    free(optics->mix);
    free(optics->mix_f);
    free(optics);
}

uint32_t oac_wave_optics_memory_slots(const struct oac_waveform *self)
{
    const struct oac_wave_optics *optics = self->optics;
    double memory_s = oac_wave_client_memory_s(self, &optics->client);
    if (optics->passband)
        memory_s += (double)optics->passband_memory * self->grid.dt_s;
    return (uint32_t)ceil(memory_s / self->slot_s);
}

bool oac_wave_optics_memoryless(const struct oac_waveform *self)
{
    return !self->optics->passband && !self->optics->ase.on;
}

void oac_wave_client_volts(const struct oac_waveform *self,
                           const struct oac_wave_window *window,
                           struct oac_wave_optics_scratch *scratch, float *volts)
{
    oac_wave_client_drive(self, &self->optics->client, window, &scratch->client, volts);
    const struct oac_wave_frame *frame = window->frame;
    oac_wave_show(self,
                  &(struct oac_waveform_point){.name = "client.drive",
                                               .unit = "V",
                                               .slot0 = window->segment->slot0,
                                               .rate_hz = self->grid.rate_hz,
                                               .start_s = -(double)frame->first * self->slot_s,
                                               .samples = frame->samples,
                                               .value = volts});
}

enum oac_status oac_wave_optics_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_optics_scratch **scratch,
                                               struct oac_err *err)
{
    const struct oac_wave_optics *optics = self->optics;
    struct oac_wave_optics_scratch *made = oac_alloc(1, sizeof *made, "a workspace", err);
    if (!made)
        return err->status;
    const struct oac_filter *band = optics->ase.band;
    if (band && oac_filter_scratch_create(&band, 1, &made->filter, err)) {
        free(made);
        return err->status;
    }
    *scratch = made;
    return OAC_OK;
}

static float *take(float **next, size_t count)
{
    float *block = *next;
    *next += count;
    return block;
}

static enum oac_status fit_passband(const struct oac_waveform *self, size_t slots,
                                    struct oac_wave_optics_scratch *scratch,
                                    struct oac_err *err)
{
    struct oac_filter_bank *bank = self->optics->passband;
    if (!bank || slots == scratch->fitted)
        return OAC_OK;
    scratch->fitted = 0;
    if (oac_filter_bank_find(bank, slots * self->grid.per_slot, &scratch->passband, err) ||
        oac_filter_scratch_fit(&scratch->passband, 1, &scratch->filter, err))
        return err->status;
    scratch->fitted = slots;
    return OAC_OK;
}

enum oac_status oac_wave_optics_scratch_fit(const struct oac_waveform *self, size_t slots,
                                            struct oac_wave_optics_scratch *scratch,
                                            struct oac_err *err)
{
    if (fit_passband(self, slots, scratch, err))
        return err->status;
    if (slots <= scratch->slots)
        return OAC_OK;
    const struct oac_wave_optics *optics = self->optics;
    const size_t pad = OAC_KERNEL_PAD, outputs = self->panel.caps.differential ? 2 : 1;
    const size_t n = (slots * self->grid.per_slot + pad - 1) / pad * pad;
    const size_t field = 2 * n * outputs * self->polarisations;
    const size_t source = optics->crosstalk ? n * outputs * self->bench->channels : 0;
    const size_t dice = optics->ase.on ? 3 * n * outputs + field : 0;
    scratch->slots = 0;
    free(scratch->memory);
    scratch->memory =
        oac_alloc(7 * n + field + source + dice, sizeof(float), "a workspace", err);
    if (!scratch->memory ||
        oac_wave_client_scratch_fit(self, &optics->client, slots, &scratch->client, err))
        return err->status;
    float *next = scratch->memory;
    scratch->volts = take(&next, n);
    scratch->client_field = take(&next, 2 * n);
    scratch->t = take(&next, n);
    scratch->ones = take(&next, n);
    scratch->other = take(&next, 2 * n);
    scratch->field = take(&next, field);
    scratch->source = source ? take(&next, source) : NULL;
    scratch->z = take(&next, dice);
    for (size_t i = 0; i < n; i++)
        scratch->ones[i] = 1.0f;
    scratch->slots = slots;
    scratch->samples = n;
    return OAC_OK;
}

void oac_wave_optics_scratch_destroy(struct oac_wave_optics_scratch *scratch)
{
    if (!scratch)
        return;
    oac_wave_client_scratch_fini(&scratch->client);
    oac_filter_scratch_destroy(scratch->filter);
    free(scratch->memory);
    free(scratch);
}
