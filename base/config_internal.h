/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the config_*.c files only. */
#ifndef OAC_BASE_CONFIG_INTERNAL_H
#define OAC_BASE_CONFIG_INTERNAL_H

#include <stdbool.h>

#include "base/config.h"

#define OAC_CONFIG_DEPTH       4u /* components of a path */
#define OAC_CONFIG_PATH_BYTES  256u
#define OAC_CONFIG_FILE_BYTES  1048576u
#define OAC_CONFIG_SHOWN_BYTES 64u /* of a foreign text quoted in a message */

/* The key of this path, or NULL. */
const struct oac_config_key *oac_config_find(const struct oac_config_table *table,
                                             const char *path);

/* The first key inside the section of this path, or NULL when the table has no such section. */
const struct oac_config_key *oac_config_find_section(const struct oac_config_table *table,
                                                     const char *path);

/* Fills *err with "unknown key PATH; did you mean NEAREST?". */
enum oac_status oac_config_fail_unknown(const struct oac_config_table *table, const char *path,
                                        struct oac_err *err);

/* Parses `text` as a value of `key` and stores it in *object. `quoted`: it stood in quotes, so
 * it can only be text or a choice. On failure *object is untouched. */
enum oac_status oac_config_store(const struct oac_config_key *key, const char *text,
                                 bool quoted, void *object, struct oac_err *err);

#define OAC_CONFIG_LISTS_MAX 8u

struct oac_config_document { /* what is read, and how */
    const struct oac_config_table *table;
    const struct oac_config_list *lists;
    size_t list_count; /* at most OAC_CONFIG_LISTS_MAX */
    const char *file, *text;
    size_t length;
};

/* Reads the YAML document into *object. seen_line (table->count, OAC_CONFIG_DEPTH), zeroed,
 * receives the line where each key and section was given: a section counts as the first key in
 * it, see oac_config_slot(). Elements of lists are complete on return. */
enum oac_status oac_config_walk(const struct oac_config_document *document, void *object,
                                size_t *seen_line, struct oac_err *err);

/* Fills *err when a required key was not seen, and does not touch it otherwise. */
enum oac_status oac_config_check_required(const struct oac_config_table *table,
                                          const size_t *seen_line, struct oac_err *err);

/* The index into seen_line for `path`, which is this key's or that of a section whose first key
 * this is. */
size_t oac_config_slot(const struct oac_config_table *table, const struct oac_config_key *key,
                       const char *path);

/* What a value of this key may be: "a number in dBm from -60 to 30". */
void oac_config_describe(const struct oac_config_key *key, char *text, size_t text_bytes);

/* Length of the printable UTF-8 character at `text` (`room` bytes are there), 0 when it is
 * malformed or a control character or line separator. */
size_t oac_config_character(const char *text, size_t room);

/* A foreign text made fit for a message: at most OAC_CONFIG_SHOWN_BYTES, unprintable characters
 * as ?. */
void oac_config_show(const char *text, char shown[OAC_CONFIG_SHOWN_BYTES]);

#endif
