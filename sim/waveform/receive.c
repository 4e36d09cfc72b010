/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiver of the waveform engine: what follows from rig and noise, one thread's scratch, and the sampled
 * path, row by row. */
#include "sim/waveform/receive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "sim/components/one_pole.h"
#include "sim/waveform/receive_state.h"

/* A pole has faded to 1e-6 after so many of its time constants. */
#define FADED        13.8
#define MIXER_CUTOFF 0.345 /* of the sample rate */

/* A radio's receive filters as one: a low-pass, sin(2 pi c t)/(pi t) under a Hann window, with
 * half its gain at c = 0.345
 * of the sample rate: flat to 0.19, deaf from 0.5 on (images of the transmitters' samples, the carriers
 * themselves). Scaled so that the mean of a conversion's samples is the gain at its centre. */
static enum oac_status make_mixer(const struct oac_waveform *self,
                                  struct oac_wave_receiver *receiver, struct oac_err *err)
{
    const size_t boxcar = self->grid.per_slot / (size_t)self->rig.adc.samples_per_slot;
    const size_t taps = OAC_WAVE_MIXER_SAMPLES * boxcar;
    double sum = 0.0;
    receiver->mixer_tap = oac_alloc(taps, sizeof(double), "a radio's filter", err);
    if (!receiver->mixer_tap)
        return err->status;
    for (size_t i = 0; i < taps; i++) {
        const double place = (double)i - 0.5 * (double)(taps - 1);
        const double t = place / (double)boxcar; /* [conversions] */
        const double hann = 0.5 + 0.5 * cos(2.0 * OAC_PI * place / (double)taps);
        const double sinc = fabs(t) < 1e-9
                                ? 2.0 * MIXER_CUTOFF
                                : sin(2.0 * OAC_PI * MIXER_CUTOFF * t) / (OAC_PI * t);
        receiver->mixer_tap[i] = hann * sinc;
        sum += receiver->mixer_tap[i];
    }
    for (size_t i = 0; i < taps; i++)
        receiver->mixer_tap[i] *= (double)boxcar / sum;
    return OAC_OK;
}

enum oac_status oac_wave_receiver_create(struct oac_waveform *self, struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    const struct oac_detector *detector = &self->bench->detector;
    struct oac_wave_receiver *made = oac_alloc(1, sizeof *made, "receivers", err);
    if (!made)
        return err->status;
    bool tia = rig->receiver.kind == OAC_RECEIVER_TIA;
    bool gated = rig->receiver.kind == OAC_RECEIVER_INTEGRATOR;
    const struct oac_receiver_figures figures = oac_receiver_figures(rig, self->slot_s);
    double read_v = gated && rig->receiver.cds ? sqrt(2.0) * rig->receiver.read_noise_v
                                               : rig->receiver.read_noise_v;
    bool thermal = self->noise & OAC_NOISE_THERMAL;
    bool analog = tia || gated; /* a counter's electronics are silent */
    *made = (struct oac_wave_receiver){
        .kind = rig->receiver.kind,
        .detector_tau_s = analog ? oac_one_pole_tau_s(rig->detector.bandwidth_hz) : 0.0,
        .receiver_tau_s = tia ? oac_one_pole_tau_s(rig->receiver.bandwidth_hz) : 0.0,
        .droop_per_s = gated ? rig->receiver.droop_per_s : 0.0,
        .volts_per_electron = figures.volts_per_electron,
        .volts_per_a = rig->receiver.gain_v_per_a,
        .saturation_v = analog ? rig->receiver.saturation_v : INFINITY,
        .reset_electrons = gated && thermal ? sqrt(figures.thermal_electrons2) : 0.0,
        .read_v = analog && self->noise & OAC_NOISE_READ ? read_v : 0.0,
        .tia_electrons2_per_s =
            tia && thermal ? oac_receiver_tia_electrons2(rig->receiver.in_a_per_rthz, 1.0)
                           : 0.0,
        .jitter_s = self->noise & OAC_NOISE_JITTER && analog ? rig->adc.jitter_s : 0.0,
        .coupling_tau_s =
            rig->adc.coupling_hz > 0.0 ? oac_one_pole_tau_s(rig->adc.coupling_hz) : 0.0,
        .mixer_hz = 2.0 * rig->subcarrier.carrier_hz,
        .mixer_rad = rig->subcarrier.phase_rad,
        .shot = self->noise & OAC_NOISE_SHOT,
        .converts = self->noise & OAC_NOISE_ADC,
        .countable = detector->gain == 1.0 && detector->excess_noise == 1.0,
        .dark_mean = detector->gain * detector->dark_per_s + detector->surface_dark_per_s,
        .dark_variance =
            detector->gain * detector->gain * detector->excess_noise * detector->dark_per_s +
            detector->surface_dark_per_s,
    };
    self->receiver = made;
    return made->mixer_hz > 0.0 ? make_mixer(self, made, err) : OAC_OK;
}

