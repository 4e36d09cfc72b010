/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of everything that can be opened as a link: a name on the command line (`--on sim`)
 * to an open function. One row per implementation; nobody above this file knows which answered.
 */
#ifndef OAC_DRIVER_REGISTRY_H
#define OAC_DRIVER_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/arming.h"
#include "hal/link.h"
#include "sim/rig.h"

struct oac_recorder;

struct oac_registry_request {
    const struct oac_rig *rig;
    const uint8_t *rig_hash; /* (32) SHA-256 of the resolved rig text */
    const char *rig_text;    /* the text; NULL: unknown */
    uint32_t noise;          /* mask of sim/noise.h; simulated benches only */
    uint64_t seed;           /* of the noise; simulated benches only */
    const char *uri; /* of the bench; NULL or "": the rig's. Lab benches only. Of a replay:
                        the recording's file */
    const struct oac_drive
        *drive; /* how its outputs may be driven; NULL: unarmed. Lab benches only */
    struct oac_recorder *recorder; /* keeps the samples; NULL: nobody does */
};

struct oac_registry_row {
    const char *name, *help;
    enum oac_status (*open)(const struct oac_registry_request *request, struct oac_link *link,
                            struct oac_err *err);
};

/* Returned: the rows, *count of them, in the order they should be listed. */
const struct oac_registry_row *oac_registry_rows(size_t *count);

/* Opens the link called `name`; close it with oac_link_close. Status: OAC_ENOTFOUND for an
 * unknown name (the message lists those there are), else what the implementation says. *link is
 * untouched on failure. */
enum oac_status oac_registry_open(const char *name, const struct oac_registry_request *request,
                                  struct oac_link *link, struct oac_err *err) OAC_MUST_USE;

#endif
