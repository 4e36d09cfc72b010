/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights and data as tones beside a carrier, for ports of I and Q.
 *
 * With P periods a slot T the drives turn by  weights P,  client 2P  times a slot, so the carriers are f + P/T and
 * f + 2P/T and their product stands at 2f + 3P/T. Of all lines a (f + P/T) + b (f + 2P/T) near 2f,
 * a + b = 2, that is the
 * only one at 3P/T unless a = 1 + multiples of the samples a slot: J_3 of one drive with J_1 of
 * the other, which would be on
 * the same place were both on one carrier, is at P/T and 5P/T, second harmonics are at 2P/T and
 * 4P/T, a receiver's own zero is
 * at 0, what leaks of either mixer's oscillator at P/T and 2P/T. All are orthogonal over a slot,
 * however samples lie in
 * it, because the demodulating staircase repeats with the slot.
 * Samples are held: the product's staircase has sin(a)/a of its amplitude, a = 3 pi P/R, R samples
 * a slot. Receivers of I
 * and Q are taken to be flat there (3 P/R of their rate) and to pass no image of it: radios'
 * filters are made so. */
#include <math.h>

#include "base/constants.h"
#include "hal/modem_state.h"
#include "hal/subcarrier.h"

void oac_modem_tone(const struct oac_modem_drive *drive, const uint16_t *code, size_t slots,
                    uint16_t *sample)
{
    const size_t pairs = drive->per_slot / 2;
    for (size_t n = 0; n < slots; n++) {
        const int32_t away = (int32_t)code[n] - drive->rest;
        const double a = away < 0 ? -(double)drive->bend[-away] : (double)drive->bend[away];
        for (size_t i = 0; i < pairs; i++) {
            *sample++ = (uint16_t)(drive->rest + (int32_t)lrint(a * drive->tone[2 * i]));
            *sample++ = (uint16_t)(drive->rest + (int32_t)lrint(a * drive->tone[2 * i + 1]));
        }
    }
}

/* Turn of the product at sample j, backwards. */
static void reference(const struct oac_modem *self, size_t j, double ref[2])
{
    const size_t per_slot = self->stream.caps->readout_samples_per_slot / 2;
    const double turns = (double)(OAC_TONE_PRODUCT * self->stream.caps->subcarrier_periods) *
                         (double)(j % per_slot) / (double)per_slot;
    ref[0] = cos(2.0 * OAC_PI * turns);
    ref[1] = -sin(2.0 * OAC_PI * turns);
}

void oac_modem_turn_back(const struct oac_modem *self, size_t samples, const double *value,
                         double *turned)
{
    double zero[2] = {0.0,
                      0.0}; /* the receiver's own: turned back it would hide a small product */
    for (size_t j = 0; j < samples; j++) {
        zero[0] += value[2 * j] / (double)samples;
        zero[1] += value[2 * j + 1] / (double)samples;
    }
    for (size_t j = 0; j < samples; j++) {
        const double i = value[2 * j] - zero[0], q = value[2 * j + 1] - zero[1];
        double ref[2];
        reference(self, j, ref);
        turned[2 * j] = i * ref[0] - q * ref[1];
        turned[2 * j + 1] = i * ref[1] + q * ref[0];
    }
}

/* The product's amplitude along the phasor, summed over the payload; samples across its ends count whole. */
double oac_modem_untone(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        size_t k, const double phasor[2], const float *value)
{
    const size_t per_slot = self->stream.caps->readout_samples_per_slot / 2;
    const struct oac_modem_span span =
        oac_modem_span_of(0.5 * plan->begin[k], plan->slots, per_slot);
    const float *at = value + 2 * span.from;
    double along[2] = {0.0, 0.0}, sum[2] = {0.0, 0.0}, weights[2] = {0.0, 0.0};
    for (size_t r = 0; r < per_slot; r++) {
        double ref[2];
        reference(self, plan->pick[0] / 2 + span.from + r, ref);
        double i = 0.0, q = 0.0;
        size_t count = 0;
        for (size_t j = r; j < span.samples; j += per_slot, count++) {
            i += (double)at[2 * j];
            q += (double)at[2 * j + 1];
        }
        along[0] += i * ref[0] - q * ref[1];
        along[1] += i * ref[1] + q * ref[0];
        sum[0] += i / (double)span.samples;
        sum[1] += q / (double)span.samples;
        weights[0] += (double)count * ref[0];
        weights[1] += (double)count * ref[1];
    }
    along[0] -= sum[0] * weights[0] - sum[1] * weights[1];
    along[1] -= sum[0] * weights[1] + sum[1] * weights[0];
    return (phasor[0] * along[0] + phasor[1] * along[1]) / (double)per_slot;
}
