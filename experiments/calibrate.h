/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac calibrate` as a whole: measure a bench, fit it, and certify a network on it or say why not.
 *
 *     measure (calibration/calibration.h) -> record -> engine, network -> target loop (calibration/target.h)
 *     -> one sealed file: record, fits, attempts, certificate
 * Without a model it ends after the record. Scales come from the split "reference", which is also the
 * calibration split; certificates come from the split "held-out"; test images are never touched. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_H
#define OAC_EXPERIMENTS_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "calibration/calibration.h"
#include "calibration/certificate.h"
#include "calibration/target.h"
#include "experiments/setup.h"

struct oac_calibrate_request {
    struct oac_station_options station;
    struct oac_calibrate_options measure;
    const char *model_path; /* NULL: measure only */
    const char *data_name, *data_directory;
    double target, confidence; /* of calibration/target.h; target NAN: measure only */
    double max_s;              /* INFINITY: no limit */
    size_t calibration_images, held_out_images; /* 0: the whole split */
    size_t threads;                             /* 0: all processors */
    const char *output_path;                    /* NULL: none */
    const char *command_line;
};

#define OAC_CALIBRATE_LOOKS_MAX 1024u

struct oac_calibrate_look { /* a batch of images between two looks */
    size_t attempt;
    bool held_out;
    size_t images, right;
    double bench_s; /* of the clock when it ended, since the calibration began */
};

struct oac_calibrate_outcome {
    struct oac_calibration *calibration; /* the latest */
    struct oac_calrec *calrec;
    char rig_name[OAC_CERTIFICATE_TEXT_BYTES];
    double seconds;
    unsigned measured;               /* times */
    struct oac_target_cost on_bench; /* of all measurements together */
    struct oac_target_cost
        on_images; /* of judging and certifying; everything is the sum of both */
    bool has_target;
    struct oac_target_result target;
    struct oac_certificate certificate;
    double digital_accuracy; /* of the calibration split */
    size_t classes;
    uint64_t
        *confusion; /* (classes, classes) label, answer; held-out images of the last attempt */
    size_t looks;
    struct oac_calibrate_look look[OAC_CALIBRATE_LOOKS_MAX];
    char reason[400]; /* not certified: the dominant error, and what would help */
};

/* Status: OAC_OK also when the target is missed (outcome->target.verdict tells); the file is written then
 * too. */
enum oac_status oac_calibrate(const struct oac_calibrate_request *request,
                              const struct oac_sink *sink,
                              struct oac_calibrate_outcome *outcome,
                              struct oac_err *err) OAC_MUST_USE;
void oac_calibrate_outcome_fini(struct oac_calibrate_outcome *outcome); /* zeroed is fine */

#endif
