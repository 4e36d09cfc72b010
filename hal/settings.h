/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record's settings onto the link, and the record's right to be there. */
#ifndef OAC_HAL_SETTINGS_H
#define OAC_HAL_SETTINGS_H

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/link.h"

/* Refuses (OAC_EMISMATCH) a measured record of another rig, device, firmware, slot rate or number of
 * channels; a nominal one only of another rig or number of channels. */
enum oac_status oac_calrec_match(const struct oac_calrec *calrec,
                                 const struct oac_link_caps *caps,
                                 struct oac_err *err) OAC_MUST_USE;

/* Sets what the record does not leave alone, lasers last, and compares what the link reads back: it may
 * differ by the setting's step. Status: OAC_EUNSUPPORTED, OAC_EDEVICE, or what the link says. */
enum oac_status oac_settings_apply(const struct oac_calrec *calrec, struct oac_link *link,
                                   struct oac_err *err) OAC_MUST_USE;

#endif
