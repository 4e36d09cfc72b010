/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that nobody meant well: whatever they hold, the reader answers with a file or one line, soon. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/h5_internal.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 64)

static char dir[OAC_TEST_DIR_BYTES], path[PATH_BYTES];
static struct oac_err err;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "file.h5", path);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(h5_hostile, .init = make_dir, .fini = remove_dir);

static void expect_refused(size_t max_bytes, enum oac_status status, const char *part)
{
    struct oac_h5_file *file = NULL;
    cr_assert_eq(oac_h5_read(path, max_bytes, &file, &err), status, "%s: %s",
                 oac_status_name(err.status), err.message);
    cr_assert_null(file);
    cr_assert(strncmp(err.message, path, strlen(path)) == 0, "%s", err.message);
    cr_assert(strstr(err.message, part), "\"%s\" does not say \"%s\"", err.message, part);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

Test(h5_hostile, what_is_no_hdf5_file_is_refused_in_one_line)
{
    expect_refused(0, OAC_ENOTFOUND, "cannot open");
    oac_test_file_put(path, "", 0);
    expect_refused(0, OAC_EPARSE, "not an HDF5 file");
    oac_test_file_put(path, "just text, nothing else in here", 31);
    expect_refused(0, OAC_EPARSE, "not an HDF5 file");
    oac_test_file_put(path, "\x89HDF\r\n\x1a\n", 8);
    expect_refused(0, OAC_EPARSE, "not a readable HDF5 file");
    struct oac_h5_file *file = NULL;
    cr_assert_eq(oac_h5_read(dir, 0, &file, &err), OAC_EINVAL);
}

/* Builds a file with the library itself; `fill` puts the hostile part in. */
static void build(void (*fill)(hid_t file))
{
    oac_h5_quiet();
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    fill(file);
    H5Fclose(file);
}

static hid_t put_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims,
                     hid_t creation)
{
    hid_t space = rank < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, dims, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    cr_assert_geq(set, 0, "%s", name);
    H5Sclose(space);
    return set;
}

