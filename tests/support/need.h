/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a test needs and a machine may lack. A test that cannot run reports SKIP with the reason; with
 * OAC_REQUIRE_ALL=1 in the environment (CI) that is a failure instead. Call before taking any memory:
 * neither outcome returns to the test. */
#ifndef OAC_TESTS_SUPPORT_NEED_H
#define OAC_TESTS_SUPPORT_NEED_H

#include <stdbool.h>

/* For what must be asked for, because it acts on the world outside (hardware): true when `asked`; otherwise
 * ends the
 * test as skipped, saying `what`. Never a failure: nobody can want a laboratory of every machine that runs CI. */
bool oac_test_asked(bool asked, const char *what);

/* True when `available`; otherwise ends the test, saying `what` is missing. */
bool oac_test_need(bool available, const char *what);

/* True when `path` can be read; otherwise ends the test: "PATH is not there: WHY". */
bool oac_test_need_file(const char *path, const char *why);

/* Whether OAC_REQUIRE_ALL=1 is set. */
bool oac_test_requires_all(void);

#define OAC_TEST_PATH_BYTES 4096u

/* path = $OAC_SOURCE_DIR/../shared/data/<relative>, e.g. "mnist/t10k-labels-idx1-ubyte.gz". */
void oac_test_shared_path(const char *relative, char path[OAC_TEST_PATH_BYTES]);

#endif
