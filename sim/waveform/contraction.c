/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where light is power from the client on: a readout's light without its waveform.
 *
 *     light_k,o = sum_j X_kj sum_i g_i (launch P_j,o,i + A_j) Tx_j,i          A: mean of an amplifier's noise
 * P from the frame, Tx from the window, X the demultiplexer. */
#include "sim/waveform/field.h"
#include "sim/waveform/optics_state.h"

struct span { /* samples first .. first+n-1 are received at all */
    size_t first, n;
    const float *g; /* of the first; NULL: each is received whole */
    bool signal;    /* alone, without the amplifier's noise */
};

static struct span received(const float *g, size_t samples)
{
    size_t first = 0, end = samples;
    while (first < end && g[first] == 0.0f)
        first++;
    while (end > first && g[end - 1] == 0.0f)
        end--;
    bool whole = true;
    for (size_t i = first; i < end; i++)
        whole &= g[i] == 1.0f;
    return (struct span){.first = first, .n = end - first, .g = whole ? NULL : g + first};
}

/* sums[o * 2 + ..] of source j in watts at the demultiplexer. */
static void source_light(const struct oac_waveform *self, const struct oac_wave_window *window,
                         size_t j, struct span span,
                         const struct oac_wave_optics_scratch *scratch, double sums[4])
{
    const struct oac_wave_optics *optics = self->optics;
    const struct oac_wave_frame *frame = window->frame;
    const struct oac_field_kernel *kernel = oac_field_kernel();
    const float *t = scratch->t + span.first;
    double scale = (double)window->segment->launch * optics->gain, noise[2] = {0.0, 0.0};
    bool before = optics->ase.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    double mean_w = span.signal ? 0.0 : oac_wave_ase_mean_w(&optics->ase, j);
    if (mean_w > 0.0)
        kernel->contract(span.n, scratch->ones, before ? t : scratch->ones, span.g, noise);
    for (size_t o = 0; o < frame->outputs; o++) {
        const float *p = frame->power + (j * frame->outputs + o) * frame->samples + span.first;
        kernel->contract(span.n, p, t, span.g, sums + 2 * o);
        for (size_t s = 0; s < 2; s++)
            sums[2 * o + s] = scale * sums[2 * o + s] + mean_w * noise[s];
    }
}

static void contract(const struct oac_waveform *self, const struct oac_wave_window *window,
                     struct span span, struct oac_wave_optics_scratch *scratch, double *light)
{
    const struct oac_wave_optics *optics = self->optics;
    const struct oac_wave_frame *frame = window->frame;
    const size_t channels = self->bench->channels;
    for (size_t i = 0; i < frame->outputs * channels * 2; i++)
        light[i] = 0.0;
    for (size_t j = 0; j < (optics->crosstalk ? channels : frame->rows); j++) {
        double sums[4] = {0.0};
        const struct oac_field_modulator modulator = oac_wave_client_modulator(self, window, j);
        if (j == 0 || optics->client.tracking)
            oac_field_kernel()->transmit(span.n, scratch->volts + span.first, &modulator,
                                         scratch->t + span.first);
        source_light(self, window, j, span, scratch, sums);
        size_t from = optics->crosstalk ? 0 : j, to = optics->crosstalk ? frame->rows : j + 1;
        for (size_t k = from; k < to; k++)
            for (size_t o = 0; o < frame->outputs; o++) {
                double share = optics->mix[k * channels + j];
                double *at = light + (o * channels + k) * 2;
                at[0] += share * sums[2 * o];
                at[1] += share * sums[2 * o + 1];
            }
    }
}

void oac_wave_contract(const struct oac_waveform *self, const struct oac_wave_window *window,
                       const float *g, struct oac_wave_optics_scratch *scratch, double *light)
{
    oac_wave_client_volts(self, window, scratch, scratch->volts);
    contract(self, window, received(g, window->frame->samples), scratch, light);
}

void oac_wave_signal(const struct oac_waveform *self, const struct oac_wave_window *window,
                     struct oac_wave_optics_scratch *scratch, double *light)
{
    const struct oac_wave_frame *frame = window->frame;
    const struct span payload = {.first = frame->first * self->grid.per_slot,
                                 .n = frame->count * self->grid.per_slot,
                                 .signal = true};
    contract(self, window, payload, scratch, light);
}