static void fill_foreign(hid_t file)
{
    static const hsize_t two[1] = {2};
    static const short values[2] = {-2, 300};
    static const signed char bytes[2] = {-1, 1};
    static const float floats[2] = {1.5f, -3};
    hid_t set = put_set(file, "i16be", H5T_STD_I16BE, 1, two, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    set = put_set(file, "i8", H5T_STD_I8LE, 1, two, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_SCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
    H5Dclose(set);
    set = put_set(file, "f32be", H5T_IEEE_F32BE, 1, two, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, floats);
    hid_t space = H5Screate_simple(1, two, NULL), padded = H5Tcopy(H5T_C_S1);
    H5Tset_size(padded, 4);
    H5Tset_strpad(padded, H5T_STR_SPACEPAD);
    hid_t attribute = H5Acreate2(set, "padded", padded, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, padded, "ab  cdef");
    H5Aclose(attribute);
    attribute = H5Acreate2(set, "f32", H5T_IEEE_F32BE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_FLOAT, floats);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Dclose(set);
    set = put_set(file, "scalar", H5T_STD_U32LE, 0, NULL, H5P_DEFAULT);
    H5Dclose(set);
    /* What is skipped: texts, compounds, references, variable lengths, named types, empty spaces, links. */
    set = put_set(file, "text", padded, 1, two, H5P_DEFAULT);
    H5Dclose(set);
    hid_t pair = H5Tcreate(H5T_COMPOUND, 8), lists = H5Tvlen_create(H5T_NATIVE_INT);
    H5Tinsert(pair, "a", 0, H5T_NATIVE_INT);
    H5Dclose(put_set(file, "pair", pair, 1, two, H5P_DEFAULT));
    H5Dclose(put_set(file, "lists", lists, 1, two, H5P_DEFAULT));
    H5Dclose(put_set(file, "reference", H5T_STD_REF_OBJ, 1, two, H5P_DEFAULT));
    H5Dclose(put_set(file, "null", H5T_IEEE_F32LE, -1, NULL, H5P_DEFAULT));
    H5Tcommit2(file, "type", pair, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/i8", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(pair);
    H5Tclose(lists);
    H5Tclose(padded);
}

Test(h5_hostile, foreign_types_are_widened_and_other_objects_skipped)
{
    build(fill_foreign);
    struct oac_h5_file *file = NULL;
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(file->array_count, 4);
    const struct oac_h5_array *array = oac_h5_find_array(file, "/i16be");
    cr_assert(array && array->type == OAC_H5_I64);
    cr_assert(((int64_t *)array->data)[0] == -2 && ((int64_t *)array->data)[1] == 300);
    array = oac_h5_find_array(file, "/i8");
    cr_assert(array && array->type == OAC_H5_I64 && ((int64_t *)array->data)[0] == -1);
    array = oac_h5_find_array(file, "/f32be");
    cr_assert(array && array->type == OAC_H5_F32 && ((float *)array->data)[1] == -3.0f);
    array = oac_h5_find_array(file, "/scalar");
    cr_assert(array && array->rank == 0 && array->count == 1);
    cr_assert_str_eq(oac_h5_find_text(file, "/f32be", "padded"), "ab\ncdef");
    const struct oac_h5_attribute *numbers = oac_h5_find_attribute(file, "/f32be", "f32");
    cr_assert(numbers && numbers->count == 2 && numbers->values[0] == 1.5);
    oac_h5_file_destroy(file);
}

static void fill_half(hid_t file)
{
    static const hsize_t two[1] = {2};
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    H5Dclose(put_set(file, "half", half, 1, two, H5P_DEFAULT));
    H5Tclose(half);
}

static void fill_rank_5(hid_t file)
{
    static const hsize_t dims[5] = {1, 1, 1, 1, 1};
    H5Dclose(put_set(file, "deep", H5T_IEEE_F32LE, 5, dims, H5P_DEFAULT));
}

/* 8 TiB on paper, a few hundred bytes on disk. */
static void fill_bomb(hid_t file)
{
    static const hsize_t dims[2] = {1u << 20, 1u << 21}, chunk[2] = {1024, 1024};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    H5Dclose(put_set(file, "bomb", H5T_IEEE_F32LE, 2, dims, creation));
    H5Pclose(creation);
}

static void fill_overflow(hid_t file)
{
    static const hsize_t dims[3] = {1ull << 32, 1ull << 31, 1ull << 4}, chunk[3] = {1, 1, 1};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 3, chunk);
    hid_t space = H5Screate_simple(3, dims, NULL);
    hid_t set =
        H5Dcreate2(file, "overflow", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (set >= 0)
        H5Dclose(set);
    else
        fill_bomb(file);
    H5Sclose(space);
    H5Pclose(creation);
}

static void fill_cycle(hid_t file)
{
    hid_t group = H5Gcreate2(file, "loop", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/", group, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
}

static void fill_depth(hid_t file)
{
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Gclose(H5Gcreate2(file, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", links, H5P_DEFAULT,
                        H5P_DEFAULT));
    H5Pclose(links);
}

/* Raw data that lie in /etc/passwd. */
static void fill_elsewhere(hid_t file)
{
    static const hsize_t dims[1] = {64};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 64);
    H5Dclose(put_set(file, "elsewhere", H5T_STD_U8LE, 1, dims, creation));
    H5Pclose(creation);
}

static void fill_virtual(hid_t file)
{
    static const hsize_t dims[1] = {64};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, dims, NULL);
    H5Pset_virtual(creation, space, "/etc/passwd", "/x", space);
    H5Dclose(put_set(file, "virtual", H5T_STD_U8LE, 1, dims, creation));
    H5Sclose(space);
    H5Pclose(creation);
}

static void fill_long_name(hid_t file)
{
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

Test(h5_hostile, what_cannot_be_held_or_leads_elsewhere_is_refused_by_name)
{
    static const struct {
        void (*fill)(hid_t file);
        enum oac_status status;
        const char *part;
    } cases[] = {
        {fill_half, OAC_EUNSUPPORTED, "/half: numbers of 2 bytes"},
        {fill_rank_5, OAC_EUNSUPPORTED, "/deep: rank 5"},
        {fill_bomb, OAC_EINVAL, "/bomb: too large"},
        {fill_overflow, OAC_EINVAL, "too large"},
        {fill_cycle, OAC_EPARSE, "contains itself"},
        {fill_depth, OAC_EPARSE, "more than 16 nested groups"},
        {fill_elsewhere, OAC_EUNSUPPORTED, "/elsewhere: its data lie in another file"},
        {fill_virtual, OAC_EUNSUPPORTED, "/virtual: its data lie in another file"},
        {fill_long_name, OAC_EPARSE, "too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build(cases[i].fill);
        expect_refused(0, cases[i].status, cases[i].part);
    }
}

Test(h5_hostile, the_limit_counts_all_arrays_together)
{
    size_t count = 1000;
    float data[1000] = {0};
    struct oac_h5_writer *writer = NULL;
    struct oac_h5_file *file = NULL;
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "/%d", i);
        cr_assert_eq(
            oac_h5_put_array(writer, name, OAC_H5_F32, 1, &count, "n", "1", false, data, &err),
            OAC_OK);
    }
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK);
    oac_h5_destroy(writer);
    cr_assert_eq(oac_h5_read(path, 12000, &file, &err), OAC_OK, "%s", err.message);
    oac_h5_file_destroy(file);
    expect_refused(11999, OAC_EINVAL,
                   "/2: too large; all arrays together may have at most 11999");
}

/* ---- children that a file has taken over ---- */

static int crash(const char *file, size_t max_bytes, int out)
{
    (void)file, (void)max_bytes, (void)out;
    signal(SIGSEGV, SIG_DFL); /* under ASan it would be an abort */
    raise(SIGSEGV);
    return 0;
}

static int leave(const char *file, size_t max_bytes, int out)
{
    (void)file, (void)max_bytes, (void)out;
    return 3;
}

static int hang(const char *file, size_t max_bytes, int out)
{
    (void)file, (void)max_bytes;
    if (write(out, "x", 1) < 0)
        return 1;
    for (;;)
        pause();
}

/* Each is followed by just the bytes it promises and by the record that ends a good file, so that nothing but
 * the parent's own check of it can refuse. */
#define LIE_LIMIT_BYTES 1000u
static const struct {
    struct oac_h5_record record;
    char content;
} lies[] = {
    {{.kind = 77}, '/'},
    {{.kind = OAC_H5_RECORD_TEXT, .path_bytes = OAC_H5_NAME_BYTES}, '/'},
    {{.kind = OAC_H5_RECORD_TEXT, .name_bytes = OAC_H5_NAME_BYTES}, '/'},
    {{.kind = OAC_H5_RECORD_TEXT, .path_bytes = 4, .bytes = OAC_H5_ATTRIBUTE_BYTES + 1}, '/'},
    {{.kind = OAC_H5_RECORD_TEXT, .path_bytes = 4, .bytes = UINT64_MAX}, '/'},
    {{.kind = OAC_H5_RECORD_TEXT, .path_bytes = 4}, '\0'},
    {{.kind = OAC_H5_RECORD_REALS, .bytes = 7}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 5}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 1, .type = 99, .dims = {0}}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 1, .dims = {2}, .bytes = 4}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 2, .dims = {1ull << 63, 2}}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 1, .dims = {1ull << 62}}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 1, .dims = {251}, .bytes = 1004}, '/'},
    {{.kind = OAC_H5_RECORD_ARRAY, .rank = 1, .dims = {1}, .bytes = 4, .name_bytes = 1}, '/'},
};
static size_t chosen_lie;

