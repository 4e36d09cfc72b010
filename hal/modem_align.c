/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides from the preamble: the skew of the client's data, and what of it is taken out; what stands in for
 * readouts that show no preamble (modem_listen.c).
 *
 * Skew below four of its standard errors is noise and left alone, and what is corrected is a
 * whole number of steps, so that an ideal bench stays exactly as it is. */
#include <math.h>

#include "hal/modem_state.h"

#define SKEW_STEP   (1.0 / 64.0) /* [slots] where the setting has no step of its own */
#define SIGNIFICANT 4.0          /* standard errors */

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
    if (!lit && !oac_modem_check_seen(self, self->caps.channels, NULL, err))
        return oac_fail(err, OAC_EDEVICE,
                        "no preamble: every laser of \"%s\" is off (setting laser_on)",
                        self->caps.device_id);
    if (!lit)
        return err->status;
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
        if (oac_modem_listen(self, err) || fill_dark_channels(self, err) ||
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
