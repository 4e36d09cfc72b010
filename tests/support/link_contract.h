/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every implementation of hal/link.h must do. One call runs the whole suite inside a Criterion test;
 * each failing assertion names the promise that was broken. */
#ifndef OAC_TESTS_SUPPORT_LINK_CONTRACT_H
#define OAC_TESTS_SUPPORT_LINK_CONTRACT_H

#include <stdbool.h>

#include "base/status.h"
#include "hal/link.h"

struct oac_link_contract {
    const char *name; /* goes into messages */
    enum oac_status (*open)(void *context, struct oac_link *link, struct oac_err *err);
    void *context;
    bool
        linear; /* opened without noise, rounding and clipping: readouts are linear in launch */
    bool varies; /* a board: no two plays give the same bits, and nobody knows the light */
};

void oac_link_contract_run(const struct oac_link_contract *contract);

#endif
