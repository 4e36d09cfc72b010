/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights and data on a subcarrier, for ports that pass no constant voltage.
 *
 * A slot has `periods` periods of four chips, in which drives change sign about their rest:
 *     weights  s_w = + - + -        client  s_x = + + - -        product  s_w s_x = + - - +
 * A modulator at quadrature passes  T = T_on [ (1+r)/2 + (1-r)/2 sin(pi A/V_pi) s ],  so the light of a slot is
 *     T_w T_x = mean + w s_w + x s_x + w x s_w s_x
 * The three patterns are orthogonal to one another and to a constant, and s_w s_x also to a straight line: what an
 * AC-coupled receiver makes of the mean goes out in second order. They are so for samples that are means over
 * their duration too, however a sample lies across the chips, as long as a chip is whole samples long.
 * AC-coupled ports of I and Q carry tones instead (modem_tone.c).
 * Source: J. L. Walsh, Amer. J. Math. 45, 5 (1923); docs/modem.md. */
#include <math.h>

#include "hal/modem_state.h"
#include "hal/subcarrier.h"

#define CHIPS OAC_SUBCARRIER_CHIPS

static const int8_t WEIGHT_SIGN[CHIPS] = {1, -1, 1, -1};
static const int8_t CLIENT_SIGN[CHIPS] = {1, 1, -1, -1};

bool oac_modem_chops(const struct oac_modem *self)
{
    return self->stream.caps->subcarrier_periods > 0;
}

size_t oac_modem_chips(const struct oac_modem *self)
{
    return CHIPS * (size_t)self->stream.caps->subcarrier_periods;
}

int oac_modem_chip_sign(bool client, size_t chip)
{
    return client ? CLIENT_SIGN[chip % CHIPS] : WEIGHT_SIGN[chip % CHIPS];
}

void oac_modem_chop(const struct oac_modem_drive *drive, const uint16_t *code, size_t slots,
                    uint16_t *sample)
{
    const size_t each = drive->per_slot / drive->chips;
    if (drive->iq) {
        oac_modem_tone(drive, code, slots, sample);
        return;
    }
    for (size_t n = 0; n < slots; n++)
        for (size_t i = 0; i < drive->per_slot; i++) {
            const int32_t away = (int32_t)code[n] - drive->rest;
            const int sign = oac_modem_chip_sign(drive->client, i / each);
            *sample++ = (uint16_t)(drive->rest + sign * away);
        }
}

/* Mean of the product's pattern over the sample that begins `at` samples into a slot. */
static double pattern_mean(double at, double chip_samples)
{
    const double chip = floor(at / chip_samples), left = (chip + 1.0) * chip_samples - at;
    const size_t c = (size_t)chip % CHIPS, next = (c + 1) % CHIPS;
    const double here = WEIGHT_SIGN[c] * CLIENT_SIGN[c];
    if (left >= 1.0)
        return here;
    return left * here + (1.0 - left) * (double)(WEIGHT_SIGN[next] * CLIENT_SIGN[next]);
}

/* sum_j o_j (y_j - mean y) / (squares of o in a slot), over the samples that the payload touches.
 * Samples across its
 * ends count as if the pattern went on: the mean's light takes part there as the product's does. */
double oac_modem_unchop(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        size_t k, const float *value)
{
    const size_t per_slot = self->stream.caps->readout_samples_per_slot;
    const double chip = (double)per_slot / (double)oac_modem_chips(self);
    const struct oac_modem_span span = oac_modem_span_of(plan->begin[k], plan->slots, per_slot);
    double along = 0.0, squares = 0.0, sum = 0.0, weights = 0.0;
    for (size_t i = 0; i < per_slot; i++) {
        const double o = pattern_mean((double)(i + per_slot) - span.late, chip);
        squares += o * o;
        for (size_t j = i; j < span.samples; j += per_slot) {
            const double y = (double)value[span.from + j];
            along += o * y;
            sum += y;
            weights += o;
        }
    }
    return (along - weights * sum / (double)span.samples) / squares;
}

struct oac_modem_span oac_modem_span_of(double begin, size_t slots, size_t per_slot)
{
    const double first = floor(begin + 1e-6), late = fmax(begin - first, 0.0);
    return (struct oac_modem_span){.from = (size_t)first,
                                   .samples = slots * per_slot + (late > 1e-6 ? 1 : 0),
                                   .late = late};
}
