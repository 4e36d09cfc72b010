/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "models/catalog.h"
#include "models/dataset_find.h"
#include "models/idx.h"

enum split { SPLIT_TEST, SPLIT_TRAIN, SPLIT_REFERENCE, SPLIT_HELD_OUT, SPLIT_ALL_TRAIN };

const char *const oac_dataset_splits[] = {"test",     "train",     "reference",
                                          "held-out", "all-train", NULL};

/* Of every 60 training images 45 train, 3 are reference, 12 are held out. */
static void split_range(enum split split, size_t total, size_t *first, size_t *count)
{
    const size_t train = total * 45 / 60;
    const size_t reference = total * 3 / 60;
    *first = split == SPLIT_REFERENCE ? train : split == SPLIT_HELD_OUT ? train + reference : 0;
    *count = split == SPLIT_TRAIN       ? train
             : split == SPLIT_REFERENCE ? reference
             : split == SPLIT_HELD_OUT  ? total - train - reference
                                        : total;
}

size_t oac_dataset_split_count(size_t i, size_t file_count)
{
    size_t first = 0, count = 0;
    split_range((enum split)i, file_count, &first, &count);
    return count;
}

bool oac_dataset_split_is_test(size_t i)
{
    return i == SPLIT_TEST;
}

static enum oac_status parse_split(const char *text, enum split *split, struct oac_err *err)
{
    for (int i = 0; oac_dataset_splits[i]; i++) {
        if (strcmp(text, oac_dataset_splits[i]) == 0) {
            *split = (enum split)i;
            return OAC_OK;
        }
    }
    return oac_fail(err, OAC_EINVAL,
                    "'%.40s' is not a split of a data set: test, train, reference, held-out or "
                    "all-train",
                    text);
}

static enum oac_status verify(const char *path, const char *name,
                              const struct oac_catalog_file *file, const struct oac_idx *idx,
                              struct oac_err *err)
{
    if (!file->sha256 || strcmp(file->sha256, idx->sha256) == 0)
        return OAC_OK;
    return oac_fail(
        err, OAC_EMISMATCH,
        "%s: not %s of %s: the SHA-256 of its content is %s, the published one %s; delete "
        "it and run `oac data fetch %s`",
        path, file->name, name, idx->sha256, file->sha256, name);
}

static enum oac_status check_labels(const char *path, const struct oac_idx *labels,
                                    size_t classes, size_t *largest, struct oac_err *err)
{
    for (size_t i = 0; i < labels->bytes; i++) {
        if (classes && labels->data[i] >= classes)
            return oac_fail(err, OAC_EINVAL, "%s: label %zu is %u, the largest class is %zu",
                            path, i, labels->data[i], classes - 1);
        if (labels->data[i] > *largest)
            *largest = labels->data[i];
    }
    return OAC_OK;
}

/* Two files that have each been read well: do they belong together and to the entry? */
static enum oac_status check_pair(const struct oac_dataset_files *files,
                                  const struct oac_catalog_entry *entry,
                                  const struct oac_idx *images, const struct oac_idx *labels,
                                  size_t *classes, struct oac_err *err)
{
    if (images->dims[0] != labels->dims[0])
        return oac_fail(err, OAC_EMISMATCH, "%s has %zu images, %s has %zu labels",
                        files->images, images->dims[0], files->labels, labels->dims[0]);
    if (entry->rows && (images->dims[1] != entry->rows || images->dims[2] != entry->cols))
        return oac_fail(err, OAC_EMISMATCH, "%s: images of %zu x %zu pixels, %s has %zu x %zu",
                        files->images, images->dims[1], images->dims[2], entry->name,
                        entry->rows, entry->cols);
    size_t largest = 0;
    if (check_labels(files->labels, labels, entry->classes, &largest, err))
        return err->status;
    *classes = entry->classes ? entry->classes : largest + 1;
    return OAC_OK;
}

