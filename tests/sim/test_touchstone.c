/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <complex.h>
#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "sim/components/touchstone.h"
#include "tests/support/tmpdir.h"

static struct oac_err err;
static char dir[OAC_TEST_DIR_BYTES];
static char path[OAC_TEST_DIR_BYTES + 20];

static void begin(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "eo.s2p", path);
}

static void end(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(touchstone, .init = begin, .fini = end);

static enum oac_status read_bytes(const void *data, size_t bytes, bool peaking,
                                  struct oac_touchstone **table)
{
    oac_test_file_put(path, data, bytes);
    err.message[0] = '\0';
    return oac_touchstone_read(path, peaking, table, &err);
}

static struct oac_touchstone *accept(const char *text, bool peaking)
{
    struct oac_touchstone *table = NULL;
    cr_assert_eq(read_bytes(text, strlen(text), peaking, &table), OAC_OK, "%s", err.message);
    return table;
}

/* Refused in one line that names the file and contains both words; the output is untouched. */
static void refuse_bytes(const void *data, size_t bytes, const char *first, const char *second)
{
    struct oac_touchstone *table = NULL;
    cr_assert_neq(read_bytes(data, bytes, false, &table), OAC_OK, "%s", first);
    cr_assert(strstr(err.message, first), "'%s' lacks '%s'", err.message, first);
    cr_assert(strstr(err.message, second), "'%s' lacks '%s'", err.message, second);
    cr_assert(strstr(err.message, "eo.s2p"), "%s", err.message);
    cr_assert_null(strchr(err.message, '\n'));
    cr_assert_null(table);
}

static void refuse(const char *text, const char *first, const char *second)
{
    refuse_bytes(text, strlen(text), first, second);
}

#define HEAD "! a modulator\n# GHz S RI R 50\n"
/* a row with S21 = 1 */
#define ROW(f) f " 0.1 0 1 0 0.01 0 0.2 0\n"

Test(touchstone, s21_is_the_second_pair_of_a_row)
{
    struct oac_touchstone *table = accept(
        HEAD "1 0.1 0.2 0.8 0 0.5 0.6 0.7 0.8\n2 0.1 0.2 0 -0.4 0.5 0.6 0.7 0.8\n", false);
    cr_assert_eq(table->points, 2);
    cr_assert_eq(table->f_hz[0], 1e9);
    cr_assert_eq(table->f_hz[1], 2e9);
    cr_assert_float_eq(table->magnitude[0], 0.8, 1e-15);
    cr_assert_float_eq(table->magnitude[1], 0.4, 1e-15);
    cr_assert_float_eq(table->phase_rad[1] - table->phase_rad[0], -0.5 * OAC_PI, 1e-15);
    oac_touchstone_destroy(table);
}

/* One pole of 20 GHz behind 30 ps, as the three formats and four units write it. */
static double complex measured(double f_hz)
{
    return 0.63 / (1.0 + I * f_hz / 20e9) * cexp(-2.0 * OAC_PI * I * f_hz * 30e-12);
}

static void write_table(const char *unit, double unit_hz, const char *format, size_t points)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    fprintf(out, "# %s s %s r 50\r\n\r\n!f S11 S21 S12 S22\r\n", unit, format);
    for (size_t i = 1; i <= points; i++) {
        double f_hz = 5e8 * (double)i, degrees = 180.0 / OAC_PI;
        double complex s = measured(f_hz);
        double first = creal(s), second = cimag(s);
        if (strcasecmp(format, "RI") != 0) {
            first = strcasecmp(format, "DB") == 0 ? 20.0 * log10(cabs(s)) : cabs(s);
            second = carg(s) * degrees;
        }
        fprintf(out, "\t%.17g 0 0  %.17g %.17g 0 0 0 0 ! point %zu\r\n", f_hz / unit_hz, first,
                second, i);
    }
    fclose(out);
    oac_test_file_put(path, text, bytes);
    free(text);
}

