/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/context_text.h"

#include <stdio.h>
#include <string.h>

/* The first `needle` in from..end, or NULL. */
static const char *within(const char *from, const char *end, const char *needle)
{
    const char *found = from ? strstr(from, needle) : NULL;
    return found && found < end ? found : NULL;
}

/* The element's text: *end is set behind it. */
static const char *find_device(const char *text, const char *device, const char **end)
{
    char named[96];
    snprintf(named, sizeof named, " name=\"%s\"", device);
    for (const char *at = text; (at = strstr(at, "<device ")); at++) {
        const char *tag = strchr(at, '>');
        *end = strstr(at, "</device>");
        if (tag && *end && within(at, tag, named))
            return at;
    }
    return NULL;
}

static const char *find_channel(const char *text, const char *device, const char *channel,
                                bool output, const char **end)
{
    const char *device_end, *at = find_device(text, device, &device_end);
    char named[96];
    snprintf(named, sizeof named, " id=\"%s\"", channel);
    while ((at = within(at, device_end, "<channel "))) {
        const char *tag = strchr(at, '>');
        *end = strstr(at, "</channel>");
        if (tag && *end && within(at, tag, named) &&
            within(at, tag, output ? "type=\"output\"" : "type=\"input\""))
            return at;
        at++;
    }
    return NULL;
}

bool oac_test_context_channel(const char *text, const char *device, const char *channel,
                              bool output, char format[64])
{
    const char *end, *at = find_channel(text, device, channel, output, &end);
    if (!at)
        return false;
    format[0] = '\0';
    const char *value = within(at, end, " format=\"");
    if (value)
        sscanf(value + 9, "%40[^\"&]", format);
    if (value && strstr(value, "&gt;&gt;"))
        sscanf(strstr(value, "&gt;&gt;") + 8, "%2[0-9]", strcat(format, ">>") + strlen(format));
    return true;
}

bool oac_test_context_attribute(const char *text, const char *device, const char *channel,
                                bool output, const char *attribute)
{
    const char *end, *at = channel[0] ? find_channel(text, device, channel, output, &end)
                                      : find_device(text, device, &end);
    char named[96];
    snprintf(named, sizeof named, "<attribute name=\"%s\"", attribute);
    if (channel[0])
        return within(at, end, named) != NULL;
    /* The device's own stand outside its channels. */
    while ((at = within(at, end, named))) {
        const char *close = within(at, end, "</channel>"), *open = within(at, end, "<channel ");
        if (!close || (open && open < close))
            return true;
        at++;
    }
    return false;
}
