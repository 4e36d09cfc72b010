/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory of a test's own, under $TMPDIR or /tmp, and what lies in it. */
#ifndef OAC_TESTS_SUPPORT_TMPDIR_H
#define OAC_TESTS_SUPPORT_TMPDIR_H

#include <stddef.h>

#define OAC_TEST_DIR_BYTES 256u

/* Makes a fresh directory and writes its name; fails the test when it cannot. */
void oac_test_dir_make(char dir[OAC_TEST_DIR_BYTES]);

/* Removes it with everything in it. */
void oac_test_dir_remove(const char *dir);

/* How many entries it holds, hidden ones too: finds what a failed write left behind. */
size_t oac_test_dir_entries(const char *dir);

/* path (size >= OAC_TEST_DIR_BYTES + strlen(name) + 2) = dir/name; returns path. */
char *oac_test_dir_path(const char *dir, const char *name, char *path);

/* Writes a whole file plainly, for fixtures; fails the test when it cannot. */
void oac_test_file_put(const char *path, const void *data, size_t bytes);

#endif
