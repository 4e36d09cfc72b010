/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The short way to a held value: an inner product of light with receive weights, and one normal (or Poisson)
 * variate of the exact variance instead of one per sample.
 *
 *     electrons = e (L1 + dark G1) + sigma z,   L1 = sum g p dt,  L2 = sum g^2 p dt
 *     sigma^2 = M^2 F e L2 + dark variance G2 + reset
 * with G1, G2 the sums of g dt and g^2 dt. A sample that the gate's edge cuts in parts f and 1 - f has
 * weight f, and so f^2 in the variance, where white noise has f: short by at most a quarter of one sample's
 * at each edge, here and in the sampled path alike. Saturation acts on the held value: the sampled path
 * clips the running one, which is another thing only where a pair's charge, or noise, went over the limit
 * and came back. */
#include <math.h>

#include "base/rng.h"
#include "sim/waveform/receive_state.h"

/* Gates closer than this are the same [samples]. */
#define SAME 1e-6

bool oac_wave_receiver_holds(const struct oac_waveform *self,
                             const struct oac_wave_window *window)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_stream_capture *capture = window->segment->capture;
    if (self->tap || receiver->kind == OAC_RECEIVER_TIA || capture->picks == 0 ||
        !isinf(self->rig.detector.saturation_a) || self->bench->detector.dead_time_s > 0.0)
        return false;
    if (receiver->jitter_s > 0.0 && receiver->droop_per_s > 0.0)
        return false;
    double held_s =
        (double)capture->pick[0] * self->slot_s / (double)self->caps.readout_samples_per_slot;
    /* an aperture's jitter must not reach back over the gate's edge */
    held_s -= 8.0 * receiver->jitter_s - SAME * self->grid.dt_s;
    for (size_t k = 0; k < window->frame->rows; k++) {
        if (!(capture->gate_close_s[k] <= held_s))
            return false;
    }
    return true;
}

static void weights(const struct oac_waveform *self, const struct oac_wave_gate *gate,
                    size_t samples, float *g)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    double dt_s = self->grid.dt_s;
    oac_wave_gate_weights(receiver->droop_per_s * dt_s, gate, samples, g);
    struct oac_receiver_pole pole = oac_receiver_pole_make(receiver->detector_tau_s, dt_s);
    oac_receiver_pole_adjoint(&pole, samples, g);
}

static struct oac_wave_gate gate_of_row(const struct oac_waveform *self,
                                        const struct oac_wave_window *window, size_t k)
{
    const struct oac_wave_row row = {.k = k, .delay_s = self->bench->channel[k].adc_delay_s};
    return oac_wave_gate_of(self, window, &row);
}

static bool alike(const struct oac_wave_gate *a, double open, double close)
{
    return fabs(a->open - open) < SAME && fabs(a->close - close) < SAME;
}

void oac_wave_receiver_weights(const struct oac_waveform *self,
                               const struct oac_wave_window *window, size_t channel, float *g,
                               bool *same)
{
    struct oac_wave_gate gate = gate_of_row(self, window, channel);
    weights(self, &gate, window->frame->samples, g);
    if (!same)
        return;
    *same = true;
    for (size_t k = 0; k < window->frame->rows && *same; k++) {
        struct oac_wave_gate other = gate_of_row(self, window, k);
        *same = alike(&other, gate.open, gate.close);
    }
}

/* Sums of g and g^2, remembered per row while gates stay where they are. */
static const struct oac_wave_gate_sums *sums_of(const struct oac_waveform *self,
                                                const struct oac_wave_window *window, size_t k,
                                                struct oac_wave_receiver_scratch *scratch)
{
    struct oac_wave_gate gate = gate_of_row(self, window, k);
    struct oac_wave_gate_sums *sums = &scratch->sums[k];
    size_t samples = window->frame->samples;
    if (sums->samples == samples && sums->open == gate.open && sums->close == gate.close)
        return sums;
    weights(self, &gate, samples, scratch->g);
    *sums =
        (struct oac_wave_gate_sums){.open = gate.open, .close = gate.close, .samples = samples};
    for (size_t i = 0; i < samples; i++) {
        double g = (double)scratch->g[i];
        sums->first += g;
        sums->second += g * g;
    }
    return sums;
}

