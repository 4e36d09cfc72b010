/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/catalog.h"

#include <string.h>

#define TEST_IMAGES  "t10k-images-idx3-ubyte"
#define TEST_LABELS  "t10k-labels-idx1-ubyte"
#define TRAIN_IMAGES "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"

/* Header (16 or 8 bytes) and elements. */
#define IMAGE_FILE_BYTES(count) (16u + (count)*28u * 28u)
#define LABEL_FILE_BYTES(count) (8u + (count))

#define TEN(t) t "0", t "1", t "2", t "3", t "4", t "5", t "6", t "7", t "8", t "9"

static const char *const numbers[] = {
    TEN(""),   TEN("1"),  TEN("2"),  TEN("3"),  TEN("4"),  TEN("5"),  TEN("6"),  TEN("7"),
    TEN("8"),  TEN("9"),  TEN("10"), TEN("11"), TEN("12"), TEN("13"), TEN("14"), TEN("15"),
    TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"), TEN("22"), TEN("23"),
    TEN("24"), "250",     "251",     "252",     "253",     "254",     "255",
};

static const char *const garments[] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot",
};

static const struct oac_catalog_entry catalog[] = {
    {
        .name = "mnist",
        .title = "MNIST handwritten digits (LeCun, Cortes, Burges)",
        .license = "CC BY-SA 3.0",
        .rows = 28,
        .cols = 28,
        .classes = 10,
        .class_names = numbers,
        .mirror = {"https://storage.googleapis.com/cvdf-datasets/mnist/",
                   "https://ossci-datasets.s3.amazonaws.com/mnist/"},
        .part =
            {
                [OAC_CATALOG_TEST] =
                    {10000,
                     {TEST_IMAGES,
                      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                      IMAGE_FILE_BYTES(10000u)},
                     {TEST_LABELS,
                      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                      LABEL_FILE_BYTES(10000u)}},
                [OAC_CATALOG_TRAIN] =
                    {60000,
                     {TRAIN_IMAGES,
                      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                      IMAGE_FILE_BYTES(60000u)},
                     {TRAIN_LABELS,
                      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                      LABEL_FILE_BYTES(60000u)}},
            },
    },
    {
        .name = "fashion-mnist",
        .title = "Fashion-MNIST articles of clothing (Zalando Research)",
        .license = "MIT",
        .rows = 28,
        .cols = 28,
        .classes = 10,
        .class_names = garments,
        .mirror = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                   "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
                   "data/fashion/"},
        .debian_package = "dataset-fashion-mnist",
        .debian_directory = "/usr/share/datasets/fashion-mnist",
        .part =
            {
                [OAC_CATALOG_TEST] =
                    {10000,
                     {TEST_IMAGES,
                      "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                      IMAGE_FILE_BYTES(10000u)},
                     {TEST_LABELS,
                      "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                      LABEL_FILE_BYTES(10000u)}},
                [OAC_CATALOG_TRAIN] =
                    {60000,
                     {TRAIN_IMAGES,
                      "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                      IMAGE_FILE_BYTES(60000u)},
                     {TRAIN_LABELS,
                      "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                      LABEL_FILE_BYTES(60000u)}},
            },
    },
};

static const struct oac_catalog_entry unknown = {
    .name = "",
    .title = "a data set of your own",
    .license = "unknown",
    .class_names = numbers,
    .part =
        {
            [OAC_CATALOG_TEST] = {0, {TEST_IMAGES, NULL, 0}, {TEST_LABELS, NULL, 0}},
            [OAC_CATALOG_TRAIN] = {0, {TRAIN_IMAGES, NULL, 0}, {TRAIN_LABELS, NULL, 0}},
        },
};

const struct oac_catalog_entry *oac_catalog_at(size_t i)
{
    return i < sizeof catalog / sizeof catalog[0] ? &catalog[i] : NULL;
}

const struct oac_catalog_entry *oac_catalog_find(const char *name)
{
    for (size_t i = 0; i < sizeof catalog / sizeof catalog[0]; i++) {
        if (strcmp(catalog[i].name, name) == 0)
            return &catalog[i];
    }
    return NULL;
}

const struct oac_catalog_entry *oac_catalog_unknown(void)
{
    return &unknown;
}
