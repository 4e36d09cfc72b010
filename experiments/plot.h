/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures, drawn by gnuplot as a child process.
 *
 * A picture is a script and its tables of numbers in a fresh directory under $TMPDIR or /tmp. gnuplot runs
 * inside it with fixed file names and without a shell, so that nothing a user typed is ever interpreted,
 * and the finished picture is copied to its place whole or not at all. Text in scripts is ours alone: no
 * names from files. Needs the program gnuplot (Debian: gnuplot-nox) when a picture is drawn, not before. */
#ifndef OAC_EXPERIMENTS_PLOT_H
#define OAC_EXPERIMENTS_PLOT_H

#include <stddef.h>

#include "base/status.h"

struct oac_plot;

/* Colours that people with colour-blindness tell apart, as gnuplot takes them: M. Okabe, K. Ito, "Color
 * universal design" (2008), and two greys. */
#define OAC_PLOT_BLUE       "#0072b2"
#define OAC_PLOT_VERMILLION "#d55e00"
#define OAC_PLOT_GREEN      "#009e73"
#define OAC_PLOT_PURPLE     "#cc79a7"
#define OAC_PLOT_ORANGE     "#e69f00"
#define OAC_PLOT_GREY       "#7b8794"
#define OAC_PLOT_INK        "#3e4c59"

enum oac_status oac_plot_create(struct oac_plot **plot, struct oac_err *err) OAC_MUST_USE;
void oac_plot_destroy(struct oac_plot *plot); /* removes the directory; NULL is fine */

/* Adds to the script. Failures to write show in oac_plot_draw. */
void oac_plot_say(struct oac_plot *plot, const char *format, ...) OAC_PRINTF(2, 3);

/* Writes value (rows, columns) as a text table that the script names "name"; NAN becomes a gap. */
enum oac_status oac_plot_table(struct oac_plot *plot, const char *name, size_t rows,
                               size_t columns, const double *value,
                               struct oac_err *err) OAC_MUST_USE;

/* Draws to `path`, PNG if it ends so, else SVG, width x height [pixels]. The script is what
 * was said, after
 * the house style of axes and fonts. Status: OAC_ENOTFOUND when there is no gnuplot, saying
 * what to install. */
enum oac_status oac_plot_draw(struct oac_plot *plot, const char *path, unsigned width,
                              unsigned height, struct oac_err *err) OAC_MUST_USE;

#endif
