/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/npy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/npy_header.h"
#include "tests/support/tmpdir.h"

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
static struct oac_err err;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "x.npy", path);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(npy, .init = make_dir, .fini = remove_dir);

/* A version 1 file of this dictionary and data; header length as it comes, which the format allows. */
static void put(const char *dictionary, const void *data, size_t bytes)
{
    char file[2048] = "\x93NUMPY\x01";
    size_t length = strlen(dictionary);
    file[8] = (char)(length & 255);
    file[9] = (char)(length >> 8);
    memcpy(file + 10, dictionary, length);
    memcpy(file + 10 + length, data, bytes);
    oac_test_file_put(path, file, 10 + length + bytes);
}

static void expect_values(size_t rank, size_t rows, size_t columns, const float *expected)
{
    struct oac_npy array = {0};
    cr_assert_eq(oac_npy_read(path, 0, &array, &err), OAC_OK, "%s", err.message);
    cr_assert(array.rank == rank && array.dims[0] == rows && array.dims[1] == columns);
    cr_assert_eq(array.count, rows * columns);
    for (size_t i = 0; i < array.count; i++)
        cr_assert_eq(array.data[i], expected[i], "[%zu]: %g is not %g", i,
                     (double)array.data[i], (double)expected[i]);
    oac_npy_fini(&array);
    cr_assert_null(array.data);
}

static void expect_refused(enum oac_status status, const char *part)
{
    struct oac_npy array = {.rank = 9};
    cr_assert_eq(oac_npy_read(path, 0, &array, &err), status, "%s, not %s: %s",
                 oac_status_name(err.status), oac_status_name(status), err.message);
    cr_assert(strstr(err.message, part), "\"%s\" does not say \"%s\"", err.message, part);
    cr_assert(strncmp(err.message, path, strlen(path)) == 0, "%s", err.message);
    cr_assert_eq(array.rank, 9, "outputs are untouched on failure");
}

/* The bytes that numpy 1.24.2 writes: np.save of a (2,3) '<f4' matrix. */
#define BLANKS_58 "                                                          "
static const char numpy_f4[] = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, "
                               "'shape': (2, 3), }" BLANKS_58 "\n"
                               "\x00\x00\x80?\x00\x00 \xc0\x00\x00@@\x00\x00\x80@\x00\x00\xa0@"
                               "\x90"
                               "c\xf3\x0e";
static const float f4[6] = {1, -2.5f, 3, 4, 5, 6e-30f};

