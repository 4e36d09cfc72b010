/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When every window happens: image-major, so that any image can be run alone, in any order, in any batch.
 *
 *     slot0(image, window) = base + image * per_image + offset(window),   modulo 2^64
 *
 * offset counts the slots of all windows before it in the image, each preceded by `guard` dark slots, plus
 * its own guard. */
#ifndef OAC_HAL_SCHEDULE_H
#define OAC_HAL_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_schedule {
    uint64_t base;      /* bench slot of image 0 */
    uint64_t per_image; /* slots of one image, guards included */
    uint32_t guard;
};

/* Appends one window of `slots` slots to every image; returns its offset. */
uint64_t oac_schedule_append(struct oac_schedule *schedule, size_t slots);

/* slot0 (count) of the window at `offset` for images image0 .. image0+count-1. Pure. */
void oac_schedule_slots(const struct oac_schedule *schedule, uint64_t offset, uint64_t image0,
                        size_t count, uint64_t *slot0);

/* OAC_EINVAL when the last of these images would leave the 64-bit clock. */
enum oac_status oac_schedule_check(const struct oac_schedule *schedule, uint64_t image0,
                                   size_t count, struct oac_err *err) OAC_MUST_USE;

#endif
