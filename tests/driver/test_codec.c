/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "driver/codec.h"

/* Every layout seen over 94 contexts of boards, and the corners of what the format can say. */
static const char *const FORMATS[] = {
    "le:S16/16>>0", "le:s12/16>>0", "le:S12/16>>0", "le:S14/16>>0",  "le:S12/16>>4",
    "le:u12/16>>0", "le:u12/16>>4", "be:U16/16>>0", "be:s16/16>>0",  "be:u12/16>>4",
    "le:u1/16>>15", "le:s1/16>>3",  "le:u8/8>>0",   "le:S8/8>>0",    "le:s4/8>>4",
    "le:s24/32>>8", "be:u24/32>>8", "be:s24/32>>0", "be:S16/32>>12", "le:u16/32>>0",
    "le:S32/32>>0", "be:u32/32>>0",
};
enum { FORMAT_COUNT = sizeof FORMATS / sizeof FORMATS[0] };

static struct oac_codec parsed(const char *format)
{
    struct oac_codec codec;
    struct oac_err err;
    cr_assert_eq(oac_codec_parse(format, &codec, &err), OAC_OK, "%s", err.message);
    return codec;
}

static void refused(const char *format, enum oac_status status)
{
    struct oac_codec codec = {.bits = 99};
    struct oac_err err = {0};
    cr_expect_eq(oac_codec_parse(format, &codec, &err), status, "%s: %s", format, err.message);
    cr_expect(strstr(err.message, format) != NULL, "%s", err.message);
    cr_expect_eq(codec.bits, 99, "%s touched its output", format);
}

/* The significant bits of a word by arithmetic on its bytes alone, as the ABI's text defines them. */
static int64_t by_the_book(const struct oac_codec *codec, const unsigned char *word)
{
    uint64_t value = 0;
    unsigned bytes = codec->storage_bits / 8u;
    for (unsigned i = 0; i < bytes; i++)
        value = value * 256 + word[codec->big_endian ? i : bytes - 1 - i];
    value = (value >> codec->shift) % ((uint64_t)1 << codec->bits);
    int64_t half = (int64_t)1 << (codec->bits - 1);
    if (codec->is_signed && (int64_t)value >= half)
        return (int64_t)value - 2 * half;
    return (int64_t)value;
}

Test(codec, a_format_is_read_as_the_kernel_writes_it)
{
    struct oac_codec codec = parsed("be:S12/32>>4");
    cr_expect(codec.big_endian && codec.is_signed && codec.fully_defined);
    cr_expect(codec.bits == 12 && codec.storage_bits == 32 && codec.shift == 4);
    codec = parsed("le:u16/16");
    cr_expect(!codec.big_endian && !codec.is_signed && !codec.fully_defined);
    cr_expect(codec.bits == 16 && codec.storage_bits == 16 && codec.shift == 0);
}