static int lie(const char *file, size_t max_bytes, int out)
{
    (void)file, (void)max_bytes;
    const struct oac_h5_record *record = &lies[chosen_lie].record,
                               end = {.kind = OAC_H5_RECORD_END};
    uint64_t promised = record->path_bytes + record->name_bytes + record->bytes;
    if (write(out, record, sizeof *record) < 0)
        return 1;
    char block[4096];
    memset(block, lies[chosen_lie].content, sizeof block);
    for (uint64_t put = 0, some; put < promised && put < 20000000; put += some) {
        some = promised - put < sizeof block ? promised - put : sizeof block;
        if (write(out, block, some) != (ssize_t)some)
            return 1;
    }
    return write(out, &end, sizeof end) < 0;
}

static int tell_the_truth(const char *file, size_t max_bytes, int out)
{
    static const struct oac_h5_record record = {
        .kind = OAC_H5_RECORD_ARRAY, .path_bytes = 2, .rank = 1, .dims = {250}, .bytes = 1000};
    static const struct oac_h5_record end = {.kind = OAC_H5_RECORD_END};
    static const char content[1002] = "/x";
    (void)file, (void)max_bytes;
    return write(out, &record, sizeof record) < 0 || write(out, content, sizeof content) < 0 ||
           write(out, &end, sizeof end) < 0;
}

