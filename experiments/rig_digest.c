/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/rig_digest.h"

#include <stdlib.h>
#include <string.h>

#include "sim/rig.h"

enum oac_status oac_rig_digest(const char *rig, const char *const *sets, size_t set_count,
                               char hex[OAC_DIGEST_HEX_BYTES], struct oac_err *err)
{
    struct oac_rig parsed;
    char *text;
    uint8_t sum[32];
    if (oac_rig_read(rig, sets, set_count, &parsed, &text, err))
        return err->status;
    enum oac_status status = oac_digest_memory(text, strlen(text), sum, err);
    free(text);
    if (!status)
        oac_digest_hex(sum, hex);
    return status;
}
