/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/catalog.h"
#include "models/dataset_find.h"
#include "models/dataset_resolve.h"
#include "tests/models/idx_fixture.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 128)

static char dir[OAC_TEST_DIR_BYTES], start[PATH_MAX];
static struct oac_err err;
static struct oac_dataset *dataset;

/* Nothing of the machine's: the environment points into `dir`, which is also the working directory. */
static void make_dir(void)
{
    oac_test_dir_make(dir);
    cr_assert(getcwd(start, sizeof start) && chdir(dir) == 0);
    setenv("HOME", dir, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("OAC_DATA");
}

static void remove_dir(void)
{
    cr_assert_eq(chdir(start), 0);
    oac_test_dir_remove(dir);
}

TestSuite(dataset, .init = make_dir, .fini = remove_dir);

static const char *in_dir(const char *name)
{
    static char path[4][PATH_BYTES];
    static size_t next;
    return oac_test_dir_path(dir, name, path[next++ % 4]);
}

static void open_split(const char *name, const char *split, const char *directory)
{
    cr_assert_eq(oac_dataset_open(name, split, directory, &dataset, &err), OAC_OK, "%s",
                 err.message);
}

static void expect_fail(const char *name, const char *split, const char *directory,
                        enum oac_status status, const char *says)
{
    dataset = NULL;
    cr_assert_eq(oac_dataset_open(name, split, directory, &dataset, &err), status, "got %s: %s",
                 oac_status_name(err.status), err.message);
    cr_assert(strstr(err.message, says), "no '%s' in: %s", says, err.message);
    cr_assert_null(dataset);
}

/* What fixture_part wrote into the first two pixels of an image. */
static size_t image_number(size_t i)
{
    const uint8_t *pixel = dataset->pixels + i * dataset->rows * dataset->cols;
    return (size_t)pixel[0] * 256 + pixel[1];
}

Test(dataset, splits_divide_the_training_images_45_to_3_to_12_and_keep_their_labels)
{
    static const char *const splits[] = {"train", "reference", "held-out"};
    static const size_t counts[] = {450, 30, 120};
    unsigned char seen[600] = {0};
    fixture_part(dir, "train", 600, 2, 3, 7);
    for (size_t s = 0; s < 3; s++) {
        open_split("own", splits[s], dir);
        cr_assert_eq(dataset->count, counts[s]);
        cr_assert_eq(dataset->rows, 2);
        cr_assert_eq(dataset->cols, 3);
        cr_assert_eq(dataset->classes, 7);
        cr_assert_str_eq(dataset->split, splits[s]);
        for (size_t i = 0; i < dataset->count; i++) {
            cr_assert_eq(dataset->labels[i], image_number(i) % 7);
            seen[image_number(i)]++;
        }
        oac_dataset_destroy(dataset);
    }
    for (size_t i = 0; i < 600; i++)
        cr_assert_eq(seen[i], 1, "image %zu is in %d splits", i, seen[i]);
}

Test(dataset, all_train_and_test_keep_the_order_of_the_file)
{
    fixture_part(dir, "train", 300, 2, 2, 3);
    fixture_part(dir, "t10k", 20, 2, 2, 3);
    open_split("own", "all-train", dir);
    cr_assert_eq(dataset->count, 300);
    for (size_t i = 0; i < 300; i++)
        cr_assert_eq(image_number(i), i);
    oac_dataset_destroy(dataset);
    open_split("own", "test", dir);
    cr_assert_eq(dataset->count, 20);
    cr_assert_str_eq(dataset->class_names[2], "2");
    oac_dataset_destroy(dataset);
}

Test(dataset, the_split_of_the_published_images_is_frozen)
{
    /* SHA-256 of the labels of each split of MNIST, from a Philox4x32-10 and Fisher-Yates of its own in Python
     * (seed 20220714, stream 20, index 0), see docs/data.md. */
    static const struct {
        const char *split;
        size_t count;
        const char *labels_sha256;
    } expected[] = {
        {"train", 45000, "bfda63dcead4da4a25c4a5a479261e3dd60b6676a23c715be6eeaf6aebf70c54"},
        {"reference", 3000, "29c37a0cea93be503e9cee0ecfab45d957af11118732e1107ffdf4e0442c684b"},
        {"held-out", 12000, "5a012722cb73bb977b3626ae7b52627f120d73f025781434d52770cc0f8bfb8e"},
    };
    char shared[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist", shared);
    oac_test_need_file(shared, "the MNIST files of the shared data");
    for (size_t s = 0; s < 3; s++) {
        uint8_t sum[32];
        char hex[OAC_DIGEST_HEX_BYTES];
        open_split("mnist", expected[s].split, shared);
        cr_assert_eq(dataset->count, expected[s].count);
        cr_assert_eq(oac_digest_memory(dataset->labels, dataset->count, sum, &err), OAC_OK);
        oac_digest_hex(sum, hex);
        cr_assert_str_eq(hex, expected[s].labels_sha256, "split %s", expected[s].split);
        cr_assert_str_eq(dataset->sha256,
                         "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
        oac_dataset_destroy(dataset);
    }
}

Test(dataset, mnist_is_found_beside_the_source_tree)
{
    char shared[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist", shared);
    oac_test_need_file(shared, "the MNIST files of the shared data");
    open_split("mnist", "test", NULL);
    cr_assert_eq(dataset->count, 10000);
    cr_assert_eq(dataset->classes, 10);
    /* The first test image is the well-known 7. */
    cr_assert_eq(dataset->labels[0], 7);
    cr_assert(strstr(dataset->directory, "shared/data/mnist"), "%s", dataset->directory);
    oac_dataset_destroy(dataset);
}

Test(dataset, fashion_mnist_is_found_where_debian_puts_it)
{
    const struct oac_catalog_entry *entry = oac_catalog_find("fashion-mnist");
    oac_test_need_file(entry->debian_directory, "apt-get install dataset-fashion-mnist");
    open_split("fashion-mnist", "test", NULL);
    cr_assert_eq(dataset->count, 10000);
    /* An ankle boot, as in the picture of its README. */
    cr_assert_str_eq(dataset->class_names[dataset->labels[0]], "Ankle boot");
    oac_dataset_destroy(dataset);
}

Test(dataset, images_are_scaled_pixels)
{
    float x[2 * 6];
    fixture_part(dir, "t10k", 3, 2, 3, 3);
    open_split("own", "test", dir);
    oac_dataset_images(dataset, 1, 2, 0.5f, x);
    for (size_t i = 0; i < 12; i++)
        cr_assert_eq(x[i], 0.5f * dataset->pixels[6 + i]);
    cr_assert_eq(x[1], 0.5f); /* image 1 has 1 in its second pixel */
    oac_dataset_destroy(dataset);
}

/* own/ with `count` images of one pixel pair below `root`, so that counts tell places apart. */
static void put_set(const char *root, uint32_t count)
{
    char path[PATH_BYTES];
    mkdir(root, 0777);
    fixture_part(oac_test_dir_path(root, "own", path), "t10k", count, 1, 2, 2);
}

static size_t count_found(const char *directory)
{
    open_split("own", "test", directory);
    const size_t count = dataset->count;
    oac_dataset_destroy(dataset);
    return count;
}

Test(dataset, places_are_searched_in_the_documented_order)
{
    mkdir(in_dir("work"), 0777);
    cr_assert_eq(chdir(in_dir("work")), 0);
    expect_fail("own", "test", NULL, OAC_ENOTFOUND, "own");
    mkdir(in_dir("shared"), 0777);
    put_set(in_dir("shared/data"), 5);
    cr_assert_eq(count_found(NULL), 5);
    mkdir(in_dir(".cache"), 0777);
    mkdir(in_dir(".cache/oac"), 0777);
    put_set(in_dir(".cache/oac/data"), 4);
    cr_assert_eq(count_found(NULL), 4);
    mkdir(in_dir("xdg"), 0777);
    mkdir(in_dir("xdg/oac"), 0777);
    put_set(in_dir("xdg/oac/data"), 3);
    setenv("XDG_CACHE_HOME", in_dir("xdg"), 1);
    cr_assert_eq(count_found(NULL), 3);
    put_set(in_dir("environment"), 2);
    setenv("OAC_DATA", in_dir("environment"), 1);
    cr_assert_eq(count_found(NULL), 2);
    put_set(in_dir("named"), 1);
    cr_assert_eq(count_found(in_dir("named")), 1);
    cr_assert_eq(count_found(in_dir("named/own")), 1);
}

Test(dataset, a_named_directory_is_the_only_place_searched)
{
    put_set(in_dir("environment"), 2);
    setenv("OAC_DATA", in_dir("environment"), 1);
    expect_fail("own", "test", in_dir("nowhere"), OAC_ENOTFOUND, "nowhere");
}

Test(dataset, a_place_with_half_a_data_set_is_passed_over)
{
    put_set(in_dir("environment"), 2);
    setenv("OAC_DATA", in_dir("environment"), 1);
    cr_assert_eq(remove(in_dir("environment/own/t10k-labels-idx1-ubyte")), 0);
    expect_fail("own", "test", NULL, OAC_ENOTFOUND, "environment");
    mkdir(in_dir("shared"), 0777);
    put_set(in_dir("shared/data"), 5);
    mkdir(in_dir("work"), 0777);
    cr_assert_eq(chdir(in_dir("work")), 0);
    cr_assert_eq(count_found(NULL), 5);
}

Test(dataset, not_found_says_where_it_looked_and_how_to_fetch)
{
    expect_fail("mnist", "test", dir, OAC_ENOTFOUND, dir);
    cr_assert(strstr(err.message, "oac data fetch mnist"), "%s", err.message);
    expect_fail("fashion-mnist", "test", dir, OAC_ENOTFOUND, "dataset-fashion-mnist");
    expect_fail("mnits", "test", dir, OAC_ENOTFOUND, "oac data list");
}

Test(dataset, a_file_that_is_not_the_published_one_is_named)
{
    /* Right shapes, wrong pixels. */
    fixture_part(in_dir("mnist"), "t10k", 10000, 28, 28, 10);
    expect_fail("mnist", "test", dir, OAC_EMISMATCH, "/mnist/t10k-labels-idx1-ubyte: not");
    cr_assert(strstr(err.message, "oac data fetch mnist"), "%s", err.message);
}

Test(dataset, files_that_do_not_fit_each_other_or_the_catalogue_are_refused)
{
    fixture_part(in_dir("own"), "t10k", 20, 2, 2, 10);
    struct bytes labels = {(uint8_t[]){0, 0, 8, 1, 0, 0, 0, 2, 1, 1}, 10};
    fixture_put(in_dir("own"), "t10k-labels-idx1-ubyte", labels);
    expect_fail("own", "test", dir, OAC_EMISMATCH, "has 20 images");
    cr_assert(strstr(err.message, "has 2 labels"), "%s", err.message);

    fixture_part(in_dir("mnist"), "t10k", 20, 28, 27, 10);
    expect_fail("mnist", "test", dir, OAC_EMISMATCH, "28 x 27 pixels, mnist has 28 x 28");
    fixture_part(in_dir("mnist"), "t10k", 20, 28, 28, 11);
    expect_fail("mnist", "test", dir, OAC_EINVAL, "label 10 is 10, the largest class is 9");
}

Test(dataset, names_and_splits_that_cannot_be_are_refused)
{
    expect_fail("mnist", "training", dir, OAC_EINVAL, "reference");
    expect_fail("../mnist", "test", dir, OAC_EINVAL, "../mnist");
    expect_fail("", "test", dir, OAC_EINVAL, "name of a data set");
    fixture_part(dir, "train", 19, 1, 2, 2);
    expect_fail("own", "reference", dir, OAC_EINVAL, "too few");
}

static void expect_resolved(const char *spec, const char *name, const char *directory)
{
    char found[OAC_DATASET_NAME_BYTES], *where = NULL;
    cr_assert_eq(oac_dataset_resolve(spec, found, &where, &err), OAC_OK, "%s", err.message);
    cr_assert_str_eq(found, name);
    cr_assert_eq(where == NULL, directory == NULL);
    if (where)
        cr_assert_str_eq(where, directory);
    free(where);
}

Test(dataset, a_specification_is_a_name_or_a_directory)
{
    char found[OAC_DATASET_NAME_BYTES], *where = NULL;
    mkdir("mnist", 0777); /* a known name stays a name, whatever lies about */
    expect_resolved("mnist", "mnist", NULL);
    expect_resolved("elsewhere", "elsewhere", NULL);
    cr_assert_eq(oac_dataset_resolve("./elsewhere", found, &where, &err), OAC_ENOTFOUND);
    fixture_part(in_dir("letters"), "t10k", 20, 2, 2, 10);
    expect_resolved(in_dir("letters"), "letters", in_dir("letters"));
    mkdir(in_dir("empty"), 0777);
    cr_assert_eq(oac_dataset_resolve(in_dir("empty"), found, &where, &err), OAC_ENOTFOUND);
    fixture_part(in_dir("mnist"), "t10k", 20, 2, 2, 10);
    expect_resolved(dir, "mnist", dir);
    fixture_part(in_dir("fashion-mnist"), "t10k", 20, 2, 2, 10);
    cr_assert_eq(oac_dataset_resolve(dir, found, &where, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "fashion-mnist"), "%s", err.message);
}

Test(dataset, a_directory_of_published_files_is_named_by_its_content)
{
    char shared[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist", shared);
    oac_test_need_file(shared, "the MNIST files of the shared data");
    cr_assert_eq(symlink(shared, in_dir("digits")), 0);
    expect_resolved(in_dir("digits"), "mnist", in_dir("digits"));
}
