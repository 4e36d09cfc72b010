/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an experiment stands on, opened in the right order and closed in the reverse.
 *
 * A station is a rig, the link that plays it and a matrix engine on that link; a set-up is a
 * station with a network loaded through it and a data set that fits the network. */
#ifndef OAC_EXPERIMENTS_SETUP_H
#define OAC_EXPERIMENTS_SETUP_H

#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "driver/arming.h"
#include "driver/dry.h"
#include "driver/played.h"
#include "experiments/run.h"
#include "hal/engine.h"
#include "hal/link.h"
#include "models/dataset.h"
#include "models/forward.h"
#include "models/network.h"
#include "sim/rig.h"

struct oac_station_options {
    const char *on;          /* row of driver/registry.h; NULL: "sim" */
    const char *uri;         /* of a lab bench; NULL: the rig's */
    const char *rig;         /* a file or the name of a shipped rig */
    const char *const *sets; /* (set_count) "path=value" */
    size_t set_count;
    uint32_t noise; /* mask of sim/noise.h */
    uint64_t seed;
    struct oac_engine_options engine; /* but for what calibration says */
    struct oac_calibration_use calibration;
    struct oac_drive
        drive; /* of a lab bench: whether --arm was said; tap and sink are filled here */
    struct oac_played *played; /* not NULL: a dry run (driver/dry.h), and what it would play */
    const char *record;        /* file to record to; NULL: none (driver/recording/recorder.h) */
    const char *command_line;  /* provenance of the recording; NULL: unknown */
};

struct oac_station {
    struct oac_rig rig;
    char *rig_text; /* every key resolved */
    char rig_sha256[OAC_DIGEST_HEX_BYTES];
    struct oac_dry *dry; /* of a dry run */
    struct oac_drive drive;
    struct oac_link link;
    struct oac_calrec *calrec; /* NULL: the link's nominal one */
    struct oac_calibration_marks calibration;
    struct oac_engine *engine;
    struct oac_recorder *recorder; /* NULL: nothing is recorded */
};

/* Opens; warnings about the rig go to the sink. *station is zeroed on failure. The station must
 * not be moved afterwards (the engine points into it). */
enum oac_status oac_station_open(const struct oac_station_options *options,
                                 const struct oac_sink *sink, struct oac_station *station,
                                 struct oac_err *err) OAC_MUST_USE;

/* Closes engine and link; then writes the recording if there is to be one. Close it all the same. */
enum oac_status oac_station_finish(struct oac_station *station,
                                   struct oac_err *err) OAC_MUST_USE;

/* After a failure: adds to the message where that is which was recorded until then. Returns its status. */
enum oac_status oac_station_explain(const struct oac_station *station, struct oac_err *err);

void oac_station_close(struct oac_station *station); /* a zeroed station is fine */

struct oac_setup {
    struct oac_network *network;
    char model_sha256[OAC_DIGEST_HEX_BYTES];
    struct oac_dataset *dataset;
    struct oac_station station;
    struct oac_forward *forward;
};

/* Opens everything a run needs. A network without x_scale or x_mean gets them from the data
 * set's "reference" split (never from the images that are run). *setup is zeroed on failure. */
enum oac_status oac_setup_open(const struct oac_run_options *options,
                               const struct oac_sink *sink, struct oac_setup *setup,
                               struct oac_err *err) OAC_MUST_USE;
/* As oac_station_finish. */
enum oac_status oac_setup_finish(struct oac_setup *setup, struct oac_err *err) OAC_MUST_USE;

/* Network and data alone, into a zeroed set-up; close it after a failure too. */
enum oac_status oac_setup_read(const struct oac_run_options *options,
                               const struct oac_sink *sink, struct oac_setup *setup,
                               struct oac_err *err) OAC_MUST_USE;
void oac_setup_close(struct oac_setup *setup); /* a zeroed set-up is fine */

#endif
