/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/codec.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number of at most three digits at *text, which it moves on; -1: none. */
static int number(const char **text)
{
    int value = 0, digits = 0;
    for (; isdigit((unsigned char)**text) && digits < 3; digits++)
        value = 10 * value + *(*text)++ - '0';
    return digits && !isdigit((unsigned char)**text) ? value : -1;
}

static bool take(const char **text, const char *word)
{
    const size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

/* [le|be]:[s|u|S|U]BITS/STORAGE[XREPEAT][>>SHIFT]; false: not of that form. */
static bool read_format(const char *text, struct oac_codec *codec, int number_of[4])
{
    codec->big_endian = take(&text, "be:");
    if (!codec->big_endian && !take(&text, "le:"))
        return false;
    if (*text == '\0' || !strchr("suSU", *text))
        return false;
    codec->is_signed = *text == 's' || *text == 'S';
    codec->fully_defined = *text == 'S' || *text == 'U';
    text++;
    number_of[0] = number(&text);
    if (number_of[0] < 0 || !take(&text, "/"))
        return false;
    number_of[1] = number(&text);
    number_of[2] = take(&text, "X") ? number(&text) : 1;
    number_of[3] = take(&text, ">>") ? number(&text) : 0;
    return *text == '\0' && number_of[1] >= 0 && number_of[2] >= 0 && number_of[3] >= 0;
}

enum oac_status oac_codec_parse(const char *format, struct oac_codec *codec,
                                struct oac_err *err)
{
    struct oac_codec read = {0};
    int value[4];
    if (!read_format(format, &read, value))
        return oac_fail(err, OAC_EPARSE,
                        "sample format '%.60s': expected like le:S12/16>>4 (order, sign, "
                        "bits/storage, shift)",
                        format);
    const int bits = value[0], storage = value[1], repeat = value[2], shift = value[3];
    if (storage != 8 && storage != 16 && storage != 32)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "sample format '%.60s': samples are stored in %d bits; 8, 16 and 32 "
                        "are known",
                        format, storage);
    if (repeat != 1)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "sample format '%.60s': %d values in one element; only 1 is known",
                        format, repeat);
    if (bits < 1 || shift + bits > storage)
        return oac_fail(err, OAC_EPARSE,
                        "sample format '%.60s': %d bits, %d up, do not fit into %d", format,
                        bits, shift, storage);
    read.bits = (uint8_t)bits;
    read.storage_bits = (uint8_t)storage;
    read.shift = (uint8_t)shift;
    *codec = read;
    return OAC_OK;
}

/* Of the `bits` of a sample, all of them set. */
static inline uint32_t mask_of(unsigned bits)
{
    return bits >= 32 ? UINT32_MAX : ((uint32_t)1 << bits) - 1;
}

/* Whole words, so that the compiler can take several samples at once. */
static inline uint32_t fetch(const unsigned char *at, unsigned bytes, bool big_endian)
{
    uint16_t half;
    uint32_t word;
    if (bytes == 1)
        return *at;
    if (bytes == 2) {
        memcpy(&half, at, sizeof half);
        return big_endian ? be16toh(half) : le16toh(half);
    }
    memcpy(&word, at, sizeof word);
    return big_endian ? be32toh(word) : le32toh(word);
}

static inline void put(unsigned char *at, unsigned bytes, bool big_endian, uint32_t word)
{
    if (bytes == 1) {
        *at = (unsigned char)word;
    } else if (bytes == 2) {
        const uint16_t half = big_endian ? htobe16((uint16_t)word) : htole16((uint16_t)word);
        memcpy(at, &half, sizeof half);
    } else {
        word = big_endian ? htobe32(word) : htole32(word);
        memcpy(at, &word, sizeof word);
    }
}

