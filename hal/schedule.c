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
    const struct oac_schedule *s = schedule;
    uint64_t left = s->group - image0 % s->group; /* images to the next reference */
    uint64_t slot =
        s->base + image0 * s->per_image + (image0 / s->group + 1) * s->reference + offset;
    for (size_t i = 0; i < count; i++, slot += s->per_image, left--) {
        if (left == 0) {
            slot += s->reference;
            left = s->group;
        }
        slot0[i] = slot;
    }
}

uint64_t oac_schedule_reference(const struct oac_schedule *schedule, uint64_t group, size_t i,
                                size_t slots)
{
    const struct oac_schedule *s = schedule;
    return s->base + group * (s->group * s->per_image + s->reference) + s->guard +
           i * (s->guard + slots);
}

enum oac_status oac_schedule_check(const struct oac_schedule *schedule, uint64_t image0,
                                   size_t count, struct oac_err *err)
{
    const struct oac_schedule *s = schedule;
    uint64_t images, slots, groups, references, end;
    if (__builtin_add_overflow(image0, (uint64_t)count, &images) ||
        __builtin_mul_overflow(images, s->per_image, &slots) ||
        __builtin_add_overflow(images / s->group, UINT64_C(1), &groups) ||
        __builtin_mul_overflow(groups, s->reference, &references) ||
        __builtin_add_overflow(slots, references, &slots) ||
        __builtin_add_overflow(slots, s->base, &end))
        return oac_fail(
            err, OAC_EINVAL,
            "images %llu..+%zu of %llu slots each, from slot %llu on, end after slot 2^64; "
            "start at a smaller image number or slot base",
            (unsigned long long)image0, count, (unsigned long long)s->per_image,
            (unsigned long long)s->base);
    return OAC_OK;
}
