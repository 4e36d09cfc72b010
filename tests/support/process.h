/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the built oac as a user would, and keeps what it said. */
#ifndef OAC_TESTS_SUPPORT_PROCESS_H
#define OAC_TESTS_SUPPORT_PROCESS_H

#include <stddef.h>

struct oac_test_process {
    int code;   /* exit code; 128 + signal when killed */
    char *out;  /* stdout, NUL terminated */
    char *said; /* stderr */
};

/* $OAC_BINARY_DIR/cli/oac with the NULL-terminated arguments (argv[0] is added), stdin from /dev/null.
 * Fails the test when it cannot be started. Freed with oac_test_process_fini. */
struct oac_test_process oac_test_oac(const char *const *arguments);

/* The same, sending `signal_number` once stderr holds `trigger`; fails the test when that takes 60 s. */
struct oac_test_process oac_test_oac_signalled(const char *const *arguments,
                                               const char *trigger, int signal_number);
void oac_test_process_fini(struct oac_test_process *process);

/* OAC("rig", "list"): the common case as one expression. */
#define OAC(...) oac_test_oac((const char *const[]){__VA_ARGS__, NULL})

/* How many lines `text` has. */
size_t oac_test_lines(const char *text);

#endif
