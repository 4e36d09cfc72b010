/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides from the preamble: the delay of the weights to every readout, the skew of the
 * client's data, and what of it is taken out. The preamble is repeated, 1, 2, 4 ... times,
 * until every delay is known well enough.
 *
 * Skew below four of its standard errors is noise and left alone, and what is corrected is a
 * whole number of steps, so that an ideal bench stays exactly as it is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hal/modem_state.h"

#define REPEATS_MOST 64u
#define WORST        (1.0 / 16.0) /* [slots] after all repeats */
#define SKEW_STEP    (1.0 / 64.0) /* [slots] where the setting has no step of its own */
#define SIGNIFICANT  4.0          /* standard errors */
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

static enum oac_status read_row(struct oac_modem *self, size_t k, double *worst,
                                struct oac_err *err)
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
    *worst = fmax(weights.sigma, client.sigma) / per_slot;
    return OAC_OK;
}

/* One look at everything received so far. *good: as good as wanted. */
static enum oac_status read_all(struct oac_modem *self, size_t repeats, bool last, bool *good,
                                struct oac_err *err)
{
    *good = true;
    self->sigma = 0.0;
    for (size_t k = 0; k < self->caps.channels; k++) {
        double sigma = 0.0;
        if (!oac_modem_laser(self, k)) {
            self->delay_s[k] = self->skew_s[k] = self->contrast[k] = NAN;
            continue;
        }
        if (read_row(self, k, &sigma, err))
            return oac_fail_within(err, "preamble of readout %zu", k);
        bool seen = self->contrast[k] >= OAC_MODEM_CONTRAST_LEAST;
        self->sigma = fmax(self->sigma, sigma);
        *good = *good && seen && sigma <= enough(self);
        self->unseen = last && !(seen && sigma <= WORST);
        if (last && !seen)
            return oac_fail(
                err, OAC_EDEVICE,
                "no preamble found on readout %zu of \"%s\": contrast %.3g after %zu repeats, "
                "at least %.3g is needed. Check that laser %zu is on and its light reaches the "
                "detector, the biases of both modulators, and the receiver's range",
                k, self->caps.device_id, self->contrast[k], repeats, OAC_MODEM_CONTRAST_LEAST,
                k);
        if (self->unseen)
            return oac_fail(
                err, OAC_EDEVICE,
                "preamble of readout %zu of \"%s\" is seen (contrast %.3g), but its delay is "
                "known to %.2g slots only after %zu repeats, %.2g is needed. Check the jitter "
                "and bandwidth of receiver and ADC, or play slower slots",
                k, self->caps.device_id, self->contrast[k], sigma, repeats, WORST);
    }
    return OAC_OK;
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
        if (hear(self, &heard, all, err) || read_all(self, all, all == most, good, err))
            return err->status;
    return OAC_OK;
}

/* Back to what the nominal curves suggest. */
static enum oac_status forget_sounding(struct oac_modem *self, struct oac_err *err)
{
    const size_t drives = self->caps.channels + 1;
    free(self->sounding);
    self->sounding = NULL;
    memcpy(self->open_code, self->brightest, drives * sizeof *self->open_code);
    for (size_t k = 0; k + 1 < drives; k++)
        self->low_code[k] = (uint16_t)self->caps.weight[k].code_safe;
    self->low_code[drives - 1] = (uint16_t)self->caps.client->code_safe;
    return oac_modem_sequences_make(self, err);
}

/* Delays that stay uncertain after all repeats have noise or wrong levels to thank for it: levels are sounded
 * then, and stay if they leave less. */
static enum oac_status listen_or_sound(struct oac_modem *self, struct oac_err *err)
{
    const bool nominal = !self->sounding;
    bool good = false, shown;
    struct oac_err later;
    self->unseen = false;
    const enum oac_status status = listen(self, &good, err);
    const double before = self->sigma;
    if (good || (status && !self->unseen) || !oac_modem_can_sound(self))
        return status;
    if (oac_modem_sound(self, &shown, &later)) {
        *err = later;
        return err->status;
    }
    if (!shown)
        return status;
    if (oac_modem_sequences_make(self, err))
        return err->status;
    const enum oac_status next = listen(self, &good, &later);
    if (nominal && status == OAC_OK && (next != OAC_OK || self->sigma >= before))
        return forget_sounding(self, err) ? err->status : listen(self, &good, err);
    if (next)
        *err = later;
    return next;
}

/* Channels without light stand where the others do on average. */
static enum oac_status fill_dark_channels(struct oac_modem *self, struct oac_err *err)
{
    double delay_s = 0.0, skew_s = 0.0;
    size_t lit = 0;
    for (size_t k = 0; k < self->caps.channels; k++) {
        if (isnan(self->delay_s[k]))
            continue;
        delay_s += self->delay_s[k];
        skew_s += self->skew_s[k];
        lit++;
    }
    if (!lit)
        return oac_fail(err, OAC_EDEVICE,
                        "no preamble: every laser of \"%s\" is off (setting laser_on)",
                        self->caps.device_id);
    for (size_t k = 0; k < self->caps.channels; k++) {
        if (!isnan(self->delay_s[k]))
            continue;
        self->delay_s[k] = delay_s / (double)lit;
        self->skew_s[k] = skew_s / (double)lit;
        self->contrast[k] = 0.0;
        self->skew_sigma_s[k] = HUGE_VAL;
    }
    return OAC_OK;
}

/* Variance of the skews of readouts whose lasers are on: walk-off and noise. */
static double skew_spread2(const struct oac_modem *self)
{
    double sum = 0.0, square = 0.0, lit = 0.0;
    for (size_t k = 0; k < self->caps.channels; k++) {
        if (!(self->contrast[k] > 0.0))
            continue;
        sum += self->skew_s[k];
        lit += 1.0;
    }
    for (size_t k = 0; lit > 0.0 && k < self->caps.channels; k++) {
        const double off_s = self->skew_s[k] - sum / lit;
        square += self->contrast[k] > 0.0 ? off_s * off_s / lit : 0.0;
    }
    return square;
}

