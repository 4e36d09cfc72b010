/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/devices_build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

static enum oac_status full(const struct oac_twin_devices *devices, const char *what,
                            unsigned limit, struct oac_err *err)
{
    return oac_fail(
        err, OAC_EUNSUPPORTED,
        "board %s: the virtual bench has room for %u %s: take some out of the profile",
        devices->board->name, limit, what);
}

static enum oac_status device_of(struct oac_twin_devices *devices, const char *name,
                                 struct oac_twin_device **device, struct oac_err *err)
{
    size_t d = oac_twin_device_find(devices, name);
    if (d == OAC_TWIN_DEVICES_MAX)
        return full(devices, "devices", OAC_TWIN_DEVICES_MAX, err);
    *device = &devices->device[d];
    if (d == devices->count) {
        snprintf((*device)->id, sizeof(*device)->id, "iio:device%zu", d);
        snprintf((*device)->name, sizeof(*device)->name, "%s", name);
        devices->count++;
    }
    return OAC_OK;
}

/* A new channel behind those there are. */
static enum oac_status channel_add(struct oac_twin_devices *devices,
                                   struct oac_twin_device *device, const char *id, bool output,
                                   struct oac_twin_channel **channel, struct oac_err *err)
{
    if (device->channels == OAC_TWIN_CHANNELS_MAX)
        return full(devices, "channels of a device", OAC_TWIN_CHANNELS_MAX, err);
    *channel = &device->channel[device->channels++];
    snprintf((*channel)->id, sizeof(*channel)->id, "%s", id);
    (*channel)->output = output;
    return OAC_OK;
}

static enum oac_status channel_of(struct oac_twin_devices *devices,
                                  struct oac_twin_device *device, const char *id, bool output,
                                  struct oac_twin_channel **channel, struct oac_err *err)
{
    for (size_t c = 0; c < device->channels; c++)
        if (device->channel[c].output == output && strcmp(device->channel[c].id, id) == 0) {
            *channel = &device->channel[c];
            return OAC_OK;
        }
    return channel_add(devices, device, id, output, channel, err);
}

/* The attribute called so, made when it is not there. */
static enum oac_status attribute_of(const struct oac_twin_devices *devices,
                                    struct oac_twin_attributes *attributes, const char *name,
                                    const char *value, struct oac_twin_attribute **attribute,
                                    struct oac_err *err)
{
    double number;
    for (size_t i = 0; i < attributes->count; i++)
        if (strcmp(attributes->attribute[i].name, name) == 0) {
            *attribute = &attributes->attribute[i];
            return OAC_OK;
        }
    if (attributes->count == OAC_TWIN_ATTRIBUTES_MAX)
        return full(devices, "attributes in one place", OAC_TWIN_ATTRIBUTES_MAX, err);
    *attribute = &attributes->attribute[attributes->count++];
    snprintf((*attribute)->name, sizeof(*attribute)->name, "%s", name);
    snprintf((*attribute)->filename, sizeof(*attribute)->filename, "%s", name);
    snprintf((*attribute)->value, sizeof(*attribute)->value, "%s", value);
    (*attribute)->is_number = oac_number_parse(value, &number);
    return OAC_OK;
}

static enum oac_status scan_add(struct oac_twin_devices *devices, size_t port, bool quadrature,
                                struct oac_err *err)
{
    const struct oac_board_port *from = &devices->board->port[port];
    const char *id = quadrature ? from->channel_q : from->channel;
    struct oac_twin_device *device = NULL;
    struct oac_twin_channel *channel = NULL;
    if (device_of(devices, from->device, &device, err))
        return err->status;
    if (device->scans > 0 && device->output != from->output)
        return oac_fail(err, OAC_EMISMATCH,
                        "board %s, port %s: device %s has scan channels in both directions",
                        devices->board->name, from->name, from->device);
    if (channel_add(devices, device, id, from->output, &channel, err))
        return err->status;
    channel->scan = true;
    channel->codec = from->codec;
    channel->port = port;
    channel->quadrature = quadrature;
    device->output = from->output;
    device->scans++;
    return OAC_OK;
}

static enum oac_status buffers_add(struct oac_twin_devices *devices,
                                   struct oac_twin_device *device, struct oac_err *err)
{
    struct oac_twin_attribute *attribute = NULL;
    if (attribute_of(devices, &device->buffer, "data_available", "0", &attribute, err))
        return err->status;
    attribute->fixed = true;
    if (attribute_of(devices, &device->buffer, "length_align_bytes", "8", &attribute, err))
        return err->status;
    attribute->fixed = true;
    if (attribute_of(devices, &device->buffer, "watermark", "1", &attribute, err) ||
        attribute_of(devices, &device->debug, "direct_reg_access", "0x0", &attribute, err))
        return err->status;
    attribute->is_number = false;
    if (!device->output)
        return OAC_OK;
    if (attribute_of(devices, &device->debug, "received", "", &attribute, err))
        return err->status;
    attribute->fixed = true;
    if (attribute_of(devices, &device->debug, "gaps", "0", &attribute, err))
        return err->status;
    attribute->fixed = true;
    return OAC_OK;
}

