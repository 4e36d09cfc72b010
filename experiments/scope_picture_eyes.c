/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_picture.h"

#include <math.h>
#include <stdio.h>

enum oac_status oac_scope_draw_eyes(const struct oac_scope_view *v, const char *path,
                                    struct oac_err *err)
{
    struct oac_scope_axis time = oac_scope_axis_for(2.0 * v->slot_s, "s");
    struct oac_plot *plot;
    enum oac_status status = oac_plot_create(&plot, err);

    if (status != OAC_OK)
        return status;
    oac_plot_say(plot, "set multiplot layout 1,3 margins 0.07,0.985,0.2,0.86 spacing 0.085\n");
    oac_plot_say(plot, "set palette defined (0 '#ffffff', 0.12 '#b3cde3', 0.35 '#5a9bc9', 0.65 "
                       "'#0072b2', 1 '#012a4a')\nunset colorbox\nset border 15\n");
    for (size_t i = 0; i < OAC_SCOPE_EYES && status == OAC_OK; i++) {
        const struct oac_scope_eye *e = &v->eye[i];
        struct oac_scope_axis value =
            oac_scope_axis_for(fmax(fabs(e->low), fabs(e->high)), e->unit);
        double step = 2.0 * v->slot_s * time.scale / OAC_EYE_TIMES;
        double rise = (e->high - e->low) * value.scale / OAC_EYE_LEVELS;
        char file[32];
        if (!e->density)
            continue;
        snprintf(file, sizeof file, "eye%zu", i);
        status = oac_plot_table(plot, file, OAC_EYE_TIMES, OAC_EYE_LEVELS, e->density, err);
        oac_plot_say(plot, "set xrange [0:%.9g]\nset xtics %.9g\nset yrange [%.9g:%.9g]\n",
                     2.0 * v->slot_s * time.scale, 0.5 * v->slot_s * time.scale,
                     e->low * value.scale, e->high * value.scale);
        oac_plot_say(plot,
                     "set xlabel \"time, two slots [%ss]\"\nset ylabel \"[%s%s]\" offset 1,0\n",
                     time.prefix, value.prefix, e->unit);
        oac_plot_say(
            plot,
            "set label 1 \"%s\" at graph 0,1.12 left tc rgb '%s' noenhanced\nset label 2 "
            "\"opening %.0f %%%s\" at graph 0,1.04 left tc rgb '" OAC_PLOT_GREY
            "' font ',11' noenhanced\n",
            oac_scope_title(e->name), oac_scope_colour(e->name), 100.0 * e->opening,
            e->opening > 0.0 ? "" : ": closed");
        oac_plot_say(
            plot,
            "plot '%s' matrix using (($2+0.5)*%.9g):(%.9g+($1+0.5)*%.9g):(sqrt($3)) with "
            "image notitle\n",
            file, step, e->low * value.scale, rise);
    }
    oac_plot_say(plot, "unset multiplot\n");
    if (status == OAC_OK)
        status = oac_plot_draw(plot, path, 1080, 390, err);
    oac_plot_destroy(plot);
    return status;
}
