/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labelled images: IDX files (LeCun's format, raw or gzip), and where to find them.
 *
 * A data set is named ("mnist", "fashion-mnist") and has the splits of docs/data.md: "test" is the
 * published 10,000; the published 60,000 are split, seeded, into "train" (45,000), "reference" (3,000)
 * and "held-out" (12,000). "all-train" is the 60,000 in file order. */
#ifndef OAC_MODELS_DATASET_H
#define OAC_MODELS_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct oac_dataset {
    char *name, *split, *directory;      /* where the files were found */
    char sha256[OAC_DIGEST_HEX_BYTES];   /* of the decompressed image file */
    size_t count, rows, cols;            /* images, pixels */
    size_t classes;
    uint8_t *pixels;                     /* (count, rows, cols), 0..255 */
    uint8_t *labels;                     /* (count) */
    const char *const *class_names;      /* (classes) "0".."9", "T-shirt/top", ... */
};

/* Reads one split. Search order: directory (may be NULL) - $OAC_DATA - user cache - ../shared/data beside
 * the source tree or the working directory - Debian's /usr/share/datasets/fashion-mnist. Not found is
 * OAC_ENOTFOUND with a message that says where it looked and how to fetch. */
enum oac_status oac_dataset_open(const char *name, const char *split, const char *directory,
                                 struct oac_dataset **dataset, struct oac_err *err) OAC_MUST_USE;
void oac_dataset_destroy(struct oac_dataset *dataset); /* NULL is fine */

/* x (count, rows*cols) = pixels of images first .. first+count-1 times scale. */
void oac_dataset_images(const struct oac_dataset *dataset, size_t first, size_t count, float scale,
                        float *x);

#endif
