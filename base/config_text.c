/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/config_internal.h"

/* Lead byte to length and smallest code point, so that overlong forms are seen. */
static size_t decode_utf8(const unsigned char *text, size_t room, unsigned *code)
{
    static const unsigned smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (text[0] < 0x80) {
        *code = text[0];
        return 1;
    }
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || length > room)
        return 0;
    *code = text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    return *code < smallest[length] || *code > 0x10ffff ? 0 : length;
}

size_t oac_config_character(const char *text, size_t room)
{
    unsigned code;
    if (room == 0)
        return 0;
    size_t length = decode_utf8((const unsigned char *)text, room, &code);
    if (length == 0)
        return 0;
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool breaks_line = code == 0x2028 || code == 0x2029;
    bool surrogate_or_none = (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe;
    return control || breaks_line || surrogate_or_none || code == 0xfeff ? 0 : length;
}

void oac_config_show(const char *text, char shown[OAC_CONFIG_SHOWN_BYTES])
{
    size_t bytes = strlen(text), used = 0, at = 0;
    while (at < bytes &&
           used + 8 < OAC_CONFIG_SHOWN_BYTES) { /* 4 for a character, 4 for "..." */
        size_t length = oac_config_character(text + at, bytes - at);
        if (length == 0) {
            shown[used++] = '?';
            at++;
            continue;
        }
        memcpy(shown + used, text + at, length);
        used += length;
        at += length;
    }
    strcpy(shown + used, at < bytes ? "..." : "");
}
