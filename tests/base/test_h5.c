/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/h5.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "oac_version.h"
#include "tests/support/need.h"
#include "tests/support/small_disk.h"
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

TestSuite(h5, .init = make_dir, .fini = remove_dir);

#define OK(call) cr_assert_eq((call), OAC_OK, "%s", err.message)

static struct oac_h5_writer *new_writer(void)
{
    struct oac_h5_writer *writer = NULL;
    OK(oac_h5_create(&writer, &err));
    return writer;
}

static struct oac_h5_file *read_back(void)
{
    struct oac_h5_file *file = NULL;
    OK(oac_h5_read(path, 0, &file, &err));
    return file;
}

static void expect_array(const struct oac_h5_file *file, const char *where,
                         enum oac_h5_type type, size_t count, const void *data, size_t bytes)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, where);
    cr_assert_not_null(array, "%s", where);
    cr_assert_eq(array->type, type, "%s", where);
    cr_assert_eq(array->count, count, "%s", where);
    cr_assert_eq(memcmp(array->data, data, bytes), 0, "%s", where);
}

Test(h5, every_type_is_read_back_bit_for_bit)
{
    static const float f32[6] = {0.1f, -0.0f, INFINITY, 1e-45f, 3e38f, -7};
    static const double f64[2] = {1.0 / 3.0, -1e-310};
    static const uint8_t u8[2] = {0, 255};
    static const uint16_t u16[2] = {1, 65535};
    static const uint32_t u32[2] = {2, 4294967295u};
    static const uint64_t u64[2] = {3, UINT64_MAX};
    static const int64_t i64[2] = {INT64_MIN, INT64_MAX};
    size_t two = 2, shape[4] = {1, 2, 3, 1};
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_array(writer, "/a/b/f32", OAC_H5_F32, 4, shape, "w,x,y,z", "V", true, f32,
                        &err));
    OK(oac_h5_put_array(writer, "/f64", OAC_H5_F64, 1, &two, "n", "1", false, f64, &err));
    OK(oac_h5_put_array(writer, "/u8", OAC_H5_U8, 1, &two, "n", "1", false, u8, &err));
    OK(oac_h5_put_array(writer, "/u16", OAC_H5_U16, 1, &two, "n", "1", false, u16, &err));
    OK(oac_h5_put_array(writer, "/u32", OAC_H5_U32, 1, &two, "n", "1", false, u32, &err));
    OK(oac_h5_put_array(writer, "/u64", OAC_H5_U64, 1, &two, "n", "1", false, u64, &err));
    OK(oac_h5_put_array(writer, "/i64", OAC_H5_I64, 1, &two, "n", "1", false, i64, &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);

    struct oac_h5_file *file = read_back();
    cr_assert_eq(file->array_count, 7);
    expect_array(file, "/a/b/f32", OAC_H5_F32, 6, f32, sizeof f32);
    expect_array(file, "/f64", OAC_H5_F64, 2, f64, sizeof f64);
    expect_array(file, "/u8", OAC_H5_U8, 2, u8, sizeof u8);
    expect_array(file, "/u16", OAC_H5_U16, 2, u16, sizeof u16);
    expect_array(file, "/u32", OAC_H5_U32, 2, u32, sizeof u32);
    expect_array(file, "/u64", OAC_H5_U64, 2, u64, sizeof u64);
    expect_array(file, "/i64", OAC_H5_I64, 2, i64, sizeof i64);
    const struct oac_h5_array *array = oac_h5_find_array(file, "/a/b/f32");
    cr_assert_eq(array->rank, 4);
    cr_assert_eq(memcmp(array->dims, shape, sizeof shape), 0);
    cr_assert_str_eq(oac_h5_find_text(file, "/a/b/f32", "unit"), "V");
    cr_assert_str_eq(oac_h5_find_text(file, "/a/b/f32", "dimensions"), "w,x,y,z");
    cr_assert_str_eq(oac_h5_find_text(file, "/a/b/f32", "DIMENSION_LABELS"), "w\nx\ny\nz");
    oac_h5_file_destroy(file);
}

