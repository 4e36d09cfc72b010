/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/context_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define FILE_BYTES (16u << 20)
#define DEPTH      32u

struct scanner {
    const char *file, *text;
    size_t length, at;
    struct { /* names of the open elements, in the text */
        size_t begin, length;
    } open[DEPTH];
    size_t depth;
    bool closed; /* the root was */
    struct oac_err *err;
};

static enum oac_status refuse(const struct scanner *scan, size_t at, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < scan->length; i++) {
        column = scan->text[i] == '\n' ? 1 : column + 1;
        line += scan->text[i] == '\n';
    }
    return oac_fail(scan->err, OAC_EPARSE, "%s:%zu:%zu: not an IIO context: %s", scan->file,
                    line, column, what);
}

static bool ahead(const struct scanner *scan, const char *text)
{
    size_t length = strlen(text);
    return scan->length - scan->at >= length &&
           memcmp(scan->text + scan->at, text, length) == 0;
}

/* Moves behind the next `text`; false at the end of the file. */
static bool skip_past(struct scanner *scan, const char *text)
{
    for (; scan->at < scan->length; scan->at++) {
        if (ahead(scan, text)) {
            scan->at += strlen(text);
            return true;
        }
    }
    return false;
}

static void skip_blanks(struct scanner *scan)
{
    while (scan->at < scan->length && isspace((unsigned char)scan->text[scan->at]))
        scan->at++;
}

static size_t skip_name(struct scanner *scan)
{
    size_t begin = scan->at;
    while (scan->at < scan->length &&
           (isalnum((unsigned char)scan->text[scan->at]) ||
            strchr("_:.-", scan->text[scan->at])) &&
           scan->text[scan->at] != '\0')
        scan->at++;
    return scan->at - begin;
}

/* At an ampersand. */
static enum oac_status check_entity(struct scanner *scan)
{
    static const char *const known[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ahead(scan, known[i])) {
            scan->at += strlen(known[i]);
            return OAC_OK;
        }
    }
    size_t begin = scan->at;
    if (!ahead(scan, "&#"))
        return refuse(scan, begin, "an ampersand that begins no entity; write &amp;");
    scan->at += 2;
    if (skip_name(scan) == 0 || !ahead(scan, ";"))
        return refuse(scan, begin, "a character reference without an end");
    scan->at++;
    return OAC_OK;
}

/* Up to `end`, which is a quote or '<'. */
static enum oac_status check_text(struct scanner *scan, char end)
{
    while (scan->at < scan->length && scan->text[scan->at] != end) {
        char c = scan->text[scan->at];
        if (c == '\0' || (c == '<' && end != '<'))
            return refuse(scan, scan->at, c ? "a < inside a value" : "a NUL character");
        if (c == '&') {
            if (check_entity(scan))
                return scan->err->status;
        } else {
            scan->at++;
        }
    }
    return OAC_OK;
}

static enum oac_status check_attribute(struct scanner *scan)
{
    size_t begin = scan->at;
    if (skip_name(scan) == 0)
        return refuse(scan, begin, "expected an attribute or the end of the tag");
    skip_blanks(scan);
    if (!ahead(scan, "="))
        return refuse(scan, begin, "an attribute without a value");
    scan->at++;
    skip_blanks(scan);
    if (!ahead(scan, "\"") && !ahead(scan, "'"))
        return refuse(scan, scan->at, "a value without quotes");
    char quote = scan->text[scan->at++];
    if (check_text(scan, quote))
        return scan->err->status;
    if (scan->at == scan->length)
        return refuse(scan, begin, "a value whose quotes never close");
    scan->at++;
    return OAC_OK;
}

/* Behind the '<' of an opening tag. */
static enum oac_status check_open(struct scanner *scan)
{
    size_t begin = scan->at, length = skip_name(scan);
    if (length == 0)
        return refuse(scan, begin, "a < that begins no tag");
    if (scan->depth == 0 && scan->closed)
        return refuse(scan, begin, "a second element after </context>");
    if (scan->depth == 0 && (length != 7 || memcmp(scan->text + begin, "context", 7) != 0))
        return refuse(scan, begin, "its first element is not <context>");
    if (scan->depth == DEPTH)
        return refuse(scan, begin, "elements nest too deeply");
    for (skip_blanks(scan); scan->at < scan->length; skip_blanks(scan)) {
        if (ahead(scan, "/>")) {
            scan->at += 2;
            scan->closed = scan->closed || scan->depth == 0;
            return OAC_OK;
        }
        if (ahead(scan, ">")) {
            scan->at++;
            scan->open[scan->depth].begin = begin;
            scan->open[scan->depth++].length = length;
            return OAC_OK;
        }
        if (check_attribute(scan))
            return scan->err->status;
    }
    return refuse(scan, begin, "the file ends inside this tag");
}

/* Behind the "</" of a closing tag. */
static enum oac_status check_close(struct scanner *scan)
{
    size_t begin = scan->at, length = skip_name(scan);
    skip_blanks(scan);
    if (scan->depth == 0)
        return refuse(scan, begin, "closes an element that is not open");
    scan->depth--;
    if (length != scan->open[scan->depth].length ||
        memcmp(scan->text + begin, scan->text + scan->open[scan->depth].begin, length) != 0)
        return refuse(scan, begin, "closes another element than the one that is open");
    if (!ahead(scan, ">"))
        return refuse(scan, scan->at, "a closing tag without its >");
    scan->at++;
    scan->closed = scan->closed || scan->depth == 0;
    return OAC_OK;
}

/* At a '<'. */
static enum oac_status check_markup(struct scanner *scan)
{
    size_t begin = scan->at;
    if (ahead(scan, "<?"))
        return skip_past(scan, "?>") ? OAC_OK : refuse(scan, begin, "<? without ?>");
    if (ahead(scan, "<!--"))
        return skip_past(scan, "-->") ? OAC_OK : refuse(scan, begin, "<!-- without -->");
    if (ahead(scan, "<!DOCTYPE")) {
        size_t bracket = begin, tag = begin;
        while (bracket < scan->length && scan->text[bracket] != '[')
            bracket++;
        while (tag < scan->length && scan->text[tag] != '>')
            tag++;
        return skip_past(scan, bracket < tag ? "]>" : ">")
                   ? OAC_OK
                   : refuse(scan, begin, "a document type without an end");
    }
    if (ahead(scan, "</")) {
        scan->at += 2;
        return check_close(scan);
    }
    scan->at++;
    return check_open(scan);
}

enum oac_status oac_context_text_check(const char *file, const char *text, size_t length,
                                       struct oac_err *err)
{
    struct scanner scan = {.file = file, .text = text, .length = length, .err = err};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        scan.at = 3;
    for (;;) {
        if (scan.depth == 0)
            skip_blanks(&scan);
        else if (check_text(&scan, '<'))
            return err->status;
        if (scan.at == length)
            break;
        if (text[scan.at] != '<')
            return refuse(&scan, scan.at, "expected <, this is not XML");
        if (check_markup(&scan))
            return err->status;
    }
    if (scan.depth > 0)
        return refuse(&scan, scan.open[scan.depth - 1].begin,
                      "this element is not closed: the file is cut");
    if (!scan.closed)
        return refuse(&scan, 0, "there is no <context> in it");
    return OAC_OK;
}

enum oac_status oac_context_file_check(const char *path, struct oac_err *err)
{
    char *text;
    size_t length;
    if (oac_file_read(path, FILE_BYTES, &text, &length, err))
        return err->status;
    enum oac_status status = oac_context_text_check(path, text, length, err);
    free(text);
    return status;
}
