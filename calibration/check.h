/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a stored calibration still holds on a bench: fresh random vectors against what it predicts.
 *
 * In each of F weight frames (their converter errors are drawn afresh in each) a line is fitted for channel k,
 *     code - N dark - offset = level + (gain - 1)(expected - centre) ,  centre: the mean over all windows
 * which makes F independent values of each of two figures: the level's shift, in full scale, and the gain's
 * change. With m their mean and s their standard deviation,
 *     t = (|m| - tolerance) / sqrt(s^2/F + sigma^2)      F - 1 degrees of freedom
 * sigma being the standard error the stored figure had, tolerance the rms error that single readouts had
 * at verification, which less than that would not even double, or what the certified network was seen to stand
 * (experiments/calibrate_margin.h), if that is more. A figure has moved when t
 * is beyond its one-sided quantile at false_alarm/(2 channels): a calibration that holds is accused with at
 * most the probability false_alarm, whatever the channels have in common. The figures of a frame are means
 * of 64 windows and nearly normal. Not seen: curves that moved but left level and gain where they were.
 */
#ifndef OAC_CALIBRATION_CHECK_H
#define OAC_CALIBRATION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "calibration/calibration.h"

struct oac_check_options {
    uint64_t slot0;     /* bench slot to start at */
    uint64_t seed;      /* of the vectors */
    size_t windows;     /* a multiple of 64, at least 256 */
    double false_alarm; /* of a whole check, in (0, 1) */
};

struct oac_check_figure {
    double change, sigma; /* and its standard error */
    double t, limit;
    bool moved;
};

struct oac_check_channel {
    struct oac_check_figure gain, level; /* relative; of full scale */
    double rms;                          /* of single readouts, of full scale; now */
    double verify_rms;                   /* and when it was calibrated */
    double tolerance;
};

struct oac_check {
    size_t channels, moved;            /* moved: channels of which a figure has */
    struct oac_check_channel *channel; /* (channels) */
    uint64_t last_slot0;
    double bench_s; /* that it took */
    bool holds;
};

/* What a calibration file (calibration/results.h) says about predictions, in volts of the DACs: enough of a
 * calibration to play vectors by, of the channels that it does not exclude. Status: OAC_EINVAL for a record
 * without the fits it came from. */
enum oac_status oac_check_read(const char *path, struct oac_calibration **calibration,
                               struct oac_err *err) OAC_MUST_USE;

/* Checks on a link whose settings are those of the record. Free check with oac_check_fini. */
enum oac_status oac_check_run(struct oac_link *link, const struct oac_calibration *calibration,
                              const struct oac_check_options *options,
                              const struct oac_sink *sink, struct oac_check *check,
                              struct oac_err *err) OAC_MUST_USE;
void oac_check_fini(struct oac_check *check); /* a zeroed one is fine */

#endif
