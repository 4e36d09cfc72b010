/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table drives everything a person can configure: parsing of YAML files, ranges, defaults,
 * `--set path=value`, `--help` text and the generated reference.
 *
 * A table is an array of `struct oac_config_key`, each naming a dotted path ("laser.power_dbm"), its
 * type, unit, range, default and the byte offset of its field in the caller's plain struct. Reading a
 * file first applies the defaults, then the file; every error names file, line, key, value and what was
 * allowed. Unknown keys, duplicate keys, non-finite or trailing-garbage numbers, YAML anchors/aliases,
 * over-long or over-deep documents are errors. Fenced here: libyaml. */
#ifndef OAC_BASE_CONFIG_H
#define OAC_BASE_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum oac_config_type {
    OAC_CONFIG_REAL,    /* field: double. */
    OAC_CONFIG_INTEGER, /* field: int64_t */
    OAC_CONFIG_BOOL,    /* field: bool; true|false|on|off|yes|no */
    OAC_CONFIG_CHOICE,  /* field: int, index into choices */
    OAC_CONFIG_TEXT, /* field: char[OAC_CONFIG_TEXT_BYTES], printable UTF-8, no control characters */
    OAC_CONFIG_REALS, /* field: struct oac_config_reals; [1, 2.5] in YAML, 1,2.5 in --set */
};

#define OAC_CONFIG_TEXT_BYTES 256u
#define OAC_CONFIG_REALS_MAX  16u

struct oac_config_reals { /* each within the key's range; none may be there */
    size_t count;
    double value[OAC_CONFIG_REALS_MAX];
};

struct oac_config_key {
    const char *path; /* "laser.rin_db_per_hz" */
    enum oac_config_type type;
    size_t offset;              /* offsetof(struct, field) */
    const char *unit;           /* "dBm", "V", "" for none: printed, not parsed */
    double min, max;            /* inclusive; REAL and INTEGER */
    const char *default_text;   /* parsed like a file's value; NULL: required */
    double none_value;          /* REAL/INTEGER: what the word `none` means; NAN: not allowed */
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *help;           /* one sentence, ends with a full stop */
};

struct oac_config_table {
    const char *name; /* "rig", for messages */
    const struct oac_config_key *keys;
    size_t count;
};

/* A list of like objects at the top of a document ("ports: [{name: a}, {name: b}]"), each read through a
 * table of its own, defaults first. A list that is not given is empty. */
struct oac_config_list {
    const char *path; /* "ports"; no dots */
    const struct oac_config_table *element;
    size_t offset,
        stride; /* of the first element in the caller's struct, and from one to the next [bytes] */
    size_t count_offset; /* field: size_t, how many were given */
    size_t min, max;
    const char *help;
};

/* Defaults only. Required keys stay as they are. */
enum oac_status oac_config_defaults(const struct oac_config_table *table, void *object,
                                    struct oac_err *err) OAC_MUST_USE;

/* Given YAML text (length bytes; `file` is for messages), fills *object: defaults, then the document. On
 * failure *object is untouched. `object_bytes` is sizeof *object. */
enum oac_status oac_config_parse(const struct oac_config_table *table, const char *file,
                                 const char *text, size_t length, void *object,
                                 size_t object_bytes, struct oac_err *err) OAC_MUST_USE;

/* The same from a file of at most 1 MiB. *text_out (may be NULL) receives the file's text, NUL
 * terminated, to be freed by the caller: results carry the full rig text. */
enum oac_status oac_config_read(const struct oac_config_table *table, const char *path,
                                void *object, size_t object_bytes, char **text_out,
                                struct oac_err *err) OAC_MUST_USE;

/* Both, for documents that also hold lists (list_count of them). */
enum oac_status oac_config_parse_lists(const struct oac_config_table *table,
                                       const struct oac_config_list *lists, size_t list_count,
                                       const char *file, const char *text, size_t length,
                                       void *object, size_t object_bytes,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_config_read_lists(const struct oac_config_table *table,
                                      const struct oac_config_list *lists, size_t list_count,
                                      const char *path, void *object, size_t object_bytes,
                                      struct oac_err *err) OAC_MUST_USE;

/* `--set laser.power_dbm=3`. An unknown path suggests the nearest known one. */
enum oac_status oac_config_set(const struct oac_config_table *table, const char *assignment,
                               void *object, struct oac_err *err) OAC_MUST_USE;

/* Writes the object as YAML that oac_config_parse reads back to the same object: %.17g-shortest numbers,
 * `none` where a value equals none_value. With comments != 0 each key carries unit and help. */
enum oac_status oac_config_write(const struct oac_config_table *table, const void *object,
                                 int comments, FILE *out, struct oac_err *err) OAC_MUST_USE;

/* The Markdown reference: one table per section with key, unit, default, range, help. */
enum oac_status oac_config_reference(const struct oac_config_table *table, FILE *out,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
