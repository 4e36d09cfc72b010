/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A photon budget: the launched power that gives the photons a user asked for.
 *
 *     launch = wanted photons per MAC * MACs / (photons at launch 1 and the mean operand)
 *
 * `detected` counts signal photoelectrons of all passes and both detectors per model product,
 * `preweight` what they would be if every weight transmitted fully: photons per product after
 * the activation and before the weight (Wang et al., Nat. Commun. 13, 123 (2022)). The mean
 * operand is the stored mean input of a named reference split; the mean of the images that are
 * run therefore differs a little from the number asked for and is reported as it came out.
 * Valid while photons are proportional to launched power: light of an amplifier and dark counts
 * are not in these photons; dead time would have to be small. */
#ifndef OAC_EXPERIMENTS_BUDGET_H
#define OAC_EXPERIMENTS_BUDGET_H

#include <stdint.h>

#include "base/status.h"
#include "experiments/run.h"
#include "hal/engine.h"
#include "models/forward.h"
#include "models/network.h"

struct oac_budget {
    double photons_per_mac; /* > 0 */
    enum oac_photon_reference reference;
};

/* Given a budget, the MACs and light per image of one matrix and what the link can launch;
 * Returned: *launch, power relative to the rig's. Status: OAC_EINVAL when it exceeds
 * caps->launch_max, OAC_EUNSUPPORTED when the link cannot set the power per window. `name` is
 * for the message ("layer 2"). */
enum oac_status oac_budget_launch(const struct oac_budget *budget, uint64_t macs,
                                  const struct oac_matrix_light *light,
                                  const struct oac_link_caps *caps, const char *name,
                                  double *launch, struct oac_err *err) OAC_MUST_USE;

/* Returned: launch (network->layers). */
enum oac_status oac_budget_layers(const struct oac_budget *budget,
                                  const struct oac_network *network,
                                  const struct oac_forward *forward,
                                  const struct oac_link_caps *caps, double *launch,
                                  struct oac_err *err) OAC_MUST_USE;

#endif
