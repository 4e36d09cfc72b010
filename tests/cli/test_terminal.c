/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/terminal.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void expect_time(double seconds, const char *expected)
{
    char text[32];
    oac_terminal_format_seconds(seconds, text, sizeof text);
    cr_expect_str_eq(text, expected, "%g s: \"%s\", expected \"%s\"", seconds, text, expected);
}

Test(terminal, times_read_at_a_glance)
{
    expect_time(0.0, "0.0 s");
    expect_time(0.44, "0.4 s");
    expect_time(12.4, "00:12");
    expect_time(59.6, "01:00");
    expect_time(3599.0, "59:59");
    expect_time(3661.0, "1:01:01");
}

Test(terminal, what_is_no_time_is_not_shown_as_one)
{
    expect_time(NAN, "--:--");
    expect_time(INFINITY, "--:--");
    expect_time(-1.0, "--:--");
}

/* stderr into a file in memory, and back with what was written. Nothing may be asserted in between. */
struct screen {
    int file, saved;
    char text[8192];
};

static void capture(struct screen *screen)
{
    fflush(stderr);
    screen->saved = dup(2);
    screen->file = memfd_create("stderr", 0);
    dup2(screen->file, 2);
}

static void release(struct screen *screen)
{
    fflush(stderr);
    dup2(screen->saved, 2);
    ssize_t got = pread(screen->file, screen->text, sizeof screen->text - 1, 0);
    screen->text[got > 0 ? got : 0] = '\0';
    close(screen->file);
    close(screen->saved);
}

/* 100 units of work with a line of log in the middle. */
static void work(struct screen *screen, enum oac_progress_mode mode, bool is_terminal,
                 size_t until)
{
    struct oac_terminal terminal;
    capture(screen);
    oac_terminal_init(&terminal, mode);
    terminal.is_terminal = is_terminal;
    struct oac_sink sink = oac_terminal_sink(&terminal);
    for (size_t done = 0; done <= until; done++) {
        oac_progress(&sink, "images", done, 100, "accuracy 98.7 %");
        if (done == 0) {
            oac_log(&sink, OAC_LOG_INFO, "a line");
            oac_log(&sink, OAC_LOG_WARNING, "beware");
            oac_log(&sink, OAC_LOG_DEBUG, "a detail");
        }
    }
    oac_terminal_fini(&terminal);
    release(screen);
}

/* What a terminal would show: a carriage return starts the line again, ESC [ K wipes its rest. */
static void last_line(const char *text, char *line, size_t bytes)
{
    size_t at = 0;
    memset(line, 0, bytes);
    for (; *text; text++) {
        if (*text == '\n')
            memset(line, 0, bytes);
        if (*text == '\n' || *text == '\r') {
            at = 0;
        } else if (strncmp(text, "\033[K", 3) == 0) {
            memset(line + at, 0, bytes - at);
            text += 2;
        } else if (at + 1 < bytes) {
            line[at++] = *text;
        }
    }
}

Test(terminal, a_bar_is_drawn_on_a_terminal_and_leaves_no_trace)
{
    struct screen screen;
    char line[256];
    work(&screen, OAC_PROGRESS_AUTO, true, 100);
    cr_expect_not_null(strstr(screen.text, "images ["), "no bar: %s", screen.text);
    cr_expect_not_null(strstr(screen.text, "100%"), "no end: %s", screen.text);
    cr_expect_not_null(strstr(screen.text, "accuracy 98.7 %"));
    last_line(screen.text, line, sizeof line);
    cr_expect_str_empty(line, "left on the screen: %s", line);
}

Test(terminal, a_bar_that_never_got_to_its_end_leaves_no_trace_either)
{
    struct screen screen;
    char line[256];
    work(&screen, OAC_PROGRESS_AUTO, true, 50);
    last_line(screen.text, line, sizeof line);
    cr_expect_not_null(strstr(screen.text, "images ["));
    cr_expect_str_empty(line, "left on the screen: %s", line);
}

Test(terminal, log_lines_stand_alone_between_two_bars)
{
    struct screen screen;
    work(&screen, OAC_PROGRESS_AUTO, true, 100);
    cr_expect_not_null(strstr(screen.text, "\r\033[Koac: a line\n"), "%s", screen.text);
    cr_expect_not_null(strstr(screen.text, "oac: warning: beware\n"), "%s", screen.text);
    cr_expect_null(strstr(screen.text, "a detail"));
}

Test(terminal, elsewhere_there_is_no_bar_unless_asked_for_and_then_plain_lines)
{
    struct screen screen;
    work(&screen, OAC_PROGRESS_AUTO, false, 100);
    cr_expect_str_eq(screen.text, "oac: a line\noac: warning: beware\n");
    work(&screen, OAC_PROGRESS_ON, false, 100);
    cr_expect_not_null(strstr(screen.text, "images: 100 of 100 (100%)"), "%s", screen.text);
    cr_expect_null(strchr(screen.text, '\033'));
    cr_expect_null(strchr(screen.text, '\r'));
}

Test(terminal, an_end_told_twice_is_shown_once)
{
    struct screen screen;
    struct oac_terminal terminal;
    capture(&screen);
    oac_terminal_init(&terminal, OAC_PROGRESS_ON);
    terminal.is_terminal = false;
    struct oac_sink sink = oac_terminal_sink(&terminal);
    oac_progress(&sink, "images", 1, 2, NULL);
    oac_progress(&sink, "images", 2, 2, NULL);
    oac_progress(&sink, "images", 2, 2, NULL);
    oac_terminal_fini(&terminal);
    release(&screen);
    const char *end = strstr(screen.text, "2 of 2");
    cr_assert_not_null(end, "%s", screen.text);
    cr_expect_null(strstr(end + 1, "2 of 2"), "%s", screen.text);
}

Test(terminal, lines_begin_with_the_first_report)
{
    struct screen screen;
    struct oac_terminal terminal;
    capture(&screen);
    oac_terminal_init(&terminal, OAC_PROGRESS_ON);
    terminal.is_terminal = false;
    struct oac_sink sink = oac_terminal_sink(&terminal);
    oac_progress(&sink, "images", 0, 1000, NULL);
    oac_progress(&sink, "images", 1, 1000, NULL);
    oac_terminal_fini(&terminal);
    release(&screen);
    cr_expect_str_eq(screen.text, "images: 0 of 1000 (0%), 0.0 s\n");
}

Test(terminal, quiet_leaves_warnings_only)
{
    struct screen screen;
    work(&screen, OAC_PROGRESS_QUIET, true, 100);
    cr_expect_str_eq(screen.text, "oac: warning: beware\n");
}

Test(terminal, the_first_signal_asks_to_stop)
{
    struct oac_terminal terminal;
    oac_terminal_init(&terminal, OAC_PROGRESS_AUTO);
    struct oac_sink sink = oac_terminal_sink(&terminal);
    cr_assert_not(oac_stop_requested(&sink));
    raise(SIGINT);
    cr_expect(oac_stop_requested(&sink));
    oac_terminal_fini(&terminal);
}

Test(terminal, the_second_signal_ends_the_process, .signal = SIGTERM)
{
    struct oac_terminal terminal;
    oac_terminal_init(&terminal, OAC_PROGRESS_AUTO);
    raise(SIGINT);
    raise(SIGTERM);
}
