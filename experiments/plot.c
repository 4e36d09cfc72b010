/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/plot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define PICTURE_BYTES_MAX ((size_t)64 << 20)

extern char **environ;

struct oac_plot {
    char *directory;
    char *script; /* grows behind `say` */
    size_t script_bytes;
    FILE *say;
};

static char *inside(const struct oac_plot *plot, const char *name, struct oac_err *err)
{
    size_t bytes = strlen(plot->directory) + strlen(name) + 2;
    char *path = oac_alloc(bytes, 1, "a file name", err);

    if (path)
        snprintf(path, bytes, "%s/%s", plot->directory, name);
    return path;
}

enum oac_status oac_plot_create(struct oac_plot **plot, struct oac_err *err)
{
    const char *parent = getenv("TMPDIR");
    struct oac_plot *made = oac_alloc(1, sizeof *made, "a picture", err);
    size_t bytes;

    if (!made)
        return err->status;
    parent = parent && parent[0] == '/' ? parent : "/tmp";
    bytes = strlen(parent) + sizeof "/oac-plot-XXXXXX";
    made->directory = oac_alloc(bytes, 1, "a directory name", err);
    if (!made->directory)
        goto fail;
    snprintf(made->directory, bytes, "%s/oac-plot-XXXXXX", parent);
    if (!mkdtemp(made->directory)) {
        oac_fail(err, OAC_EIO, "cannot make a directory for pictures in '%.300s': %s", parent,
                 strerror(errno));
        free(made->directory);
        made->directory = NULL;
        goto fail;
    }
    made->say = open_memstream(&made->script, &made->script_bytes);
    if (!made->say) {
        oac_fail(err, OAC_ENOMEM, "out of memory for a picture's script");
        goto fail;
    }
    *plot = made;
    return OAC_OK;
fail:
    oac_plot_destroy(made);
    return err->status;
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);

    if (directory) {
        for (const struct dirent *entry; (entry = readdir(directory));)
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        closedir(directory);
    }
    (void)rmdir(path);
}

void oac_plot_destroy(struct oac_plot *plot)
{
    if (!plot)
        return;
    if (plot->say)
        fclose(plot->say);
    if (plot->directory)
        remove_directory(plot->directory);
    free(plot->script);
    free(plot->directory);
    free(plot);
}

void oac_plot_say(struct oac_plot *plot, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(plot->say, format, arguments);
    va_end(arguments);
}

enum oac_status oac_plot_table(struct oac_plot *plot, const char *name, size_t rows,
                               size_t columns, const double *value, struct oac_err *err)
{
    char *path = inside(plot, name, err);
    FILE *out = path ? fopen(path, "wxe") : NULL;
    int failed;

    if (!out) {
        if (path)
            oac_fail(err, OAC_EIO, "cannot write '%.300s': %s", path, strerror(errno));
        free(path);
        return err->status;
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            double v = value[r * columns + c];
            if (isfinite(v))
                fprintf(out, "%.9g ", v);
            else
                fputs("nan ", out);
        }
        fputc('\n', out);
    }
    failed = ferror(out);
    failed = fclose(out) != 0 || failed;
    if (failed)
        oac_fail(err, OAC_EIO, "cannot write '%.300s': the disk may be full", path);
    free(path);
    return failed ? err->status : OAC_OK;
}

/* The house style; the script that was said follows. */
static const char style[] = "set border 3 lc rgb '" OAC_PLOT_INK "'\n"
                            "set tics nomirror out tc rgb '" OAC_PLOT_INK "'\n"
                            "set xlabel tc rgb '" OAC_PLOT_INK "'\n"
                            "set ylabel tc rgb '" OAC_PLOT_INK "'\n"
                            "set key tc rgb '" OAC_PLOT_INK "'\n"
                            "set grid xtics ytics lc rgb '#dfe5ec' lw 1\n"
                            "set encoding utf8\n"
                            "set datafile missing 'nan'\n"
                            "set samples 1000\n";

