/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference windows: what is known to come out, played between images, tells how far the readouts have
 * drifted since the calibration.
 *
 * Before every `group` images two windows of n slots are played at launch L: weights wide open, operands
 * null (dark), then wide open (light). With D0, B0 what the record says they read (lin of it) and D, B the
 * means of what they read over the latest `span` groups, this image's included, later ones never:
 *
 *     rise  = (B - D)/(B0 - D0)                       laser power, modulator loss, receiver gain
 *     shift = D - base - rise (D0 - base)             offset;  base = offset + n dark
 *
 * hal/correction.h takes both off the readouts of every window. A drift is followed when it is a factor or an
 * offset of a readout, and slow against `span` groups; a modulator's bias changes neither at the peak, where
 * the references sit, and stays. The noise of a readout's rise is that of 2 span windows. Each image's
 * references follow from its number alone, so any image can be run alone with the same bits.
 * Crosstalk makes one laser's drift appear in another's readout, times X: second order, left alone. */
#ifndef OAC_HAL_REFERENCE_H
#define OAC_HAL_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/correction.h"
#include "hal/engine.h"
#include "hal/schedule.h"

#define OAC_REFERENCE_WINDOWS 2u /* dark, light */

struct oac_reference { /* the engine's half */
    struct oac_link *link;
    struct oac_correction *correction; /* of a frame whose rows are all channels in use */
    uint32_t handle;
    size_t slots, span;
    float launch;
    uint16_t code[OAC_REFERENCE_WINDOWS]; /* the operand of each window */
    double *dark_code, *light_code;       /* (rows) D0 and B0 */
};

struct oac_reference_spec {
    struct oac_link *link;
    const struct oac_calrec *calrec;
    const struct oac_code_map *client, *weight; /* weight (rows) */
    const size_t *channel;                      /* (rows) the channels in use */
    size_t rows;
    bool differential;
    size_t span;
};

/* Loads the reference frame. Status: OAC_EINVAL when a channel has no light to refer to. */
enum oac_status oac_reference_create(const struct oac_reference_spec *spec,
                                     struct oac_reference **reference,
                                     struct oac_err *err) OAC_MUST_USE;
void oac_reference_destroy(struct oac_reference *reference); /* unloads; NULL is fine */

/* What one thread remembers of the groups it has played, and where they put the readouts. */
struct oac_follower {
    const struct oac_reference *reference;
    size_t kept;          /* groups in the ring */
    uint64_t *group;      /* (kept) group + 1; 0: none */
    double *dark, *light; /* (kept, rows) readings */
    double *shift, *rise; /* (kept, rows) of group first_group + i */
    uint64_t first_group;
    uint16_t *code;          /* (2 kept, slots) */
    uint64_t *slot0;         /* (2 kept) */
    float *launch, *readout; /* (2 kept), (2 kept, lanes) */
};

/* For chunks of up to `images` images. */
enum oac_status oac_follower_create(const struct oac_reference *reference,
                                    const struct oac_schedule *schedule, size_t images,
                                    struct oac_follower **follower,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_follower_destroy(struct oac_follower *follower); /* NULL is fine */

/* Plays the references that images image0 .. image0+count-1 need and that are not remembered, and fills
 * shift and rise. Status: OAC_EDEVICE when a reference shows no light. */
enum oac_status oac_follower_follow(struct oac_follower *follower,
                                    const struct oac_schedule *schedule, uint64_t image0,
                                    size_t count, struct oac_workspace *workspace,
                                    struct oac_err *err) OAC_MUST_USE;

/* Where the readouts of a window of `slots` slots of an image are; valid until the next follow. Pure. */
struct oac_drifted oac_follower_at(const struct oac_follower *follower,
                                   const struct oac_schedule *schedule, uint64_t image,
                                   size_t slots);

#endif
