/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a context contains: devices, channels, scan formats. */
#include <stdio.h>
#include <string.h>

#include "driver/iio/session_state.h"

#define LISTED_BYTES 240u

static const char *device_name(const struct iio_device *device)
{
    const char *name = iio_device_get_name(device);
    return name ? name : iio_device_get_id(device);
}

static void list(char text[LISTED_BYTES], const char *name)
{
    const size_t used = strlen(text);
    snprintf(text + used, LISTED_BYTES - used, "%s%s", used ? ", " : "", name);
}

enum oac_status oac_iio_find_device(struct oac_iio_session *session, const char *name,
                                    struct iio_device **device, struct oac_err *err)
{
    char known[LISTED_BYTES] = "";
    if (oac_iio_trust(session, err))
        return err->status;
    *device = iio_context_find_device(session->context, name);
    if (*device)
        return OAC_OK;
    for (unsigned i = 0; i < iio_context_get_devices_count(session->context); i++)
        list(known, device_name(iio_context_get_device(session->context, i)));
    return oac_fail(err, OAC_ENOTFOUND, "%s has no device '%s'; it has: %s", session->uri, name,
                    known[0] ? known : "none");
}

enum oac_status oac_iio_find_channel(struct oac_iio_session *session, const char *device,
                                     const char *name, bool output,
                                     struct iio_channel **channel, struct oac_err *err)
{
    struct iio_device *found = NULL;
    char known[LISTED_BYTES] = "";
    if (oac_iio_find_device(session, device, &found, err))
        return err->status;
    *channel = iio_device_find_channel(found, name, output);
    if (*channel)
        return OAC_OK;
    for (unsigned i = 0; i < iio_device_get_channels_count(found); i++) {
        const struct iio_channel *other = iio_device_get_channel(found, i);
        if (iio_channel_is_output(other) == output)
            list(known, iio_channel_get_id(other));
    }
    return oac_fail(err, OAC_ENOTFOUND, "%s: device '%s' has no %s channel '%s'; it has: %s",
                    session->uri, device, output ? "output" : "input", name,
                    known[0] ? known : "none");
}

bool oac_iio_codec_of(const struct iio_channel *channel, struct oac_codec *codec)
{
    const struct iio_data_format *format = iio_channel_get_data_format(channel);
    const bool known = iio_channel_is_scan_element(channel) && format && format->bits >= 1 &&
                       (format->length == 8 || format->length == 16 || format->length == 32) &&
                       format->repeat <= 1 && format->shift + format->bits <= format->length;
    *codec = (struct oac_codec){0};
    if (!known)
        return false;
    *codec = (struct oac_codec){.bits = (uint8_t)format->bits,
                                .storage_bits = (uint8_t)format->length,
                                .shift = (uint8_t)format->shift,
                                .big_endian = format->is_be,
                                .is_signed = format->is_signed,
                                .fully_defined = format->is_fully_defined};
    return true;
}

static void show_channel(const struct iio_device *device, const struct iio_channel *channel,
                         void (*each)(void *context, const struct oac_iio_channel_info *info),
                         void *context)
{
    const char *name = iio_channel_get_name(channel);
    struct oac_iio_channel_info info = {
        .device = device_name(device),
        .device_id = iio_device_get_id(device),
        .channel = iio_channel_get_id(channel),
        .channel_name = name ? name : "",
        .output = iio_channel_is_output(channel),
        .scannable = iio_channel_is_scan_element(channel),
        .index = -1,
    };
    (void)oac_iio_codec_of(channel, &info.codec);
    if (info.scannable)
        info.index = iio_channel_get_index(channel);
    each(context, &info);
}

enum oac_status oac_iio_channels(struct oac_iio_session *session,
                                 void (*each)(void *context,
                                              const struct oac_iio_channel_info *info),
                                 void *context, struct oac_err *err)
{
    if (oac_iio_trust(session, err))
        return err->status;
    for (unsigned d = 0; d < iio_context_get_devices_count(session->context); d++) {
        const struct iio_device *device = iio_context_get_device(session->context, d);
        for (unsigned c = 0; c < iio_device_get_channels_count(device); c++)
            show_channel(device, iio_device_get_channel(device, c), each, context);
    }
    return OAC_OK;
}

static bool has_device_attribute(const struct iio_device *device, const char *name)
{
    return iio_device_find_attr(device, name) || iio_device_find_buffer_attr(device, name) ||
           iio_device_find_debug_attr(device, name);
}

bool oac_iio_has(struct oac_iio_session *session, const char *device, const char *channel,
                 bool output, const char *attribute)
{
    const struct iio_device *found =
        session->context ? iio_context_find_device(session->context, device) : NULL;
    if (!found)
        return false;
    if (channel[0] == '\0')
        return attribute[0] == '\0' || has_device_attribute(found, attribute);
    const struct iio_channel *at = iio_device_find_channel(found, channel, output);
    return at && (attribute[0] == '\0' || iio_channel_find_attr(at, attribute));
}
