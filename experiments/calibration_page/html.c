/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibration_page/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_BYTES ((size_t)65536)
#define PIECE_BYTES 2048

void oac_html_fini(struct oac_html *html)
{
    free(html->text);
    *html = (struct oac_html){0};
}

static void append(struct oac_html *html, const char *text, size_t bytes)
{
    if (html->err.status)
        return;
    if (bytes >= html->room - html->bytes) {
        size_t room = 2 * (html->bytes + bytes) + FIRST_BYTES;
        char *grown = oac_alloc(room, 1, "the page", &html->err);
        if (!grown)
            return;
        if (html->bytes)
            memcpy(grown, html->text, html->bytes);
        free(html->text);
        html->text = grown;
        html->room = room;
    }
    memcpy(html->text + html->bytes, text, bytes);
    html->bytes += bytes;
    html->text[html->bytes] = '\0';
}

void oac_html_put(struct oac_html *html, const char *format, ...)
{
    char piece[PIECE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PIECE_BYTES)
        oac_fail(&html->err, OAC_EINTERNAL, "a piece of the page has %d bytes, at most %d",
                 length, PIECE_BYTES - 1);
    else
        append(html, piece, (size_t)length);
}

/* Bytes of the character at text when it is whole and of more than one byte, else 0. */
static size_t utf8_bytes(const unsigned char *text)
{
    size_t bytes = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xed && text[1] >= 0xa0;
    bool beyond = text[0] == 0xf4 && text[1] >= 0x90;
    bool not_xml = text[0] == 0xef && text[1] == 0xbf && text[2] >= 0xbe;
    return overlong || surrogate || beyond || not_xml ? 0 : bytes;
}

void oac_html_text(struct oac_html *html, const char *text)
{
    for (size_t bytes = 1; *text; text += bytes) {
        const unsigned char c = (unsigned char)*text;
        bytes = 1;
        if (c == '&')
            append(html, "&amp;", 5);
        else if (c == '<')
            append(html, "&lt;", 4);
        else if (c == '>')
            append(html, "&gt;", 4);
        else if (c == '"')
            append(html, "&quot;", 6);
        else if (c == '\'')
            append(html, "&#39;", 5);
        else if (c >= 0x80 && (bytes = utf8_bytes((const unsigned char *)text)) == 0)
            append(html, "?", bytes = 1);
        else if ((c < ' ' && c != '\n') || c == 0x7f)
            append(html, " ", 1);
        else
            append(html, text, bytes);
    }
}

void oac_html_row(struct oac_html *html, const char *heading, const char *text)
{
    oac_html_put(html, "<tr><th scope=\"row\">");
    oac_html_text(html, heading);
    oac_html_put(html, "</th><td>");
    oac_html_text(html, text);
    oac_html_put(html, "</td></tr>\n");
}

enum oac_status oac_html_check(const struct oac_html *html, struct oac_err *err)
{
    if (html->err.status)
        *err = html->err;
    return html->err.status;
}