/* Two's complement is offset binary with its top bit turned: one exclusive or does both directions. */
static inline size_t encode(const struct oac_codec *codec, size_t count, const uint16_t *code,
                            unsigned char *native, size_t step, unsigned bytes, bool big_endian)
{
    const uint32_t top = mask_of(codec->bits);
    const uint32_t turned = codec->is_signed ? (uint32_t)1 << (codec->bits - 1) : 0;
    const unsigned shift = codec->shift;
    const uint32_t field = top << shift;
    /* A fully defined word belongs to its sample alone: extend the sign over the rest of it. */
    const uint32_t above = ~mask_of(shift + codec->bits);
    size_t saturated = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = code[i];
        const bool over = value > top;
        value = (over ? top : value) ^ turned;
        saturated += over;
        uint32_t word = value << shift;
        if (!codec->fully_defined)
            word |= fetch(native + i * step, bytes, big_endian) & ~field;
        else if (codec->is_signed && value & turned)
            word |= above;
        put(native + i * step, bytes, big_endian, word);
    }
    return saturated;
}

static inline size_t decode(const struct oac_codec *codec, size_t count,
                            const unsigned char *native, size_t step, unsigned bytes,
                            bool big_endian, int32_t *code)
{
    const uint32_t top = mask_of(codec->bits);
    const uint32_t turned = codec->is_signed ? (uint32_t)1 << (codec->bits - 1) : 0;
    const unsigned shift = codec->shift;
    size_t ends = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t value =
            ((fetch(native + i * step, bytes, big_endian) >> shift) & top) ^ turned;
        ends += value == 0 || value >= top;
        code[i] = value > INT32_MAX ? INT32_MAX : (int32_t)value;
    }
    return ends;
}

/* One loop per width and order, and one more for samples without others between them, so that the compiler sees
 * constants. */
static inline size_t encode_as(const struct oac_codec *codec, size_t count,
                               const uint16_t *code, unsigned char *native, size_t step,
                               unsigned bytes, bool big_endian)
{
    return step == bytes ? encode(codec, count, code, native, bytes, bytes, big_endian)
                         : encode(codec, count, code, native, step, bytes, big_endian);
}

static inline size_t decode_as(const struct oac_codec *codec, size_t count,
                               const unsigned char *native, size_t step, unsigned bytes,
                               bool big_endian, int32_t *code)
{
    return step == bytes ? decode(codec, count, native, bytes, bytes, big_endian, code)
                         : decode(codec, count, native, step, bytes, big_endian, code);
}

size_t oac_codec_encode(const struct oac_codec *codec, size_t count, const uint16_t *code,
                        void *native, size_t step)
{
    switch (codec->storage_bits) {
    case 8:
        return encode_as(codec, count, code, native, step, 1, false);
    case 16:
        return codec->big_endian ? encode_as(codec, count, code, native, step, 2, true)
                                 : encode_as(codec, count, code, native, step, 2, false);
    default:
        return codec->big_endian ? encode_as(codec, count, code, native, step, 4, true)
                                 : encode_as(codec, count, code, native, step, 4, false);
    }
}

size_t oac_codec_decode(const struct oac_codec *codec, size_t count, const void *native,
                        size_t step, int32_t *code)
{
    switch (codec->storage_bits) {
    case 8:
        return decode_as(codec, count, native, step, 1, false, code);
    case 16:
        return codec->big_endian ? decode_as(codec, count, native, step, 2, true, code)
                                 : decode_as(codec, count, native, step, 2, false, code);
    default:
        return codec->big_endian ? decode_as(codec, count, native, step, 4, true, code)
                                 : decode_as(codec, count, native, step, 4, false, code);
    }
}

bool oac_codec_holds(const struct oac_codec *outer, const struct oac_codec *inner)
{
    return outer->storage_bits == inner->storage_bits &&
           (outer->storage_bits == 8 || outer->big_endian == inner->big_endian) &&
           outer->is_signed == inner->is_signed && inner->shift >= outer->shift &&
           inner->shift + inner->bits == outer->shift + outer->bits;
}
