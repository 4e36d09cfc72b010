/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attempts of the target loop, and where everything comes from. */
#include <stdio.h>
#include <string.h>

#include "experiments/calibration_page/page.h"
#include "experiments/format.h"

static void put_cell(struct oac_html *html, const char *text)
{
    oac_html_put(html, "<td>");
    oac_html_text(html, text);
    oac_html_put(html, "</td>");
}

static void put_split(const struct oac_page *page, const char *right_path,
                      const char *wrong_path, size_t i)
{
    const double *right = oac_page_reals(page, right_path, NULL);
    const double *wrong = oac_page_reals(page, wrong_path, NULL);
    char text[96] = "-";
    if (right && wrong && right[i] + wrong[i] > 0.0)
        snprintf(text, sizeof text, "%s of %.0f",
                 oac_format_percent(right[i] / (right[i] + wrong[i])).text,
                 right[i] + wrong[i]);
    put_cell(page->html, text);
}

static void put_attempt(const struct oac_page *page, size_t i)
{
    static const char *const texts[] = {"step", "verdict", "detail"};
    const double *bound = oac_page_reals(page, "/attempts/bound", NULL);
    const double *expected = oac_page_reals(page, "/attempts/expected_images", NULL);
    const double *alpha = oac_page_reals(page, "/attempts/alpha", NULL);
    char where[32], number[32];
    snprintf(where, sizeof where, "/attempts/%03zu", i);
    oac_html_put(page->html, "<tr><td>%zu</td>", i + 1);
    put_split(page, "/attempts/calibration_right", "/attempts/calibration_wrong", i);
    snprintf(number, sizeof number, "%.0f", expected ? expected[i] : 0.0);
    put_cell(page->html, number);
    put_split(page, "/attempts/right", "/attempts/wrong", i);
    put_cell(page->html, oac_format_number(alpha[i]).text);
    put_cell(page->html, bound && bound[i] > 0.0 ? oac_format_percent(bound[i]).text : "-");
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        const char *text = oac_h5_find_text(page->file, where, texts[t]);
        put_cell(page->html, text ? text : "");
    }
    oac_html_put(page->html, "</tr>\n");
}

void oac_page_attempts(const struct oac_page *page)
{
    oac_html_put(page->html, "<h2 id=\"attempts\">Attempts</h2>\n");
    if (!page->attempts) {
        oac_html_put(page->html, "<p>No accuracy was asked for.</p>\n");
        return;
    }
    oac_html_put(page->html,
                 "<table class=\"grid-table\"><thead><tr><th>attempt</th><th>calibration "
                 "split</th><th>images foretold</th><th>held out</th><th>share of "
                 "alpha</th><th>bound</th><th>step</th><th>verdict</th><th>what it "
                 "did</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < page->attempts; i++)
        put_attempt(page, i);
    oac_html_put(page->html, "</tbody></table>\n");
}

static void put_text_of(const struct oac_page *page, const char *where, const char *name,
                        const char *heading)
{
    const char *text = oac_h5_find_text(page->file, where, name);
    if (text && *text)
        oac_html_row(page->html, heading, text);
}

static void put_certificate(const struct oac_page *page)
{
    const struct oac_certificate *c = &page->certificate;
    char text[48];
#define ROW_TEXT(name, help) oac_html_row(page->html, "certificate: " help, c->name);
    OAC_CERTIFICATE_TEXTS(ROW_TEXT)
#define ROW_REAL(name, unit, help)                                                      \
    snprintf(text, sizeof text, "%.10g%s", c->name, strcmp(unit, "1") ? " " unit : ""); \
    oac_html_row(page->html, "certificate: " help, text);
    OAC_CERTIFICATE_REALS(ROW_REAL)
}

void oac_page_provenance(const struct oac_page *page)
{
    static const struct {
        const char *where, *name, *heading;
    } rows[] = {
        {"/", "command_line", "command"},
        {"/", "oac_version", "oac"},
        {"/", "created_utc", "written"},
        {"/", "date_utc", "measured"},
        {"/", "device_id", "device"},
        {"/", "firmware", "firmware"},
        {"/source", "on", "on"},
        {"/source", "rig_name", "rig"},
        {"/", "rig_sha256", "rig, sha256"},
    };
    double seed = oac_page_number(page, "/source", "seed");
    const char *rig = oac_h5_find_text(page->file, "/source", "rig");
    char text[32];
    oac_html_put(page->html, "<h2 id=\"provenance\">Provenance</h2>\n<table>\n");
    oac_html_row(page->html, "file", page->file->path);
    oac_html_row(page->html, "seal, sha256",
                 *page->seal ? page->seal : "does not hold, see the top of the page");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        put_text_of(page, rows[i].where, rows[i].name, rows[i].heading);
    snprintf(text, sizeof text, "%.0f", seed);
    oac_html_row(page->html, "seed", text);
    if (page->certificate_there)
        put_certificate(page);
    oac_html_put(page->html, "</table>\n");
    if (rig) {
        oac_html_put(page->html, "<details><summary>the whole rig</summary><pre>");
        oac_html_text(page->html, rig);
        oac_html_put(page->html, "</pre></details>\n");
    }
}
