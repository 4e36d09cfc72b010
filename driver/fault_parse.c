/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults as text. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "driver/fault.h"

static const char *const call_names[OAC_FAULT_CALLS] = {
    "any", "load", "unload", "play", "light", "set", "get", "safe", "workspace"};

const char *oac_fault_call_name(enum oac_fault_call call)
{
    return call_names[call];
}

static const struct {
    const char *name;
    enum oac_status status;
} statuses[] = {
#define FAULT_STATUS(name, exit_code, text) {#name, name},
    OAC_STATUS_LIST(FAULT_STATUS)
#undef FAULT_STATUS
};

static bool find_call(const char *text, size_t length, enum oac_fault_call *call)
{
    for (int c = 0; c < OAC_FAULT_CALLS; c++)
        if (strlen(call_names[c]) == length && memcmp(call_names[c], text, length) == 0) {
            *call = (enum oac_fault_call)c;
            return true;
        }
    return false;
}

/* The status, or the milliseconds of "delay:500". */
static bool find_effect(const char *text, struct oac_fault *fault)
{
    char *end;
    if (strncmp(text, "delay:", 6) == 0) {
        const unsigned long ms = strtoul(text + 6, &end, 10);
        fault->delay_ms = (uint32_t)ms;
        return text[6] >= '0' && text[6] <= '9' && *end == '\0' && ms <= 3600000;
    }
    for (size_t i = 1; i < sizeof statuses / sizeof statuses[0]; i++)
        if (strcasecmp(statuses[i].name + strlen("OAC_E"), text) == 0) {
            fault->status = statuses[i].status;
            return true;
        }
    return false;
}

enum oac_status oac_fault_parse(const char *text, struct oac_fault *fault, struct oac_err *err)
{
    struct oac_fault made = {.call = OAC_FAULT_ANY};
    char *end = NULL;
    const size_t name = strcspn(text, ":");
    bool good = text[name] == ':' && find_call(text, name, &made.call) &&
                text[name + 1] >= '1' && text[name + 1] <= '9';
    if (good) {
        made.nth = strtoull(text + name + 1, &end, 10);
        good = *end == '=' && find_effect(end + 1, &made);
    }
    if (!good)
        return oac_fail(
            err, OAC_EUSAGE,
            "fault \"%.60s\": must be CALL:N=STATUS or CALL:N=delay:MS; calls are any, "
            "load, unload, play, light, set, get, safe, workspace; N counts from 1; "
            "statuses are device, nomem, io, mismatch and so on",
            text);
    fault->call = made.call;
    fault->nth = made.nth;
    fault->status = made.status;
    fault->delay_ms = made.delay_ms;
    atomic_store(&fault->calls, 0);
    atomic_store(&fault->fired, false);
    return OAC_OK;
}
