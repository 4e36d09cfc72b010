/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A figure as inline SVG: a picture with title and description, in it axes that turn data into pixels.
 *
 *     x_px = left + width  (x - x_min)/(x_max - x_min),   y_px = top + height (y_max - y)/(y_max - y_min)
 * on a logarithmic axis with the logarithms. Values outside are drawn on the edge, those that are
 * not finite not at all.
 * Colours are classes of the page's style, which knows light and dark. */
#ifndef OAC_EXPERIMENTS_CALIBRATION_PAGE_AXES_H
#define OAC_EXPERIMENTS_CALIBRATION_PAGE_AXES_H

#include <stdbool.h>
#include <stddef.h>

#include "experiments/calibration_page/html.h"

struct oac_axes {
    double left, top, width, height; /* [px] inside the picture */
    double x_min, x_max, y_min, y_max;
    bool log; /* both axes */
};

/* title and description are escaped. */
void oac_picture_begin(struct oac_html *html, double width, double height, const char *title,
                       const char *description);
void oac_picture_end(struct oac_html *html);

double oac_axes_x(const struct oac_axes *axes, double x); /* [px]. Pure. */
double oac_axes_y(const struct oac_axes *axes, double y); /* [px]. Pure. */
/* Widens the range of y by the finite ones of values, then by a tenth of itself. */
void oac_axes_fit_y(struct oac_axes *axes, const double *values, size_t count);
/* Frame, grid and ticks at round numbers (logarithmic: at decades); labels are escaped. */
void oac_axes_draw(struct oac_html *html, const struct oac_axes *axes, const char *x_label,
                   const char *y_label);
void oac_axes_line(struct oac_html *html, const struct oac_axes *axes, const double *x,
                   const double *y, size_t count, const char *class);
void oac_axes_dot(struct oac_html *html, const struct oac_axes *axes, double x, double y,
                  const char *class);

#endif