Test(npy, what_numpy_wrote_is_read_and_written_byte_for_byte)
{
    oac_test_file_put(path, numpy_f4, sizeof numpy_f4 - 1);
    expect_values(2, 2, 3, f4);
    size_t dims[2] = {2, 3}, bytes = 0;
    char *written = NULL;
    cr_assert_eq(oac_npy_write_f32(path, 2, dims, f4, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_file_read(path, 1000, &written, &bytes, &err), OAC_OK);
    cr_assert_eq(bytes, sizeof numpy_f4 - 1);
    cr_assert_eq(memcmp(written, numpy_f4, bytes), 0);
    free(written);
}

Test(npy, fortran_order_is_transposed)
{
    static const double by_column[6] = {1, 4, 2, 5, 3, 6};
    static const float by_row[6] = {1, 2, 3, 4, 5, 6};
    put("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n", by_column,
        sizeof by_column);
    expect_values(2, 2, 3, by_row);
}

/* np.lib.format.write_array(np.array([-32768, 1], '>i2'), version=(2, 0)) of numpy 1.24.2. */
Test(npy, version_2_and_big_endian_integers_are_read)
{
    static const char file[] =
        "\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '>i2', 'fortran_order': "
        "False, 'shape': (2,), }" BLANKS_58 "\n\x80\x00\x00\x01";
    static const float expected[2] = {-32768, 1};
    oac_test_file_put(path, file, sizeof file - 1);
    expect_values(1, 2, 1, expected);
}

Test(npy, every_listed_type_is_converted)
{
    static const struct {
        const char *type, *bytes;
        size_t count_bytes;
        float expected;
    } cases[] = {
        {"|u1", "\xff", 1, 255},
        {"|i1", "\xff", 1, -1},
        {"|b1", "\x01", 1, 1},
        {"<u2", "\xff\xff", 2, 65535},
        {"<i2", "\xfe\xff", 2, -2},
        {"<u4", "\0\0\0\x80", 4, 2147483648.0f},
        {"<i4", "\0\0\0\x80", 4, -2147483648.0f},
        {"<u8", "\0\0\0\0\0\0\0\x80", 8, 9223372036854775808.0f},
        {"<i8", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1},
        {">f4", "\x3f\x80\0\0", 4, 1},
        {">f8", "\xc0\0\0\0\0\0\0\0", 8, -2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dictionary[128];
        snprintf(dictionary, sizeof dictionary,
                 "{\"shape\": (1,), 'descr': '%s', 'fortran_order': False}", cases[i].type);
        put(dictionary, cases[i].bytes, cases[i].count_bytes);
        expect_values(1, 1, 1, &cases[i].expected);
    }
}

Test(npy, a_vector_survives_the_round_trip)
{
    size_t count = 1000;
    float data[1000];
    for (size_t i = 0; i < count; i++)
        data[i] = sinf((float)i);
    cr_assert_eq(oac_npy_write_f32(path, 1, &count, data, &err), OAC_OK, "%s", err.message);
    expect_values(1, 1000, 1, data);
}

Test(npy, a_value_that_is_not_finite_is_named_by_its_index)
{
    static const float nan_at_1_2[6] = {0, 0, 0, 0, 0, NAN};
    static const double large[2] = {0, 1e39}; /* above the largest float, 3.4e38 */
    put("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", nan_at_1_2, 24);
    expect_refused(OAC_EINVAL, "value [1, 2] is nan");
    put("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", large, 16);
    expect_refused(OAC_EINVAL, "value [1] is inf");
}

Test(npy, a_wrong_file_is_refused)
{
    static const struct {
        const char *dictionary;
        enum oac_status status;
        const char *part;
    } cases[] = {
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", OAC_EUNSUPPORTED, "'<f2'"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", OAC_EUNSUPPORTED, "'<c8'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", OAC_EUNSUPPORTED, "'|O'"},
        {"{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", OAC_EUNSUPPORTED, "'|f4'"},
        {"{'descr': [('a','<f4')], 'fortran_order': False, 'shape': (1,)}", OAC_EUNSUPPORTED,
         "structure"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", OAC_EUNSUPPORTED, "rank 0"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1)}", OAC_EUNSUPPORTED,
         "rank 3"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1)}", OAC_EINVAL, "empty"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", OAC_EPARSE,
         "4 bytes of data, expected 8"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         OAC_EPARSE, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
         OAC_ENOMEM, "overflow"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", OAC_EPARSE, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1", OAC_EPARSE, "shape"},
        {"{'descr': '<f4', 'fortran_order': False}", OAC_EPARSE, "header"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", OAC_EPARSE, "header"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", OAC_EPARSE,
         "header"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", OAC_EPARSE,
         "header"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1", OAC_EPARSE, "header"},
        {"", OAC_EPARSE, "header"},
        {"{", OAC_EPARSE, "header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].dictionary, "\0\0\0\0", 4);
        expect_refused(cases[i].status, cases[i].part);
    }
    oac_test_file_put(path, "", 0);
    expect_refused(OAC_EPARSE, "not a .npy file");
    oac_test_file_put(path, "PK\3\4 an .npz archive", 20);
    expect_refused(OAC_EPARSE, "not a .npy file");
    oac_test_file_put(path, "\x93NUMPY\x04\x00v\x00{}", 12);
    expect_refused(OAC_EUNSUPPORTED, "version 4.0");
    remove(path);
    expect_refused(OAC_ENOTFOUND, "cannot open");
}

Test(npy, every_truncation_is_refused_and_no_mutation_crashes)
{
    for (size_t bytes = 0; bytes < sizeof numpy_f4 - 1; bytes++) {
        oac_test_file_put(path, numpy_f4, bytes);
        expect_refused(OAC_EPARSE, "");
    }
    uint32_t state = 7;
    for (int round = 0; round < 20000; round++) {
        char file[sizeof numpy_f4];
        memcpy(file, numpy_f4, sizeof file);
        for (int change = 0; change < 2; change++) {
            state = state * 1664525u + 1013904223u;
            file[6 + (state >> 8) % 70] = (char)(state >> 24);
        }
        struct oac_npy_header header;
        if (oac_npy_header_parse(file, sizeof file - 1, &header, &err) == OAC_OK)
            cr_assert(header.data_offset < sizeof file && header.dims[0] > 0 &&
                      header.dims[1] > 0);
        if (round % 100)
            continue;
        oac_test_file_put(path, file, sizeof file - 1);
        struct oac_npy array = {0};
        if (oac_npy_read(path, 0, &array, &err) == OAC_OK)
            cr_assert_eq(array.count, array.dims[0] * array.dims[1]);
        oac_npy_fini(&array);
    }
}

Test(npy, limits_hold)
{
    size_t dims[3] = {2, 3, 1};
    struct oac_npy array = {0};
    oac_test_file_put(path, numpy_f4, sizeof numpy_f4 - 1);
    cr_assert_eq(oac_npy_read(path, 100, &array, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "at most 100"), "%s", err.message);
    cr_assert_eq(oac_npy_write_f32(path, 3, dims, f4, &err), OAC_EINVAL);
    cr_assert_eq(oac_npy_write_f32(path, 2, (size_t[]){SIZE_MAX, 2}, f4, &err), OAC_ENOMEM);
    cr_assert_eq(oac_npy_write_f32("/nonexistent/x.npy", 1, dims, f4, &err), OAC_EIO);
    oac_test_file_put(path, numpy_f4, sizeof numpy_f4 - 1);
    expect_values(2, 2, 3, f4);
}
