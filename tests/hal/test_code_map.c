/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/rng.h"
#include "hal/code_kernel.h"
#include "hal/code_map.h"

#define PI 3.14159265358979323846

/* Converters that reach both extremes, overshoot them, miss them, fall, or span several periods. */
static const struct {
    const char *what;
    double low_v, high_v; /* of code 0 and of the last code, V_pi = 4 V, V_peak = 1 V */
} converters[] = {
    {"exactly one half period", -3.0, 1.0}, {"falling converter", 1.0, -3.0},
    {"overshoots both ends", -3.3, 1.4},    {"misses null and peak", -2.5, 0.4},
    {"falling side only", 1.2, 4.9},        {"several periods", -9.0, 14.0},
};

static const struct oac_curve curve = {4.0, 1.0, 0.004};

static struct oac_port port_of(size_t converter, unsigned bits)
{
    int32_t last = (int32_t)((1u << bits) - 1u);
    double low_v = converters[converter].low_v, high_v = converters[converter].high_v;
    return (struct oac_port){.code_max = last, .v0_v = low_v, .lsb_v = (high_v - low_v) / last};
}

static double opening(const struct oac_port *port, int32_t code)
{
    double v = port->v0_v + port->lsb_v * code;
    return 0.5 * (1.0 + cos(PI * (v - 1.0) / 4.0));
}

/* Distance of the best of all codes of the map to u. */
static double best_distance(const struct oac_port *port, const struct oac_code_map *map,
                            double u)
{
    double best = 2.0;
    for (uint32_t i = 0; i < map->count; i++)
        best = fmin(best, fabs(opening(port, map->first + map->step * (int32_t)i) - u));
    return best;
}

Test(code_map, the_code_is_the_nearest_in_transmission)
{
    for (size_t c = 0; c < sizeof converters / sizeof converters[0]; c++)
        for (unsigned bits = 5; bits <= 11; bits += 2) {
            const struct oac_port port = port_of(c, bits);
            struct oac_code_map map;
            struct oac_err err;
            cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK, "%s: %s",
                         converters[c].what, err.message);
            for (int i = 0; i <= 500; i++) {
                double u = i / 500.0;
                double distance = fabs(opening(&port, oac_code_map_code(&map, u, NULL)) - u);
                cr_assert(distance <= best_distance(&port, &map, u) + 1e-12,
                          "%s, %u bits, u = %g: %g off, %g is possible", converters[c].what,
                          bits, u, distance, best_distance(&port, &map, u));
            }
        }
}

Test(code_map, a_map_covers_the_whole_swing_monotonically)
{
    for (size_t c = 0; c < sizeof converters / sizeof converters[0]; c++) {
        const struct oac_port port = port_of(c, 10);
        struct oac_code_map map;
        struct oac_err err;
        cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK);
        for (uint32_t i = 1; i < map.count; i++) {
            uint16_t code = (uint16_t)(map.first + map.step * (int32_t)i);
            cr_assert_gt(oac_code_map_opening(&map, code),
                         oac_code_map_opening(&map, (uint16_t)(code - map.step)) - 1e-15);
        }
        double lowest = 1.0, highest = 0.0; /* of all codes, in the map or not */
        for (int32_t code = 0; code <= port.code_max; code++) {
            lowest = fmin(lowest, opening(&port, code));
            highest = fmax(highest, opening(&port, code));
        }
        cr_assert_float_eq(opening(&port, oac_code_map_code(&map, 0.0, NULL)), lowest, 1e-4);
        cr_assert_float_eq(opening(&port, oac_code_map_code(&map, 1.0, NULL)), highest, 1e-4);
    }
}

