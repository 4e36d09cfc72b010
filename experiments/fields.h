/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of a run as one table: the keys of the JSON, the attributes of the HDF5 result
 * and their reference are all read from it. A key's last part is its unit; keys without one are
 * counts or ratios. */
#ifndef OAC_EXPERIMENTS_FIELDS_H
#define OAC_EXPERIMENTS_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "experiments/run.h"

enum oac_field_kind {
    OAC_FIELD_TEXT,  /* char[] */
    OAC_FIELD_REAL,  /* double; NAN is null */
    OAC_FIELD_COUNT, /* uint64_t */
    OAC_FIELD_SIZE,  /* size_t */
    OAC_FIELD_PAIR,  /* double and, right after it, another */
};

struct oac_field {
    const char *key;
    enum oac_field_kind kind;
    size_t offset;    /* in struct oac_run_result */
    const char *help; /* one sentence */
};

/* Returned: the table, *count rows. */
const struct oac_field *oac_run_fields(size_t *count);

/* The values; the kind must fit. Pure. */
const char *oac_field_text(const struct oac_field *field, const struct oac_run_result *result);
uint64_t oac_field_count(const struct oac_field *field, const struct oac_run_result *result);
const double *oac_field_reals(const struct oac_field *field,
                              const struct oac_run_result *result);

#endif
