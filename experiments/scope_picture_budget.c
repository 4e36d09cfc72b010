/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_picture.h"

#include <math.h>

enum oac_status oac_scope_draw_budget(const struct oac_scope_view *v, const char *path,
                                      struct oac_err *err)
{
    const struct oac_scope_budget *b = &v->budget;
    double table[OAC_BUDGET_ROWS_MAX * 3], low = INFINITY, high = 0.0;
    struct oac_plot *plot;
    size_t rows = 0;
    enum oac_status status = oac_plot_create(&plot, err);

    if (status != OAC_OK)
        return status;
    oac_plot_say(plot, "set ytics ()\n");
    for (size_t i = b->rows; i-- > 0;) { /* from the bottom up */
        const struct oac_scope_budget_row *row = &b->row[i];
        if (!(row->wave_electrons2 > 0.0) && !(row->sim_electrons2 > 0.0))
            continue;
        table[3 * rows] = (double)rows;
        table[3 * rows + 1] = row->wave_electrons2 > 0.0 ? row->wave_electrons2 : (double)NAN;
        table[3 * rows + 2] = row->sim_electrons2 > 0.0 ? row->sim_electrons2 : (double)NAN;
        for (size_t c = 1; c < 3; c++) {
            double x = table[3 * rows + c];
            low = x < low ? x : low;
            high = x > high ? x : high;
        }
        oac_plot_say(plot, "set ytics add (\"%s\" %zu)\n", row->name, rows);
        if (row->wave_electrons2 > 0.0 && row->sim_electrons2 > 0.0)
            oac_plot_say(
                plot,
                "set label %zu \"%.3f\" at graph 1.02,first %zu left tc rgb '" OAC_PLOT_INK
                "'\n",
                rows + 10, row->wave_electrons2 / row->sim_electrons2, rows);
        rows++;
    }
    low = pow(10.0, floor(log10(low) - 0.3));
    oac_plot_say(plot, "low = %.9g\nset logscale x\nset format x '10^{%%L}'\n", low);
    oac_plot_say(plot, "set xrange [low:%.9g]\nset yrange [-0.7:%zu-0.3]\n",
                 pow(10.0, ceil(log10(high) + 0.02)), rows);
    oac_plot_say(
        plot,
        "set lmargin 11\nset rmargin 11\nset tmargin 3.2\nset style fill solid 1 noborder\n"
        "set xlabel \"variance of a readout [electrons^2]\"\n"
        "unset grid\nset grid xtics lc rgb '#e4e9ef' lw 1\n"
        "set key at graph 0.5,1.015 center bottom horizontal samplen 1.2 width 2\n"
        "set label 1 \"ratio\" at graph 1.02,graph 1.04 left tc rgb '" OAC_PLOT_GREY "'\n");
    status = rows ? oac_plot_table(plot, "budget", rows, 3, table, err) : OAC_OK;
    oac_plot_say(plot,
                 "plot 'budget' using 2:1:(low):2:($1+0.02):($1+0.36) with boxxyerror lc rgb "
                 "'" OAC_PLOT_BLUE "' title 'wave: sampled', '' using "
                 "3:1:(low):3:($1-0.36):($1-0.02) with boxxyerror lc rgb '" OAC_PLOT_ORANGE
                 "' title 'sim: closed form'\n");
    if (status == OAC_OK && rows)
        status = oac_plot_draw(plot, path, 860, 130 + 44 * (unsigned)rows, err);
    oac_plot_destroy(plot);
    return status;
}
