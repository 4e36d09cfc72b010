/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allan deviation of every readout, dark and bright, against how many windows are averaged
 * (calibration/fit_noise.h). White noise falls along the dashed lines, as windows^(-1/2); what
 * bends upwards drifts. */
#include <math.h>

#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

#define OCTAVES_MOST 40

/* From the mean of all channels at one window. */
static void draw_white(const struct oac_page *page, const struct oac_axes *axes,
                       const double *deviation, size_t octaves)
{
    double sum = 0.0, ends[2] = {axes->x_min, axes->x_max}, white[2];
    size_t count = 0;
    for (size_t k = 0; k < page->channels; k++)
        if (isfinite(deviation[k * octaves])) {
            sum += deviation[k * octaves];
            count++;
        }
    if (!count)
        return;
    white[0] = sum / (double)count;
    white[1] = white[0] * sqrt(ends[0] / ends[1]);
    oac_axes_line(page->html, axes, ends, white, 2, "target");
}

static void draw(const struct oac_page *page, const double *dark, const double *bright,
                 size_t octaves)
{
    double windows[OCTAVES_MOST];
    struct oac_axes axes = {.left = 60,
                            .top = 30,
                            .width = 700,
                            .height = 280,
                            .x_min = 1.0,
                            .x_max = ldexp(1.0, (int)octaves - 1),
                            .y_min = INFINITY,
                            .y_max = 0.0,
                            .log = true};
    for (size_t i = 0; i < page->channels * octaves; i++) {
        axes.y_min = dark[i] > 0.0 ? fmin(axes.y_min, dark[i]) : axes.y_min;
        axes.y_max = isfinite(dark[i]) ? fmax(axes.y_max, dark[i]) : axes.y_max;
    }
    oac_axes_fit_y(&axes, bright, page->channels * octaves);
    if (!(axes.y_min > 0.0 && axes.y_max > axes.y_min && isfinite(axes.y_max))) {
        oac_html_put(page->html, "<p>No readout has noise.</p>\n");
        return;
    }
    for (size_t i = 0; i < octaves; i++)
        windows[i] = ldexp(1.0, (int)i);
    oac_picture_begin(page->html, 800, 355, "Allan deviation",
                      "Deviation of means of windows, dark and bright, every channel a line; "
                      "dashed lines fall as white noise does");
    oac_axes_draw(page->html, &axes, "windows averaged", "Allan deviation [code]");
    draw_white(page, &axes, dark, octaves);
    draw_white(page, &axes, bright, octaves);
    for (size_t k = 0; k < page->channels; k++) {
        oac_axes_line(page->html, &axes, windows, dark + k * octaves, octaves, "c1 thin");
        oac_axes_line(page->html, &axes, windows, bright + k * octaves, octaves, "c2 thin");
    }
    oac_picture_end(page->html);
    oac_html_put(
        page->html,
        "<p class=\"key\"><span class=\"k1\">dark</span>, <span class=\"k2\">bright</span>, "
        "a line each channel; dashed: white noise, slope -1/2.</p>\n");
}

void oac_page_allan(const struct oac_page *page)
{
    size_t of_dark = 0, of_bright = 0;
    const double *dark = oac_page_reals(page, "/noise/allan_dark", &of_dark);
    const double *bright = oac_page_reals(page, "/noise/allan_bright", &of_bright);
    oac_html_put(page->html, "<h2 id=\"allan\">Noise: Allan deviation</h2>\n");
    if (dark && bright && of_dark == of_bright && of_dark > 1 && of_dark <= OCTAVES_MOST)
        draw(page, dark, bright, of_dark);
    else
        oac_html_put(page->html, "<p>Not measured.</p>\n");
}