void oac_wave_receiver_destroy(struct oac_wave_receiver *receiver)
{
    if (receiver)
        free(receiver->mixer_tap);
    free(receiver);
}

uint32_t oac_wave_receiver_memory_slots(const struct oac_waveform *self)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    double memory_s = FADED * (receiver->detector_tau_s + receiver->receiver_tau_s) +
                      self->bench->detector.dead_time_s;
    return (uint32_t)fmin(ceil(memory_s / self->slot_s), 0x1p31);
}

static void show_current(const struct oac_waveform *self, const struct oac_wave_window *window,
                         const struct oac_wave_row *row, const struct oac_wave_light *light,
                         const float *x, float *out)
{
    float a_per_electron = (float)(OAC_ELEMENTARY_CHARGE_C / light->step_s);
    for (size_t i = 0; i < light->n; i++)
        out[i] = a_per_electron * x[i];
    const struct oac_waveform_point point = {
        .name = "detector.current",
        .unit = "A",
        .channel = row->k,
        .slot0 = light->slot0,
        .rate_hz = 1.0 / light->step_s,
        .start_s = -(double)window->frame->first * self->slot_s,
        .samples = light->n,
        .value = out,
    };
    oac_wave_show(self, &point);
}

/* Fills volt (picks). */
static bool receive(const struct oac_waveform *self, const struct oac_wave_window *window,
                    const struct oac_wave_row *row, const struct oac_wave_light *light,
                    struct oac_wave_receiver_scratch *scratch)
{
    int kind = self->receiver->kind;
    bool full = false;
    if (kind == OAC_RECEIVER_INTEGRATOR || self->tap) {
        full = oac_wave_detect(self, row, light, true, 0.0, scratch, scratch->x);
        if (self->tap)
            show_current(self, window, row, light, scratch->x, scratch->y);
    }
    if (kind == OAC_RECEIVER_TIA)
        return oac_wave_transimpede(self, window, row, light, scratch);
    if (kind == OAC_RECEIVER_COUNTER)
        return oac_wave_count(self, window, row, light, scratch);
    return oac_wave_integrate(self, window, row, scratch->x, scratch) || full;
}

void oac_wave_receiver_window(const struct oac_waveform *self,
                              const struct oac_wave_window *window, const float *power,
                              struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_wave_frame *frame = window->frame;
    size_t picks = window->segment->capture->picks;
    size_t blocks = oac_wave_blocks(picks);
    uint64_t slot0 = window->segment->slot0;
    for (size_t k = 0; k < frame->rows; k++) {
        struct oac_wave_row row = oac_wave_row_of(self, window, k);
        struct oac_wave_light light = {.n = frame->samples,
                                       .step_s = self->grid.dt_s,
                                       .plus = power + k * frame->samples,
                                       .slot0 = slot0};
        if (row.pair)
            light.minus = power + (self->bench->channels + k) * frame->samples;
        bool full = receive(self, window, &row, &light, scratch);
        if (receiver->read_v > 0.0)
            oac_wave_normals(self, OAC_WAVE_READ, k, slot0, blocks, scratch->z_read);
        if (receiver->converts)
            oac_wave_normals(self, OAC_WAVE_ADC, k, slot0, blocks, scratch->z_adc);
        oac_wave_convert(self, window, &row, scratch->volt,
                         receiver->read_v > 0.0 ? scratch->z_read : NULL,
                         receiver->converts ? scratch->z_adc : NULL, full);
    }
}
