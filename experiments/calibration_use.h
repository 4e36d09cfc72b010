/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a run stands on a calibration: which file, from which bench time on, tracked or not, and what of it its
 * results carry. */
#ifndef OAC_EXPERIMENTS_CALIBRATION_USE_H
#define OAC_EXPERIMENTS_CALIBRATION_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "hal/calrec.h"
#include "hal/engine.h"

struct oac_calibration_use { /* zeros: nominal, untracked, from slot 0 on */
    const char *path;        /* NULL: the link's nominal record */
    bool track;              /* reference windows follow drift */
    bool force;              /* take a record of another bench, and mark it */
    double idle_s;           /* bench time from the end of the calibration to the first slot */
};

struct oac_calibration_marks {     /* what results carry */
    char id[OAC_DIGEST_HEX_BYTES]; /* SHA-256 of the file; "" nominal */
    char origin[32], date_utc[32];
    double age_s; /* bench time since the calibration ended; NAN nominal */
    uint64_t forced, tracked, excluded; /* 0 or 1; 0 or 1; channels */
    double reference_slots;             /* per image */
};

/* Reads the record and sets options' track, force and slot_base from use; *calrec stays NULL, and id empty,
 * without a file. Status: what reading says; OAC_EINVAL when the clock ends before the idle time. */
enum oac_status oac_calibration_open(const struct oac_calibration_use *use,
                                     struct oac_engine_options *options,
                                     struct oac_calrec **calrec, char id[OAC_DIGEST_HEX_BYTES],
                                     struct oac_err *err) OAC_MUST_USE;

/* Returned: the marks of an engine made so. */
enum oac_status oac_calibration_mark(const struct oac_calibration_use *use,
                                     const struct oac_engine *engine, const char *id,
                                     struct oac_calibration_marks *marks,
                                     struct oac_err *err) OAC_MUST_USE;

/* One line for reports, NUL-terminated: "3f2a9c01 of 2026-11-28, 60 s old, tracked". */
#define OAC_CALIBRATION_LINE_BYTES 240
void oac_calibration_line(const struct oac_calibration_marks *marks,
                          char line[OAC_CALIBRATION_LINE_BYTES]);

#endif
