/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heat maps: crosstalk in decibels, without its diagonal, and what held-out images were taken for. */
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

#define LABELLED_MOST 20    /* columns; more leave no room for numbers in cells */
#define HEADED_PX     260.0 /* what the line above a small one takes */
#define FLOOR_DB      -50.0

struct heat {
    const char *title, *description, *rows, *columns;
    size_t size;
    double (*shade)(const struct oac_page *page, size_t row, size_t column); /* 0 to 1 */
    /* Number in the cell; NAN: none. */
    double (*number)(const struct oac_page *page, size_t row, size_t column);
};

static void put_cell(const struct oac_page *page, const struct heat *heat, size_t row,
                     size_t column, double side)
{
    const double x = 50.0 + (double)column * side, y = 40.0 + (double)row * side;
    const double shade = heat->shade(page, row, column);
    const double number = heat->number(page, row, column);
    oac_html_put(page->html,
                 "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                 "fill-opacity=\"%.3f\"/>",
                 x, y, side - 1.0, side - 1.0, isfinite(shade) ? shade : 0.0);
    if (isfinite(number) && heat->size <= LABELLED_MOST)
        oac_html_put(
            page->html,
            "<text class=\"in%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>",
            shade > 0.55 ? " over" : "", x + 0.5 * side, y + 0.5 * side + 3.0, number);
}

static void draw(const struct oac_page *page, const struct heat *heat)
{
    const double side = heat->size <= LABELLED_MOST ? 30.0 : 600.0 / (double)heat->size;
    const double height = side * (double)heat->size + 70.0;
    oac_picture_begin(page->html, fmax(height, HEADED_PX), height, heat->title,
                      heat->description);
    oac_html_put(page->html, "<text x=\"50\" y=\"14\">columns: %s, rows: %s</text>",
                 heat->columns, heat->rows);
    for (size_t i = 0; i < heat->size && heat->size <= LABELLED_MOST; i++)
        oac_html_put(page->html,
                     "<text x=\"%.1f\" y=\"34\" text-anchor=\"middle\">%zu</text>"
                     "<text x=\"44\" y=\"%.1f\" text-anchor=\"end\">%zu</text>",
                     50.0 + ((double)i + 0.5) * side, i, 43.0 + ((double)i + 0.5) * side, i);
    for (size_t row = 0; row < heat->size; row++)
        for (size_t column = 0; column < heat->size; column++)
            put_cell(page, heat, row, column, side);
    oac_picture_end(page->html);
}

static double crosstalk_db(const struct oac_page *page, size_t row, size_t column)
{
    const double *x = oac_page_reals(page, "/gain/crosstalk", NULL);
    double value = fabs(x[row * page->channels + column]);
    return row == column || !(value > 0.0) ? NAN : oac_db_from_power_ratio(value);
}

static double crosstalk_shade(const struct oac_page *page, size_t row, size_t column)
{
    return fmin(fmax(1.0 - crosstalk_db(page, row, column) / FLOOR_DB, 0.0), 1.0);
}

static double confused(const struct oac_page *page, size_t row, size_t column)
{
    const uint64_t *count = oac_h5_find_array(page->file, "/confusion")->data;
    return (double)count[row * page->classes + column];
}

static double confused_number(const struct oac_page *page, size_t row, size_t column)
{
    double count = confused(page, row, column);
    return count > 0.0 ? count : NAN;
}

/* The root, so that a few wrong ones are seen beside hundreds right. */
static double confused_shade(const struct oac_page *page, size_t row, size_t column)
{
    double all = 0.0;
    for (size_t i = 0; i < page->classes; i++)
        all += confused(page, row, i);
    return all > 0.0 ? sqrt(confused(page, row, column) / all) : 0.0;
}

void oac_page_matrices(const struct oac_page *page)
{
    const struct heat crosstalk = {
        "Crosstalk",    "Light of every laser in every readout, in decibels of its own",
        "readout",      "laser",
        page->channels, crosstalk_shade,
        crosstalk_db};
    const struct heat confusion = {"Confusion matrix",
                                   "Held-out images of the last attempt by label and by answer",
                                   "label",
                                   "answer",
                                   page->classes,
                                   confused_shade,
                                   confused_number};
    oac_html_put(page->html,
                 "<h2 id=\"crosstalk\">Crosstalk</h2>\n<p>In dB; values within their "
                 "error of nothing are noise. Shades end at %.0f dB.</p>\n",
                 FLOOR_DB);
    if (oac_page_reals(page, "/gain/crosstalk", NULL))
        draw(page, &crosstalk);
    else
        oac_html_put(page->html, "<p>Not measured.</p>\n");
    oac_html_put(page->html, "<h2 id=\"confusion\">Confusion matrix</h2>\n");
    if (page->classes)
        draw(page, &confusion);
    else
        oac_html_put(page->html, "<p>No accuracy was asked for.</p>\n");
}