Test(touchstone, every_unit_and_format_says_the_same)
{
    static const struct {
        const char *unit;
        double hz;
        const char *format;
    } ways[] = {{"Hz", 1.0, "RI"},  {"kHz", 1e3, "MA"}, {"MHZ", 1e6, "db"},
                {"ghz", 1e9, "ma"}, {"GHz", 1e9, "DB"}, {"hz", 1.0, "ri"}};
    for (size_t w = 0; w < 6; w++) {
        struct oac_touchstone *table = NULL;
        write_table(ways[w].unit, ways[w].hz, ways[w].format, 100);
        cr_assert_eq(oac_touchstone_read(path, false, &table, &err), OAC_OK, "%s", err.message);
        cr_assert_eq(table->points, 100);
        /* phi_0 comes from the first two points of a pole: 4e-5 rad of curvature */
        double complex reference = measured(5e8) / oac_touchstone_response(table, 5e8);
        cr_assert_float_eq(carg(reference), 0.0, 1e-4);
        for (size_t i = 1; i <= 100; i++) {
            double f_hz = 5e8 * (double)i;
            double complex here = reference * oac_touchstone_response(table, f_hz);
            cr_assert_float_eq(cabs(here - measured(f_hz)), 0.0, 1e-13, "%s %s %g Hz",
                               ways[w].unit, ways[w].format, f_hz);
        }
        oac_touchstone_destroy(table);
    }
}

Test(touchstone, phase_is_unwrapped_over_many_turns)
{
    struct oac_touchstone *table = NULL;
    write_table("GHz", 1e9, "MA", 100); /* 30 ps over 50 GHz: 1.5 turns, and the pole */
    cr_assert_eq(oac_touchstone_read(path, false, &table, &err), OAC_OK, "%s", err.message);
    double expected = -2.0 * OAC_PI * 49.5e9 * 30e-12 - atan(50.0 / 20.0) + atan(0.5 / 20.0);
    cr_assert_float_eq(table->phase_rad[99] - table->phase_rad[0], expected, 1e-12);
    oac_touchstone_destroy(table);
}

Test(touchstone, response_is_linear_between_points_flat_below_and_zero_above)
{
    struct oac_touchstone *table =
        accept("# GHz MA\n1 0 0 0.8 -10 0 0 0 0\n3 0 0 0.4 -30 0 0 0 0\n", false);
    double radian = OAC_PI / 180.0;
    cr_assert_float_eq(cabs(oac_touchstone_response(table, 0.0) - 1.0), 0.0, 1e-15);
    cr_assert_float_eq(cabs(oac_touchstone_response(table, 0.5e9) - cexp(-5.0 * radian * I)),
                       0.0, 1e-15);
    cr_assert_float_eq(
        cabs(oac_touchstone_response(table, 2e9) - 0.75 * cexp(-20.0 * radian * I)), 0.0,
        1e-15);
    cr_assert_float_eq(
        cabs(oac_touchstone_response(table, 3e9) - 0.5 * cexp(-30.0 * radian * I)), 0.0, 1e-15);
    cr_assert_eq(oac_touchstone_response(table, 3.001e9), 0.0);
    for (double f_hz = 0.0; f_hz < 4e9; f_hz += 0.3e9)
        cr_assert_eq(oac_touchstone_response(table, -f_hz),
                     conj(oac_touchstone_response(table, f_hz)));
    oac_touchstone_destroy(table);
}

Test(touchstone, bandwidth_is_where_half_the_power_is_left)
{
    struct oac_touchstone *table = NULL;
    write_table("GHz", 1e9, "RI", 100);
    cr_assert_eq(oac_touchstone_read(path, false, &table, &err), OAC_OK, "%s", err.message);
    /* relative to 0.5 GHz instead of 0: half a power at 20 sqrt(1 + 2 * 0.025^2) GHz; interpolation of a curve
     * of second derivative 1e-3/GHz^2 over 0.5 GHz moves it by 2 MHz */
    cr_assert_float_eq(oac_touchstone_bandwidth_hz(table), 20e9 * sqrt(1.0 + 2.0 * 0.000625),
                       3e6);
    oac_touchstone_destroy(table);
    table = accept(HEAD ROW("1") ROW("2"), false);
    cr_assert_eq(oac_touchstone_bandwidth_hz(table), INFINITY);
    oac_touchstone_destroy(table);
}