Test(h5, attributes_of_every_kind_and_length_are_read_back)
{
    static const int64_t many[3] = {-1, 0, 1ll << 53};
    char *rig = malloc(300001); /* beyond the 64 KiB of an object header */
    memset(rig, 'r', 300000);
    rig[300000] = '\0';
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_text(writer, "/", "rig", rig, &err));
    OK(oac_h5_put_text(writer, "/", "empty", "", &err));
    OK(oac_h5_put_text(writer, "/layers/000", "kind", "dense \xc2\xb5", &err));
    OK(oac_h5_put_real(writer, "/layers/000", "scale", 0.1, &err));
    OK(oac_h5_put_integer(writer, "/layers/000", "seed", -42, &err));
    OK(oac_h5_put_integers(writer, "/layers", "shape", many, 3, &err));
    OK(oac_h5_put_text(writer, "/layers/000", "kind", "replaced", &err));
    OK(oac_h5_put_real(writer, "/", "nan", NAN, &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);

    struct oac_h5_file *file = read_back();
    cr_assert_eq(file->attribute_count, 7);
    cr_assert_str_eq(oac_h5_find_text(file, "/", "rig"), rig);
    free(rig);
    cr_assert_str_eq(oac_h5_find_text(file, "/", "empty"), "");
    cr_assert_str_eq(oac_h5_find_text(file, "/layers/000", "kind"), "replaced");
    const struct oac_h5_attribute *shape = oac_h5_find_attribute(file, "/layers", "shape");
    cr_assert(shape && shape->kind == OAC_H5_REALS && shape->count == 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(shape->values[i], (double)many[i]);
    double value = 0;
    OK(oac_h5_need_real(file, "/layers/000", "scale", 0, 1, &value, &err));
    cr_assert_eq(value, 0.1);
    OK(oac_h5_need_real(file, "/layers/000", "seed", -100, 0, &value, &err));
    cr_assert_eq(value, -42.0);
    oac_h5_file_destroy(file);
}

Test(h5, equal_content_gives_equal_bytes_and_compression_the_same_values)
{
    size_t dims[2] = {300, 401}, sizes[3];
    float *data = malloc(dims[0] * dims[1] * sizeof *data);
    for (size_t i = 0; i < dims[0] * dims[1]; i++)
        data[i] = (float)(i % 97);
    char *images[3];
    for (int round = 0; round < 3; round++) {
        struct oac_h5_writer *writer = new_writer();
        OK(oac_h5_put_text(writer, "/run", "name", "x", &err));
        OK(oac_h5_put_array(writer, "/run/logits", OAC_H5_F32, 2, dims, "image,class", "1",
                            round < 2, data, &err));
        OK(oac_h5_commit(writer, path, &err));
        oac_h5_destroy(writer);
        OK(oac_file_read(path, 10000000, &images[round], &sizes[round], &err));
        struct oac_h5_file *file = read_back();
        expect_array(file, "/run/logits", OAC_H5_F32, dims[0] * dims[1], data,
                     dims[0] * dims[1] * sizeof *data);
        oac_h5_file_destroy(file);
        usleep(round == 0 ? 1100000 : 0); /* HDF5's timestamps count seconds */
    }
    cr_assert_eq(sizes[0], sizes[1]);
    cr_assert_eq(memcmp(images[0], images[1], sizes[0]), 0);
    cr_assert_lt(sizes[0], sizes[2] / 4, "%zu against %zu bytes", sizes[0], sizes[2]);
    for (int round = 0; round < 3; round++)
        free(images[round]);
    free(data);
}

Test(h5, a_writer_stays_open_after_a_commit)
{
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_integer(writer, "/", "images", 1, &err));
    OK(oac_h5_commit(writer, path, &err));
    OK(oac_h5_put_integer(writer, "/", "images", 2, &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);
    struct oac_h5_file *file = read_back();
    double value = 0;
    OK(oac_h5_need_real(file, "/", "images", 0, 10, &value, &err));
    cr_assert_eq(value, 2.0);
    oac_h5_file_destroy(file);
    oac_h5_destroy(NULL);
    oac_h5_file_destroy(NULL);
}

Test(h5, an_empty_dimension_is_kept)
{
    size_t dims[2] = {0, 3};
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_array(writer, "/none", OAC_H5_F32, 2, dims, "a,b", "1", true, NULL, &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);
    struct oac_h5_file *file = read_back();
    const struct oac_h5_array *array = oac_h5_find_array(file, "/none");
    cr_assert(array && array->count == 0 && array->dims[1] == 3);
    oac_h5_file_destroy(file);
}

Test(h5, a_wrong_request_is_refused_and_the_file_stays_usable)
{
    size_t dims[5] = {2, 2, 2, 2, 2}, huge[2] = {SIZE_MAX, 2};
    float data[32] = {0};
    struct oac_h5_writer *writer = new_writer();
    cr_assert_eq(oac_h5_put_array(writer, "/x", OAC_H5_F32, 5, dims, "a,b,c,d,e", "1", false,
                                  data, &err),
                 OAC_EINVAL);
    cr_assert_eq(
        oac_h5_put_array(writer, "/x", OAC_H5_F32, 0, dims, "", "1", false, data, &err),
        OAC_EINVAL);
    static const char *const bad_names[] = {"a", "a,b,c", "a,", ",b", ""};
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(oac_h5_put_array(writer, "/x", OAC_H5_F32, 2, dims, bad_names[i], "1",
                                      false, data, &err),
                     OAC_EINVAL, "%s", bad_names[i]);
    cr_assert_eq(
        oac_h5_put_array(writer, "/x", OAC_H5_F32, 2, huge, "a,b", "1", false, data, &err),
        OAC_ENOMEM);
    cr_assert_eq(
        oac_h5_put_array(writer, "x", OAC_H5_F32, 1, dims, "a", "1", false, data, &err),
        OAC_EINVAL);
    cr_assert_eq(oac_h5_put_text(writer, "layers", "a", "b", &err), OAC_EINVAL);
    OK(oac_h5_put_array(writer, "/x", OAC_H5_F32, 1, dims, "a", "1", false, data, &err));
    cr_assert_neq(
        oac_h5_put_array(writer, "/x", OAC_H5_F32, 1, dims, "a", "1", false, data, &err),
        OAC_OK, "a data set is written once");
    cr_assert_neq(oac_h5_put_text(writer, "/x/below", "a", "b", &err), OAC_OK);
    OK(oac_h5_put_text(writer, "/x", "note", "on a data set", &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);
    struct oac_h5_file *file = read_back();
    cr_assert_eq(file->array_count, 1);
    cr_assert_str_eq(oac_h5_find_text(file, "/x", "note"), "on a data set");
    oac_h5_file_destroy(file);
}

Test(h5, provenance_is_complete_and_obeys_source_date_epoch)
{
    setenv("SOURCE_DATE_EPOCH", "86400", 1);
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_provenance(writer, "oac-run", 1, "oac run --seed 3", "v3", &err));
    OK(oac_h5_commit(writer, path, &err));
    setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
    cr_assert_eq(oac_h5_put_provenance(writer, "oac-run", 1, NULL, NULL, &err), OAC_EINVAL);
    unsetenv("SOURCE_DATE_EPOCH");
    OK(oac_h5_put_provenance(writer, "oac-run", 1, NULL, NULL, &err));
    oac_h5_destroy(writer);
    struct oac_h5_file *file = read_back();
    double schema = 0;
    cr_assert_str_eq(oac_h5_find_text(file, "/", "format"), "oac-run");
    cr_assert_str_eq(oac_h5_find_text(file, "/", "created_utc"), "1970-01-02T00:00:00Z");
    cr_assert_str_eq(oac_h5_find_text(file, "/", "command_line"), "oac run --seed 3");
    cr_assert_str_eq(oac_h5_find_text(file, "/", "kernel_level"), "v3");
    cr_assert_str_eq(oac_h5_find_text(file, "/", "oac_version"), OAC_VERSION);
    OK(oac_h5_need_real(file, "/", "schema", 1, 1, &schema, &err));
    oac_h5_file_destroy(file);
}

Test(h5, a_look_up_that_fails_names_file_object_and_what_was_expected)
{
    size_t dims[2] = {2, 3}, wanted[2] = {0, 3}, other[2] = {2, 4};
    float data[6] = {0, 1, 2, 3, NAN, 5};
    double doubles[6] = {0};
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_array(writer, "/bad", OAC_H5_F32, 2, dims, "a,b", "1", false, data, &err));
    data[4] = 4;
    OK(oac_h5_put_array(writer, "/good", OAC_H5_F32, 2, dims, "a,b", "1", false, data, &err));
    OK(oac_h5_put_array(writer, "/f64", OAC_H5_F64, 2, dims, "a,b", "1", false, doubles, &err));
    OK(oac_h5_put_text(writer, "/", "text", "t", &err));
    OK(oac_h5_put_real(writer, "/", "real", 5, &err));
    OK(oac_h5_put_real(writer, "/", "nan", NAN, &err));
    OK(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);
    struct oac_h5_file *file = read_back();

    const struct oac_h5_array *array = NULL;
    const char *text = NULL;
    double value = 77;
    OK(oac_h5_need_f32(file, "/good", 2, wanted, &array, &err));
    cr_assert_eq(((const float *)array->data)[5], 5.0f);
    array = NULL;
    cr_assert_eq(oac_h5_need_f32(file, "/bad", 2, wanted, &array, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "file.h5: /bad[4]"), "%s", err.message);
    cr_assert_eq(oac_h5_need_f32(file, "/good", 2, other, &array, &err), OAC_EMISMATCH);
    cr_assert(strstr(err.message, "shape (2, 3), expected (2, 4)"), "%s", err.message);
    cr_assert_eq(oac_h5_need_f32(file, "/good", 1, wanted, &array, &err), OAC_EMISMATCH);
    cr_assert(strstr(err.message, "expected (any)"), "%s", err.message);
    cr_assert_eq(oac_h5_need_f32(file, "/f64", 2, dims, &array, &err), OAC_EMISMATCH);
    cr_assert(strstr(err.message, "float64, expected float32"), "%s", err.message);
    cr_assert_eq(oac_h5_need_f32(file, "/lost", 2, dims, &array, &err), OAC_ENOTFOUND);
    cr_assert_null(array);
    cr_assert_eq(oac_h5_need_text(file, "/", "lost", &text, &err), OAC_ENOTFOUND);
    cr_assert(strstr(err.message, "attribute lost of /"), "%s", err.message);
    cr_assert_eq(oac_h5_need_text(file, "/", "real", &text, &err), OAC_EMISMATCH);
    cr_assert_null(text);
    cr_assert_eq(oac_h5_need_real(file, "/", "text", 0, 1, &value, &err), OAC_EMISMATCH);
    cr_assert_eq(oac_h5_need_real(file, "/", "real", 0, 4, &value, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "is 5, expected 0 to 4"), "%s", err.message);
    cr_assert_eq(oac_h5_need_real(file, "/", "nan", -INFINITY, INFINITY, &value, &err),
                 OAC_EINVAL);
    cr_assert_eq(oac_h5_need_real(file, "/", "lost", 0, 1, &value, &err), OAC_ENOTFOUND);
    cr_assert_eq(value, 77.0);
    cr_assert_null(oac_h5_find_array(file, "/lost"));
    cr_assert_null(oac_h5_find_text(file, "/", "real"));
    oac_h5_file_destroy(file);
}

