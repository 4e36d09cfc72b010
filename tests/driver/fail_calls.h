/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fail the n-th call, for n = 1, 2, ... until nothing is left to fail (as SQLite tests itself). The program is
 * linked with -Wl,--wrap for the functions in tests/CMakeLists.txt, so that the code under test has no hook. */
#ifndef OAC_TESTS_DRIVER_FAIL_CALLS_H
#define OAC_TESTS_DRIVER_FAIL_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum fail_kind { FAIL_ALLOCATION, FAIL_LIBIIO, FAIL_DECORATED, FAIL_KINDS };

/* The n-th call of a kind from now on fails, once; 0: none. */
void fail_arm(enum fail_kind kind, unsigned long n);
bool fail_fired(void);

/* How often a libiio write of this attribute was tried, since the last arm. */
unsigned long fail_writes_of(const char *attribute);

/* From now on the first-th push of samples and every `each`-th after it comes `ms` late; ms 0: none. */
void fail_stall(unsigned long first, unsigned long each, unsigned ms);
unsigned long fail_stalls(void); /* so far */

struct fail_loop {
    const char *name;
    enum fail_kind kind;
    /* The whole life: open, configure, play, close. `n` is for loops whose faults are decorators. */
    enum oac_status (*live)(void *context, unsigned long n, struct oac_err *err);
    bool (*fired)(void *context);                         /* NULL: fail_fired */
    void (*after)(void *context, enum oac_status status); /* more to check; NULL: nothing */
    void *context;
    unsigned long
        stride; /* fails every stride-th call only, where calls are many and alike; 0: every */
    unsigned long least; /* calls that it must have failed, or it tests nothing */
};

/* After every failure: one clear line, no descriptor and no thread left, and the next life succeeds (where the
 * work went on in spite of the failure, every fourth time). */
void fail_every_call(const struct fail_loop *loop);

#endif