static enum oac_status write_script(struct oac_plot *plot, bool png, unsigned width,
                                    unsigned height, struct oac_err *err)
{
    char *path = inside(plot, "script", err);
    FILE *out = path ? fopen(path, "we") : NULL;
    int failed = 1;

    if (out && fflush(plot->say) == 0 && !ferror(plot->say)) {
        if (png)
            fprintf(out,
                    "set terminal pngcairo size %u,%u font 'DejaVu Sans,11' background rgb "
                    "'#ffffff'\n",
                    width, height);
        else
            fprintf(
                out,
                "set terminal svg size %u,%u font 'DejaVu Sans,13' background rgb '#ffffff'\n",
                width, height);
        fprintf(out, "set output 'picture'\n%s", style);
        fwrite(plot->script, 1, plot->script_bytes, out);
        fputs("unset output\n", out);
        failed = ferror(out);
    }
    if ((out && fclose(out) != 0) || failed)
        failed = 1;
    if (failed && path)
        oac_fail(err, OAC_EIO, "cannot write the script of a picture to '%.300s'", path);
    free(path);
    return failed ? err->status : OAC_OK;
}

/* The last line gnuplot said that is not empty or a caret: it names the error. */
static void said(const struct oac_plot *plot, char *line, size_t bytes)
{
    struct oac_err ignored;
    char *path = inside(plot, "said", &ignored);
    FILE *in = path ? fopen(path, "re") : NULL;
    char *best = NULL;
    char buffer[256];

    snprintf(line, bytes, "it said nothing");
    while (in && (best = fgets(buffer, sizeof buffer, in))) {
        best += strspn(best, " \t^\r\n");
        best[strcspn(best, "\r\n")] = '\0';
        if (best[0] && !strchr(best, '^'))
            snprintf(line, bytes, "%s", best);
    }
    if (in)
        fclose(in);
    free(path);
}

/* Starts gnuplot in the directory, without a shell and without anybody's start-up file. */
static int start(const struct oac_plot *plot, pid_t *child)
{
    static char program[] = "gnuplot", plain[] = "-d", script[] = "script";
    char *const argv[] = {program, plain, script, NULL};
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);

    if (failed)
        return failed;
    if (!(failed = posix_spawn_file_actions_addchdir_np(&actions, plot->directory)) &&
        !(failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
        !(failed = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) &&
        !(failed = posix_spawn_file_actions_addopen(&actions, 2, "said",
                                                    O_WRONLY | O_CREAT | O_TRUNC, 0600)))
        failed = posix_spawnp(child, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static enum oac_status run_gnuplot(const struct oac_plot *plot, struct oac_err *err)
{
    int failed, status = 0;
    pid_t child;
    char line[256];

    failed = start(plot, &child);
    if (failed == ENOENT)
        return oac_fail(err, OAC_ENOTFOUND,
                        "pictures are drawn by gnuplot, which is not installed (not found in "
                        "PATH): install it (Debian: apt install gnuplot-nox)");
    if (failed)
        return oac_fail(err, OAC_EIO, "cannot start gnuplot: %s", strerror(failed));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return oac_fail(err, OAC_EIO, "cannot wait for gnuplot: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OAC_OK;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM))
        return oac_fail(err, OAC_EINTERRUPTED, "stopped while gnuplot was drawing");
    said(plot, line, sizeof line);
    return oac_fail(err, OAC_EIO, "gnuplot failed (%s %d): %.200s",
                    WIFEXITED(status) ? "exit code" : "signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), line);
}

enum oac_status oac_plot_draw(struct oac_plot *plot, const char *path, unsigned width,
                              unsigned height, struct oac_err *err)
{
    size_t length = strlen(path), bytes = 0;
    bool png = length > 4 && strcmp(path + length - 4, ".png") == 0;
    char *made = NULL, *picture = NULL;
    enum oac_status status = write_script(plot, png, width, height, err);

    if (status == OAC_OK)
        status = run_gnuplot(plot, err);
    if (status != OAC_OK)
        return oac_fail_within(err, "'%.200s'", path);
    made = inside(plot, "picture", err);
    status = made ? oac_file_read(made, PICTURE_BYTES_MAX, &picture, &bytes, err) : err->status;
    if (status == OAC_OK)
        status = oac_file_write(path, picture, bytes, err);
    free(picture);
    free(made);
    return status;
}