static void expect_commit_fails_and_the_old_file_stays(void)
{
    size_t count = 100000;
    float *data = calloc(count, sizeof *data);
    struct oac_h5_writer *writer = new_writer();
    OK(oac_h5_put_array(writer, "/x", OAC_H5_F32, 1, &count, "n", "1", false, data, &err));
    free(data);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_EIO);
    cr_assert(strstr(err.message, "file.h5: cannot write"), "%s", err.message);
    oac_h5_destroy(writer);
    cr_assert_eq(oac_test_dir_entries(dir), 1);
    char *old = NULL;
    size_t bytes = 0;
    OK(oac_file_read(path, 100, &old, &bytes, &err));
    cr_assert_str_eq(old, "old");
    free(old);
}

Test(h5, a_full_disk_leaves_the_old_file)
{
    oac_test_small_disk(dir, "64k");
    oac_test_file_put(path, "old", 3);
    expect_commit_fails_and_the_old_file_stays();
    cr_assert_eq(umount(dir), 0);
}

Test(h5, a_size_limit_leaves_the_old_file)
{
    oac_test_file_put(path, "old", 3);
    struct rlimit limit = {.rlim_cur = 65536, .rlim_max = RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_commit_fails_and_the_old_file_stays();
}

Test(h5, the_shipped_model_is_read_with_its_shapes_and_texts)
{
    char model[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("models/wang2022.h5", model);
    oac_test_need_file(model, "the shared data directory holds it");
    struct oac_h5_file *file = NULL;
    OK(oac_h5_read(model, 0, &file, &err));
    const char *text = NULL;
    const struct oac_h5_array *array = NULL;
    OK(oac_h5_need_text(file, "/", "format", &text, &err));
    cr_assert_str_eq(text, "oac-model");
    OK(oac_h5_need_text(file, "/layers/002", "kind", &text, &err));
    cr_assert_str_eq(text, "dense");
    OK(oac_h5_need_f32(file, "/layers/000/weight", 2, (size_t[]){100, 784}, &array, &err));
    OK(oac_h5_need_f32(file, "/layers/002/bias", 1, (size_t[]){10}, &array, &err));
    cr_assert_null(oac_h5_find_array(file, "/layers/003/weight"));
    oac_h5_file_destroy(file);
}

Test(h5, a_keras_file_is_read_with_its_variable_length_texts)
{
    char model[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("models/thirdparty/crocodile_mlp.h5", model);
    oac_test_need_file(model, "the shared data directory holds it");
    struct oac_h5_file *file = NULL;
    OK(oac_h5_read(model, 0, &file, &err));
    const char *config = oac_h5_find_text(file, "/", "model_config");
    const char *layers = oac_h5_find_text(file, "/model_weights", "layer_names");
    cr_assert(config && config[0] == '{' && config[strlen(config) - 1] == '}');
    cr_assert(layers && strlen(layers) > 0);
    cr_assert_gt(file->array_count, 1);
    oac_h5_file_destroy(file);
}
