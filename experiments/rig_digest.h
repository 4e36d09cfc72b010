/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The identity of a bench: SHA-256 of its complete rig text, defaults and --set included. Runs, recordings and
 * calibrations carry it. */
#ifndef OAC_EXPERIMENTS_RIG_DIGEST_H
#define OAC_EXPERIMENTS_RIG_DIGEST_H

#include <stddef.h>

#include "base/digest.h"
#include "base/status.h"

/* rig: a file or the name of a shipped rig; sets (set_count) "path=value". */
enum oac_status oac_rig_digest(const char *rig, const char *const *sets, size_t set_count,
                               char hex[OAC_DIGEST_HEX_BYTES],
                               struct oac_err *err) OAC_MUST_USE;

#endif