Test(touchstone, comments_blank_lines_line_ends_and_defaults_are_understood)
{
    struct oac_touchstone *table = accept(
        "! first\r\n\r\n  \t\n#\r\n 1\t0 0 1 90 0 0 0 0!x\r\n\n2 0 0 .5 90 0 0 0 0", false);
    cr_assert_eq(table->points, 2);
    cr_assert_eq(table->f_hz[1], 2e9); /* GHz, magnitude and degrees */
    cr_assert_eq(table->magnitude[1], 0.5);
    cr_assert_float_eq(table->phase_rad[0], 0.5 * OAC_PI, 1e-15);
    oac_touchstone_destroy(table);
}

Test(touchstone, a_point_of_no_magnitude_keeps_the_phase_before_it)
{
    struct oac_touchstone *table = accept(
        HEAD "1 0 0 0 1 0 0 0 0\n2 0 0 0 0.5 0 0 0 0\n3 0 0 0 0 0 0 0 0\n4 0 0 0 0.1 0 0 0 0\n",
        false);
    for (size_t i = 0; i < 4; i++)
        cr_assert_float_eq(table->phase_rad[i], 0.5 * OAC_PI, 1e-15);
    oac_touchstone_destroy(table);
}

Test(touchstone, noise_parameters_after_the_data_are_left_out)
{
    struct oac_touchstone *table =
        accept(HEAD ROW("1") ROW("2") "! noise\n1 0.7 .64 69 .38\n2 0.9 .5 60 .3\n", false);
    cr_assert_eq(table->points, 2);
    oac_touchstone_destroy(table);
    refuse(HEAD ROW("1") ROW("2") "2 0.7 .64 69 .38\n1 0.9 .5 60 .3\n", ":6:", "noise");
    refuse(HEAD ROW("1") ROW("2") "1 0.7 .64 69 .38\n" ROW("3"), ":6:", "noise");
    refuse(HEAD ROW("1") ROW("2") "1 0.7 .64 69 .38\n2 0.7 .64\n", ":6:", "3 numbers");
    refuse(HEAD ROW("1") ROW("2") "1 nan .64 69 .38\n", ":5:", "nan");
    refuse(HEAD "1 0.7 .64 69 .38\n" ROW("1"), ":3:", "5 numbers");
}

Test(touchstone, a_file_cut_off_within_a_row_is_refused_wherever_it_is_cut)
{
    const char *text = HEAD ROW("1") ROW("2") "3 0.1 0.25 1.5 0 0.01 0 0.2 0.125\n";
    size_t bytes = strlen(text), row = strlen(HEAD ROW("1") ROW("2"));
    char *last_blank = strrchr(text, ' ');
    for (size_t cut = row + 1; text + cut < last_blank; cut++) {
        if (text[cut - 1] == ' ' || text[cut] == ' ')
            refuse_bytes(text, cut, ":5:", "ends within a row");
    }
    cr_assert_lt(row, bytes);
    refuse_bytes(text, strlen(HEAD ROW("1")) + 2, ":4:", "1 of 9");
    refuse_bytes(text, strlen(HEAD ROW("1")), "1 rows", "two or more");
}

Test(touchstone, what_is_no_two_port_is_refused)
{
    refuse(HEAD "1 0.1 0.2\n2 0.1 0.2\n", ":3:", "3 numbers");
    refuse(HEAD "1 1 2 3 4 5 6\n1 2 3 4 5 6\n1 2 3 4 5 6\n", ":3:", "7 numbers");
    refuse(HEAD "1 2 3 4 5 6 7 8 9 10\n" ROW("2"), ":3:", "10 or more");
    refuse(HEAD ROW("1") "2 0.1 0.2 0.3 0.4 0.5\n" ROW("3"), ":4:", "6 numbers");
    refuse("# GHz Y RI R 50\n" ROW("1") ROW("2"), ":1:", "'Y'");
    refuse("[Version] 2.0\n# GHz S RI R 50\n" ROW("1") ROW("2"), ":1:", "version 2");
}

Test(touchstone, an_option_line_that_is_missing_wrong_or_twice_there_is_refused)
{
    refuse(ROW("1") ROW("2"), ":1:", "option line");
    refuse("# THz S RI R 50\n" ROW("1") ROW("2"), ":1:", "'THz'");
    refuse("# GHz S XY R 50\n" ROW("1") ROW("2"), ":1:", "'XY'");
    refuse("# GHz S RI R\n" ROW("1") ROW("2"), ":1:", "ohms");
    refuse("# GHz S RI R -50\n" ROW("1") ROW("2"), ":1:", "'-50'");
    refuse("# GHz S RI R 50ohm\n" ROW("1") ROW("2"), ":1:", "'50ohm'");
    refuse(HEAD ROW("1") "# MHz S RI R 50\n" ROW("2"), ":4:", "second option line");
}