Test(code_map, what_lies_beyond_the_converter_is_reported)
{
    const struct oac_port port = port_of(3, 8); /* misses null and peak */
    struct oac_code_map map;
    struct oac_err err;
    double low, high;
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK);
    oac_code_map_reach(&map, &low, &high);
    cr_assert(low > 0.02 && low < opening(&port, 0) && high < 0.97 &&
              high > opening(&port, 255));
    bool missed = false;
    (void)oac_code_map_code(&map, 0.5, &missed);
    (void)oac_code_map_code(&map, 0.5 * (low + opening(&port, 0)), &missed);
    cr_assert_not(missed, "within a code of the end");
    (void)oac_code_map_code(&map, low - 0.001, &missed);
    cr_assert(missed);
    missed = false;
    (void)oac_code_map_code(&map, high + 0.001, &missed);
    cr_assert(missed);
}

Test(code_map, useless_converters_and_curves_are_refused)
{
    struct oac_code_map map;
    struct oac_err err;
    struct oac_port port = port_of(0, 8);
    const struct oac_curve bad[] = {{NAN, 0.0, 0.0},
                                    {0.0, 0.0, 0.0},
                                    {4.0, INFINITY, 0.0},
                                    {4.0, 0.0, 1.0},
                                    {4.0, 0.0, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(oac_code_map_init(&map, &port, &bad[i], "m", &err), OAC_EINVAL);
    port.lsb_v = 2.5; /* more than half of V_pi */
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_EUNSUPPORTED);
    port.lsb_v = 0.0;
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_EINVAL);
    port = port_of(0, 8);
    port.code_max = 70000;
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_EINVAL);
}

/* Single precision may decide a tie the other way: its angle is good to some 1e-7 of pi. */
static void kernel_agrees(const char *level, size_t converter, unsigned bits)
{
    const struct oac_port port = port_of(converter, bits);
    struct oac_code_map map;
    struct oac_err err;
    struct oac_code_encoding encoding;
    enum { COUNT = 3000 };
    float x[COUNT];
    uint16_t code[COUNT], tame[COUNT];
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK);
    oac_code_map_encoding(&map, 0.5, 0.0, 1.0, &encoding);
    for (uint32_t i = 0; i < COUNT; i++)
        x[i] = (float)(2.0 * oac_rng_uniform(3, OAC_RNG_TEST, i, bits));
    x[0] = 0.0f;
    x[1] = 2.0f;
    x[2] = -0.0f;
    x[3] = 1e-30f;
    const struct oac_code_kernel *kernel = oac_code_kernel();
    cr_assert_str_eq(kernel->level, level);
    kernel->encode(&encoding, COUNT, x, code);
    x[2] = 0.0f; /* -0 is outside by design */
    bool inside = kernel->encode_inside(&encoding, COUNT, x, 2.0f, tame);
    cr_assert(inside);
    if (encoding.reaches_ends)
        cr_assert_eq(memcmp(code, tame, sizeof code), 0, "operands inside give the same codes");
    for (size_t i = 0; i < COUNT; i++) {
        double u = 0.5 * (double)x[i], step = PI * fabs(port.lsb_v) / 4.0;
        double distance = fabs(opening(&port, code[i]) - u);
        double best = fabs(opening(&port, oac_code_map_code(&map, u, NULL)) - u);
        cr_assert(distance <= best + 0.03 * step * 0.5 + 1e-7,
                  "level %s, %s, %u bits, u = %.9g: %g off, %g is possible", level,
                  converters[converter].what, bits, u, distance, best);
        uint16_t alone;
        kernel->encode(&encoding, 1, &x[i], &alone);
        cr_assert_eq(alone, code[i], "a code depends on its place");
    }
}

Test(code_kernel, every_level_gives_the_nearest_code)
{
    static const char *const names[] = {"v1", "v3", "v4", "native"};
    struct oac_err err;
    for (size_t l = 0; l < 4; l++) {
        if (oac_kernel_select(names[l], &err))
            continue; /* not of this processor */
        for (size_t c = 0; c < sizeof converters / sizeof converters[0]; c++)
            for (unsigned bits = 6; bits <= 16; bits += 2)
                kernel_agrees(names[l], c, bits);
    }
    cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
}

