/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where board profiles lie: this source tree first, then where they are installed. */
#ifndef OAC_DRIVER_BOARD_FIND_H
#define OAC_DRIVER_BOARD_FIND_H

#include "base/status.h"

#define OAC_BOARD_PATH_BYTES 4096u

/* path = that of a shipped profile's name; what has a slash or a dot in it is a path already. OAC_ENOTFOUND lists
 * the names there are. */
enum oac_status oac_board_find(const char *name_or_path, char path[OAC_BOARD_PATH_BYTES],
                               struct oac_err *err) OAC_MUST_USE;

#endif
