/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Included before every file that tests/lint/tidy analyses: tells the analyzer what it cannot
 * see across files, that oac_fail() returns the failure it was given. */
#ifndef OAC_TESTS_LINT_ANALYZER_H
#define OAC_TESTS_LINT_ANALYZER_H

#include "base/status.h"

#define oac_fail(err, status, ...) (oac_fail(err, status, __VA_ARGS__), (status))

#endif
