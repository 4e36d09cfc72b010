/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the guarded child (h5_child*.c only): it walks a foreign file and streams what it finds. Whatever
 * goes wrong here ends the process, so nothing is closed or freed that the exit frees. */
#ifndef OAC_BASE_H5_CHILD_H
#define OAC_BASE_H5_CHILD_H

#include <stdbool.h>

#include "base/h5_internal.h"

struct oac_h5_child {
    int out;
    size_t max_bytes, array_budget,
        attribute_budget; /* bytes: for all arrays; still to be sent */
    size_t records, depth;
    haddr_t ancestors[OAC_H5_MAX_DEPTH]; /* addresses of the groups we are in */
    char path[OAC_H5_NAME_BYTES];        /* of the object at hand, "" for the root group */
};

/* All return false when the walk is over: the reason has been sent, or nobody listens. */

/* Sends the reason and returns false. */
bool oac_h5_child_fail(struct oac_h5_child *child, enum oac_status status, const char *format,
                       ...) OAC_PRINTF(3, 4);

/* Sends a record: header, path, name (may be ""), data. */
bool oac_h5_child_send(struct oac_h5_child *child, struct oac_h5_record record,
                       const char *path, const char *name, const void *data);

/* Where the child is: "/" or its path. */
const char *oac_h5_child_path(const struct oac_h5_child *child);

bool oac_h5_child_attributes(struct oac_h5_child *child, hid_t object);
bool oac_h5_child_array(struct oac_h5_child *child, hid_t data_set);

#endif
