/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labelled images: IDX files (LeCun's format, raw or gzip), and where to find them.
 *
 * A data set is named ("mnist", "fashion-mnist") and has the splits of docs/data.md: "test" is
 * the published 10,000; the published 60,000 are split, seeded, into "train" (45,000),
 * "reference" (3,000) and "held-out" (12,000). "all-train" is the 60,000 in file order. A name
 * that is not in the catalogue is a data set of the user's own: the same four file names, any
 * shape, split in the same proportions, and nothing to verify it against. */
#ifndef OAC_MODELS_DATASET_H
#define OAC_MODELS_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

#define OAC_DATASET_NAME_BYTES 64u

/* Splits are Philox permutations of this seed (stream OAC_RNG_SPLIT, index 0). Never change it:
 * shipped networks would then have trained on images held out from others. */
#define OAC_DATASET_SPLIT_SEED 20220714u

struct oac_dataset {
    char *name, *split, *directory;    /* where the files were found */
    char sha256[OAC_DIGEST_HEX_BYTES]; /* of the decompressed image file */
    size_t count, rows, cols;          /* images, pixels */
    size_t classes;
    uint8_t *pixels;                /* (count, rows, cols), 0..255 */
    uint8_t *labels;                /* (count) */
    const char *const *class_names; /* (classes) "0".."9", "T-shirt/top", ...; static */
};

extern const char *const
    oac_dataset_splits[]; /* "test", "train", "reference", "held-out", "all-train", NULL */

/* Images of split i of oac_dataset_splits, given those of its file: the published test or training
 * images. */
size_t oac_dataset_split_count(size_t i, size_t file_count);
bool oac_dataset_split_is_test(
    size_t i); /* taken from the test files, not the training files */

/* Reads one split. With a directory (--data) only directory/NAME and directory are looked at;
 * without one the order is $OAC_DATA - user cache - ../shared/data beside the source tree or
 * the working directory - Debian's /usr/share/datasets/fashion-mnist. Not found is
 * OAC_ENOTFOUND with a message that says where it looked and how to fetch. The files of a known
 * data set are compared with the published SHA-256: OAC_EMISMATCH names the file that differs.
 */
enum oac_status oac_dataset_open(const char *name, const char *split, const char *directory,
                                 struct oac_dataset **dataset,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_dataset_destroy(struct oac_dataset *dataset); /* NULL is fine */

/* x (count, rows*cols) = pixels of images first .. first+count-1 times scale. */
void oac_dataset_images(const struct oac_dataset *dataset, size_t first, size_t count,
                        float scale, float *x);

#endif
