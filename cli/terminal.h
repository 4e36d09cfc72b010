/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person at the other end: log lines and a progress bar on stderr, and the wish to stop.
 *
 * The bar is drawn when stderr is a terminal. Elsewhere nothing, or with --progress one plain
 * line every few seconds, so that a CI log stays readable. The bar never hides the cursor and
 * never changes the terminal's mode: a process that is killed leaves at most one unfinished
 * line. */
#ifndef OAC_CLI_TERMINAL_H
#define OAC_CLI_TERMINAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

enum oac_progress_mode {
    OAC_PROGRESS_AUTO,  /* a bar if stderr is a terminal */
    OAC_PROGRESS_ON,    /* a bar, or plain lines */
    OAC_PROGRESS_QUIET, /* neither progress nor information; warnings stay */
};

struct oac_terminal {
    enum oac_progress_mode mode;
    bool is_terminal;
    pthread_mutex_t lock;
    bool drawn;    /* an unfinished bar is on the screen */
    char what[64]; /* the work the clock below belongs to */
    double begin_s, last_draw_s;
    size_t done;
};

/* Looks at stderr and installs the handlers of SIGINT and SIGTERM: the first asks to stop (the
 * sink's stop_requested turns true), the second ends the process at once. */
void oac_terminal_init(struct oac_terminal *terminal, enum oac_progress_mode mode);
void oac_terminal_fini(struct oac_terminal *terminal);

/* Ends an unfinished bar. */
void oac_terminal_clear(struct oac_terminal *terminal);

/* A sink whose context is `terminal`. */
struct oac_sink oac_terminal_sink(struct oac_terminal *terminal);

/* "oac: text" as one line on stderr. */
void oac_terminal_say(struct oac_terminal *terminal, const char *prefix, const char *text);

/* `text` gets "1:02:03", "02:03" or "0.4 s"; what a person reads at a glance. */
void oac_terminal_format_seconds(double seconds, char *text, size_t bytes);

#endif
