/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a link sees of drives on a subcarrier: ports, curves and record, from the stream's of intensity.
 *
 * Modulators rest at 0 V of their AC-coupled drive, ideally V_pi/2 from the peak V_peak. With the drive V = s A:
 *     T = T_on [ (1+r)/2 + (1-r)/2 ( cos(pi V_peak/V_pi) cos(pi A/V_pi) + s sin(pi V_peak/V_pi) sin(pi A/V_pi) ) ]
 * The chips s carry w = (1-r)/2 sin(pi V_peak/V_pi) sin(pi A/V_pi): a curve with r = -1
 * (hal/calrec.h) of A. Its code is A
 * above rest on the brighter side; an error of the bias costs its cosine, in the gain.
 * On carriers (modem_tone.c) V = A cos(w t), and with beta = pi A/V_pi
 *     sin(beta cos w t) = 2 J_1(beta) cos w t - 2 J_3(beta) cos 3 w t + ...
 *     product at the sum of the carriers: (1-r_w)(1-r_x)/2 J_1 J_1 cos((w_w + w_x) t + phase)
 * largest at beta = 1.8412. The drive is bent so that J_1(beta)/max J_1 is the sine that the curve states.
 * Source: Jacobi-Anger expansion; M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 9.1.10, 9.1.44. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "hal/modem_state.h"
#include "hal/subcarrier.h"

#define SLOPE_LEAST  0.5  /* of a modulator's steepest, at rest */
#define TRAVEL_LEAST 0.98 /* of the amplitude that opens it fully: sin of it is 0.9995 */
#define BESSEL_PEAK  1.8411837813406593 /* where J_1 is largest */

/* J_1(x), x <= 2: the series' seventh term is 2e-9 of the first. */
static double bessel(double x)
{
    const double q = 0.25 * x * x;
    double term = 0.5 * x, sum = term;
    for (int k = 1; k < 8; k++) {
        term *= -q / (double)(k * (k + 1));
        sum += term;
    }
    return sum;
}

