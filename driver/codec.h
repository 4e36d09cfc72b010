/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sample formats of converters: port codes <-> the integers in a board's buffers.
 *
 *     code     unsigned, 0 .. 2^bits - 1, volts rising or falling with it as the port says (hal/link.h)
 *     native   `storage_bits` wide word, little or big endian, `bits` significant ones `shift` up; two's
 *              complement (code 0 is -2^(bits-1)), offset binary or plain unsigned (code 0 is 0)
 * A code or native number out of range saturates and is counted, never wraps. Bits of a word beside the
 * significant ones may be another channel's and are left untouched, unless the format is fully defined: then
 * they are the sign above and zero below. Integers only: nothing becomes a float on the way.
 * Source: the scan element format [le|be]:[s|u]bits/storage>>shift of Linux,
 * Documentation/ABI/testing/sysfs-bus-iio. */
#ifndef OAC_DRIVER_CODEC_H
#define OAC_DRIVER_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_codec {
    uint8_t bits, storage_bits, shift; /* 1..32; 8, 16 or 32 */
    bool big_endian, is_signed,
        fully_defined; /* fully_defined: the format's capital letter, informative */
};

/* Reads "le:S12/16>>4". OAC_EPARSE naming the text and what is wrong; OAC_EUNSUPPORTED for samples stored in
 * 64 bits (timestamps) and for repeated ones. */
enum oac_status oac_codec_parse(const char *format, struct oac_codec *codec,
                                struct oac_err *err) OAC_MUST_USE;

/* native (count words, `step` bytes apart) from code (count); returns how many saturated, being above
 * the range. */
size_t oac_codec_encode(const struct oac_codec *codec, size_t count, const uint16_t *code,
                        void *native, size_t step);
/* code (count) as unsigned codes 0 .. 2^bits - 1 in int32_t (32 bit codes end at INT32_MAX); returns how many lie
 * at either end of the range. */
size_t oac_codec_decode(const struct oac_codec *codec, size_t count, const void *native,
                        size_t step, int32_t *code);

/* Whether `inner` describes the upper bits of the same samples: a 12 bit converter behind a 16 bit word. Pure. */
bool oac_codec_holds(const struct oac_codec *outer, const struct oac_codec *inner);

#endif
