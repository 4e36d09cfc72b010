/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listens to preambles: the delay of the weights to every readout, and the skew of the client's data there. The
 * preamble is repeated, 1, 2, 4 ... times, until every delay is known well enough.
 *
 * A readout on which none is seen after all repeats is blind: a dead detector, an extinct laser, a modulator that
 * stands still. The others are aligned all the same, and whoever wants the blind one's readouts is told
 * (hal/link.h). Later alignments look at it, too, but do not wait for it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hal/modem_state.h"

#define REPEATS_MOST 64u
#define WORST        (1.0 / 16.0) /* [slots] after all repeats */
#define ROUNDS       4u

/* Standard error [slots] at which nothing moves any more: a third of what gates (an eighth of a
 * step) and sums (a tenth of a sample) tolerate. */
static double enough(const struct oac_modem *self)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    if (caps->link.receiver == OAC_SAMPLED)
        return 1.0 / (30.0 * caps->readout_samples_per_slot);
    return fmax(caps->gate_step_s / (24.0 * caps->link.slot_s), 1.0 / 400.0);
}

bool oac_modem_laser(struct oac_modem *self, size_t channel)
{
    const struct oac_range *range = &self->caps.settings[OAC_LASER_ON];
    struct oac_err ignored;
    double on = 1.0;
    if (range->min <= range->max &&
        self->stream.ops->get(self->stream.self, OAC_LASER_ON, channel, &on, &ignored))
        return true;
    return on != 0.0;
}

bool oac_modem_blind(const struct oac_modem *self, size_t channel)
{
    return !isnan(self->faint[channel]);
}

enum oac_status oac_modem_check_seen(const struct oac_modem *self, size_t rows,
                                     const bool *unused, struct oac_err *err)
{
    size_t k = 0;
    while (k < rows && (!oac_modem_blind(self, k) || (unused && unused[k])))
        k++;
    if (k == rows)
        return OAC_OK;
    if (self->faint[k] >= OAC_MODEM_CONTRAST_LEAST)
        return oac_fail(
            err, OAC_EDEVICE,
            "preamble of readout %zu of \"%s\" is seen (contrast %.3g), but its delay is "
            "known to %.2g slots only after all repeats, %.2g is needed. Check the jitter "
            "and bandwidth of receiver and ADC, or play slower slots",
            k, self->caps.device_id, self->faint[k], self->delay_sigma[k], WORST);
    return oac_fail(
        err, OAC_EDEVICE,
        "no preamble found on readout %zu of \"%s\": contrast %.3g after all repeats, at least "
        "%.3g is needed. Check that laser %zu is on and its light reaches the detector, the "
        "biases of both modulators, and the receiver's range; oac calibrate says what is "
        "broken, "
        "and leaves a few such channels out",
        k, self->caps.device_id, self->faint[k], OAC_MODEM_CONTRAST_LEAST, k);
}

static enum oac_status read_row(struct oac_modem *self, size_t k, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const double per_slot = caps->readout_samples_per_slot;
    const double sample_s = caps->link.slot_s / per_slot;
    const double reach = self->margin * per_slot;
    struct oac_align_fit weights = {0}, client = {0};
    const double *heard = self->own->heard;
    double skew =
        0.0; /* what is sounded shows it to both parts: once more with what they said */
    for (size_t round = 0; round < (self->sounding ? ROUNDS : 1); round++) {
        if (oac_modem_sequence_find(self, &self->preamble, heard, 0, k, skew, -reach, reach,
                                    &weights, self->phasor + 2 * k, err) ||
            oac_modem_sequence_find(self, &self->preamble, heard, 1, k, skew,
                                    weights.delay - reach, weights.delay + reach, &client, NULL,
                                    err))
            return err->status;
        skew = (client.delay - weights.delay) / per_slot;
    }
    self->delay_s[k] = weights.delay * sample_s;
    self->skew_s[k] = (client.delay - weights.delay) * sample_s;
    self->skew_sigma_s[k] = hypot(client.sigma, weights.sigma) * sample_s;
    self->contrast[k] = fmin(weights.contrast, client.contrast);
    const double sign = caps->link.nominal->channel[k].gain_code;
    if (weights.amplitude * sign < 0.0 || client.amplitude * sign < 0.0 ||
        !oac_modem_alike(self, &weights, &client))
        self->contrast[k] = 0.0;
    self->delay_sigma[k] = fmax(weights.sigma, client.sigma) / per_slot;
    return OAC_OK;
}

