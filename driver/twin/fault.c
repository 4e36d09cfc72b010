/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define DELAY_MS_MAX 600000

static bool whole(const char *text, int64_t most, int64_t *value)
{
    return oac_number_parse_integer(text, value) && *value >= 1 && *value <= most;
}

static uint64_t *place_of(struct oac_twin_faults *faults, const char *kind)
{
    const struct {
        const char *kind;
        uint64_t *place;
    } kinds[] = {
        {"delay", &faults->delay},       {"drop", &faults->drop},
        {"short", &faults->short_piece}, {"mask", &faults->wrong_mask},
        {"wider", &faults->wider},       {"ebusy", &faults->ebusy},
        {"close", &faults->close_bytes}, {"stale", &faults->stale},
        {"lost", &faults->lost},         {"clock", &faults->clock_ppm},
        {"stall", &faults->stall},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind, kinds[i].kind) == 0)
            return kinds[i].place;
    return NULL;
}

enum oac_status oac_twin_fault_parse(const char *text, struct oac_twin_faults *faults,
                                     struct oac_err *err)
{
    char kind[64];
    int64_t n, ms = 0;
    if (strcmp(text, "nocyclic") == 0) {
        faults->nocyclic = true;
        return OAC_OK;
    }
    snprintf(kind, sizeof kind, "%s", text);
    char *count = strchr(kind, ':'), *late = NULL;
    if (count) {
        *count++ = '\0';
        late = strchr(count, ':');
    }
    if (late)
        *late++ = '\0';
    uint64_t *place = place_of(faults, kind);
    if (strlen(text) >= sizeof kind || !place || !count || !whole(count, INT64_MAX, &n) ||
        (late && ((place != &faults->delay && place != &faults->stall) ||
                  !whole(late, DELAY_MS_MAX, &ms))))
        return oac_fail(err, OAC_EUSAGE,
                        "fault '%s': one of delay:N[:MS], drop:N, short:N, mask:N, wider:N, "
                        "ebusy:N, nocyclic, close:BYTES, stale:N, clock:PPM, stall:N[:MS], "
                        "lost:N is known, "
                        "numbers from 1",
                        text);
    *place = (uint64_t)n;
    if (place == &faults->delay)
        faults->delay_ms = late ? (unsigned)ms : OAC_TWIN_DELAY_MS;
    if (place == &faults->stall)
        faults->stall_ms = late ? (unsigned)ms : OAC_TWIN_STALL_MS;
    return OAC_OK;
}