Test(codec, what_is_no_format_is_refused_with_its_text)
{
    static const char *const wrong[] = {"",
                                        "le",
                                        "16/16",
                                        "me:s12/16",
                                        "le:x12/16",
                                        "le:s12",
                                        "le:s/16",
                                        "le:s12/",
                                        "le:s0/16",
                                        "le:s17/16",
                                        "le:s12/16>",
                                        "le:s12/16>>5",
                                        "le:s12/16>>4 ",
                                        "le:s-1/16",
                                        "le:s0012/16",
                                        "le:s12/16>>",
                                        "le:s12/16X>>4"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(wrong[i], OAC_EPARSE);
    refused("le:s64/64", OAC_EUNSUPPORTED);
    refused("le:s12/24", OAC_EUNSUPPORTED);
    refused("le:s12/16X2>>4", OAC_EUNSUPPORTED);
}

Test(codec, every_code_of_every_format_is_the_number_that_the_kernel_s_text_defines)
{
    for (size_t f = 0; f < FORMAT_COUNT; f++) {
        const struct oac_codec codec = parsed(FORMATS[f]);
        const int64_t lowest = codec.is_signed ? -((int64_t)1 << (codec.bits - 1)) : 0;
        const uint32_t last = codec.bits < 16 ? (1u << codec.bits) - 1 : UINT16_MAX;
        for (uint32_t i = 0; i <= last; i++) {
            unsigned char word[4] = {0};
            uint16_t code = (uint16_t)i;
            cr_assert_eq(oac_codec_encode(&codec, 1, &code, word, 4), 0, "%s", FORMATS[f]);
            cr_assert_eq(by_the_book(&codec, word), lowest + i, "%s code %u", FORMATS[f], i);
        }
    }
}

Test(codec, decoding_undoes_encoding)
{
    for (size_t f = 0; f < FORMAT_COUNT; f++) {
        const struct oac_codec codec = parsed(FORMATS[f]);
        const uint32_t last = codec.bits < 16 ? (1u << codec.bits) - 1 : UINT16_MAX;
        for (uint32_t i = 0; i <= last; i++) {
            unsigned char word[4] = {0x5a, 0xc3, 0x99, 0x0f};
            uint16_t code = (uint16_t)i;
            int32_t back = -1;
            (void)oac_codec_encode(&codec, 1, &code, word, 4);
            (void)oac_codec_decode(&codec, 1, word, 4, &back);
            cr_assert_eq(back, (int32_t)i, "%s code %u came back as %d", FORMATS[f], i, back);
        }
    }
}

Test(codec, every_16_bit_word_decodes_to_the_number_that_the_kernel_s_text_defines)
{
    for (size_t f = 0; f < FORMAT_COUNT; f++) {
        const struct oac_codec codec = parsed(FORMATS[f]);
        if (codec.storage_bits != 16)
            continue;
        const int64_t lowest = codec.is_signed ? -((int64_t)1 << (codec.bits - 1)) : 0;
        for (uint32_t i = 0; i <= UINT16_MAX; i++) {
            const unsigned char word[2] = {(unsigned char)(i >> 8), (unsigned char)i};
            int32_t code;
            (void)oac_codec_decode(&codec, 1, word, 2, &code);
            cr_assert_eq(code, by_the_book(&codec, word) - lowest, "%s word %04x", FORMATS[f],
                         i);
        }
    }
}

Test(codec, codes_above_the_range_stop_at_its_end_and_are_counted)
{
    for (size_t f = 0; f < FORMAT_COUNT; f++) {
        const struct oac_codec codec = parsed(FORMATS[f]);
        if (codec.bits >= 16)
            continue;
        const uint16_t top = (uint16_t)((1u << codec.bits) - 1);
        const uint16_t code[4] = {top, (uint16_t)(top + 1), UINT16_MAX, 0};
        unsigned char word[16] = {0};
        int32_t back[4];
        cr_expect_eq(oac_codec_encode(&codec, 4, code, word, 4), 2, "%s", FORMATS[f]);
        cr_expect_eq(oac_codec_decode(&codec, 4, word, 4, back), 4, "%s", FORMATS[f]);
        cr_expect(back[0] == top && back[1] == top && back[2] == top && back[3] == 0, "%s",
                  FORMATS[f]);
    }
}

Test(codec, a_converter_at_either_end_of_its_range_is_counted)
{
    const struct oac_codec codec = parsed("le:s12/16");
    const int16_t native[5] = {-2048, -2047, 0, 2046, 2047};
    int32_t code[5];
    cr_expect_eq(oac_codec_decode(&codec, 5, native, sizeof native[0], code), 2);
    cr_expect(code[0] == 0 && code[1] == 1 && code[2] == 2048 && code[3] == 4094 &&
              code[4] == 4095);
}

Test(codec, half_of_a_32_bit_range_saturates_where_codes_end)
{
    const struct oac_codec codec = parsed("be:u32/32");
    const unsigned char native[12] = {0x7f, 0xff, 0xff, 0xfe, 0x80, 0,
                                      0,    0,    0xff, 0xff, 0xff, 0xff};
    int32_t code[3];
    cr_expect_eq(oac_codec_decode(&codec, 3, native, 4, code), 1);
    cr_expect(code[0] == INT32_MAX - 1 && code[1] == INT32_MAX && code[2] == INT32_MAX);
}

/* m2k-logic-analyzer: sixteen channels of one bit in one word. */
Test(codec, channels_that_share_a_word_leave_each_other_alone)
{
    uint16_t word = 0;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned bit = 0; bit < 16; bit++) {
            char format[24];
            snprintf(format, sizeof format, "le:u1/16>>%u", bit);
            const struct oac_codec codec = parsed(format);
            const uint16_t before = word, code = (uint16_t)((bit * 5 + 3 * round) / 2 % 2);
            (void)oac_codec_encode(&codec, 1, &code, &word, sizeof word);
            cr_expect_eq(word & ~(1u << bit), before & ~(1u << bit), "bit %u", bit);
            cr_expect_eq(word >> bit & 1, code, "bit %u", bit);
        }
}

Test(codec, a_fully_defined_word_has_its_sign_above_and_zeros_below)
{
    const struct oac_codec codec = parsed("le:S12/32>>4");
    const uint16_t code[2] = {2047, 2049}; /* -1, +1 */
    uint32_t word[2] = {0xdeadbeef, 0xdeadbeef};
    (void)oac_codec_encode(&codec, 2, code, word, sizeof word[0]);
    cr_expect_eq((int32_t)word[0], -16);
    cr_expect_eq((int32_t)word[1], 16);
}

Test(codec, interleaved_channels_keep_to_their_own_steps)
{
    const struct oac_codec codec = parsed("be:U16/16");
    const uint16_t one[3] = {1, 2, 3}, two[3] = {257, 514, 771};
    unsigned char buffer[13];
    int32_t back[3];
    memset(buffer, 0xee, sizeof buffer);
    (void)oac_codec_encode(&codec, 3, one, buffer, 4);
    (void)oac_codec_encode(&codec, 3, two, buffer + 2, 4);
    static const unsigned char wanted[13] = {0, 1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0xee};
    cr_expect_arr_eq(buffer, wanted, sizeof wanted);
    (void)oac_codec_decode(&codec, 3, buffer + 2, 4, back);
    cr_expect(back[0] == 257 && back[1] == 514 && back[2] == 771);
}

Test(codec, a_12_bit_converter_fits_the_upper_bits_of_its_16_bit_word)
{
    const struct oac_codec word = parsed("le:S16/16"), dac = parsed("le:S12/16>>4"),
                           low = parsed("le:S12/16"), other = parsed("be:S12/16>>4");
    cr_expect(oac_codec_holds(&word, &dac));
    cr_expect(oac_codec_holds(&word, &word));
    cr_expect(!oac_codec_holds(&dac, &word));
    cr_expect(!oac_codec_holds(&word, &low));
    cr_expect(!oac_codec_holds(&word, &other));
}
