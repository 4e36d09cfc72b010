/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a board profile to its list of IIO devices. */
#ifndef OAC_DRIVER_TWIN_DEVICES_BUILD_H
#define OAC_DRIVER_TWIN_DEVICES_BUILD_H

#include "driver/twin/devices.h"

/* Fills zeroed devices. */
enum oac_status oac_twin_devices_build(struct oac_twin_devices *devices, const double *rate_hz,
                                       struct oac_err *err) OAC_MUST_USE;

#endif
