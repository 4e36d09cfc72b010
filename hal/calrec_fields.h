/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the calibration record's file format: which data set holds which field, its unit and range. */
#ifndef OAC_HAL_CALREC_FIELDS_H
#define OAC_HAL_CALREC_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "hal/calrec.h"

#define OAC_CALREC_CHANNELS_MAX 4096u

struct oac_calrec_field {
    const char *path, *unit;
    size_t offset;   /* of a double */
    double min, max; /* inclusive */
    bool may_be_nan;
};

/* Part of a record as a table of doubles: `count` structs of `stride` bytes, each with the fields. */
struct oac_calrec_table {
    const struct oac_calrec_field *fields;
    size_t field_count, count, stride;
    char *object;
    const char *dimension;
};

#define OAC_CALREC_TABLES 5u
void oac_calrec_tables(struct oac_calrec *calrec,
                       struct oac_calrec_table tables[OAC_CALREC_TABLES]);

/* Status: OAC_EINVAL, naming the field, when value is outside the range. */
enum oac_status oac_calrec_check(const struct oac_calrec_field *field, size_t i, double value,
                                 struct oac_err *err) OAC_MUST_USE;
/* The same for a whole matrix: finite, -1 .. 1e6, diagonal 1. */
enum oac_status oac_calrec_check_crosstalk(const double *crosstalk, size_t channels,
                                           struct oac_err *err) OAC_MUST_USE;

#endif
