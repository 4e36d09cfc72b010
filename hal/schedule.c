/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/schedule.h"

uint64_t oac_schedule_append(struct oac_schedule *schedule, size_t slots)
{
    uint64_t offset = schedule->per_image + schedule->guard;
    schedule->per_image = offset + slots;
    return offset;
}

void oac_schedule_slots(const struct oac_schedule *schedule, uint64_t offset, uint64_t image0,
                        size_t count, uint64_t *slot0)
{
    uint64_t slot = schedule->base + image0 * schedule->per_image + offset;
    for (size_t i = 0; i < count; i++, slot += schedule->per_image)
        slot0[i] = slot;
}

enum oac_status oac_schedule_check(const struct oac_schedule *schedule, uint64_t image0,
                                   size_t count, struct oac_err *err)
{
    uint64_t images, slots, end;
    if (__builtin_add_overflow(image0, (uint64_t)count, &images) ||
        __builtin_mul_overflow(images, schedule->per_image, &slots) ||
        __builtin_add_overflow(slots, schedule->base, &end))
        return oac_fail(
            err, OAC_EINVAL,
            "images %llu..+%zu of %llu slots each, from slot %llu on, end after slot 2^64; "
            "start at a smaller image number or slot base",
            (unsigned long long)image0, count, (unsigned long long)schedule->per_image,
            (unsigned long long)schedule->base);
    return OAC_OK;
}
