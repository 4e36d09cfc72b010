/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/tmpdir.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void oac_test_dir_make(char dir[OAC_TEST_DIR_BYTES])
{
    const char *parent = getenv("TMPDIR");
    snprintf(dir, OAC_TEST_DIR_BYTES, "%s/oac-test-XXXXXX", parent ? parent : "/tmp");
    cr_assert(mkdtemp(dir) != NULL, "cannot make %s", dir);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void oac_test_dir_remove(const char *dir)
{
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

size_t oac_test_dir_entries(const char *dir)
{
    DIR *listing = opendir(dir);
    cr_assert(listing != NULL, "cannot list %s", dir);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(listing));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(listing);
    return count;
}

char *oac_test_dir_path(const char *dir, const char *name, char *path)
{
    sprintf(path, "%s/%s", dir, name);
    return path;
}

void oac_test_file_put(const char *path, const void *data, size_t bytes)
{
    FILE *out = fopen(path, "wb");
    cr_assert(out != NULL, "cannot make %s", path);
    cr_assert(fwrite(data, 1, bytes, out) == bytes && fclose(out) == 0, "cannot write %s",
              path);
}