/* "75000000", as the kernel prints whole rates. */
static void rate_text(double rate_hz, char text[OAC_NUMBER_BYTES])
{
    double whole = (double)(int64_t)(rate_hz + 0.5);
    if (rate_hz < 1e15 && rate_hz - whole < 0.5e-3 && whole - rate_hz < 0.5e-3)
        snprintf(text, OAC_NUMBER_BYTES, "%" PRId64, (int64_t)whole);
    else
        oac_number_format(rate_hz, text);
}

/* A channel's attribute is a file named after it. */
static void file_of(struct oac_twin_attribute *attribute, bool output, const char *channel)
{
    snprintf(attribute->filename, sizeof attribute->filename, "%s_%.60s_%.60s",
             output ? "out" : "in", channel, attribute->name);
}

static enum oac_status rate_add(struct oac_twin_devices *devices,
                                const struct oac_board_port *port, double rate_hz,
                                struct oac_err *err)
{
    struct oac_twin_device *device = NULL;
    struct oac_twin_channel *channel = NULL;
    struct oac_twin_attribute *attribute = NULL;
    char text[OAC_NUMBER_BYTES], list[OAC_TWIN_VALUE_BYTES] = "",
                                 name[OAC_BOARD_NAME_BYTES + 16];
    size_t used = 0;
    if (port->rate_attribute[0] == '\0')
        return OAC_OK;
    rate_text(rate_hz, text);
    if (device_of(devices, port->rate_device[0] ? port->rate_device : port->device, &device,
                  err))
        return err->status;
    if (port->rate_channel[0] != '\0' &&
        channel_of(devices, device, port->rate_channel, port->output, &channel, err))
        return err->status;
    struct oac_twin_attributes *attributes =
        channel ? &channel->attributes : &device->attributes;
    if (attribute_of(devices, attributes, port->rate_attribute, text, &attribute, err))
        return err->status;
    if (channel)
        file_of(attribute, port->output, port->rate_channel);
    snprintf(attribute->value, sizeof attribute->value, "%s", text);
    attribute->stays = attribute->is_number = true;
    for (size_t i = 0; i < port->rates; i++) {
        rate_text(port->rate_hz[i], text);
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? " " : "", text);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    snprintf(name, sizeof name, "%.*s_available", (int)OAC_BOARD_NAME_BYTES - 11,
             port->rate_attribute);
    if (port->rates == 0)
        return OAC_OK;
    if (attribute_of(devices, attributes, name, list, &attribute, err))
        return err->status;
    if (channel)
        file_of(attribute, port->output, port->rate_channel);
    attribute->fixed = true;
    return OAC_OK;
}

static enum oac_status write_add(struct oac_twin_devices *devices,
                                 const struct oac_board_write *write, struct oac_err *err)
{
    struct oac_twin_device *device = NULL;
    struct oac_twin_channel *channel = NULL;
    struct oac_twin_attribute *attribute = NULL;
    if (device_of(devices, write->device, &device, err))
        return err->status;
    struct oac_twin_attributes *attributes = &device->attributes;
    if (write->channel[0] != '\0') {
        if (channel_of(devices, device, write->channel, write->output, &channel, err))
            return err->status;
        attributes = &channel->attributes;
    }
    if (attribute_of(devices, attributes, write->attribute, write->value, &attribute, err))
        return err->status;
    if (attributes != &device->attributes)
        file_of(attribute, write->output, write->channel);
    return OAC_OK;
}

enum oac_status oac_twin_devices_build(struct oac_twin_devices *devices, const double *rate_hz,
                                       struct oac_err *err)
{
    const struct oac_board *board = devices->board;
    for (size_t p = 0; p < board->ports; p++)
        if (scan_add(devices, p, false, err) ||
            (board->port[p].iq && scan_add(devices, p, true, err)))
            return err->status;
    for (size_t d = 0; d < devices->count; d++)
        if (buffers_add(devices, &devices->device[d], err))
            return err->status;
    for (size_t p = 0; p < board->ports; p++)
        if (rate_add(devices, &board->port[p], rate_hz[p], err))
            return err->status;
    for (size_t i = 0; i < board->safes; i++)
        if (write_add(devices, &board->safe[i], err))
            return err->status;
    for (size_t i = 0; i < board->setups; i++)
        if (write_add(devices, &board->setup[i], err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_twin_devices_create(const struct oac_board *board, const double *rate_hz,
                                        struct oac_twin_devices **devices, struct oac_err *err)
{
    struct oac_twin_devices *made = oac_alloc(1, sizeof *made, "virtual devices", err);
    if (!made)
        return err->status;
    made->board = board;
    for (size_t p = 0; p < board->ports; p++)
        made->rate_gain[p] = oac_board_rate_gain(&board->port[p], rate_hz[p]);
    pthread_mutex_init(&made->lock, NULL);
    if (oac_twin_devices_build(made, rate_hz, err)) {
        oac_twin_devices_destroy(made);
        return err->status;
    }
    *devices = made;
    return OAC_OK;
}
