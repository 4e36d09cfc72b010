/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What streams and options the modem takes. */
#include <math.h>

#include "hal/modem_state.h"

static enum oac_status check_port(const struct oac_stream_caps *caps,
                                  const struct oac_port *port, const char *what,
                                  struct oac_err *err)
{
    if (port->ac_coupled)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "the %s port %zu of \"%s\" is AC-coupled: light of one sign needs a "
                        "subcarrier there, which this modem does not have",
                        what, port->channel, caps->link.device_id);
    return OAC_OK;
}

enum oac_status oac_modem_check(const struct oac_stream_caps *caps,
                                const struct oac_modem_options *options, struct oac_err *err)
{
    const char *id = caps->link.device_id;
    for (size_t k = 0; k < caps->link.channels; k++)
        if (check_port(caps, &caps->link.weight[k], "weight", err) ||
            check_port(caps, &caps->link.readout[k], "readout", err))
            return err->status;
    if (check_port(caps, caps->link.client, "client", err))
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
