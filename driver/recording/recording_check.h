/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do the parts of a recording that was read fit together? */
#ifndef OAC_DRIVER_RECORDING_CHECK_H
#define OAC_DRIVER_RECORDING_CHECK_H

#include "driver/recording/recording.h"

/* Every index of every table, and that each segment's samples are those of its load, client and capture.
 * readouts and flags: how many there are. Status: OAC_EPARSE naming the entry. */
enum oac_status oac_recording_check(const struct oac_recording *recording, size_t readouts,
                                    size_t flags, struct oac_err *err) OAC_MUST_USE;

#endif
