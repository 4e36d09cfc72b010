/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person sees of a port on a terminal: a meter of volts, and a small plot of a sweep. */
#ifndef OAC_CLI_PORT_METER_H
#define OAC_CLI_PORT_METER_H

#include <stddef.h>

#define OAC_METER_CELLS_MAX 60

/* A scale from low_v to high_v as `cells` characters (at most OAC_METER_CELLS_MAX) and a NUL: '-' where signal
 * was, '|' at its mean, '!' at an end that it reached. Pure. */
void oac_meter_bar(double low_v, double high_v, double least_v, double mean_v, double most_v,
                   size_t cells, char *text);

/* rows lines of `columns` characters, each ended by a newline and together by a NUL: y against x, marked '*'.
 * text (rows * (columns + 1) + 1). x ascending or descending, evenly spaced. Pure. */
void oac_meter_plot(size_t count, const double *y, size_t columns, size_t rows, char *text);

#endif
