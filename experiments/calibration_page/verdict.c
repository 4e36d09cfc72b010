/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict in one line, what speaks against believing it, and what it cost. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/calibration_page/page.h"
#include "experiments/format.h"

/* The stored bound has as many digits as a double; the same arithmetic gives it again to rounding,
 * as in the gate. */
#define BOUND_TOLERANCE 1e-9

static void put_alert(struct oac_html *html, const char *text)
{
    oac_html_put(html, "<p class=\"alert\" role=\"alert\">");
    oac_html_text(html, text);
    oac_html_put(html, "</p>\n");
}

/* Channels that were broken, and why. */
static void put_left_out(const struct oac_page *page)
{
    const char *faults = oac_h5_find_text(page->file, "/channel", "faults");
    size_t out = 0;
    for (size_t k = 0; k < page->channels; k++)
        out += !oac_page_measured(page, k);
    if (!out || !faults)
        return;
    oac_html_put(page->html, "<p>Left out, %zu of %zu channels: ", out, page->channels);
    oac_html_text(page->html, faults);
    oac_html_put(page->html, "</p>\n");
}

static void certified_line(const struct oac_page *page, char *line, size_t bytes)
{
    const struct oac_certificate *c = &page->certificate;
    if (strcmp(c->verdict, "certified") == 0)
        snprintf(line, bytes,
                 "Certified: %s on %s is right on at least %s of images, at confidence %.4g; "
                 "%s was asked for.",
                 c->model_name, c->rig_name, oac_format_percent(c->bound).text, c->confidence,
                 oac_format_percent(c->target).text);
    else
        snprintf(line, bytes,
                 "Not certified, %s: %s on %s was asked to be right on %s of images.",
                 c->verdict, c->model_name, c->rig_name, oac_format_percent(c->target).text);
}

void oac_page_verdict(const struct oac_page *page)
{
    const struct oac_certificate *c = &page->certificate;
    const char *rig = oac_h5_find_text(page->file, "/source", "rig_name");
    const char *reason = oac_h5_find_text(page->file, "/attempts", "reason");
    bool sound = !page->certificate_there ||
                 fabs(oac_certificate_bound(c) - c->bound) <= BOUND_TOLERANCE;
    bool certified = page->certificate_there && strcmp(c->verdict, "certified") == 0;
    char line[512];
    if (*page->seal_trouble || !sound)
        snprintf(line, sizeof line, "Do not rely on this file: %s",
                 sound ? "its seal does not hold." : "its statistics contradict themselves.");
    else if (page->certificate_there)
        certified_line(page, line, sizeof line);
    else
        snprintf(
            line, sizeof line,
            "Measured: %.120s, %zu channels. No accuracy was asked for, so none is certified.",
            rig ? rig : page->calrec->device_id, page->channels);
    oac_html_put(page->html, "<p class=\"verdict%s\">",
                 *page->seal_trouble || !sound ? " bad"
                 : certified                   ? " good"
                 : page->certificate_there     ? " bad"
                                               : "");
    oac_html_text(page->html, line);
    oac_html_put(page->html, "</p>\n");
    put_left_out(page);
    if (reason && *reason) {
        oac_html_put(page->html, "<p>");
        oac_html_text(page->html, reason);
        oac_html_put(page->html, "</p>\n");
    }
    if (*page->seal_trouble)
        put_alert(page->html, page->seal_trouble);
    if (page->calrec->forced)
        put_alert(page->html, "Forced: this record was taken over for a bench it was not "
                              "measured on.");
    if (!sound)
        put_alert(page->html, "The counts of the certificate do not give the bound it states: "
                              "do not rely on it.");
}

static void count_row(const struct oac_page *page, const char *heading, const char *name)
{
    double value = oac_page_number(page, "/spent", name);
    if (value >= 0.0 && value < 1e18)
        oac_html_row(page->html, heading, oac_format_count((uint64_t)value).text);
}

/* Bench time, light and photons of a part, in one row; none in files that do not tell. */
static void put_cost(const struct oac_page *page, const char *where, const char *heading)
{
    char text[128];
    const double bench_s = oac_page_number(page, where, "bench_s");
    if (isnan(bench_s))
        return;
    snprintf(text, sizeof text, "%s, %s launched, %.3g photons detected",
             oac_format_si(bench_s, "s").text,
             oac_format_si(oac_page_number(page, where, "launched_j"), "J").text,
             oac_page_number(page, where, "detected_photons"));
    oac_html_row(page->html, heading, text);
}

void oac_page_cost(const struct oac_page *page)
{
    struct oac_html *html = page->html;
    char photons[32];
    oac_html_put(html, "<h2 id=\"cost\">What it cost</h2>\n<table>\n");
    count_row(page, "windows", "windows");
    count_row(page, "slots", "slots");
    count_row(page, "slots per window", "slots_per_window");
    count_row(page, "saturated readouts", "saturated_readouts");
    oac_html_row(html, "bench time, measuring",
                 oac_format_si(oac_page_number(page, "/spent", "bench_s"), "s").text);
    oac_html_row(html, "light launched",
                 oac_format_si(oac_page_number(page, "/spent", "launched_j"), "J").text);
    oac_html_row(html, "light into the client",
                 oac_format_si(oac_page_number(page, "/spent", "client_in_j"), "J").text);
    snprintf(photons, sizeof photons, "%.3g",
             oac_page_number(page, "/spent", "detected_photons"));
    oac_html_row(html, "photons detected", photons);
    put_cost(page, "/spent/all", "all measurements");
    put_cost(page, "/spent/images", "images, judging and certifying");
    oac_html_row(html, "wall time, everything",
                 oac_format_si(oac_page_number(page, "/spent", "wall_s"), "s").text);
    if (page->certificate_there) {
        const struct oac_certificate *c = &page->certificate;
        oac_html_row(html, "bench time of an image", oac_format_si(c->latency_s, "s").text);
        oac_html_row(html, "launched per product",
                     oac_format_si(c->launched_aj_per_mac * 1e-18, "J").text);
        oac_html_row(html, "detected per product",
                     oac_format_si(c->detected_aj_per_mac * 1e-18, "J").text);
    }
    oac_html_put(html, "</table>\n");
}
