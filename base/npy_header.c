/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/npy_header.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && strchr(" \t\n", *cursor->at) && *cursor->at)
        cursor->at++;
}

/* Takes `word` after blanks, or leaves the cursor. */
static bool take(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(cursor);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* A text in single or double quotes without escapes. */
static bool take_quoted(struct cursor *cursor, char *text, size_t text_bytes)
{
    char quote = take(cursor, "'") ? '\'' : '"';
    if (quote == '"' && !take(cursor, "\""))
        return false;
    const char *close = memchr(cursor->at, quote, (size_t)(cursor->end - cursor->at));
    if (!close || (size_t)(close - cursor->at) >= text_bytes)
        return false;
    size_t length = (size_t)(close - cursor->at);
    memcpy(text, cursor->at, length);
    text[length] = '\0';
    cursor->at = close + 1;
    return true;
}

static bool take_count(struct cursor *cursor, size_t *count)
{
    size_t value = 0;
    skip_blanks(cursor);
    const char *first = cursor->at;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (size_t)(*cursor->at - '0'), &value))
            return false;
    *count = value;
    return cursor->at > first;
}

static enum oac_status parse_type(struct cursor *cursor, struct oac_npy_header *header,
                                  struct oac_err *err)
{
    char text[16];
    if (!take_quoted(cursor, text, sizeof text))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "its type is a structure or too long a word; "
                        "expected numbers, such as '<f4'");
    static const char *const kinds[] = {"f4", "f8", "i1", "i2", "i4", "i8",
                                        "u1", "u2", "u4", "u8", "b1"};
    bool known = strlen(text) == 3 && strchr("<>|=", text[0]);
    bool listed = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        listed = listed || strcmp(text + 1, kinds[i]) == 0;
    if (!known || !listed || (text[0] == '|' && text[2] != '1'))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "type '%s' is not accepted; expected floats of 4 or 8 bytes, integers or "
            "booleans",
            text);
    header->kind = text[1];
    header->element_bytes = (size_t)(text[2] - '0');
    header->big_endian =
        text[0] == '>' || (text[0] == '=' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    return OAC_OK;
}

static enum oac_status parse_shape(struct cursor *cursor, struct oac_npy_header *header,
                                   struct oac_err *err)
{
    size_t rank = 0, dim;
    bool sound = take(cursor, "("), closed = sound && take(cursor, ")");
    while (sound && !closed) {
        sound = take_count(cursor, &dim);
        if (sound && rank < 2)
            header->dims[rank] = dim;
        rank += sound;
        bool comma = take(cursor, ",");
        closed = take(cursor, ")");
        sound = sound && (comma || closed);
    }
    if (!sound)
        return oac_fail(err, OAC_EPARSE, "its shape is not a list of lengths");
    if (rank != 1 && rank != 2)
        return oac_fail(err, OAC_EUNSUPPORTED, "rank %zu, expected a vector or a matrix", rank);
    header->rank = rank;
    if (rank == 1)
        header->dims[1] = 1;
    if (header->dims[0] == 0 || header->dims[1] == 0)
        return oac_fail(err, OAC_EINVAL, "the array is empty");
    return OAC_OK;
}

/* {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } in any order, each once. */
static enum oac_status parse_dictionary(struct cursor *cursor, struct oac_npy_header *header,
                                        struct oac_err *err)
{
    bool have_type = false, have_order = false, have_shape = false, more = take(cursor, "{");
    bool sound = more;
    while (sound && more && !take(cursor, "}")) {
        char key[16];
        enum oac_status status = OAC_OK;
        sound = take_quoted(cursor, key, sizeof key) && take(cursor, ":");
        if (sound && !have_type && strcmp(key, "descr") == 0) {
            have_type = true;
            status = parse_type(cursor, header, err);
        } else if (sound && !have_order && strcmp(key, "fortran_order") == 0) {
            have_order = true;
            header->fortran_order = take(cursor, "True");
            sound = header->fortran_order || take(cursor, "False");
        } else if (sound && !have_shape && strcmp(key, "shape") == 0) {
            have_shape = true;
            status = parse_shape(cursor, header, err);
        } else {
            sound = false;
        }
        if (status)
            return status;
        more = take(cursor, ",");
        if (!more)
            sound = sound && take(cursor, "}");
    }
    skip_blanks(cursor);
    if (!sound || !have_type || !have_order || !have_shape || cursor->at != cursor->end)
        return oac_fail(err, OAC_EPARSE,
                        "its header does not name descr, fortran_order and shape");
    return OAC_OK;
}

enum oac_status oac_npy_header_parse(const char *file, size_t bytes,
                                     struct oac_npy_header *header, struct oac_err *err)
{
    const unsigned char *raw = (const unsigned char *)file;
    if (bytes < 10 || memcmp(file, "\x93NUMPY", 6) != 0)
        return oac_fail(err, OAC_EPARSE, "not a .npy file");
    if (raw[6] < 1 || raw[6] > 3 || raw[7] != 0)
        return oac_fail(err, OAC_EUNSUPPORTED, ".npy version %u.%u, expected 1.0 to 3.0",
                        raw[6], raw[7]);
    size_t start = raw[6] == 1 ? 10 : 12;
    size_t length = raw[8] | (size_t)raw[9] << 8;
    if (raw[6] > 1 && bytes >= 12)
        length |= (size_t)raw[10] << 16 | (size_t)raw[11] << 24;
    if (bytes < start || length > bytes - start || length > OAC_NPY_HEADER_BYTES)
        return oac_fail(err, OAC_EPARSE, "its header of %zu bytes is truncated or too long",
                        length);
    struct cursor cursor = {.at = file + start, .end = file + start + length};
    struct oac_npy_header parsed = {.data_offset = start + length};
    enum oac_status status = parse_dictionary(&cursor, &parsed, err);
    if (!status)
        *header = parsed;
    return status;
}
