/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/h5.h"
#include "base/npy.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32];

static void make_dir(void)
{
    oac_test_dir_make(dir);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(info, .init = make_dir, .fini = remove_dir);

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void expect_info(const char *const *parts)
{
    struct oac_test_process p = OAC("info", path);
    cr_expect_eq(p.code, 0, "%s", p.said);
    for (; *parts; parts++)
        cr_expect(has(p.out, *parts), "\"%s\" is not in: %s", *parts, p.out);
    oac_test_process_fini(&p);
}

static void expect_error(const char *name, const void *data, size_t bytes)
{
    oac_test_dir_path(dir, name, path);
    if (data)
        oac_test_file_put(path, data, bytes);
    struct oac_test_process p = OAC("info", path);
    cr_expect_eq(p.code, 1, "%s: exit %d, said: %s", name, p.code, p.said);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s: %s", name, p.said);
    cr_expect(has(p.said, path), "%s is not named: %s", name, p.said);
    oac_test_process_fini(&p);
}

Test(info, an_artifact_shows_provenance_shape_and_unit)
{
    struct oac_h5_writer *writer;
    struct oac_err err;
    const size_t dims[] = {2, 3};
    const float volts[6] = {0};
    oac_test_dir_path(dir, "own.h5", path);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(
        oac_h5_put_provenance(writer, "oac-example", 7, "oac some 'thing'", "v3", &err),
        OAC_OK);
    cr_assert_eq(oac_h5_put_array(writer, "/group/level", OAC_H5_F32, 2, dims, "image,class",
                                  "V", false, volts, &err),
                 OAC_OK);
    cr_assert_eq(oac_h5_put_text(writer, "/group", "rude", "bell \a here\nsecond line", &err),
                 OAC_OK);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
    expect_info((const char *const[]){"HDF5, oac-example", "oac some 'thing'", "v3", "schema",
                                      "/group/level", "float32 (2, 3) image,class [V]",
                                      "bell ? here ...", NULL});
}

Test(info, images_and_labels_are_told_apart_and_counted)
{
    const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0,
                                    1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    oac_test_dir_path(dir, "images", path);
    oac_test_file_put(path, images, sizeof images);
    expect_info((const char *const[]){"2 images of 1 x 3 pixels", "sha256", NULL});
    const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 1, 9, 2, 0};
    oac_test_dir_path(dir, "labels", path);
    oac_test_file_put(path, labels, sizeof labels);
    expect_info((const char *const[]){"4 labels, 0 to 9", NULL});
}

Test(info, a_matrix_shows_its_shape)
{
    const float values[6] = {1, 2, 3, 4, 5, 6};
    struct oac_err err;
    oac_test_dir_path(dir, "m.npy", path);
    cr_assert_eq(oac_npy_write_f32(path, 2, (const size_t[]){2, 3}, values, &err), OAC_OK);
    expect_info((const char *const[]){"a matrix of 2 x 3", NULL});
}

Test(info, a_rig_is_recognised)
{
    struct oac_test_process p = OAC("rig", "show", "ideal");
    oac_test_dir_path(dir, "mine.yaml", path);
    oac_test_file_put(path, p.out, strlen(p.out));
    oac_test_process_fini(&p);
    expect_info((const char *const[]){"rig ideal", "oac rig check", NULL});
}

Test(info, what_cannot_be_read_is_one_line_and_exit_1)
{
    expect_error("missing", NULL, 0);
    expect_error("empty", "", 0);
    expect_error("noise", "\001\002\003\004\005\006\007\010\011\013", 10);
    expect_error("prose", "Dear reader,\nthis is no rig.\n", 28);
    expect_error("truncated.h5", "\x89HDF\r\n\x1a\n", 8);
    expect_error("truncated.idx", "\0\0\010\003\0\0\0\002", 8);
    expect_error("truncated.npy", "\x93NUMPY\1\0", 8);
    expect_error("truncated.gz", "\x1f\x8b\x08\0", 4);
    expect_error("folder", NULL, 0);
}

Test(info, a_folder_or_a_pipe_is_refused_without_waiting)
{
    oac_test_dir_path(dir, "folder", path);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_error("folder", NULL, 0);
    oac_test_dir_path(dir, "pipe", path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_error("pipe", NULL, 0);
}
