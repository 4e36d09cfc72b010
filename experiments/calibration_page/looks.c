/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy against bench time: after every look the share of images right so far in this attempt, and of
 * the held-out ones the lower bound that the test of calibration/certify.h certifies then. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/certify.h"
#include "experiments/calibration_page/axes.h"
#include "experiments/calibration_page/page.h"

#define COUNT_MOST 1e15 /* images; beyond, a double counts no more */

static struct oac_certify_prior prior_of(const struct oac_page *page, size_t attempt)
{
    const double *right = oac_page_reals(page, "/attempts/calibration_right", NULL);
    const double *wrong = oac_page_reals(page, "/attempts/calibration_wrong", NULL);
    struct oac_certify_count count = {0};
    if (right && wrong && right[attempt] >= 0.0 && right[attempt] < COUNT_MOST &&
        wrong[attempt] >= 0.0 && wrong[attempt] < COUNT_MOST)
        count = (struct oac_certify_count){(size_t)right[attempt], (size_t)wrong[attempt]};
    return oac_certify_prior_from(count);
}

/* y[0] accuracy on the calibration split, y[1] on held-out images, y[2] the bound; NAN: not of this look. */
static void follow(const struct oac_page *page, double *y[3])
{
    const double *attempt = oac_page_reals(page, "/looks/attempt", NULL);
    const double *held_out = oac_page_reals(page, "/looks/held_out", NULL);
    const double *images = oac_page_reals(page, "/looks/images", NULL);
    const double *right = oac_page_reals(page, "/looks/right", NULL);
    const double *alpha = oac_page_reals(page, "/attempts/alpha", NULL);
    double seen = 0.0, hit = 0.0;
    for (size_t i = 0; i < page->looks; i++) {
        bool first = i == 0 || attempt[i] != attempt[i - 1] || held_out[i] != held_out[i - 1];
        seen = images[i] + (first ? 0.0 : seen);
        hit = right[i] + (first ? 0.0 : hit);
        y[0][i] = y[1][i] = y[2][i] = NAN;
        if (!(seen > 0.0 && hit >= 0.0 && hit <= seen && seen < COUNT_MOST))
            continue;
        y[held_out[i] > 0.0][i] = hit / seen;
        if (!(held_out[i] > 0.0 && attempt[i] >= 0.0 && attempt[i] < (double)page->attempts))
            continue;
        const size_t a = (size_t)attempt[i];
        const struct oac_certify_count count = {(size_t)hit, (size_t)(seen - hit)};
        if (alpha[a] > 0.0 && alpha[a] < 1.0)
            y[2][i] = oac_certify_lower_bound(prior_of(page, a), alpha[a], count);
        y[2][i] = y[2][i] > 0.0 ? y[2][i] : NAN;
    }
}

static void draw(const struct oac_page *page, const double *time, double *const y[3])
{
    const double target[2] = {page->certificate.target, page->certificate.target};
    struct oac_axes axes = {.left = 60,
                            .top = 30,
                            .width = 700,
                            .height = 240,
                            .y_min = target[0],
                            .y_max = target[0],
                            .x_min = 0.0,
                            .x_max = 1e-9};
    for (size_t i = 0; i < page->looks; i++)
        axes.x_max = fmax(axes.x_max, 1.03 * time[i]);
    for (int line = 0; line < 3; line++)
        for (size_t i = 0; i < page->looks; i++)
            if (isfinite(y[line][i])) {
                axes.y_min = fmin(axes.y_min, y[line][i]);
                axes.y_max = fmax(axes.y_max, y[line][i]);
            }
    oac_axes_fit_y(&axes, target, 2);
    axes.y_max = fmin(axes.y_max, 1.0);
    const double ends[2] = {axes.x_min, axes.x_max};
    oac_picture_begin(page->html, 800, 320, "Accuracy against bench time",
                      "Share of images right so far, on the calibration split and on held-out "
                      "images, with the certified lower bound and the target as a line.");
    oac_axes_draw(page->html, &axes, "bench time [s]", "accuracy");
    oac_axes_line(page->html, &axes, ends, target, 2, "target");
    oac_axes_line(page->html, &axes, time, y[1], page->looks, "c1");
    oac_axes_line(page->html, &axes, time, y[2], page->looks, "c2");
    for (size_t i = 0; i < page->looks; i++) {
        oac_axes_dot(page->html, &axes, time[i], y[0][i], "hollow");
        oac_axes_dot(page->html, &axes, time[i], y[1][i], "d1");
        oac_axes_dot(page->html, &axes, time[i], y[2][i], "d2");
    }
    oac_picture_end(page->html);
}

void oac_page_looks(const struct oac_page *page)
{
    const double *time = oac_page_reals(page, "/looks/bench", NULL);
    bool complete = page->certificate_there && page->looks && page->attempts && time &&
                    oac_page_reals(page, "/looks/attempt", NULL) &&
                    oac_page_reals(page, "/looks/held_out", NULL) &&
                    oac_page_reals(page, "/looks/right", NULL);
    double *values = NULL;
    oac_html_put(page->html, "<h2 id=\"looks\">Accuracy against time</h2>\n");
    if (!complete) {
        oac_html_put(page->html, "<p>No accuracy was asked for.</p>\n");
        return;
    }
    values = oac_alloc(3 * page->looks, sizeof *values, "looks", &page->html->err);
    if (!values)
        return;
    double *y[3] = {values, values + page->looks, values + 2 * page->looks};
    follow(page, y);
    draw(page, time, y);
    oac_html_put(
        page->html,
        "<p class=\"key\"><span class=\"k0\">hollow</span> calibration split; "
        "<span class=\"k1\">held-out images</span>; <span class=\"k2\">certified lower "
        "bound</span>, valid at every look; dashed: target.</p>\n");
    free(values);
}