/* The x below J_1's maximum where it is y. */
static double bessel_angle(double y)
{
    double low = 0.0, high = BESSEL_PEAK;
    for (int i = 0; i < 50; i++) {
        const double middle = 0.5 * (low + high);
        if (bessel(middle) < y)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

static double slope_of(const struct oac_curve *curve)
{
    return fabs(sin(OAC_PI * curve->vpeak_v / curve->vpi_v));
}

/* Amplitude [V] of the largest opening. */
static double travel_v(const struct oac_port *port, const struct oac_curve *curve)
{
    return port->iq ? BESSEL_PEAK / OAC_PI * curve->vpi_v : 0.5 * curve->vpi_v;
}

/* +1 where more volts are more light at rest. */
static double rising(const struct oac_curve *curve)
{
    return sin(OAC_PI * curve->vpeak_v / curve->vpi_v) > 0.0 ? 1.0 : -1.0;
}

/* What the link sees of a drive: codes from rest to the largest amplitude, on the brighter side. */
static enum oac_status chop_port(const struct oac_modem *self, bool client,
                                 const struct oac_port *drive, const struct oac_curve *from,
                                 struct oac_port *port, struct oac_curve *curve,
                                 struct oac_err *err)
{
    const int32_t rest = drive->code_safe;
    const double slope = slope_of(from), full_v = travel_v(drive, from);
    if (!(slope >= SLOPE_LEAST))
        return oac_fail(
            err, OAC_EMISMATCH,
            "the %s modulator %zu of \"%s\" rests where its light hardly follows its "
            "drive (%.2g of its steepest; V_peak %g V, V_pi %g V): bias it half-way, "
            "V_pi/2 from its peak",
            client ? "client" : "weight", drive->channel, self->stream.caps->link.device_id,
            slope, from->vpeak_v, from->vpi_v);
    const int32_t up = drive->code_max - rest, down = rest - drive->code_min;
    const int32_t room = up < down ? up : down;
    const int32_t wanted = (int32_t)lrint(full_v / fabs(drive->lsb_v));
    const int32_t travel = wanted < room ? wanted : room;
    if (!((double)travel >= TRAVEL_LEAST * (double)wanted))
        return oac_fail(
            err, OAC_EMISMATCH,
            "the drive of the %s modulator %zu of \"%s\" swings +-%.3g V about its rest: "
            "+-%.3g V are needed (V_pi %g V); amplify it",
            client ? "client" : "weight", drive->channel, self->stream.caps->link.device_id,
            room * fabs(drive->lsb_v), full_v, from->vpi_v);
    const bool upwards = (drive->lsb_v > 0.0) == (rising(from) > 0.0);
    const double rest_v = drive->v0_v + drive->lsb_v * rest;
    *port = *drive;
    port->code_min = upwards ? rest : rest - travel;
    port->code_max = upwards ? rest + travel : rest;
    *curve = (struct oac_curve){
        .vpi_v = 2.0 * full_v, .vpeak_v = rest_v + rising(from) * full_v, .r = -1.0};
    return OAC_OK;
}

/* On a carrier the amplitude code c (from rest) is played as bend[c], so that J_1 of it is the sine of c. */
static enum oac_status make_bend(const struct oac_port *port, const struct oac_curve *from,
                                 uint16_t **bend, struct oac_err *err)
{
    const size_t codes = (size_t)(port->code_max - port->code_min) + 1;
    const double full_v = travel_v(port, from), most = bessel(BESSEL_PEAK);
    *bend = oac_alloc(codes, sizeof **bend, "a drive's table", err);
    if (!*bend)
        return err->status;
    for (size_t c = 0; c < codes; c++) {
        const double sine =
            sin(fmin(0.5 * OAC_PI * (double)c * fabs(port->lsb_v) / full_v, 0.5 * OAC_PI));
        const double a_v = bessel_angle(sine * most) / OAC_PI * from->vpi_v;
        const double code = nearbyint(a_v / fabs(port->lsb_v));
        (*bend)[c] = (uint16_t)fmin(code, (double)(codes - 1));
    }
    return OAC_OK;
}

static enum oac_status make_tone(struct oac_modem_drive *drive, double turns,
                                 struct oac_err *err)
{
    const size_t pairs = drive->per_slot / 2;
    drive->tone = oac_alloc(2 * pairs, sizeof *drive->tone, "a tone", err);
    if (!drive->tone)
        return err->status;
    for (size_t i = 0; i < pairs; i++) {
        const double angle = 2.0 * OAC_PI * turns * (double)i / (double)pairs;
        drive->tone[2 * i] = cos(angle);
        drive->tone[2 * i + 1] = sin(angle);
    }
    return OAC_OK;
}

void oac_modem_drive_fini(struct oac_modem_drive *drive)
{
    free(drive->bend);
    free(drive->tone);
}

static enum oac_status make_drive(struct oac_modem *self, bool client, size_t k,
                                  struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t at = client ? caps->link.channels : k;
    const struct oac_port *from = client ? caps->link.client : &caps->link.weight[k];
    const struct oac_calrec *old = caps->link.nominal;
    struct oac_curve *curve =
        client ? &self->nominal->client : &self->nominal->channel[k].weight;
    struct oac_modem_drive *drive = &self->drive[at];
    if (chop_port(self, client, from, client ? &old->client : &old->channel[k].weight,
                  &self->chopped[at], curve, err))
        return err->status;
    *drive = (struct oac_modem_drive){
        .client = client,
        .iq = from->iq,
        .rest = from->code_safe,
        .per_slot = client ? caps->client_samples_per_slot : caps->weight_samples_per_slot,
        .chips = oac_modem_chips(self),
    };
    if (!from->iq)
        return OAC_OK;
    if (make_tone(drive,
                  (double)(client ? OAC_TONE_CLIENT : OAC_TONE_WEIGHT) *
                      caps->subcarrier_periods,
                  err))
        return err->status;
    return make_bend(&self->chopped[at], client ? &old->client : &old->channel[k].weight,
                     &drive->bend, err);
}

/* Light of one slot, both amplitudes at their largest, in units of that with both modulators open. */
static double product_share(const struct oac_modem *self, const struct oac_port *readout,
                            const struct oac_curve *weight, const struct oac_curve *client)
{
    const double swing = (1.0 - weight->r) * (1.0 - client->r);
    const double slopes = slope_of(weight) * slope_of(client);
    if (!readout->iq)
        return 0.25 * swing * slopes;
    const double peak = bessel(BESSEL_PEAK);
    const double turn = OAC_TONE_PRODUCT * OAC_PI * self->stream.caps->subcarrier_periods /
                        (0.5 * self->stream.caps->client_samples_per_slot);
    return 0.5 * swing * slopes * peak * peak * sin(turn) / turn; /* samples are held */
}

/* No light but the product's is on the subcarrier: no dark, no ASE, no zero. */
static void make_channel(const struct oac_modem *self, size_t k)
{
    const struct oac_calrec *old = self->stream.caps->link.nominal;
    const struct oac_calrec_channel *from = &old->channel[k];
    const struct oac_port *readout = &self->stream.caps->link.readout[k];
    struct oac_calrec_channel *c = &self->nominal->channel[k];
    const double share = product_share(self, readout, &from->weight, &old->client);
    *c = (struct oac_calrec_channel){
        .weight = c->weight,
        .gain_code = share * (readout->iq ? fabs(from->gain_code) : from->gain_code),
        .noise_code = NAN,
    };
}

enum oac_status oac_modem_subcarrier_make(struct oac_modem *self, struct oac_err *err)
{
    const struct oac_calrec *old = self->stream.caps->link.nominal;
    const size_t channels = self->caps.channels;
    if (oac_calrec_copy(old, &self->nominal, err))
        return err->status;
    self->chopped = oac_alloc(channels + 1, sizeof *self->chopped, "ports", err);
    if (!self->chopped)
        return err->status;
    self->drive = oac_alloc(channels + 1, sizeof *self->drive, "drives", err);
    if (!self->drive)
        return err->status;
    for (size_t k = 0; k < channels; k++) {
        if (make_drive(self, false, k, err))
            return err->status;
        make_channel(self, k);
    }
    if (make_drive(self, true, 0, err))
        return err->status;
    self->caps.weight = self->chopped;
    self->caps.client = self->chopped + channels;
    self->caps.nominal = self->nominal;
    self->caps.differential = false; /* the difference would be twice the product: not built */
    return OAC_OK;
}
