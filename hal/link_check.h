/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks that hal/link.c makes of every call, so that implementations of a link make none. Each is
 * written so that NaN fails; each message names the object, its value and what is allowed. Cost: one
 * vectorised pass over the codes; a second one that finds the culprit runs only after a failure. */
#ifndef OAC_HAL_LINK_CHECK_H
#define OAC_HAL_LINK_CHECK_H

#include "base/status.h"
#include "hal/link.h"

enum oac_status oac_link_check_weights(const struct oac_link_caps *caps,
                                       const struct oac_weight_frame *frame,
                                       struct oac_err *err) OAC_MUST_USE;

/* slots: of the loaded frame that these windows meet. */
enum oac_status oac_link_check_activations(const struct oac_link_caps *caps,
                                           const struct oac_activation_frame *frame,
                                           size_t slots, struct oac_err *err) OAC_MUST_USE;

/* The setting exists on this link, and on this channel. */
enum oac_status oac_link_check_setting(const struct oac_link_caps *caps,
                                       enum oac_setting setting, size_t channel,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_check_value(const struct oac_link_caps *caps, enum oac_setting setting,
                                     double value, struct oac_err *err) OAC_MUST_USE;

#endif
