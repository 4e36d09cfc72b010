/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A person's view of an HDF5 file: provenance first, then everything that was validated and read. */
#ifndef OAC_CLI_INFO_H5_H
#define OAC_CLI_INFO_H5_H

#include "base/h5.h"

/* On stdout: attributes group by group, data sets with type, shape, dimension names and unit. Attributes of
 * the root come first; a text of several lines is given by its first and its length. */
void oac_info_print_h5(const struct oac_h5_file *file);

/* The root's `format`, or NULL: not one of ours. */
const char *oac_info_h5_format(const struct oac_h5_file *file);

#endif