/* One look at everything received so far. *good: as good as wanted. */
static enum oac_status read_all(struct oac_modem *self, bool *good, struct oac_err *err)
{
    *good = true;
    for (size_t k = 0; k < self->caps.channels; k++) {
        if (!oac_modem_laser(self, k)) {
            self->delay_s[k] = self->skew_s[k] = self->contrast[k] = NAN;
            continue;
        }
        self->contrast[k] = 0.0;
        self->delay_sigma[k] = HUGE_VAL;
        /* codes that showed nothing when they were sounded */
        const bool shown = !self->sounding || oac_modem_sounding_open(self, k) > 0.0;
        if (shown && read_row(self, k, err))
            return oac_fail_within(err, "preamble of readout %zu", k);
        const bool seen = self->contrast[k] >= OAC_MODEM_CONTRAST_LEAST;
        if (!(seen && self->delay_sigma[k] <= enough(self)) &&
            (seen || !oac_modem_blind(self, k)))
            *good = false;
    }
    return OAC_OK;
}

/* What there is after the last look. */
static void tell_blind(struct oac_modem *self)
{
    self->blind = 0;
    self->sigma = 0.0;
    for (size_t k = 0; k < self->caps.channels; k++) {
        if (isnan(self->contrast[k])) /* a laser that is off */
            continue;
        const bool seen =
            self->contrast[k] >= OAC_MODEM_CONTRAST_LEAST && self->delay_sigma[k] <= WORST;
        self->faint[k] = seen ? NAN : self->contrast[k];
        if (seen) {
            self->sigma = fmax(self->sigma, self->delay_sigma[k]);
            continue;
        }
        self->blind++;
        self->delay_s[k] = self->skew_s[k] = self->contrast[k] = NAN;
    }
}

/* Plays until `all` runs are heard. Where delays change from burst to burst, only runs of one
 * burst add up. */
static enum oac_status hear(struct oac_modem *self, size_t *had, size_t all,
                            struct oac_err *err)
{
    const size_t most = oac_modem_sequence_repeats(self, &self->preamble);
    if (!self->stream.caps->delay_stable || *had == 0) {
        if (oac_modem_hear_nothing(self->own, &self->preamble, err))
            return err->status;
        *had = 0;
    }
    while (*had < all) {
        const size_t more = all - *had < most ? all - *had : most;
        if (oac_modem_sequence_play(self, &self->preamble,
                                    self->options.sync_slot0 + *had * self->preamble.slots,
                                    more, err))
            return err->status;
        *had += more;
        self->account.preambles += more;
        self->account.bench_s += (double)(more * self->preamble.slots) * self->caps.slot_s;
    }
    return OAC_OK;
}

/* *good: as good as wanted. */
static enum oac_status listen(struct oac_modem *self, bool *good, struct oac_err *err)
{
    size_t most = REPEATS_MOST, heard = 0;
    const size_t fit = oac_modem_sequence_repeats(self, &self->preamble);
    *good = false;
    while (!self->stream.caps->delay_stable && most > fit)
        most /= 2;
    for (size_t all = 1; !*good && all <= most; all *= 2)
        if (hear(self, &heard, all, err) || read_all(self, good, err))
            return err->status;
    tell_blind(self);
    return OAC_OK;
}

/* With other codes, which may show what was blind. */
static enum oac_status listen_anew(struct oac_modem *self, bool *good, struct oac_err *err)
{
    for (size_t k = 0; k < self->caps.channels; k++)
        self->faint[k] = NAN;
    return oac_modem_sequences_make(self, err) ? err->status : listen(self, good, err);
}

/* Back to what the nominal curves suggest. */
static void forget_sounding(struct oac_modem *self)
{
    const size_t drives = self->caps.channels + 1;
    free(self->sounding);
    self->sounding = NULL;
    memcpy(self->open_code, self->brightest, drives * sizeof *self->open_code);
    for (size_t k = 0; k + 1 < drives; k++)
        self->low_code[k] = (uint16_t)self->caps.weight[k].code_safe;
    self->low_code[drives - 1] = (uint16_t)self->caps.client->code_safe;
}

/* Delays that stay uncertain after all repeats have noise or wrong levels to thank for it, or a broken channel:
 * levels are sounded then, and stay if they leave fewer readouts blind, or less uncertainty. */
enum oac_status oac_modem_listen(struct oac_modem *self, struct oac_err *err)
{
    const bool nominal = !self->sounding;
    bool good = false, shown;
    if (listen(self, &good, err))
        return err->status;
    if (good || !oac_modem_can_sound(self))
        return OAC_OK;
    const size_t blind = self->blind;
    const double sigma = self->sigma;
    if (oac_modem_sound(self, &shown, err))
        return err->status;
    if (!shown)
        return OAC_OK;
    if (listen_anew(self, &good, err))
        return err->status;
    if (!nominal || self->blind < blind || (self->blind == blind && self->sigma < sigma))
        return OAC_OK;
    forget_sounding(self);
    return listen_anew(self, &good, err);
}