/* The code of opening u, whose nearest code changes within `slack` of u at most. */
static bool nearest_near(const struct oac_code_map *map, double u, double slack, uint16_t code)
{
    uint16_t below = oac_code_map_code(map, fmax(u - slack, 0.0), NULL);
    uint16_t above = oac_code_map_code(map, fmin(u + slack, 1.0), NULL);
    return below < above ? code >= below && code <= above : code >= above && code <= below;
}

/* Every operand of a grid far finer than the codes, so that none is left out: 2^20 steps for 2^8 or 2^10 codes,
 * and 2^10 of the neighbours of 0 and 1, where codes are closest. */
static void brief_codes(size_t converter, unsigned bits)
{
    enum { AT_ONCE = 1024, GRID = 1 << 20 };
    const struct oac_port port = port_of(converter, bits);
    const struct oac_code_kernel *kernel = oac_code_kernel();
    struct oac_code_map map;
    struct oac_code_encoding encoding;
    struct oac_err err;
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK);
    oac_code_map_encoding(&map, 1.0, 0.0, 1.0, &encoding);
    cr_assert(encoding.brief);
    for (int first = 0; first <= GRID + AT_ONCE; first += AT_ONCE) {
        float x[AT_ONCE];
        uint16_t code[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++)
            x[i] = first < GRID    ? (float)(first + i) / GRID
                   : first == GRID ? (float)i * 0x1p-30f
                                   : 1.0f - (float)i * 0x1p-24f;
        kernel->encode(&encoding, AT_ONCE, x, code);
        for (int i = 0; i < AT_ONCE; i++)
            cr_assert(nearest_near(&map, (double)x[i], 0x1p-22, code[i]),
                      "level %s, %s, %u bits: %.9g plays code %u", kernel->level,
                      converters[converter].what, bits, (double)x[i], code[i]);
    }
}

/* 2^-22 is four units in the last place of an operand near 1, and 0.6 % of the smallest step of 8 bits. */
Test(code_kernel, few_codes_are_each_the_nearest_of_an_opening_within_2_to_the_minus_22)
{
    static const char *const names[] = {"v1", "v3", "v4", "native"};
    struct oac_err err;
    for (size_t l = 0; l < 4; l++) {
        if (oac_kernel_select(names[l], &err))
            continue; /* not of this processor */
        brief_codes(0, 8);
        brief_codes(1, 8);
        brief_codes(3, 10);
    }
    cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
}

Test(code_kernel, operands_out_of_range_play_the_ends_and_are_counted)
{
    const struct oac_port port = port_of(0, 8);
    struct oac_code_map map;
    struct oac_err err;
    struct oac_code_encoding encoding;
    cr_assert_eq(oac_code_map_init(&map, &port, &curve, "m", &err), OAC_OK);
    oac_code_map_encoding(&map, 1.0, 0.0, 1.0, &encoding);
    const float x[6] = {-3.0f, 0.25f, 1.0f, 1.5f, NAN, INFINITY};
    uint16_t code[6];
    const struct oac_code_kernel *kernel = oac_code_kernel();
    kernel->encode(&encoding, 6, x, code);
    cr_assert_eq(code[0], 0);
    cr_assert_eq(code[2], 255);
    cr_assert_eq(code[3], 255);
    cr_assert_eq(code[5], 255);
    cr_assert_eq(kernel->outside(6, x, 0.0f, 1.0f), 4);
    uint16_t unused[6];
    cr_assert(kernel->encode_inside(&encoding, 2, x + 1, 1.0f, unused));
    cr_assert_not(kernel->encode_inside(&encoding, 6, x, 1.0f, unused));
    cr_assert_not(kernel->encode_inside(&encoding, 1, x + 3, 1.0f, unused));
    cr_assert_not(kernel->encode_inside(&encoding, 1, x + 4, 1.0f, unused));
    cr_assert_not(kernel->encode_inside(&encoding, 1, x, 1.0f, unused));
}

