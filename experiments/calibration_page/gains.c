/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gain of every channel with its standard error, as a picture and as a table. */
#include <math.h>

#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

static void draw(const struct oac_page *page, const double *gain, const double *sigma)
{
    const size_t n = page->channels;
    struct oac_axes axes = {.left = 60,
                            .top = 30,
                            .width = 700,
                            .height = 200,
                            .x_min = -0.5,
                            .x_max = (double)n - 0.5,
                            .y_min = INFINITY,
                            .y_max = -INFINITY};
    for (size_t k = 0; k < n; k++) {
        if (!oac_page_measured(page, k))
            continue;
        double reach[2] = {gain[k * n + k] - sigma[k * n + k],
                           gain[k * n + k] + sigma[k * n + k]};
        axes.y_min = isfinite(reach[0]) ? fmin(axes.y_min, reach[0]) : axes.y_min;
        axes.y_max = isfinite(reach[1]) ? fmax(axes.y_max, reach[1]) : axes.y_max;
    }
    oac_axes_fit_y(&axes, NULL, 0);
    oac_picture_begin(page->html, 800, 280, "Gains",
                      "Gain of every channel in codes per slot, with one standard error");
    oac_axes_draw(page->html, &axes, "channel", "gain [code/slot], bars: one standard error");
    for (size_t k = 0; k < n; k++) {
        const double value = gain[k * n + k], error = sigma[k * n + k], x = (double)k;
        if (!oac_page_measured(page, k) || !isfinite(value) || !isfinite(error))
            continue;
        double at = oac_axes_x(&axes, x), low = oac_axes_y(&axes, value - error);
        double high = oac_axes_y(&axes, value + error);
        oac_html_put(page->html,
                     "<path class=\"error\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f %.1fh8\"/>",
                     at, low, high, at - 4.0, low, at - 4.0, high);
        oac_axes_dot(page->html, &axes, x, value, "d1");
    }
    oac_picture_end(page->html);
}

static void put_table(const struct oac_page *page, const double *gain, const double *sigma)
{
    const size_t n = page->channels;
    oac_html_put(page->html,
                 "<table class=\"grid-table\"><thead><tr><th>channel</th><th>gain "
                 "[code/slot]</th><th>±</th><th>relative</th></tr></thead><tbody>\n");
    for (size_t k = 0; k < n; k++) {
        if (!oac_page_measured(page, k)) {
            oac_html_put(page->html, "<tr><td>%zu</td><td>-</td><td>-</td><td>-</td></tr>\n",
                         k);
            continue;
        }
        oac_html_put(
            page->html, "<tr><td>%zu</td><td>%.2f</td><td>%.2f</td><td>%.3f %%</td></tr>\n", k,
            gain[k * n + k], sigma[k * n + k], 100.0 * sigma[k * n + k] / gain[k * n + k]);
    }
    oac_html_put(page->html, "</tbody></table>\n");
}

void oac_page_gains(const struct oac_page *page)
{
    const double *gain = oac_page_reals(page, "/gain/matrix", NULL);
    const double *sigma = oac_page_reals(page, "/gain/matrix_sigma", NULL);
    oac_html_put(page->html, "<h2 id=\"gains\">Gains</h2>\n");
    if (!gain || !sigma) {
        oac_html_put(page->html, "<p>Not measured.</p>\n");
        return;
    }
    draw(page, gain, sigma);
    put_table(page, gain, sigma);
}
