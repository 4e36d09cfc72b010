/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What streams and options the modem takes. */
#include <math.h>

#include "hal/modem_state.h"
#include "hal/subcarrier.h"

static enum oac_status check_port(const struct oac_stream_caps *caps,
                                  const struct oac_port *port, uint32_t per_slot,
                                  const char *what, struct oac_err *err)
{
    const char *id = caps->link.device_id;
    const uint32_t values =
        OAC_SUBCARRIER_CHIPS * caps->subcarrier_periods * (port->iq ? 2 : 1);
    if ((port->ac_coupled || port->iq) && !caps->subcarrier_periods)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "the %s port %zu of \"%s\" is %s: light of one sign needs a subcarrier "
                        "there, set subcarrier.periods in its rig",
                        what, port->channel, id, port->iq ? "a pair of I and Q" : "AC-coupled");
    if (caps->subcarrier_periods && per_slot % values != 0)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "the %s port %zu of \"%s\" takes %u values a slot: a subcarrier of %u "
                        "periods has %u, give a multiple",
                        what, port->channel, id, per_slot, caps->subcarrier_periods, values);
    return OAC_OK;
}

/* Chips are for light that is sampled and held. */
static enum oac_status check_subcarrier(const struct oac_stream_caps *caps,
                                        const struct oac_modem_options *options,
                                        struct oac_err *err)
{
    const struct oac_port *first = &caps->link.weight[0], *client = caps->link.client;
    if (!caps->subcarrier_periods)
        return OAC_OK;
    if (caps->link.receiver != OAC_SAMPLED || options->shape != OAC_SHAPE_HOLD)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "\"%s\" puts light on a subcarrier: that takes a sampled receiver and "
                        "slots that hold",
                        caps->link.device_id);
    for (size_t k = 0; k < caps->link.channels; k++)
        if (caps->link.weight[k].iq != client->iq || caps->link.readout[k].iq != first->iq)
            return oac_fail(
                err, OAC_EUNSUPPORTED,
                "\"%s\" mixes ports of I and Q with plain ones: weights, client and "
                "readouts must be of one kind",
                caps->link.device_id);
    return OAC_OK;
}

enum oac_status oac_modem_check(const struct oac_stream_caps *caps,
                                const struct oac_modem_options *options, struct oac_err *err)
{
    const char *id = caps->link.device_id;
    for (size_t k = 0; k < caps->link.channels; k++)
        if (check_port(caps, &caps->link.weight[k], caps->weight_samples_per_slot, "weight",
                       err) ||
            check_port(caps, &caps->link.readout[k], caps->readout_samples_per_slot, "readout",
                       err))
            return err->status;
    if (check_port(caps, caps->link.client, caps->client_samples_per_slot, "client", err) ||
        check_subcarrier(caps, options, err))
        return err->status;
    if (!(caps->weight_samples_per_slot >= 1 && caps->client_samples_per_slot >= 1 &&
          caps->readout_samples_per_slot >= 1 && caps->segments_max >= 1))
        return oac_fail(err, OAC_EINVAL,
                        "\"%s\" takes %u, %u and %u samples a slot in bursts of %zu segments: "
                        "each must be at least 1",
                        id, caps->weight_samples_per_slot, caps->client_samples_per_slot,
                        caps->readout_samples_per_slot, caps->segments_max);
    if (!caps->delay_stable && caps->link.receiver != OAC_SAMPLED)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "\"%s\" has gates and delays that change from burst to burst: where to "
                        "put a gate is known only afterwards",
                        id);
    if (caps->drives_apart && (caps->delay_stable || caps->subcarrier_periods))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "\"%s\" feeds weights and client on their own: that needs delays found in "
            "every burst, and no subcarrier",
            id);
    if (caps->clock_drift > 0.0 && (caps->delay_stable || caps->link.client->iq))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "\"%s\" has readouts on another clock than its drives: that needs "
                        "delays found in every burst, and single voltages, not I and Q",
                        id);
    for (size_t k = 0; k < caps->link.channels; k++)
        if (!(fabs(caps->link.nominal->channel[k].gain_code) > 0.0))
            return oac_fail(err, OAC_EINVAL,
                            "\"%s\" expects no light on readout %zu (nominal gain %g): nothing "
                            "can be aligned",
                            id, k, caps->link.nominal->channel[k].gain_code);
    if (options->shape == OAC_SHAPE_RETURN && !(options->duty > 0.0 && options->duty <= 1.0))
        return oac_fail(err, OAC_EINVAL, "a slot shape with a duty of %g: give 0 to 1",
                        options->duty);
    return OAC_OK;
}
