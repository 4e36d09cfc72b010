/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

static enum oac_status draw_spectrum(struct oac_plot *plot, const struct oac_scope_spectrum *s,
                                     size_t panel, struct oac_err *err)
{
    double *table = oac_alloc(3 * s->count, sizeof *table, "a picture", err), top = -INFINITY,
           low = INFINITY;
    struct oac_scope_axis frequency = oac_scope_axis_for(s->frequency_hz[s->count - 1], "Hz");
    double reference = s->two_sided ? 1e-3 : 1.0; /* dBm/Hz of light */
    char file[32];

    if (!table)
        return err->status;
    for (size_t m = 0; m < s->count; m++) {
        table[3 * m] = s->frequency_hz[m] * frequency.scale;
        table[3 * m + 1] = 10.0 * log10(fmax(s->density[m], 1e-300) / reference);
        table[3 * m + 2] = 10.0 * log10(fmax(s->clean[m], 1e-300) / reference);
        low = fmin(low, table[3 * m + 1]);
        top = fmax(top, fmax(table[3 * m + 1], table[3 * m + 2]));
    }
    snprintf(file, sizeof file, "spectrum%zu", panel);
    enum oac_status status = oac_plot_table(plot, file, s->count, 3, table, err);
    free(table);
    oac_plot_say(plot, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
                 s->frequency_hz[0] * frequency.scale,
                 s->frequency_hz[s->count - 1] * frequency.scale,
                 10.0 * floor(fmax(top - 90.0, low - 3.0) / 10.0), 10.0 * ceil(top / 10.0));
    oac_plot_say(plot, "set xlabel \"%s [%sHz]\"\nset ylabel \"%s\" offset 1,0\n",
                 s->two_sided ? "from the carrier" : "frequency", frequency.prefix,
                 s->two_sided ? "[dBm/Hz]" : "[dB A^2/Hz]");
    oac_plot_say(plot, "set label 1 \"%s, %s\" at graph 0,1.07 left tc rgb '%s' noenhanced\n",
                 oac_scope_title(s->name), s->two_sided ? "light" : "photocurrent",
                 oac_scope_colour(s->name));
    oac_plot_say(
        plot,
        "plot '%s' using 1:2 with lines lc rgb '" OAC_PLOT_BLUE
        "' lw 2.2 title 'noise as asked', '' using 1:3 with lines lc rgb '" OAC_PLOT_ORANGE
        "' lw 1.6 dt (6,4) title 'without noise'\n",
        file);
    return status;
}

enum oac_status oac_scope_draw_spectra(const struct oac_scope_view *v, const char *path,
                                       struct oac_err *err)
{
    struct oac_plot *plot;
    enum oac_status status = oac_plot_create(&plot, err);

    if (status != OAC_OK)
        return status;
    oac_plot_say(plot, "set multiplot layout 1,2 margins 0.08,0.985,0.19,0.9 spacing 0.1\n"
                       "set key top right samplen 2\n");
    for (size_t i = 0; i < OAC_SCOPE_SPECTRA && status == OAC_OK; i++)
        if (v->spectrum[i].count)
            status = draw_spectrum(plot, &v->spectrum[i], i, err);
    oac_plot_say(plot, "unset multiplot\n");
    if (status == OAC_OK)
        status = oac_plot_draw(plot, path, 1000, 410, err);
    oac_plot_destroy(plot);
    return status;
}
