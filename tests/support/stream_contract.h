/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every implementation of hal/stream.h must do. One call runs the whole suite inside a
 * Criterion test; each failing assertion names the promise that was broken. */
#ifndef OAC_TESTS_SUPPORT_STREAM_CONTRACT_H
#define OAC_TESTS_SUPPORT_STREAM_CONTRACT_H

#include <stdbool.h>

#include "base/status.h"
#include "hal/stream.h"

struct oac_stream_contract {
    const char *name; /* goes into messages */
    enum oac_status (*open)(void *context, struct oac_stream *stream, struct oac_err *err);
    void *context;
    bool
        linear; /* opened without noise, rounding and clipping: readouts are linear in launch */
    bool
        deterministic; /* the same segment at the same slot0 gives the same bits, in any burst */
};

void oac_stream_contract_run(const struct oac_stream_contract *contract);

#endif
