/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link of some of another link's channels: whoever works on it knows nothing of the others, which stay
 * parked at their safe codes. Rows, readouts, ports and settings are those of the channels that are kept, in
 * their order and numbered anew; a frame has all of them. Windows, light and bench time are counted by the
 * link below, as always. */
#ifndef OAC_HAL_SUBSET_H
#define OAC_HAL_SUBSET_H

#include <stdbool.h>

#include "base/status.h"
#include "hal/link.h"

/* Opens on `below`, which must outlive it, is not closed with it, and has frames of its own: use one at a time.
 * left_out (channels of below); at least one channel must remain. */
enum oac_status oac_subset_open(struct oac_link *below, const bool *left_out,
                                struct oac_link *link, struct oac_err *err) OAC_MUST_USE;

#endif