Test(touchstone, frequencies_that_do_not_increase_are_refused)
{
    refuse(HEAD ROW("2") ROW("1"), ":4:", "follows 2e+09 Hz");
    refuse(HEAD ROW("1") ROW("1"), ":4:", "increase");
    refuse(HEAD ROW("-1") ROW("1"), ":3:", "-1e+09 Hz");
    refuse(HEAD ROW("1") ROW("1e305"), ":4:", "inf Hz");
}

Test(touchstone, numbers_that_are_none_or_not_finite_are_refused)
{
    static const char *const words[] = {"nan",   "inf", "-inf", "1e999",    "0x10", "1,5",
                                        "1.2.3", "--1", "1d3",  "\x01\x7f", "1e",   "f"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int column = 0; column < 9; column++) {
            char text[400], shown[40];
            size_t length = (size_t)snprintf(text, sizeof text, HEAD ROW("1"));
            for (int c = 0; c < 9; c++)
                length += (size_t)snprintf(text + length, sizeof text - length, "%s ",
                                           c == column ? words[i] : "1");
            snprintf(shown, sizeof shown, "column %d", column + 1);
            refuse(text, ":4:", shown);
        }
    refuse("# GHz S MA\n" ROW("1") "2 0 0 -1 0 0 0 0 0\n", ":3:", "magnitude of -1");
    refuse("# GHz S DB\n" ROW("1") "2 0 0 1e5 0 0 0 0 0\n", ":3:", "inf");
    refuse(HEAD "1 0 0 0 0 0 0 0 0\n" ROW("2"), ":3:", "|S21| is 0");
}

Test(touchstone, a_comma_locale_changes_nothing)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed */
    struct oac_touchstone *table = accept(HEAD ROW("1.5") ROW("2.5"), false);
    cr_assert_eq(table->f_hz[0], 1.5e9);
    oac_touchstone_destroy(table);
    setlocale(LC_ALL, "C");
}

#define PEAK HEAD ROW("1") "2 0 0 1.06 0 0 0 0 0\n"

Test(touchstone, gain_above_its_low_frequency_value_needs_permission)
{
    refuse(PEAK, ":4:", "1.06");
    refuse(PEAK, "peaking is allowed", "1.05");
    struct oac_touchstone *table = accept(PEAK, true);
    cr_assert_float_eq(cabs(oac_touchstone_response(table, 2e9)), 1.06, 1e-15);
    oac_touchstone_destroy(table);
    table = accept(HEAD ROW("1") "2 0 0 1.049 0 0 0 0 0\n", false);
    oac_touchstone_destroy(table);
}

Test(touchstone, empty_files_junk_and_one_point_are_refused)
{
    refuse("", "0 rows", "two or more");
    refuse("\n\n! nothing\n", "0 rows", "two or more");
    refuse(HEAD, "0 rows", "two or more");
    refuse(HEAD ROW("1"), "1 rows", "two or more");
    refuse_bytes("\x7f"
                 "ELF\x02\x01\x01\0\0\0",
                 10, "byte 7 is zero", "text");
    refuse("\x89PNG\r\n\x1a\n", ":1:", "'?PNG'");
    refuse_bytes(HEAD ROW("1") ROW("2") "\0", strlen(HEAD ROW("1") ROW("2")) + 1, "zero",
                 "text");
}

Test(touchstone, a_file_that_is_too_large_or_missing_is_refused)
{
    size_t bytes = ((size_t)16 << 20) + 1;
    char *text = malloc(bytes);
    cr_assert_not_null(text);
    memset(text, '\n', bytes);
    refuse_bytes(text, bytes, "16777217", "16777216");
    refuse_bytes(text, bytes - 1, "0 rows", "two or more"); /* the limit itself is read */
    free(text);
    struct oac_touchstone *table = NULL;
    remove(path);
    cr_assert_eq(oac_touchstone_read(path, false, &table, &err), OAC_ENOTFOUND);
    cr_assert_eq(oac_touchstone_read(dir, false, &table, &err), OAC_EINVAL);
}
