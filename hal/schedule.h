/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When every window happens: image-major, so that any image can be run alone, in any order, in any batch.
 *
 *     slot0(image, window) = base + image * per_image + (image/group + 1) * reference + offset(window)
 *
 * modulo 2^64, with whole quotients. offset counts the slots of all windows before it in the image, each
 * preceded by `guard` dark slots, plus its own guard. Before each `group` images come `reference` slots of
 * reference windows, of n slots each, guarded as the others:
 *
 *     slot0(group g, reference window i) = base + g (group * per_image + reference) + guard + i (guard + n)
 *
 * Without references `reference` is 0. */
#ifndef OAC_HAL_SCHEDULE_H
#define OAC_HAL_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_schedule {
    uint64_t base;      /* bench slot of image 0, or of the reference windows before it */
    uint64_t per_image; /* slots of one image, guards included, references not */
    uint64_t group;     /* images between references; >= 1 */
    uint64_t reference; /* slots of the references of one group, guards included */
    uint32_t guard;
};

/* Appends one window of `slots` slots to every image; returns its offset. */
uint64_t oac_schedule_append(struct oac_schedule *schedule, size_t slots);

/* slot0 (count) of the window at `offset` for images image0 .. image0+count-1. Pure. */
void oac_schedule_slots(const struct oac_schedule *schedule, uint64_t offset, uint64_t image0,
                        size_t count, uint64_t *slot0);

/* slot0 of reference window i, of `slots` slots each, before the images of a group. Pure. */
uint64_t oac_schedule_reference(const struct oac_schedule *schedule, uint64_t group, size_t i,
                                size_t slots);

/* Refused (OAC_EINVAL) when images image0 .. image0+count-1 end after slot 2^64. */
enum oac_status oac_schedule_check(const struct oac_schedule *schedule, uint64_t image0,
                                   size_t count, struct oac_err *err) OAC_MUST_USE;

#endif
