/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <hdf5.h>
#include <string.h>

#include "base/h5_seal.h"
#include "tests/support/tmpdir.h"

static struct oac_err err;

/* A sealed file of two groups, an array and attributes of all kinds. */
static void make(const char *path)
{
    static const float data[2][3] = {{1, 2, 3}, {4, 5, 6}};
    static const int64_t shape[2] = {28, 28};
    const size_t dims[2] = {2, 3};
    struct oac_h5_writer *writer;
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_provenance(writer, "oac-test", 1, "test", "v1", &err), OAC_OK);
    cr_assert_eq(oac_h5_put_text(writer, "/b", "word", "light", &err), OAC_OK);
    cr_assert_eq(oac_h5_put_real(writer, "/a", "loss_db", 3.5, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_integers(writer, "/a", "shape", shape, 2, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_array(writer, "/a/data", OAC_H5_F32, 2, dims, "row,column", "1",
                                  false, data, &err),
                 OAC_OK);
    cr_assert_eq(oac_h5_commit_sealed(writer, path, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
}

static enum oac_status check(const char *path, char hex[OAC_DIGEST_HEX_BYTES])
{
    struct oac_h5_file *file;
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    enum oac_status status = oac_h5_check_seal(file, hex, &err);
    oac_h5_file_destroy(file);
    return status;
}

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];

static void set_up(void)
{
    oac_test_dir_make(dir);
    make(oac_test_dir_path(dir, "sealed.h5", path));
}

static void tear_down(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(h5_seal, .init = set_up, .fini = tear_down);

Test(h5_seal, a_file_as_it_was_written_is_unbroken)
{
    char hex[OAC_DIGEST_HEX_BYTES];
    cr_assert_eq(check(path, hex), OAC_OK, "%s", err.message);
    cr_assert_eq(strlen(hex), 64);
}

Test(h5_seal, one_changed_number_breaks_it)
{
    float value = 4.0000005f; /* its neighbour */
    hsize_t one = 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "/a/data", H5P_DEFAULT), space = H5Dget_space(data);
    hid_t memory = H5Screate_simple(1, &one, NULL);
    const hsize_t start[2] = {1, 0}, count[2] = {1, 1};
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    cr_assert_geq(H5Dwrite(data, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, &value), 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
    cr_assert_eq(check(path, NULL), OAC_EMISMATCH);
    cr_assert_not_null(strstr(err.message, "changed since"));
}

Test(h5_seal, a_deleted_attribute_breaks_it)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Adelete_by_name(file, "/b", "word", H5P_DEFAULT), 0);
    H5Fclose(file);
    cr_assert_eq(check(path, NULL), OAC_EMISMATCH);
}

Test(h5_seal, a_file_without_one_says_so)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Adelete_by_name(file, "/", "seal_sha256", H5P_DEFAULT), 0);
    H5Fclose(file);
    cr_assert_eq(check(path, NULL), OAC_ENOTFOUND);
}
