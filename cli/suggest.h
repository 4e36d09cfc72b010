/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "did you mean ...": the nearest of some names by edit distance. */
#ifndef OAC_CLI_SUGGEST_H
#define OAC_CLI_SUGGEST_H

#include <stddef.h>

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b; names longer
 * than 63 characters count as far away (64). Pure. */
size_t oac_edit_distance(const char *a, const char *b);

/* The name nearest to `wanted`, or NULL when none is near enough to be a slip of the fingers:
 * at most a third of its letters, and at least one, may differ. Begins with `wanted`: near
 * enough as well. Pure. */
const char *oac_suggest(const char *wanted, const char *const *names, size_t count);

#endif
