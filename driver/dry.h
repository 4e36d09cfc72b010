/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dry run: the lab bench's own driver, and behind it, instead of the board, the board's virtual twin.
 *
 * What a layer plays depends on what the layers before it answered, so something must answer. The rig
 * that says how light is driven also says how it answers (docs/virtual-bench.md): its twin is served
 * inside this process, on a loopback port that the kernel chooses, and the driver plays to it exactly
 * what it would play to the board; a tap (driver/played.h) sees every setting and sample where they
 * leave the driver. Nothing here computes a voltage.
 * Given a URI, the context there is only described: the rig's profile must fit it, no setting of it is written. */
#ifndef OAC_DRIVER_DRY_H
#define OAC_DRIVER_DRY_H

#include <stdint.h>

#include "base/status.h"
#include "sim/rig.h"

struct oac_dry;

/* uri NULL: no device at all. rig_hash (32); noise: mask of sim/noise.h. rig must outlive *dry. */
enum oac_status oac_dry_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                             uint32_t noise, uint64_t seed, const char *uri,
                             struct oac_dry **dry, struct oac_err *err) OAC_MUST_USE;
const char *oac_dry_uri(const struct oac_dry *dry); /* where the driver is to play */
void oac_dry_close(struct oac_dry *dry);            /* after the link; NULL is fine */

#endif
