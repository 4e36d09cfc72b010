/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came to the outputs, for whoever wants to check a driver: extremes of everything, and the last sample. */
#include <stdio.h>
#include <string.h>

#include "driver/twin/devices.h"

static struct oac_twin_attribute *place(struct oac_twin_device *device)
{
    for (size_t i = 0; i < device->debug.count; i++)
        if (strcmp(device->debug.attribute[i].name, "received") == 0)
            return &device->debug.attribute[i];
    return NULL;
}

static double volts(const struct oac_twin_devices *devices, size_t port, int32_t code)
{
    return devices->rate_gain[port] * oac_board_port_volts(&devices->board->port[port], code);
}

/* The lock is held. */
static void describe(const struct oac_twin_devices *devices, const char *device, char *text)
{
    size_t used = 0;
    for (size_t p = 0; p < devices->board->ports && used < OAC_TWIN_VALUE_BYTES; p++) {
        const struct oac_twin_received *r = &devices->received[p];
        const struct oac_board_port *port = &devices->board->port[p];
        if (r->samples == 0 || strcmp(port->device, device) != 0)
            continue;
        const double a = volts(devices, p, r->low), b = volts(devices, p, r->high);
        const int n = snprintf(text + used, OAC_TWIN_VALUE_BYTES - used,
                               "%s%s samples %llu low %.6f high %.6f last %.6f",
                               used ? ", " : "", port->name, (unsigned long long)r->samples,
                               a < b ? a : b, a < b ? b : a, volts(devices, p, r->last));
        used += n > 0 ? (size_t)n : 0;
    }
}

void oac_twin_received_add(struct oac_twin_devices *devices, size_t d, size_t port,
                           size_t samples, const int32_t *code)
{
    struct oac_twin_attribute *attribute = place(&devices->device[d]);
    struct oac_twin_received *r = &devices->received[port];
    if (samples == 0)
        return;
    pthread_mutex_lock(&devices->lock);
    if (r->samples == 0)
        r->low = r->high = code[0];
    for (size_t i = 0; i < samples; i++) {
        r->low = code[i] < r->low ? code[i] : r->low;
        r->high = code[i] > r->high ? code[i] : r->high;
    }
    r->samples += samples;
    r->last = code[samples - 1];
    if (attribute)
        describe(devices, devices->device[d].name, attribute->value);
    pthread_mutex_unlock(&devices->lock);
}
