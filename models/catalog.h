/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data sets that oac knows, as data: what the four IDX files must contain, what the classes
 * are called, who may use them, and where they can be had.
 *
 * Every digest is of the decompressed content: Debian's gzip files differ from the published
 * ones, their content does not. Sources are in docs/data.md. */
#ifndef OAC_MODELS_CATALOG_H
#define OAC_MODELS_CATALOG_H

#include <stddef.h>

#define OAC_CATALOG_MIRRORS 2u

struct oac_catalog_file {
    const char *name;     /* "t10k-images-idx3-ubyte"; ".gz" is added for the compressed one */
    const char *sha256;   /* of the content; NULL: not known, not checked */
    size_t content_bytes; /* 0: not known */
};

enum oac_catalog_part { OAC_CATALOG_TEST, OAC_CATALOG_TRAIN, OAC_CATALOG_PARTS };

struct oac_catalog_pair {
    size_t count; /* images; 0: not known */
    struct oac_catalog_file images, labels;
};

struct oac_catalog_entry {
    const char *name;  /* "mnist" */
    const char *title; /* one line for people */
    const char *license;
    size_t rows, cols;                       /* pixels; 0: not known */
    size_t classes;                          /* 0: not known */
    const char *const *class_names;          /* (classes) */
    const char *mirror[OAC_CATALOG_MIRRORS]; /* base URLs, tried in order; NULL: none */
    const char *debian_package;              /* NULL: none */
    const char *debian_directory;            /* where it installs the files */
    struct oac_catalog_pair part[OAC_CATALOG_PARTS];
};

/* Entry i of the catalogue, NULL past its end. */
const struct oac_catalog_entry *oac_catalog_at(size_t i);

/* By name; NULL when unknown. */
const struct oac_catalog_entry *oac_catalog_find(const char *name);

/* What is known of a user's own data set: the names of its files. Its images may have any shape
 * and its labels any byte; class_names are "0".."255". */
const struct oac_catalog_entry *oac_catalog_unknown(void);

#endif
