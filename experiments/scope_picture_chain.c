/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LEAD 1.0 /* slots shown before and after */
#define TAIL 1.4 /* the conversion that follows is in it */

static const struct oac_scope_trace *shown(const struct oac_scope_view *v, const char *name)
{
    const struct oac_scope_trace *t = oac_scope_find(&v->recorder, name, 0, v->channel, 0);
    return t ? t : oac_scope_find(&v->recorder, name, 0, 0, 0);
}

/* Steps of 1, 2 or 5 that leave two to four tics. */
static double tic_step(double low, double high)
{
    double span = high > low ? high - low : fmax(fabs(high), 1.0),
           ten = pow(10.0, floor(log10(span)));

    return span / ten < 1.5   ? 0.5 * ten
           : span / ten < 3.0 ? ten
           : span / ten < 7.0 ? 2.0 * ten
                              : 5.0 * ten;
}

static enum oac_status draw_panel(struct oac_plot *plot, const struct oac_scope_view *v,
                                  size_t panel, struct oac_scope_axis time, struct oac_err *err)
{
    const struct oac_scope_level *level = &v->level[panel];
    const struct oac_scope_trace *t = shown(v, level->name);
    size_t first = oac_scope_index(t, -LEAD * v->slot_s);
    size_t last = oac_scope_index(t, ((double)v->slots + TAIL) * v->slot_s);
    size_t rows = last > first ? last - first : 0;
    double *table = oac_alloc(2 * rows, sizeof *table, "a picture", err), largest = 0.0;
    double low = INFINITY, high = -INFINITY;
    double top = 0.965 - 0.915 * (double)panel / (double)v->levels;
    double height = 0.915 / (double)v->levels;
    char file[32];

    if (!table)
        return err->status;
    for (size_t i = 0; i < rows; i++) {
        double x = oac_scope_sample(t, first + i);
        largest = fmax(largest, fabs(x));
        low = fmin(low, x);
        high = fmax(high, x);
    }
    struct oac_scope_axis value = oac_scope_axis_for(largest, level->unit);
    for (size_t i = 0; i < rows; i++) {
        table[2 * i] = (t->start_s + (double)(first + i) / t->rate_hz) * time.scale;
        table[2 * i + 1] = oac_scope_sample(t, first + i) * value.scale;
    }
    snprintf(file, sizeof file, "point%zu", panel);
    enum oac_status status = oac_plot_table(plot, file, rows, 2, table, err);
    free(table);
    if (status != OAC_OK || rows == 0)
        return status;
    bool lowest = panel + 1 == v->levels;
    oac_plot_say(plot, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n", top,
                 top - height * 0.72);
    oac_plot_say(plot, "set label 1 \"%s\" at graph 0.004,1.16 left tc rgb '%s' noenhanced\n",
                 oac_scope_title(level->name), oac_scope_colour(level->name));
    oac_plot_say(plot,
                 "set label 2 \"%s%s\" at graph 0.998,1.16 right tc rgb '" OAC_PLOT_GREY
                 "' noenhanced\n",
                 level->name, t->complex_values ? " squared" : "");
    oac_plot_say(plot, "set ylabel \"[%s%s]\"\nset ytics %.3g\n", value.prefix, level->unit,
                 tic_step(low * value.scale, high * value.scale));
    oac_plot_say(plot, "set format x '%s'\n%s", lowest ? "%g" : "",
                 lowest ? "" : "unset xlabel\n");
    if (lowest)
        oac_plot_say(plot, "set xlabel \"time from the first slot [%ss]\"\n", time.prefix);
    oac_plot_say(plot, "unset label 3\n");
    if (last - first == 1)
        oac_plot_say(plot, "set label 3 \"%.6g\" at first %.9g,%.9g right offset -1,0\n", high,
                     (t->start_s + (double)first / t->rate_hz) * time.scale,
                     high * value.scale);
    oac_plot_say(plot, "plot '%s' using 1:2 with %s lc rgb '%s' lw 1.6 notitle\n", file,
                 rows < 4 * v->slots ? "linespoints pt 7 ps 0.5"
                 : strcmp(level->name, "receiver.output") == 0
                     ? "lines"
                     : "steps", /* a sample is a mean */
                 oac_scope_colour(level->name));
    return OAC_OK;
}

enum oac_status oac_scope_draw_chain(const struct oac_scope_view *v, const char *path,
                                     struct oac_err *err)
{
    struct oac_plot *plot;
    struct oac_scope_axis time = oac_scope_axis_for((double)v->slots * v->slot_s, "s");
    double slot = v->slot_s * time.scale;
    enum oac_status status = oac_plot_create(&plot, err);

    if (status != OAC_OK)
        return status;
    oac_plot_say(plot,
                 "set multiplot\nset lmargin at screen 0.115\nset rmargin at screen 0.985\n");
    oac_plot_say(plot, "set xrange [%.9g:%.9g]\nset xtics %.9g\nset mxtics 1\n", -LEAD * slot,
                 ((double)v->slots + TAIL) * slot,
                 slot * (v->slots > 8 ? ceil((double)v->slots / 8.0) : 1.0));
    oac_plot_say(
        plot,
        "set ylabel offset 0.5,0\nset offsets 0,0,graph 0.08,graph 0.08\nset autoscale yfix\n");
    for (size_t n = 0; n <= v->slots; n++) /* where slots begin */
        oac_plot_say(
            plot,
            "set arrow %zu from first %.9g,graph 0 to first %.9g,graph 1 nohead lc rgb "
            "'%s' lw %s back\n",
            n + 1, (double)n * slot, (double)n * slot,
            n == 0 || n == v->slots ? "#9aa5b1" : "#e4e9ef",
            n == 0 || n == v->slots ? "1.2" : "0.8");
    oac_plot_say(plot,
                 "unset grid\nset grid ytics lc rgb '#eef1f5' lw 0.8\nset ytics font ',11'\n");
    for (size_t i = 0; i < v->levels && status == OAC_OK; i++)
        status = draw_panel(plot, v, i, time, err);
    oac_plot_say(plot, "unset multiplot\n");
    if (status == OAC_OK)
        status = oac_plot_draw(plot, path, 900, 60 + 108 * (unsigned)v->levels, err);
    oac_plot_destroy(plot);
    return status;
}
