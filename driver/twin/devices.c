/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "driver/twin/devices_build.h"

static bool same_name(const struct oac_twin_device *device, const char *name)
{
    return strcmp(device->id, name) == 0 || strcmp(device->name, name) == 0;
}

size_t oac_twin_device_find(const struct oac_twin_devices *devices, const char *name)
{
    size_t d = 0;
    while (d < devices->count && !same_name(&devices->device[d], name))
        d++;
    return d;
}

static const struct oac_twin_attributes *of_channel(const struct oac_twin_device *device,
                                                    const struct oac_twin_request *request)
{
    bool output = request->scope == OAC_TWIN_OUTPUT;
    for (size_t c = 0; c < device->channels; c++)
        if (device->channel[c].output == output &&
            strcmp(device->channel[c].id, request->channel) == 0)
            return &device->channel[c].attributes;
    return NULL;
}

const struct oac_twin_attributes *
oac_twin_attributes_find(const struct oac_twin_devices *devices,
                         const struct oac_twin_request *request, int *error)
{
    size_t d = oac_twin_device_find(devices, request->device);
    if (d == devices->count) {
        *error = -ENODEV;
        return NULL;
    }
    const struct oac_twin_device *device = &devices->device[d];
    const struct oac_twin_attributes *found = NULL;
    switch (request->scope) {
    case OAC_TWIN_DEVICE:
        return &device->attributes;
    case OAC_TWIN_BUFFER:
        return &device->buffer;
    case OAC_TWIN_DEBUG:
        return &device->debug;
    case OAC_TWIN_INPUT:
    case OAC_TWIN_OUTPUT:
        found = of_channel(device, request);
        break;
    }
    if (!found)
        *error = -ENXIO;
    return found;
}

static const struct oac_twin_attribute *find(const struct oac_twin_attributes *attributes,
                                             const char *name)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (strcmp(attributes->attribute[i].name, name) == 0)
            return &attributes->attribute[i];
    return NULL;
}

int oac_twin_attribute_read(struct oac_twin_devices *devices,
                            const struct oac_twin_attributes *attributes, const char *name,
                            char *value)
{
    const struct oac_twin_attribute *attribute = find(attributes, name);
    if (!attribute)
        return -ENOENT;
    pthread_mutex_lock(&devices->lock);
    size_t bytes = strlen(attribute->value) + 1;
    memcpy(value, attribute->value, bytes);
    pthread_mutex_unlock(&devices->lock);
    return (int)bytes;
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* The text that was sent, without a line end; false when no attribute would take it. */
static bool text_of(const char *value, size_t bytes, char text[OAC_TWIN_VALUE_BYTES])
{
    if (bytes >= OAC_TWIN_VALUE_BYTES)
        return false;
    if (bytes > 0) /* value may be NULL */
        memcpy(text, value, bytes);
    text[bytes] = '\0';
    size_t length = strlen(text);
    for (size_t i = length; i < bytes; i++)
        if (value[i] != '\0')
            return false;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        text[--length] = '\0';
    return printable(text);
}

int oac_twin_attribute_write(struct oac_twin_devices *devices,
                             const struct oac_twin_attributes *attributes, const char *name,
                             const char *value, size_t bytes)
{
    /* The lists are const to readers so that nobody else changes them; values change here, under the lock. */
    struct oac_twin_attribute *attribute =
        (struct oac_twin_attribute *)(uintptr_t)find(attributes, name);
    char text[OAC_TWIN_VALUE_BYTES];
    double number;
    if (!attribute)
        return -ENOENT;
    if (attribute->fixed)
        return -EACCES;
    if (!text_of(value, bytes, text) ||
        (attribute->is_number && !oac_number_parse(text, &number)))
        return -EINVAL;
    if (!attribute->stays) {
        pthread_mutex_lock(&devices->lock);
        memcpy(attribute->value, text, strlen(text) + 1);
        pthread_mutex_unlock(&devices->lock);
    }
    return (int)bytes;
}

bool oac_twin_mask_fits(const struct oac_twin_device *device, const struct oac_twin_mask *mask)
{
    bool any = false;
    if (device->scans == 0 || mask->words != (device->channels + 31) / 32)
        return false;
    for (size_t c = 0; c < 32 * mask->words; c++) {
        if (!oac_twin_mask_has(mask, c))
            continue;
        if (c >= device->scans)
            return false;
        any = true;
    }
    return any;
}

void oac_twin_layout_make(const struct oac_twin_device *device,
                          const struct oac_twin_mask *mask, struct oac_twin_layout *layout)
{
    size_t at = 0, largest = 1;
    layout->count = 0;
    for (size_t c = 0; c < device->scans; c++) {
        if (!oac_twin_mask_has(mask, c))
            continue;
        size_t bytes = device->channel[c].codec.storage_bits / 8u;
        at = (at + bytes - 1) / bytes * bytes;
        largest = bytes > largest ? bytes : largest;
        layout->channel[layout->count] = c;
        layout->offset[layout->count++] = at;
        at += bytes;
    }
    layout->step = (at + largest - 1) / largest * largest;
}

void oac_twin_devices_destroy(struct oac_twin_devices *devices)
{
    if (!devices)
        return;
    pthread_mutex_destroy(&devices->lock);
    free(devices);
}
