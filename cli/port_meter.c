/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/port_meter.h"

#include <math.h>
#include <string.h>

static size_t cell_of(double low_v, double high_v, double v, size_t cells)
{
    const double part = (v - low_v) / (high_v - low_v);
    const double at = floor(fmin(fmax(part, 0.0), 1.0) * (double)cells);
    return at < (double)cells ? (size_t)at : cells - 1;
}

void oac_meter_bar(double low_v, double high_v, double least_v, double mean_v, double most_v,
                   size_t cells, char *text)
{
    const double edge = 1e-6 * (high_v - low_v);
    cells = cells > OAC_METER_CELLS_MAX ? OAC_METER_CELLS_MAX : cells;
    memset(text, ' ', cells);
    text[cells] = '\0';
    const size_t from = cell_of(low_v, high_v, least_v, cells),
                 to = cell_of(low_v, high_v, most_v, cells);
    memset(text + from, '-', to - from + 1);
    text[cell_of(low_v, high_v, mean_v, cells)] = '|';
    if (least_v <= low_v + edge)
        text[0] = '!';
    if (most_v >= high_v - edge)
        text[cells - 1] = '!';
}

void oac_meter_plot(size_t count, const double *y, size_t columns, size_t rows, char *text)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    if (!(high > low))
        high = low + 1.0;
    memset(text, ' ', rows * (columns + 1));
    for (size_t r = 0; r < rows; r++)
        text[r * (columns + 1) + columns] = '\n';
    text[rows * (columns + 1)] = '\0';
    for (size_t i = 0; i < count; i++) {
        const size_t c = count > 1 ? i * (columns - 1) / (count - 1) : 0;
        const size_t r = rows - 1 - cell_of(low, high, y[i], rows);
        text[r * (columns + 1) + c] = '*';
    }
}
