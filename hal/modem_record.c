/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nominal record of slots that return to dark. With lit shares d_w <= d_x of a slot, and
 * dark transmissions w0, x0,
 *     gain' = d_w gain          gx' = d_x gx + (d_x - d_w) w0 gain
 *     dark' = dark + (1 - d_x) x0 (gx + w0 gain)
 * and of a pair the same with the second detector's light, (1 + r - w0), taken off. The light
 * of the dark share is at launch 1. */
#include "hal/modem_state.h"

static double dark_of(const struct oac_port *port, const struct oac_curve *curve)
{
    return oac_curve_transmission(curve, port->v0_v + port->lsb_v * port->code_safe);
}

static double share(const struct oac_modem *self, bool client)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t per_slot =
        client ? caps->client_samples_per_slot : caps->weight_samples_per_slot;
    return (double)oac_modem_lit(self, client) / (double)per_slot;
}

double oac_modem_duty(const struct oac_modem *self)
{
    return share(self, false);
}

enum oac_status oac_modem_record_make(struct oac_modem *self, struct oac_err *err)
{
    const struct oac_calrec *from = self->caps.nominal;
    if (self->options.shape == OAC_SHAPE_HOLD)
        return OAC_OK;
    if (oac_calrec_copy(from, &self->nominal, err))
        return err->status;
    struct oac_calrec_channel *channel = self->nominal->channel;
    const double d_w = share(self, false), d_x = share(self, true);
    const double x0 = dark_of(self->caps.client, &from->client);
    for (size_t k = 0; k < from->channels; k++) {
        struct oac_calrec_channel *c = &channel[k];
        const double w0 = dark_of(&self->caps.weight[k], &c->weight);
        const double plus = w0 * c->gain_code;
        const double pair = plus - (1.0 + c->weight.r - w0) * c->gain_minus_code;
        c->dark_code_per_slot += (1.0 - d_x) * x0 * (c->gx_code_per_x + plus);
        c->dark_pair_code_per_slot += (1.0 - d_x) * x0 * (c->gx_pair_code_per_x + pair);
        c->gx_code_per_x = d_x * c->gx_code_per_x + (d_x - d_w) * plus;
        c->gx_pair_code_per_x = d_x * c->gx_pair_code_per_x + (d_x - d_w) * pair;
        c->gain_code *= d_w;
        c->gain_minus_code *= d_w;
    }
    self->caps.nominal = self->nominal;
    return OAC_OK;
}