/* Few electrons of one detector: Poisson of the right mean and variance, whole where every g is 0 or 1. */
static double counted(const struct oac_waveform *self, const struct oac_wave_window *window,
                      size_t k, uint32_t detector, double mean, double variance)
{
    if (!(mean > 0.0))
        return 0.0;
    bool thins = self->receiver->kind == OAC_RECEIVER_COUNTER;
    double unit = thins ? 1.0 : variance / mean;
    return unit * oac_rng_poisson(self->seed, oac_wave_stream(OAC_WAVE_SHOT, k),
                                  window->segment->slot0, detector, mean / unit);
}

/* Electrons at the gate's close. */
static double held(const struct oac_waveform *self, const struct oac_wave_window *window,
                   const struct oac_wave_row *row, const double *light, double z,
                   struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_detector *detector = &self->bench->detector;
    const struct oac_wave_gate_sums *sums = sums_of(self, window, row->k, scratch);
    size_t channels = self->bench->channels;
    double dt_s = self->grid.dt_s, w_s = (sums->close - sums->open) * dt_s;
    const double *p = light + 2 * row->k, *q = light + 2 * (channels + row->k);
    double plus = row->plus * p[0] * dt_s, plus2 = row->plus * p[1] * dt_s;
    double minus = row->pair ? row->minus * q[0] * dt_s : 0.0;
    double minus2 = row->pair ? row->minus * q[1] * dt_s : 0.0;
    double reset = receiver->reset_electrons * exp(-receiver->droop_per_s * w_s);
    double first_s = sums->first * dt_s, second_s = sums->second * dt_s;
    double mean = row->gain * (plus - minus) + row->dark_mean * first_s;
    double dark = detector->dark_per_s + detector->surface_dark_per_s;
    double first_dark = dark * first_s, second_dark = dark * second_s;
    if (!receiver->shot)
        return mean + reset * z;
    double expected = plus + first_dark + (row->pair ? minus + first_dark : 0.0);
    bool counts = receiver->kind == OAC_RECEIVER_COUNTER;
    if (receiver->countable && (counts || expected < OAC_WAVE_FEW_ELECTRONS)) {
        double electrons =
            counted(self, window, row->k, 0, plus + first_dark, plus2 + second_dark);
        if (row->pair)
            electrons -=
                counted(self, window, row->k, 1, minus + first_dark, minus2 + second_dark);
        return electrons + reset * z;
    }
    double variance = row->gain * row->gain * row->excess * (plus2 + minus2) +
                      row->dark_variance * second_s + reset * reset;
    return mean + sqrt(fmax(variance, 0.0)) * z;
}

void oac_wave_receiver_hold(const struct oac_waveform *self,
                            const struct oac_wave_window *window, const double *light,
                            struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_stream_capture *capture = window->segment->capture;
    uint64_t slot0 = window->segment->slot0;
    size_t rows = window->frame->rows, picks = capture->picks;
    size_t blocks = oac_wave_blocks(rows * picks);
    bool noisy = receiver->shot || receiver->reset_electrons > 0.0;
    if (noisy)
        oac_wave_normals(self, OAC_WAVE_RECEIVER, 0, slot0, oac_wave_blocks(rows),
                         scratch->z_row);
    if (receiver->read_v > 0.0)
        oac_wave_normals(self, OAC_WAVE_READ, 0, slot0, blocks, scratch->z_read);
    if (receiver->converts)
        oac_wave_normals(self, OAC_WAVE_ADC, 0, slot0, blocks, scratch->z_adc);
    for (size_t k = 0; k < rows; k++) {
        struct oac_wave_row row = oac_wave_row_of(self, window, k);
        double z = noisy ? (double)scratch->z_row[k] : 0.0;
        double electrons = held(self, window, &row, light, z, scratch);
        for (size_t p = 0; p < picks; p++) {
            double since_s =
                (oac_wave_place(self, &row, capture->pick[p]) - scratch->sums[k].close) *
                self->grid.dt_s;
            double left = exp(-receiver->droop_per_s * fmax(since_s, 0.0));
            scratch->volt[p] = receiver->volts_per_electron * electrons * left;
        }
        oac_wave_convert(self, window, &row, scratch->volt,
                         receiver->read_v > 0.0 ? scratch->z_read + k * picks : NULL,
                         receiver->converts ? scratch->z_adc + k * picks : NULL, false);
    }
}
