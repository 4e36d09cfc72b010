/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/budget.h"

#include <math.h>
#include <stdio.h>

enum oac_status oac_budget_launch(const struct oac_budget *budget, uint64_t macs,
                                  const struct oac_matrix_light *light,
                                  const struct oac_link_caps *caps, const char *name,
                                  double *launch, struct oac_err *err)
{
    double wanted = budget->photons_per_mac;
    double photons = budget->reference == OAC_PHOTONS_PREWEIGHT ? light->preweight_photons
                                                                : light->detected_photons;

    if (!(wanted > 0.0))
        return oac_fail(err, OAC_EINVAL, "%g photons per MAC asked for; must be above 0",
                        wanted);
    if (!caps->launch_per_window)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "bench '%s' cannot set its power for each layer; run without "
                        "--photons-per-mac and set laser.power_dbm",
                        caps->device_id);
    if (isnan(photons))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "bench '%s' does not know its photons by product, as light on a "
                        "subcarrier does not follow it; run without --photons-per-mac and set "
                        "laser.power_dbm",
                        caps->device_id);
    if (!(photons > 0.0))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "%s: no light reaches the detectors at the rig's power, so no power gives "
            "%g photons/MAC",
            name, wanted);
    double needed = wanted * (double)macs / photons;
    if (!(needed <= caps->launch_max))
        return oac_fail(err, OAC_EINVAL,
                        "%s: %g photons/MAC need %.3g times the rig's laser power, the lasers "
                        "allow %.3g times; ask for at most %.3g photons/MAC, raise "
                        "laser.power_max_dbm or lower slot_rate_hz",
                        name, wanted, needed, caps->launch_max,
                        wanted * caps->launch_max / needed);
    *launch = needed;
    return OAC_OK;
}

enum oac_status oac_budget_layers(const struct oac_budget *budget,
                                  const struct oac_network *network,
                                  const struct oac_forward *forward,
                                  const struct oac_link_caps *caps, double *launch,
                                  struct oac_err *err)
{
    for (size_t l = 0; l < network->layers; l++) {
        const struct oac_dense *layer = &network->layer[l];
        struct oac_matrix_light light;
        char name[32];

        snprintf(name, sizeof name, "layer %zu", l);
        if (oac_forward_layer_light(forward, l, &light, err) != OAC_OK)
            return err->status;
        if (oac_budget_launch(budget, (uint64_t)layer->inputs * layer->outputs, &light, caps,
                              name, &launch[l], err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}
