/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the residuals of each kind of fit are distributed, all channels together, beside the normal law they should
 * follow, and how well each channel is described: chi2 over its degrees of freedom, and the p value. */
#include <math.h>
#include <stdio.h>

#include "calibration/fit_client.h"
#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

#define BINS     40
#define SPAN     5.0 /* sigmas, either side */
#define SQRT_2PI 2.5066282746310002
#define P_LOW    0.001 /* a smaller p value is marked; of 64 good fits 6 % hold one */

static const struct {
    const char *name, *group;
} kinds[] = {{"dark readouts", "/fits/dark"},
             {"weight curves", "/fits/weight"},
             {"linearity", "/fits/linearity"},
             {"gains", "/fits/gain"}};

static const double *part(const struct oac_page *page, const char *group, const char *name,
                          size_t *columns)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", group, name);
    return oac_page_reals(page, path, columns);
}

/* Density of all residuals per bin; those beyond the span count in the outermost bins. Returned: how many. */
static size_t histogram(const double *residual, size_t points, double density[BINS])
{
    size_t count = 0;
    for (size_t b = 0; b < BINS; b++)
        density[b] = 0.0;
    for (size_t i = 0; i < points; i++) {
        double at = (residual[i] + SPAN) / (2.0 * SPAN) * BINS;
        if (!isfinite(at))
            continue;
        density[(size_t)fmin(fmax(at, 0.0), BINS - 1)] += 1.0;
        count++;
    }
    for (size_t b = 0; b < BINS && count > 0; b++)
        density[b] /= (double)count * 2.0 * SPAN / BINS;
    return count;
}

static void draw(const struct oac_page *page, const char *name, const double *residual,
                 size_t points)
{
    double density[BINS], x[BINS], normal[BINS];
    char description[120];
    struct oac_axes axes = {.left = 44,
                            .top = 34,
                            .width = 300,
                            .height = 130,
                            .x_min = -SPAN,
                            .x_max = SPAN,
                            .y_max = 0.4};
    size_t count = histogram(residual, points, density);
    for (size_t b = 0; b < BINS; b++) {
        x[b] = -SPAN + (2.0 * (double)b + 1.0) * SPAN / BINS;
        normal[b] = exp(-0.5 * x[b] * x[b]) / SQRT_2PI;
        axes.y_max = fmax(axes.y_max, 1.05 * density[b]);
    }
    snprintf(description, sizeof description,
             "Histogram of %zu residuals in sigmas, and the normal density as a line", count);
    oac_picture_begin(page->html, 360, 205, name, description);
    oac_html_put(page->html, "<text class=\"name\" x=\"4\" y=\"13\">%s: %zu residuals</text>",
                 name, count);
    oac_axes_draw(page->html, &axes, "residual [sigma]", "density");
    for (size_t b = 0; b < BINS; b++) {
        double top = oac_axes_y(&axes, density[b]), width = axes.width / BINS;
        oac_html_put(
            page->html,
            "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
            axes.left + (double)b * width, top, width - 0.5, axes.top + axes.height - top);
    }
    oac_axes_line(page->html, &axes, x, normal, BINS, "c2");
    oac_picture_end(page->html);
}

static void put_fit(const struct oac_page *page, const char *group, size_t k)
{
    const double *chi2 = part(page, group, "chi2", NULL), *dof = part(page, group, "dof", NULL);
    const double *p = part(page, group, "p_value", NULL);
    if (chi2 && dof && p && isfinite(chi2[k]) && dof[k] > 0.0)
        oac_html_put(page->html, "<td>%.3f</td><td%s>%.2g</td>", chi2[k] / dof[k],
                     p[k] < P_LOW ? " class=\"low\"" : "", p[k]);
    else
        oac_html_put(page->html, "<td>-</td><td>-</td>");
}

/* The client's fits, each of a block of channels; NULL when there is no such block. */
static const struct oac_h5_array *client_part(const struct oac_page *page, size_t block,
                                              const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/fits/client/%03zu/%s", block, name);
    const struct oac_h5_array *array = oac_h5_find_array(page->file, path);
    return array && array->type == OAC_H5_F64 && array->count > 0 ? array : NULL;
}

static void put_client(const struct oac_page *page, size_t block)
{
    const struct oac_h5_array *chi2 = client_part(page, block, "chi2");
    const struct oac_h5_array *dof = client_part(page, block, "dof");
    const struct oac_h5_array *p = client_part(page, block, "p_value");
    if (!chi2 || !dof || !p)
        return;
    const double value = *(const double *)p->data;
    oac_html_put(
        page->html,
        "<p>Client's curve, channels from %zu on: χ²/dof %.3f, p <span%s>%.2g</span>.</p>\n",
        block * (size_t)OAC_CLIENT_BLOCK,
        *(const double *)chi2->data / *(const double *)dof->data,
        value < P_LOW ? " class=\"low\"" : "", value);
}

static void put_table(const struct oac_page *page)
{
    oac_html_put(page->html, "<table class=\"grid-table\"><thead><tr><th>channel</th>");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        oac_html_put(page->html, "<th>%s: χ²/dof</th><th>p</th>", kinds[i].name);
    oac_html_put(page->html, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < page->channels; k++) {
        oac_html_put(page->html, "<tr><td>%zu</td>", k);
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            put_fit(page, kinds[i].group, k);
        oac_html_put(page->html, "</tr>\n");
    }
    oac_html_put(page->html, "</tbody></table>\n");
}

void oac_page_residuals(const struct oac_page *page)
{
    const struct oac_h5_array *client;
    oac_html_put(
        page->html,
        "<h2 id=\"residuals\">Residuals</h2>\n<p>Bars: what the fits left over. Line: the "
        "normal law. A p value below %.3g is marked: the model or its stated errors do "
        "not describe that channel.</p>\n<div class=\"multiples\">\n",
        P_LOW);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t columns = 0;
        const double *residual = part(page, kinds[i].group, "residual", &columns);
        if (residual)
            draw(page, kinds[i].name, residual, page->channels * columns);
    }
    for (size_t b = 0; (client = client_part(page, b, "residual")) != NULL; b++)
        draw(page, "client's curve", client->data, client->count);
    oac_html_put(page->html, "</div>\n");
    for (size_t b = 0; client_part(page, b, "residual"); b++)
        put_client(page, b);
    put_table(page);
}
