/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibration_page/axes.h"

#include <math.h>

#define TICKS      5.0 /* about so many */
#define TICKS_MOST 40

void oac_picture_begin(struct oac_html *html, double width, double height, const char *title,
                       const char *description)
{
    oac_html_put(html,
                 "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">"
                 "<title>",
                 width, height, width, height);
    oac_html_text(html, title);
    oac_html_put(html, "</title><desc>");
    oac_html_text(html, description);
    oac_html_put(html, "</desc>\n");
}

void oac_picture_end(struct oac_html *html)
{
    oac_html_put(html, "</svg>\n");
}

/* Where value lies between low and high, 0 to 1. */
static double share(double value, double low, double high, bool logarithmic)
{
    double at = logarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low);
    return fmin(fmax(at, 0.0), 1.0);
}

double oac_axes_x(const struct oac_axes *a, double x)
{
    return a->left + a->width * share(x, a->x_min, a->x_max, a->log);
}

double oac_axes_y(const struct oac_axes *a, double y)
{
    return a->top + a->height * (1.0 - share(y, a->y_min, a->y_max, a->log));
}

void oac_axes_fit_y(struct oac_axes *axes, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]) || (axes->log && !(values[i] > 0.0)))
            continue;
        axes->y_min = fmin(axes->y_min, values[i]);
        axes->y_max = fmax(axes->y_max, values[i]);
    }
    if (axes->log) {
        axes->y_min /= 1.3;
        axes->y_max *= 1.3;
        return;
    }
    double edge = 0.1 * (axes->y_max - axes->y_min);
    if (!(edge > 0.0))
        edge = fmax(0.1 * fabs(axes->y_max), 1e-12);
    axes->y_min -= edge;
    axes->y_max += edge;
}

/* 1, 2 or 5 times a power of ten. */
static double round_step(double span)
{
    double step = span / TICKS, decade = pow(10.0, floor(log10(step)));
    double times = step / decade;
    return decade * (times < 1.5 ? 1.0 : times < 3.5 ? 2.0 : times < 7.5 ? 5.0 : 10.0);
}

static void tick(struct oac_html *html, const struct oac_axes *a, double value, bool on_x)
{
    double right = a->left + a->width, bottom = a->top + a->height;
    double x = on_x ? oac_axes_x(a, value) : a->left, y = on_x ? bottom : oac_axes_y(a, value);
    oac_html_put(html, "<path class=\"grid\" d=\"M%.1f %.1f%c%.1f\"/>", x, y, on_x ? 'V' : 'H',
                 on_x ? a->top : right);
    oac_html_put(html, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.4g</text>",
                 on_x ? x : x - 5.0, on_x ? y + 13.0 : y + 3.5, on_x ? "middle" : "end", value);
}

static void ticks(struct oac_html *html, const struct oac_axes *a, bool on_x)
{
    double low = on_x ? a->x_min : a->y_min, high = on_x ? a->x_max : a->y_max;
    if (a->log) {
        double times = high / low < 20.0 ? 2.0 : 10.0;
        double first = pow(times, ceil(log(low) / log(times) - 1e-9));
        for (int i = 0; i < TICKS_MOST && first <= high * (1.0 + 1e-9); i++, first *= times)
            tick(html, a, first, on_x);
        return;
    }
    double step = round_step(high - low), first = ceil(low / step - 1e-9);
    for (int i = 0; i < TICKS_MOST && (first + i) * step <= high + 1e-9 * step; i++)
        tick(html, a, (first + i) * step, on_x);
}

void oac_axes_draw(struct oac_html *html, const struct oac_axes *a, const char *x_label,
                   const char *y_label)
{
    ticks(html, a, true);
    ticks(html, a, false);
    oac_html_put(html,
                 "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                 a->left, a->top, a->width, a->height);
    oac_html_put(html, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                 a->left + 0.5 * a->width, a->top + a->height + 29.0);
    oac_html_text(html, x_label);
    oac_html_put(html, "</text><text x=\"%.1f\" y=\"%.1f\">", a->left, a->top - 6.0);
    oac_html_text(html, y_label);
    oac_html_put(html, "</text>\n");
}

void oac_axes_line(struct oac_html *html, const struct oac_axes *axes, const double *x,
                   const double *y, size_t count, const char *class)
{
    bool drawing = false;
    oac_html_put(html, "<path class=\"line %s\" d=\"", class);
    for (size_t i = 0; i < count; i++) {
        bool shown = isfinite(x[i]) && isfinite(y[i]);
        if (shown)
            oac_html_put(html, "%c%.1f %.1f", drawing ? 'L' : 'M', oac_axes_x(axes, x[i]),
                         oac_axes_y(axes, y[i]));
        drawing = shown;
    }
    oac_html_put(html, "\"/>\n");
}

void oac_axes_dot(struct oac_html *html, const struct oac_axes *axes, double x, double y,
                  const char *class)
{
    if (isfinite(x) && isfinite(y))
        oac_html_put(html, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", class,
                     oac_axes_x(axes, x), oac_axes_y(axes, y));
}
