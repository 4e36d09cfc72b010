/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's reading of the reference windows: hal/reference.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/reference.h"

#define W OAC_REFERENCE_WINDOWS

static uint64_t first_needed(const struct oac_reference *reference, uint64_t group)
{
    return group >= reference->span - 1 ? group - (reference->span - 1) : 0;
}

enum oac_status oac_follower_create(const struct oac_reference *reference,
                                    const struct oac_schedule *schedule, size_t images,
                                    struct oac_follower **follower, struct oac_err *err)
{
    const size_t rows = reference->correction->rows, lanes = reference->correction->lanes;
    /* images cut into groups touch one more group than their quotient, at either end */
    const size_t kept = images / (size_t)schedule->group + 2 + reference->span;
    struct oac_follower *made = oac_alloc(1, sizeof *made, "reference readings", err);
    size_t values, codes, readouts;
    if (!made)
        return err->status;
    made->reference = reference;
    made->kept = kept;
    if (oac_size_product(kept, rows, "reference readings", &values, err) ||
        oac_size_product(kept, W * reference->slots, "reference codes", &codes, err) ||
        oac_size_product(kept, W * lanes, "reference readouts", &readouts, err) ||
        !(made->group = oac_alloc(kept, sizeof *made->group, "reference readings", err)) ||
        !(made->dark = oac_alloc(values, sizeof *made->dark, "reference readings", err)) ||
        !(made->light = oac_alloc(values, sizeof *made->light, "reference readings", err)) ||
        !(made->shift = oac_alloc(values, sizeof *made->shift, "reference readings", err)) ||
        !(made->rise = oac_alloc(values, sizeof *made->rise, "reference readings", err)) ||
        !(made->code = oac_alloc(codes, sizeof *made->code, "reference codes", err)) ||
        !(made->slot0 = oac_alloc(kept, W * sizeof *made->slot0, "reference slots", err)) ||
        !(made->launch = oac_alloc(kept, W * sizeof *made->launch, "reference power", err)) ||
        !(made->readout =
              oac_alloc(readouts, sizeof *made->readout, "reference readouts", err))) {
        oac_follower_destroy(made);
        return err->status;
    }
    for (size_t i = 0; i < codes; i++)
        made->code[i] = reference->code[i / reference->slots % W];
    for (size_t i = 0; i < W * kept; i++)
        made->launch[i] = reference->launch;
    *follower = made;
    return OAC_OK;
}

void oac_follower_destroy(struct oac_follower *follower)
{
    if (!follower)
        return;
    free(follower->group);
    free(follower->dark);
    free(follower->light);
    free(follower->shift);
    free(follower->rise);
    free(follower->code);
    free(follower->slot0);
    free(follower->launch);
    free(follower->readout);
    free(follower);
}

static void keep(struct oac_follower *self, uint64_t group, const float *readout)
{
    const struct oac_correction *c = self->reference->correction;
    const size_t at = (size_t)(group % self->kept);
    for (size_t i = 0; i < c->rows; i++) {
        const double offset = oac_correction_offset(c, i);
        const size_t k = c->channel[i];
        self->dark[at * c->rows + i] =
            oac_calrec_linear(&c->own[i], offset, (double)readout[k]);
        self->light[at * c->rows + i] =
            oac_calrec_linear(&c->own[i], offset, (double)readout[c->lanes + k]);
    }
    self->group[at] = group + 1;
}

/* Plays the groups first .. last that are not remembered, all of them at once. */
static enum oac_status play(struct oac_follower *self, const struct oac_schedule *schedule,
                            uint64_t first, uint64_t last, struct oac_workspace *workspace,
                            struct oac_err *err)
{
    const struct oac_reference *reference = self->reference;
    const size_t lanes = reference->correction->lanes;
    size_t windows = 0;
    for (uint64_t g = first; g <= last; g++)
        for (size_t i = 0; self->group[g % self->kept] != g + 1 && i < W; i++)
            self->slot0[windows++] = oac_schedule_reference(schedule, g, i, reference->slots);
    if (windows == 0)
        return OAC_OK;
    const struct oac_activation_frame frame = {.windows = windows,
                                               .code = self->code,
                                               .slot0 = self->slot0,
                                               .launch = self->launch,
                                               .unused = reference->correction->unused};
    struct oac_readouts readouts = {.code = self->readout};
    if (oac_link_play(reference->link, reference->handle, workspace, &frame, &readouts, err))
        return oac_fail_within(err, "reference windows");
    const float *readout = self->readout;
    for (uint64_t g = first; g <= last; g++) {
        if (self->group[g % self->kept] == g + 1)
            continue;
        keep(self, g, readout);
        readout += W * lanes;
    }
    return OAC_OK;
}

/* Where row i stands at a group: means in the order of the groups, so that the bits are the group's own. */
static enum oac_status settle(struct oac_follower *self, uint64_t group, size_t i,
                              double *shift, double *rise, struct oac_err *err)
{
    const struct oac_reference *reference = self->reference;
    const struct oac_correction *c = reference->correction;
    double dark = 0.0, light = 0.0, count = 0.0;
    for (uint64_t g = first_needed(reference, group); g <= group; g++, count += 1.0) {
        dark += self->dark[g % self->kept * c->rows + i];
        light += self->light[g % self->kept * c->rows + i];
    }
    dark /= count;
    light /= count;
    double base =
        oac_correction_offset(c, i) + (double)reference->slots * oac_correction_dark(c, i);
    *rise = (light - dark) / (reference->light_code[i] - reference->dark_code[i]);
    *shift = dark - base - *rise * (reference->dark_code[i] - base);
    if (!(*rise > 0.01) || !isfinite(*rise))
        return oac_fail(
            err, OAC_EDEVICE,
            "channel %zu has lost its light: its reference windows before group %llu "
            "of images read %g codes of light, %g at calibration; look at its laser "
            "and detector, or calibrate again",
            c->channel[i], (unsigned long long)group, light - dark,
            reference->light_code[i] - reference->dark_code[i]);
    return OAC_OK;
}

enum oac_status oac_follower_follow(struct oac_follower *follower,
                                    const struct oac_schedule *schedule, uint64_t image0,
                                    size_t count, struct oac_workspace *workspace,
                                    struct oac_err *err)
{
    const struct oac_reference *reference = follower->reference;
    const size_t rows = reference->correction->rows;
    const uint64_t first = image0 / schedule->group;
    const uint64_t last = (image0 + count - 1) / schedule->group;
    if (play(follower, schedule, first_needed(reference, first), last, workspace, err))
        return err->status;
    follower->first_group = first;
    for (uint64_t g = first; g <= last; g++)
        for (size_t i = 0; i < rows; i++) {
            const size_t at = (size_t)(g - first) * rows + i;
            if (settle(follower, g, i, &follower->shift[at], &follower->rise[at], err))
                return err->status;
        }
    return OAC_OK;
}

struct oac_drifted oac_follower_at(const struct oac_follower *follower,
                                   const struct oac_schedule *schedule, uint64_t image,
                                   size_t slots)
{
    const struct oac_reference *reference = follower->reference;
    const size_t at =
        (size_t)(image / schedule->group - follower->first_group) * reference->correction->rows;
    bool sums = reference->link->caps->receiver == OAC_SAMPLED; /* an offset in every slot */
    return (struct oac_drifted){
        .shift_code = follower->shift + at,
        .rise = follower->rise + at,
        .shift_scale = sums ? (double)slots / (double)reference->slots : 1.0,
    };
}
