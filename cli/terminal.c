/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BAR_PERIOD_S  0.1
#define LINE_PERIOD_S 5.0
#define BAR_CELLS_MAX 30
#define TAIL_CHARS    56 /* name, percentage, note and times beside the bar */

/* A signal handler can reach nothing but a global. */
static volatile sig_atomic_t stop_signals;

static void on_stop_signal(int signal_number)
{
    static const char wipe[] = "\r\033[K";
    if (++stop_signals < 2)
        return;
    int saved = errno;
    if (isatty(STDERR_FILENO) && write(STDERR_FILENO, wipe, sizeof wipe - 1) < 0)
        errno = saved;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    errno = saved;
}

static bool stop_requested(void *context)
{
    (void)context;
    return stop_signals > 0;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void oac_terminal_format_seconds(double seconds, char *text, size_t bytes)
{
    if (!(seconds >= 0.0 && seconds < 1e8)) {
        snprintf(text, bytes, "--:--");
        return;
    }
    if (seconds < 10.0) {
        snprintf(text, bytes, "%.1f s", seconds);
        return;
    }
    long whole = (long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, bytes, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, bytes, "%02ld:%02ld", whole / 60, whole % 60);
}

/* The lock is held. */
static void wipe(struct oac_terminal *terminal)
{
    if (!terminal->drawn)
        return;
    fputs("\r\033[K", stderr);
    terminal->drawn = false;
}

static void draw_bar(struct oac_terminal *terminal, const char *what, double fraction,
                     const char *times, const char *note)
{
    int width = columns() - 1;
    int cells = width - TAIL_CHARS;
    cells = cells > BAR_CELLS_MAX ? BAR_CELLS_MAX : cells < 10 ? 10 : cells;
    char bar[BAR_CELLS_MAX + 1];
    memset(bar, '.', (size_t)cells);
    memset(bar, '#', (size_t)(fraction * cells + 0.5));
    bar[cells] = '\0';
    char line[256];
    snprintf(line, sizeof line, "%s [%s] %3d%%  %s%s%s", what, bar, (int)(100.0 * fraction),
             times, note && *note ? "  " : "", note ? note : "");
    fprintf(stderr, "\r%.*s\033[K", width, line);
    fflush(stderr);
    terminal->drawn = true;
}

/* The lock is held. */
static void show_progress(struct oac_terminal *terminal, const char *what, size_t done,
                          size_t total, const char *note)
{
    double now = now_s();
    bool begins =
        strncmp(terminal->what, what, sizeof terminal->what - 1) != 0 || done < terminal->done;
    if (begins) {
        snprintf(terminal->what, sizeof terminal->what, "%s", what);
        terminal->begin_s = now;
        terminal->last_draw_s = 0.0; /* the first report shows at once that work has begun */
    }
    bool again = !begins && done == terminal->done && done >= total; /* its end was shown */
    terminal->done = done;
    if (again)
        return;
    double period_s = terminal->is_terminal ? BAR_PERIOD_S : LINE_PERIOD_S;
    bool ends = done >= total;
    if (!ends && now - terminal->last_draw_s < period_s)
        return;
    terminal->last_draw_s = now;

    double fraction = total > 0 ? (double)done / (double)total : 1.0;
    fraction = fraction < 1.0 ? fraction : 1.0;
    double spent_s = now - terminal->begin_s;
    char spent[32], left[32] = "", times[80];
    oac_terminal_format_seconds(spent_s, spent, sizeof spent);
    if (!ends && done > 0) {
        oac_terminal_format_seconds(spent_s * (1.0 - fraction) / fraction, left, sizeof left);
        snprintf(times, sizeof times, "%s, %s left", spent, left);
    } else {
        snprintf(times, sizeof times, "%s", spent);
    }
    if (terminal->is_terminal)
        draw_bar(terminal, what, fraction, times, note);
    else
        fprintf(stderr, "%s: %zu of %zu (%d%%), %s%s%s\n", what, done, total,
                (int)(100.0 * fraction), times, note && *note ? ", " : "", note ? note : "");
}

static void progress(void *context, const char *what, size_t done, size_t total,
                     const char *note)
{
    struct oac_terminal *terminal = context;
    bool wanted = terminal->mode == OAC_PROGRESS_ON ||
                  (terminal->mode == OAC_PROGRESS_AUTO && terminal->is_terminal);
    if (!wanted)
        return;
    pthread_mutex_lock(&terminal->lock);
    show_progress(terminal, what, done, total, note);
    pthread_mutex_unlock(&terminal->lock);
}

static void log_line(void *context, enum oac_log_level level, const char *line)
{
    struct oac_terminal *terminal = context;
    if (level == OAC_LOG_DEBUG ||
        (level == OAC_LOG_INFO && terminal->mode == OAC_PROGRESS_QUIET))
        return;
    oac_terminal_say(terminal, level == OAC_LOG_WARNING ? "oac: warning" : "oac", line);
}

void oac_terminal_say(struct oac_terminal *terminal, const char *prefix, const char *text)
{
    pthread_mutex_lock(&terminal->lock);
    wipe(terminal);
    fprintf(stderr, "%s: %s\n", prefix, text);
    pthread_mutex_unlock(&terminal->lock);
}

void oac_terminal_clear(struct oac_terminal *terminal)
{
    pthread_mutex_lock(&terminal->lock);
    wipe(terminal);
    fflush(stderr);
    pthread_mutex_unlock(&terminal->lock);
}

void oac_terminal_init(struct oac_terminal *terminal, enum oac_progress_mode mode)
{
    *terminal = (struct oac_terminal){.mode = mode, .is_terminal = isatty(STDERR_FILENO) == 1};
    pthread_mutex_init(&terminal->lock, NULL);
    /* No SA_RESTART: a wait on the network or on a child ends, and the caller sees
     * stop_requested. */
    struct sigaction action = {.sa_handler = on_stop_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void oac_terminal_fini(struct oac_terminal *terminal)
{
    oac_terminal_clear(terminal);
    pthread_mutex_destroy(&terminal->lock);
}

struct oac_sink oac_terminal_sink(struct oac_terminal *terminal)
{
    return (struct oac_sink){
        .context = terminal,
        .log = log_line,
        .progress = progress,
        .stop_requested = stop_requested,
    };
}
