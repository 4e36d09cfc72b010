/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/need.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool oac_test_requires_all(void)
{
    const char *value = getenv("OAC_REQUIRE_ALL");
    return value && strcmp(value, "1") == 0;
}

/* Criterion names a skipped test only when verbose; scripts/test collects these lines. */
static void skip(const char *what)
{
    fprintf(stderr, "[SKIP] %s\n", what);
    cr_skip_test("%s", what);
}

bool oac_test_asked(bool asked, const char *what)
{
    if (!asked)
        skip(what);
    return asked;
}

bool oac_test_need(bool available, const char *what)
{
    if (available)
        return true;
    if (oac_test_requires_all())
        cr_assert_fail("OAC_REQUIRE_ALL=1, but %s", what);
    skip(what);
    return false;
}

bool oac_test_need_file(const char *path, const char *why)
{
    char what[OAC_TEST_PATH_BYTES + 200];
    snprintf(what, sizeof what, "%s is not there: %s", path, why);
    return oac_test_need(access(path, R_OK) == 0, what);
}

void oac_test_shared_path(const char *relative, char path[OAC_TEST_PATH_BYTES])
{
    const char *source = getenv("OAC_SOURCE_DIR");
    snprintf(path, OAC_TEST_PATH_BYTES, "%s/../shared/data/%s", source ? source : ".",
             relative);
}