Test(code_kernel, every_level_looks_up_each_byte_at_every_length)
{
    static const char *const names[] = {"v1", "v3", "v4", "native"};
    struct oac_err err;
    uint16_t table[256], code[320];
    uint8_t byte[320];
    for (int i = 0; i < 256; i++)
        table[i] = (uint16_t)(i * 40503);
    for (int i = 0; i < 320; i++)
        byte[i] = (uint8_t)(i * 7);
    for (size_t l = 0; l < 4; l++) {
        if (oac_kernel_select(names[l], &err))
            continue;
        for (size_t n = 0; n <= 320; n++) {
            code[n < 320 ? n : 0] = 12345;
            oac_code_kernel()->look_up(n, table, byte, code);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(code[i], table[byte[i]], "level %s, %zu of %zu", names[l], i, n);
            cr_assert(n == 0 || n == 320 || code[n] == 12345, "nothing beyond %zu", n);
        }
    }
    cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
}

Test(code_kernel, lists_are_checked_at_every_length)
{
    const struct oac_code_kernel *kernel = oac_code_kernel();
    uint16_t list[100];
    int32_t table[100];
    for (uint16_t i = 0; i < 100; i++) {
        list[i] = (uint16_t)(5 + i);
        table[i] = INT32_MAX - i;
    }
    for (size_t n = 1; n < 100; n++) {
        cr_assert(kernel->within(n, list, 5, (uint16_t)(4 + n)));
        cr_assert_not(kernel->within(n, list, 6, 500));
        cr_assert_eq(kernel->within(n, list, 0, (uint16_t)(3 + n)), false);
        cr_assert_eq(kernel->descents(n, list), 0);
        uint16_t was = list[n - 1];
        list[n - 1] = 4;
        cr_assert_eq(kernel->descents(n, list), n > 1);
        list[n - 1] = was;
    }
    cr_assert(kernel->within(100, list, 0, 65535));
    const uint16_t index[4] = {0, 1, 2, 2};
    cr_assert_eq(kernel->sum(4, table, index), 4ll * INT32_MAX - 5);
}

Test(code_map, a_subcarrier_s_codes_are_the_nearest_amplitudes_from_rest)
{
    const struct oac_port port = {
        .code_min = 2048, .code_max = 3600, .v0_v = -2.048, .lsb_v = 1e-3, .code_safe = 2048};
    const struct oac_curve chopped = {3.0, 1.5, -1.0}; /* 0 at 0 V, 1 at 1.5 V */
    struct oac_code_map map;
    struct oac_code_encoding encoding;
    struct oac_err err;
    cr_assert_eq(oac_code_map_init(&map, &port, &chopped, "m", &err), OAC_OK, "%s",
                 err.message);
    oac_code_map_encoding(&map, 1.0, 0.0, 1.0, &encoding);
    for (int i = 0; i <= 1000; i++) {
        const double a = i / 1000.0;
        const float x = (float)a;
        const uint16_t code = oac_code_map_code(&map, a, NULL);
        uint16_t kernel;
        oac_code_kernel()->encode(&encoding, 1, &x, &kernel);
        cr_expect(kernel == code || kernel == code + 1 || kernel + 1 == code, "%g", a);
        for (int beside = -1; beside <= 1; beside++) { /* sin(pi V/V_pi), by hand */
            const double v = (code + beside - 2048) * 1e-3;
            if (code + beside < 2048 || code + beside > 3548)
                continue;
            cr_expect_leq(fabs(sin(3.14159265358979 / 3.0 * (code - 2048) * 1e-3) - a),
                          fabs(sin(3.14159265358979 / 3.0 * v) - a) + 1e-12);
        }
        cr_expect_float_eq(oac_code_map_opening(&map, code),
                           sin(3.14159265358979 / 3.0 * (code - 2048) * 1e-3), 1e-12);
    }
    cr_expect_eq(oac_code_map_code(&map, 0.0, NULL), 2048);
    const struct oac_curve between = {3.0, 1.5, -0.5};
    cr_expect_eq(oac_code_map_init(&map, &port, &between, "m", &err), OAC_EINVAL);
}
