/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Included before every file that tests/lint/tidy analyses: tells the analyzer what it cannot see across
 * files, that oac_fail() returns the failure it was given, and that err->status is one after a failed
 * oac_alloc() (by an allocation that does not fail: failing ones are the tests' business). */
#ifndef OAC_TESTS_LINT_ANALYZER_H
#define OAC_TESTS_LINT_ANALYZER_H

#include "base/alloc.h"
#include "base/status.h"

#define oac_fail(err, status, ...) (oac_fail(err, status, __VA_ARGS__), (status))

void *oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err)
    __attribute__((returns_nonnull));

#endif