/* Moves (whole file) or gathers (a seeded part of it) the elements into the data set. */
static enum oac_status take_split(struct oac_dataset *dataset, enum split split,
                                  struct oac_idx *images, struct oac_idx *labels,
                                  struct oac_err *err)
{
    const size_t total = images->dims[0], image_bytes = dataset->rows * dataset->cols;
    size_t first = 0;
    split_range(split, total, &first, &dataset->count);
    if (dataset->count == 0)
        return oac_fail(err, OAC_EINVAL,
                        "data set %s: %zu training images are too few for the split %s",
                        dataset->name, total, oac_dataset_splits[split]);
    if (split == SPLIT_TEST || split == SPLIT_ALL_TRAIN) {
        dataset->pixels = images->data;
        dataset->labels = labels->data;
        images->data = labels->data = NULL;
        return OAC_OK;
    }
    uint32_t *order = oac_alloc(total, sizeof *order, "order of a data set", err);
    if (order)
        dataset->pixels = oac_alloc(dataset->count, image_bytes, "images", err);
    if (dataset->pixels)
        dataset->labels = oac_alloc(dataset->count, 1, "labels", err);
    if (!dataset->labels) {
        free(order);
        return err->status;
    }
    oac_rng_shuffle(OAC_DATASET_SPLIT_SEED, OAC_RNG_SPLIT, 0, total, order);
    for (size_t i = 0; i < dataset->count; i++) {
        const size_t from = order[first + i];
        memcpy(dataset->pixels + i * image_bytes, images->data + from * image_bytes,
               image_bytes);
        dataset->labels[i] = labels->data[from];
    }
    free(order);
    return OAC_OK;
}

static enum oac_status read_files(const char *name, const struct oac_catalog_entry *entry,
                                  enum split split, const struct oac_dataset_files *files,
                                  struct oac_dataset *dataset, struct oac_err *err)
{
    const struct oac_catalog_pair *pair =
        &entry->part[split == SPLIT_TEST ? OAC_CATALOG_TEST : OAC_CATALOG_TRAIN];
    struct oac_idx images = {0}, labels = {0};
    enum oac_status status = oac_idx_read(files->labels, 1, &labels, err);
    if (!status)
        status = oac_idx_read(files->images, 3, &images, err);
    /* Shapes and labels first: they say more than a digest does. */
    if (!status)
        status = check_pair(files, entry, &images, &labels, &dataset->classes, err);
    if (!status)
        status = verify(files->labels, name, &pair->labels, &labels, err);
    if (!status)
        status = verify(files->images, name, &pair->images, &images, err);
    if (!status) {
        dataset->rows = images.dims[1];
        dataset->cols = images.dims[2];
        memcpy(dataset->sha256, images.sha256, sizeof images.sha256);
        status = take_split(dataset, split, &images, &labels, err);
    }
    oac_idx_fini(&images);
    oac_idx_fini(&labels);
    return status;
}

enum oac_status oac_dataset_open(const char *name, const char *split_name,
                                 const char *directory, struct oac_dataset **out,
                                 struct oac_err *err)
{
    enum split split;
    if (parse_split(split_name, &split, err))
        return err->status;
    const struct oac_catalog_entry *entry = oac_catalog_find(name);
    if (!entry)
        entry = oac_catalog_unknown();
    struct oac_dataset_files files = {0};
    if (oac_dataset_find(name, entry,
                         split == SPLIT_TEST ? OAC_CATALOG_TEST : OAC_CATALOG_TRAIN, directory,
                         &files, err))
        return err->status;

    struct oac_dataset *dataset = oac_alloc(1, sizeof *dataset, "data set", err);
    if (dataset) {
        dataset->class_names = entry->class_names;
        dataset->directory = files.directory;
        files.directory = NULL;
        dataset->name = oac_strdup(name, err);
        dataset->split = dataset->name ? oac_strdup(split_name, err) : NULL;
    }
    enum oac_status status = OAC_OK;
    if (!dataset || !dataset->split)
        status = err->status;
    else
        status = read_files(name, entry, split, &files, dataset, err);
    oac_dataset_files_fini(&files);
    if (status) {
        oac_dataset_destroy(dataset);
        return status;
    }
    *out = dataset;
    return OAC_OK;
}

void oac_dataset_destroy(struct oac_dataset *dataset)
{
    if (!dataset)
        return;
    free(dataset->name);
    free(dataset->split);
    free(dataset->directory);
    free(dataset->pixels);
    free(dataset->labels);
    free(dataset);
}

void oac_dataset_images(const struct oac_dataset *dataset, size_t first, size_t count,
                        float scale, float *x)
{
    const size_t image_bytes = dataset->rows * dataset->cols;
    oac_kernel()->scale_bytes(count * image_bytes, dataset->pixels + first * image_bytes, scale,
                              x);
}
