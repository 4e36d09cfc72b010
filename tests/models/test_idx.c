/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/idx.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/models/idx_fixture.h"
#include "tests/support/tmpdir.h"

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
static struct oac_err err;
static struct oac_idx idx;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "file", path);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(idx, .init = make_dir, .fini = remove_dir);

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 37 + i / 7);
}

static void put(struct bytes bytes)
{
    oac_test_file_put(path, bytes.data, bytes.count);
}

/* The file is refused with this status, the message names it and contains `says`. */
static void expect_refused(size_t rank, enum oac_status status, const char *says)
{
    struct oac_idx untouched = {.bytes = 77};
    cr_assert_eq(oac_idx_read(path, rank, &untouched, &err), status, "got %s: %s",
                 oac_status_name(err.status), err.message);
    cr_assert(strstr(err.message, path), "no path in: %s", err.message);
    cr_assert(strstr(err.message, says), "no '%s' in: %s", says, err.message);
    cr_assert_eq(untouched.bytes, 77);
}

static void expect_refused_bytes(const void *data, size_t bytes, size_t rank, const char *says)
{
    oac_test_file_put(path, data, bytes);
    expect_refused(rank, OAC_EPARSE, says);
}

Test(idx, labels_are_read_with_the_digest_of_the_whole_file)
{
    const uint8_t file[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3};
    oac_test_file_put(path, file, sizeof file);
    cr_assert_eq(oac_idx_read(path, 1, &idx, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(idx.dims[0], 3);
    cr_assert_arr_eq(idx.data, file + 8, 3);
    /* printf '\0\0\10\1\0\0\0\3\1\2\3' | sha256sum (GNU coreutils) */
    cr_assert_str_eq(idx.sha256,
                     "398a8a7fbd9531f1d9aa2ae368533e137cb53c202c3665f25affcf1ca88844ab");
    oac_idx_fini(&idx);
}

Test(idx, a_gzip_file_reads_as_the_raw_one)
{
    /* Longer than the reader's buffer, so that refilling in mid-member is met. */
    struct bytes raw = fixture_idx(3, (uint32_t[]){700, 20, 15}, pattern);
    struct bytes gz = fixture_gzip(raw);
    struct oac_idx other;
    put(raw);
    cr_assert_eq(oac_idx_read(path, 3, &idx, &err), OAC_OK, "%s", err.message);
    put(gz);
    cr_assert_eq(oac_idx_read(path, 3, &other, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(idx.bytes, 700 * 20 * 15);
    cr_assert_eq(other.bytes, idx.bytes);
    cr_assert_arr_eq(idx.data, raw.data + 16, idx.bytes);
    cr_assert_arr_eq(other.data, idx.data, idx.bytes);
    cr_assert_arr_eq(other.dims, idx.dims, sizeof idx.dims);
    cr_assert_str_eq(other.sha256, idx.sha256);
    oac_idx_fini(&idx);
    oac_idx_fini(&other);
    free(raw.data);
    free(gz.data);
}

Test(idx, a_gzip_file_of_two_members_is_one_file)
{
    struct bytes raw = fixture_idx(1, (uint32_t[]){100}, pattern);
    struct bytes front = fixture_gzip((struct bytes){raw.data, 50});
    struct bytes back = fixture_gzip((struct bytes){raw.data + 50, raw.count - 50});
    uint8_t both[400];
    memcpy(both, front.data, front.count);
    memcpy(both + front.count, back.data, back.count);
    oac_test_file_put(path, both, front.count + back.count);
    cr_assert_eq(oac_idx_read(path, 1, &idx, &err), OAC_OK, "%s", err.message);
    cr_assert_arr_eq(idx.data, raw.data + 8, 100);
    oac_idx_fini(&idx);
    free(raw.data);
    free(front.data);
    free(back.data);
}

Test(idx, a_file_cut_anywhere_is_refused)
{
    struct bytes raw = fixture_idx(3, (uint32_t[]){3, 4, 5}, pattern);
    struct bytes gz = fixture_gzip(raw);
    for (size_t cut = 0; cut < raw.count; cut++) {
        put((struct bytes){raw.data, cut});
        expect_refused(3, OAC_EPARSE, cut == 0 ? "empty" : "truncated");
    }
    for (size_t cut = 0; cut < gz.count; cut++) {
        put((struct bytes){gz.data, cut});
        /* one byte is too short to be told from a raw file; both are truncated */
        expect_refused(3, OAC_EPARSE, cut == 0 ? "empty" : "truncated");
    }
    free(raw.data);
    free(gz.data);
}

Test(idx, a_changed_bit_of_gzip_data_never_changes_what_is_read)
{
    struct bytes raw = fixture_idx(3, (uint32_t[]){3, 4, 5}, pattern);
    struct bytes gz = fixture_gzip(raw);
    /* Harmless bits: the time, system and level in the header's ten bytes, the padding after the last block. */
    size_t accepted = 0;
    for (size_t bit = 10 * 8; bit < gz.count * 8; bit++) {
        gz.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        put(gz);
        if (oac_idx_read(path, 3, &idx, &err) == OAC_OK) {
            cr_assert_arr_eq(idx.data, raw.data + 16, 60);
            oac_idx_fini(&idx);
            accepted++;
        }
        gz.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert_lt(accepted, 8, "%zu changed bits accepted, padding has at most 7", accepted);
    free(raw.data);
    free(gz.data);
}

Test(idx, bytes_beyond_the_promised_elements_are_refused)
{
    struct bytes raw = fixture_idx(1, (uint32_t[]){10}, pattern);
    struct bytes longer = {calloc(1, 1 << 20), 1 << 20};
    cr_assert(longer.data != NULL);
    memcpy(longer.data, raw.data, raw.count);
    put((struct bytes){longer.data, raw.count + 1});
    expect_refused(1, OAC_EPARSE, "goes on after the 10 elements");
    struct bytes gz = fixture_gzip(longer);
    put(gz);
    expect_refused(1, OAC_EPARSE, "goes on after the 10 elements");
    free(gz.data);

    gz = fixture_gzip(raw);
    memcpy(longer.data, gz.data, gz.count);
    memcpy(longer.data + gz.count, "garbage", 7);
    put((struct bytes){longer.data, gz.count + 7});
    expect_refused(1, OAC_EPARSE, "corrupt gzip data");
    free(raw.data);
    free(gz.data);
    free(longer.data);
}

Test(idx, what_is_not_the_wanted_kind_of_idx_is_refused)
{
    expect_refused_bytes("<html>404 not found</html>", 26, 3, "not an IDX file");
    expect_refused_bytes((uint8_t[]){0, 0, 0x0D, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9}, 17,
                         3, "type 0x0D");
    expect_refused_bytes((uint8_t[]){0, 0, 8, 1, 0, 0, 0, 1, 9}, 9, 3,
                         "rank 1, expected rank 3");
    expect_refused_bytes((uint8_t[]){0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9}, 17, 1,
                         "rank 3, expected rank 1");
    expect_refused_bytes((uint8_t[]){0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28}, 16, 3,
                         "0 x 28 x 28");
}

Test(idx, a_header_that_promises_too_much_takes_no_memory)
{
    /* Would be 3.4 TB, and its product overflows 32 bits. */
    uint8_t file[] = {0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3};
    expect_refused_bytes(file, sizeof file, 3, "4294967295 x 28 x 28 elements, the limit is");
    /* 2^32 cubed overflows 64 bits to a small number. */
    memset(file + 4, 0xff, 12);
    expect_refused_bytes(file, sizeof file, 3, "4294967295 x 4294967295 x 4294967295");
    /* 784 MB is within the limit, but not in 19 bytes; nor in gzip's of them. */
    memcpy(file + 4, (uint8_t[]){0, 15, 66, 64, 0, 0, 0, 28, 0, 0, 0, 28}, 12);
    expect_refused_bytes(file, sizeof file, 3,
                         "1000000 x 28 x 28 elements, the file cannot hold");
    struct bytes gz = fixture_gzip((struct bytes){file, sizeof file});
    put(gz);
    expect_refused(3, OAC_EPARSE, "1000000 x 28 x 28 elements, the file cannot hold");
    free(gz.data);
}

Test(idx, what_is_not_a_file_is_refused)
{
    expect_refused(3, OAC_ENOTFOUND, "No such file");
    cr_assert_eq(mkdir(path, 0777), 0);
    expect_refused(3, OAC_EINVAL, "not a regular file");
    cr_assert_eq(remove(path), 0);
    cr_assert_eq(mkfifo(path, 0666), 0);
    expect_refused(3, OAC_EINVAL, "not a regular file");
}