static void expect_parser_refused(oac_h5_parser *parser, size_t max_bytes, int wall_ms,
                                  const char *part)
{
    struct oac_h5_file *file = NULL;
    cr_assert_eq(oac_h5_read_within(path, max_bytes, wall_ms, parser, &file, &err), OAC_EPARSE);
    cr_assert_null(file);
    cr_assert(strstr(err.message, "file.h5: not a readable HDF5 file (parser") &&
                  strstr(err.message, part),
              "%s", err.message);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a child was left behind");
}

Test(h5_hostile, a_child_that_dies_hangs_or_lies_is_one_clear_line)
{
    oac_test_file_put(path, "x", 1);
    expect_parser_refused(crash, 1000, 5000, "parser killed by signal 11");
    expect_parser_refused(leave, 1000, 5000, "parser stopped with code 3");
    double start = seconds_now();
    expect_parser_refused(hang, 1000, 300, "parser exceeded 300 ms");
    cr_assert_lt(seconds_now() - start, 5.0,
                 "the deadline is 0.3 s; the rest is a slow machine");
    for (chosen_lie = 0; chosen_lie < sizeof lies / sizeof lies[0]; chosen_lie++)
        expect_parser_refused(lie, LIE_LIMIT_BYTES, 5000, "");
    struct oac_h5_file *file = NULL; /* the same way with sound records is taken */
    cr_assert_eq(oac_h5_read_within(path, LIE_LIMIT_BYTES, 5000, tell_the_truth, &file, &err),
                 OAC_OK, "%s", err.message);
    oac_h5_file_destroy(file);
}

/* ---- real files, damaged at seeded places ---- */

static void damage_and_read(const char *relative, uint32_t seed, int rounds, size_t *refused)
{
    char original[OAC_TEST_PATH_BYTES], *image = NULL;
    size_t bytes = 0;
    oac_test_shared_path(relative, original);
    cr_assert_eq(oac_file_read(original, 100000000, &image, &bytes, &err), OAC_OK, "%s",
                 err.message);
    uint32_t state = seed;
    double slowest = 0;
    for (int round = 0; round < rounds; round++) {
        char old[8];
        size_t places[8];
        for (int i = 0; i < 8; i++) { /* half of them where the metadata begin */
            state = state * 1664525u + 1013904223u;
            size_t range = i % 2 || bytes < 8192 ? bytes : 8192;
            places[i] = (size_t)(((uint64_t)state * range) >> 32);
            state = state * 1664525u + 1013904223u;
            old[i] = image[places[i]];
            image[places[i]] = (char)(state >> 24);
        }
        oac_test_file_put(path, image, bytes);
        for (int i = 7; i >= 0; i--)
            image[places[i]] = old[i];

        struct oac_h5_file *file = NULL;
        double start = seconds_now();
        enum oac_status status =
            oac_h5_read_within(path, 100000000, 2000, oac_h5_child_run, &file, &err);
        slowest = fmax(slowest, seconds_now() - start);
        if (status)
            cr_assert(strncmp(err.message, path, strlen(path)) == 0, "%s", err.message);
        *refused += status != OAC_OK;
        oac_h5_file_destroy(file);
    }
    free(image);
    cr_assert_lt(slowest, 10.0, "the limit is 2 s; the rest is a slow machine");
}

Test(h5_hostile, damaged_files_never_crash_or_hang_the_reader)
{
    char needed[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("models/wang2022.h5", needed);
    oac_test_need_file(needed, "real files are damaged from the shared data directory");
    size_t refused = 0;
    damage_and_read("models/wang2022.h5", 1, 150, &refused);
    damage_and_read("models/thirdparty/crocodile_mlp.h5", 2, 75, &refused);
    damage_and_read("models/thirdparty/tensorspace_mnist.h5", 3, 75, &refused);
    cr_assert_gt(refused, 20, "damage that is hardly ever noticed tests nothing");
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a child was left behind");
}

Test(h5_hostile, every_truncation_is_refused)
{
    char original[OAC_TEST_PATH_BYTES], *image = NULL;
    size_t bytes = 0;
    oac_test_shared_path("models/wang2022.h5", original);
    oac_test_need_file(original, "it is truncated at 40 places");
    cr_assert_eq(oac_file_read(original, 100000000, &image, &bytes, &err), OAC_OK);
    for (size_t i = 0; i < 40; i++) {
        oac_test_file_put(path, image, i < 39 ? bytes * i / 39 : bytes - 1);
        expect_refused(0, OAC_EPARSE, "");
    }
    free(image);
}
