/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small multiples: the fitted curve of every weight modulator, and under it what the fit left
 * over, in order of the sweep. The file holds residuals, not the states they belong to, so
 * they are not drawn on the curve. */
#include <math.h>
#include <stdio.h>

#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

#define POINTS 81
#define SPAN   4.0 /* residuals are drawn to so many sigmas */

static void draw_curve(struct oac_html *html, const struct oac_curve *curve)
{
    double v[POINTS], t[POINTS];
    const double half = 1.2 * curve->vpi_v;
    const struct oac_axes axes = {.left = 36,
                                  .top = 34,
                                  .width = 204,
                                  .height = 90,
                                  .x_min = curve->vpeak_v - half,
                                  .x_max = curve->vpeak_v + half,
                                  .y_min = curve->r < 0.0 ? -1.05 : 0.0,
                                  .y_max = 1.05};
    for (size_t i = 0; i < POINTS; i++) {
        v[i] = axes.x_min + 2.0 * half * (double)i / (POINTS - 1);
        t[i] = oac_curve_transmission(curve, v[i]);
    }
    oac_axes_draw(html, &axes, "", "T/T_on against V");
    oac_axes_line(html, &axes, v, t, POINTS, "c1");
}

static void draw_residual(struct oac_html *html, const double *residual, size_t count)
{
    const struct oac_axes axes = {.left = 36,
                                  .top = 152,
                                  .width = 204,
                                  .height = 50,
                                  .x_min = 0.0,
                                  .x_max = (double)count,
                                  .y_min = -SPAN,
                                  .y_max = SPAN};
    oac_axes_draw(html, &axes, "point of the sweep", "");
    oac_html_put(html, "<path class=\"points\" d=\"");
    for (size_t i = 0; i < count; i++)
        if (isfinite(residual[i]))
            oac_html_put(html, "M%.1f %.1fh0", oac_axes_x(&axes, (double)i),
                         oac_axes_y(&axes, residual[i]));
    oac_html_put(html, "\"/>\n");
}

static void draw(const struct oac_page *page, const char *name, const struct oac_curve *curve,
                 const double *residual, size_t count)
{
    char title[64], description[160];
    snprintf(title, sizeof title, "Curve of %s", name);
    snprintf(description, sizeof description,
             "V_pi %.5g V, peak at %.5g V, r %.3g; below it residuals in sigmas", curve->vpi_v,
             curve->vpeak_v, curve->r);
    oac_picture_begin(page->html, 250, residual ? 236 : 160, title, description);
    oac_html_put(page->html, "<text class=\"name\" x=\"4\" y=\"13\">");
    oac_html_text(page->html, name);
    oac_html_put(page->html, ": V_π %.5g V, peak %.5g V</text>\n", curve->vpi_v,
                 curve->vpeak_v);
    draw_curve(page->html, curve);
    if (residual)
        draw_residual(page->html, residual, count);
    oac_picture_end(page->html);
}

void oac_page_curves(const struct oac_page *page)
{
    size_t count = 0;
    const double *residual = oac_page_reals(page, "/fits/weight/residual", &count);
    char name[48];
    oac_html_put(
        page->html,
        "<h2 id=\"curves\">Curves</h2>\n<p>Fitted transmission of each modulator; below, "
        "what the fit left over in sigmas, clipped at ±%.0f. Channels that were left out have "
        "none.</p>\n"
        "<div class=\"multiples\">\n",
        SPAN);
    draw(page, "client", &page->calrec->client, NULL, 0);
    for (size_t k = 0; k < page->channels; k++) {
        const bool out = page->calrec->channel[k].excluded;
        if (!oac_page_measured(page, k))
            continue;
        snprintf(name, sizeof name, "weight %zu%s", k, out ? ", excluded" : "");
        draw(page, name, &page->calrec->channel[k].weight,
             residual && !out ? residual + k * count : NULL, count);
    }
    oac_html_put(page->html, "</div>\n");
}
