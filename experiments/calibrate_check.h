/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac calibrate --check`: whether a stored calibration still holds on the bench (calibration/check.h), once or
 * over and over. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_CHECK_H
#define OAC_EXPERIMENTS_CALIBRATE_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/setup.h"

#define OAC_CHECK_WINDOWS     1024 /* 16 weight frames */
#define OAC_CHECK_FALSE_ALARM 0.001

struct oac_calibrate_check_request {
    struct oac_station_options station; /* calibration.path names the file */
    double watch_s;                     /* from one check to the next; NAN: one only */
    double max_s;                       /* stop after so many seconds; INFINITY: never */
    bool json;
};

/* Prints to `out`: one check with every channel, or one line each with watch_s. A simulated bench's clock
 * goes on by watch_s too. Returned: *holds of the last check. Status: OAC_EINTERRUPTED when asked to stop
 * inside a check; a stop between two is the end of watching. A record of another rig, device or firmware is
 * refused unless station.calibration.force. */
enum oac_status oac_calibrate_check(const struct oac_calibrate_check_request *request,
                                    const struct oac_sink *sink, FILE *out, bool *holds,
                                    struct oac_err *err) OAC_MUST_USE;

#endif