/* Mean skew of all readouts, and its standard error. Wavelengths that walk off have skews of their own: none may
 * draw the mean to itself because it was heard a little better. */
static double common_skew(const struct oac_modem *self, double *sigma_s)
{
    const double floor_s = 1e-6 * self->caps.slot_s; /* noise-free fits leave none */
    const double own2 = skew_spread2(self) + floor_s * floor_s;
    double weight = 0.0, sum = 0.0, noise = 0.0;
    for (size_t k = 0; k < self->caps.channels; k++) {
        const double noise2 = self->skew_sigma_s[k] * self->skew_sigma_s[k];
        const double w = 1.0 / (noise2 + own2);
        if (!(w > 0.0)) /* dark */
            continue;
        weight += w;
        sum += w * self->skew_s[k];
        noise += w * w * (noise2 + floor_s * floor_s);
    }
    *sigma_s = sqrt(noise) / weight;
    return sum / weight;
}

static enum oac_status take_out_by_setting(struct oac_modem *self, double skew_s,
                                           double *applied_s, struct oac_err *err)
{
    const struct oac_range *range = &self->caps.settings[OAC_SKEW_S];
    const double step_s = range->step > 0.0 ? range->step : SKEW_STEP * self->caps.slot_s;
    double now_s = 0.0, taken_s = 0.0;
    if (self->stream.ops->get(self->stream.self, OAC_SKEW_S, 0, &now_s, err))
        return err->status;
    const double by_s = step_s * nearbyint(skew_s / step_s);
    const double next_s = fmin(fmax(now_s - by_s, range->min), range->max);
    if (by_s == 0.0 || next_s == now_s)
        return OAC_OK;
    if (self->stream.ops->set(self->stream.self, OAC_SKEW_S, 0, next_s, &taken_s, err))
        return err->status;
    *applied_s = now_s - taken_s;
    return OAC_OK;
}

static enum oac_status take_out_skew(struct oac_modem *self, double *by_setting_s,
                                     struct oac_err *err)
{
    const struct oac_range *range = &self->caps.settings[OAC_SKEW_S];
    const double sample_s = self->caps.slot_s / self->stream.caps->client_samples_per_slot;
    double sigma_s = 0.0;
    const double skew_s = common_skew(self, &sigma_s);
    /* Fed on their own, every burst has another, up to half a sample either way. */
    if (self->stream.caps->drives_apart)
        sigma_s = hypot(sigma_s, sample_s / sqrt(12.0));
    self->client_shift = 0;
    *by_setting_s = 0.0;
    if (self->user_skew || !(fabs(skew_s) > SIGNIFICANT * sigma_s))
        return OAC_OK;
    if (range->min <= range->max)
        return take_out_by_setting(self, skew_s, by_setting_s, err);
    const long values = self->stream.caps->link.client->iq ? 2 : 1; /* a sample */
    self->client_shift = -values * lrint(skew_s / (sample_s * (double)values));
    return OAC_OK;
}

/* Listens, and once more where the setting has moved the client: while data and weights are
 * apart, what leaks through the dark one biases the fit a little (1 % of leak: 1 % of the
 * skew). */
static enum oac_status look(struct oac_modem *self, struct oac_err *err)
{
    const double sample_s = self->caps.slot_s / self->stream.caps->client_samples_per_slot;
    double before_s = 0.0, by_s = 0.0,
           left_s = 0.0; /* corrected before the last look, and by it */
    for (int i = 0; i < 2 && (i == 0 || by_s != 0.0); i++) {
        before_s += by_s;
        if (listen_or_sound(self, err) || fill_dark_channels(self, err) ||
            take_out_skew(self, &by_s, err))
            return err->status;
    }
    self->skew_corrected_s = before_s + by_s;
    const double applied_s = self->skew_corrected_s - (double)self->client_shift * sample_s;
    for (size_t k = 0; k < self->caps.channels; k++) {
        self->skew_s[k] += before_s;
        if (self->contrast[k] > 0.0)
            left_s = fmax(left_s, fabs(self->skew_s[k] - applied_s));
    }
    self->alignment.skew_applied_s = applied_s;
    self->alignment.skew_left_s = left_s;
    return OAC_OK;
}

/* A readout's payload must lie inside its segment. */
static enum oac_status check_reach(const struct oac_modem *self, struct oac_err *err)
{
    const double guard_s = self->guard * self->caps.slot_s;
    for (size_t k = 0; k < self->caps.channels; k++)
        if (!(self->delay_s[k] > -guard_s))
            return oac_fail(err, OAC_EDEVICE,
                            "light reaches readout %zu of \"%s\" %g s early, more than its "
                            "guard of %u slots: change its pre-delay",
                            k, self->caps.device_id, -self->delay_s[k], self->guard);
    const double early_s = fabs((double)self->client_shift) * self->caps.slot_s /
                           self->stream.caps->client_samples_per_slot;
    if (!(early_s <= guard_s))
        return oac_fail(
            err, OAC_EDEVICE,
            "client data of \"%s\" are %g s off the weights, more than the guard of "
            "%u slots: delay the other half",
            self->caps.device_id, early_s, self->guard);
    return OAC_OK;
}

enum oac_status oac_modem_align(struct oac_modem *self, struct oac_err *err)
{
    self->alignment.valid = false;
    if (look(self, err) || check_reach(self, err))
        return err->status;
    self->alignment.valid = true;
    atomic_store(&self->biased, false);
    return OAC_OK;
}
