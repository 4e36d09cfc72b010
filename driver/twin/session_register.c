/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Debug attributes whose value is found when they are read. The status register of an AXI core behind
 * direct_reg_access, for the fault `lost`: an address is written, its value read; an address and a value written
 * clear the value's bits. And an output's gaps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/twin/session_state.h"

#define STATUS_REGISTER 0x80000088u
#define LOST            5u /* underflow and overflow */

static uint32_t bit_of(const struct oac_twin *twin, const struct oac_twin_request *request)
{
    return (uint32_t)1 << oac_twin_device_find(twin->devices, request->device);
}

static bool has_lost(const struct oac_twin *twin, const struct oac_twin_request *request)
{
    return atomic_load(&twin->faults->readbufs) >= twin->faults->lost &&
           !(atomic_load(&twin->faults->lost_cleared) & bit_of(twin, request));
}

static bool is_register(const struct oac_twin *twin, const struct oac_twin_request *request)
{
    return twin->faults->lost && request->scope == OAC_TWIN_DEBUG &&
           strcmp(request->attribute, "direct_reg_access") == 0;
}

bool oac_twin_register_read(const struct oac_twin *twin, const struct oac_twin_request *request,
                            char value[OAC_TWIN_VALUE_BYTES])
{
    char *end;
    if (!is_register(twin, request) || strtoul(value, &end, 0) != STATUS_REGISTER ||
        *end != '\0')
        return false;
    snprintf(value, OAC_TWIN_VALUE_BYTES, "0x%X", has_lost(twin, request) ? LOST : 0u);
    return true;
}

bool oac_twin_gaps_read(const struct oac_twin *twin, const struct oac_twin_request *request,
                        char value[OAC_TWIN_VALUE_BYTES])
{
    if (request->scope != OAC_TWIN_DEBUG || strcmp(request->attribute, "gaps") != 0)
        return false;
    const size_t d = oac_twin_device_find(twin->devices, request->device);
    snprintf(value, OAC_TWIN_VALUE_BYTES, "%" PRIu64,
             oac_twin_output_gaps(twin->playback, twin->first_device + d));
    return true;
}

void oac_twin_register_written(const struct oac_twin *twin,
                               const struct oac_twin_request *request, const char *value,
                               size_t bytes)
{
    char text[OAC_TWIN_VALUE_BYTES], *end;
    if (!is_register(twin, request) || bytes == 0 || bytes >= sizeof text)
        return;
    memcpy(text, value, bytes);
    text[bytes] = '\0';
    if (strtoul(text, &end, 0) == STATUS_REGISTER && (strtoul(end, NULL, 0) & LOST) == LOST &&
        has_lost(twin, request))
        atomic_fetch_or(&twin->faults->lost_cleared, bit_of(twin, request));
}
