/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibration_report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/h5_seal.h"
#include "experiments/calibration_page/page.h"
#include "hal/calrec.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#667;--rule:#d8dce2;"
    "--one:#1f6fb2;--two:#c2561a;--good:#176f3d;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--paper:#14171b;--soft:#9aa3ad;"
    "--rule:#343a42;--one:#6db3f2;--two:#f0985c;--good:#62c98d;--bad:#ff8a80}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:1080px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:1.4em;margin:0}h2{font-size:1.15em;margin:2em 0 .5em;"
    "border-bottom:1px solid var(--rule)}\n"
    ".verdict{font-size:1.25em;font-weight:600;padding:.6em .8em;border-left:6px solid "
    "var(--soft);background:color-mix(in srgb,var(--soft) 10%,transparent)}\n"
    ".good{border-color:var(--good)}.bad{border-color:var(--bad);color:var(--bad)}\n"
    ".alert{color:var(--bad);font-weight:600;border:2px solid var(--bad);padding:.5em .8em}\n"
    "svg{max-width:100%;height:auto;font:10.5px system-ui,sans-serif}svg "
    "text{fill:var(--soft)}\n"
    "svg .name{fill:var(--ink);font-weight:600}svg .in{fill:var(--ink)}"
    "svg .over{fill:var(--paper)}\n"
    ".grid{stroke:var(--rule);stroke-width:.6}.frame{fill:none;stroke:var(--soft);"
    "stroke-width:.8}\n"
    ".line{fill:none;stroke-width:1.6}.thin{stroke-width:.9;opacity:.75}.c1{stroke:var(--one)}"
    ".c2{stroke:var(--two)}.target{stroke:var(--ink);stroke-dasharray:6 4;stroke-width:1.1}\n"
    ".d1{fill:var(--one)}.d2{fill:var(--two)}.hollow{fill:none;stroke:var(--soft)}\n"
    ".error{fill:none;stroke:var(--one);stroke-width:1.3}"
    ".bar{fill:var(--one);fill-opacity:.55}.cell{fill:var(--one);stroke:var(--rule);"
    "stroke-width:.5}\n"
    ".points{fill:none;stroke:var(--one);stroke-width:1.7;stroke-linecap:round;opacity:.6}\n"
    ".multiples{display:flex;flex-wrap:wrap;align-items:flex-start;gap:6px}\n"
    "table{border-collapse:collapse;font-size:.9em}th,td{text-align:left;padding:.15em .8em "
    ".15em 0;vertical-align:top;overflow-wrap:anywhere}th{font-weight:500;color:var(--soft)}\n"
    ".grid-table td{font-variant-numeric:tabular-nums}.low{color:var(--bad);font-weight:600}\n"
    ".key{color:var(--soft);margin:.2em 0}.k1{color:var(--one)}.k2{color:var(--two)}\n"
    "pre{white-space:pre-wrap;font-size:.85em}svg{break-inside:avoid}h2{break-after:avoid}\n"
    "@media print{body{max-width:none;margin:0}}\n";

static void compose(const struct oac_page *page)
{
    struct oac_html *html = page->html;
    oac_html_put(html, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width\"/>\n"
                       "<title>Calibration of ");
    oac_html_text(html, page->calrec->device_id);
    oac_html_put(html, "</title>\n<style>\n");
    /* line by line, because a piece of the page has a bound */
    for (const char *line = style, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        oac_html_put(html, "%.*s\n", (int)(end - line), line);
    oac_html_put(html, "</style></head>\n<body><main>\n<h1>Calibration of ");
    oac_html_text(html, page->calrec->device_id);
    oac_html_put(html, "</h1>\n");
    oac_page_verdict(page);
    oac_page_cost(page);
    oac_page_looks(page);
    oac_page_attempts(page);
    oac_page_curves(page);
    oac_page_residuals(page);
    oac_page_gains(page);
    oac_page_matrices(page);
    oac_page_allan(page);
    oac_page_provenance(page);
    oac_html_put(html, "</main></body></html>\n");
}

static enum oac_status check_seal(struct oac_page *page, struct oac_err *err)
{
    struct oac_err trouble = {.status = OAC_OK};
    enum oac_status status = oac_h5_check_seal(page->file, page->seal, &trouble);
    if (status == OAC_OK)
        return OAC_OK;
    *err = trouble;
    page->seal[0] = '\0';
    return status;
}

static enum oac_status make(struct oac_page *page, const char *page_path, struct oac_err *err)
{
    if (oac_certificate_get(page->file, &page->certificate, err) == OAC_OK)
        page->certificate_there = true;
    else if (err->status != OAC_ENOTFOUND)
        return err->status;
    if (oac_page_check(page, err))
        return err->status;
    compose(page);
    if (oac_html_check(page->html, err))
        return err->status;
    return oac_file_write(page_path, page->html->text, page->html->bytes, err);
}

enum oac_status oac_calibration_report(const char *calibration_path, const char *page_path,
                                       char warning[OAC_CALIBRATION_REPORT_WARNING_BYTES],
                                       struct oac_err *err)
{
    struct oac_h5_file *file = NULL;
    struct oac_calrec *calrec = NULL;
    struct oac_html html = {0};
    enum oac_status status = oac_h5_read(calibration_path, 0, &file, err);
    if (status)
        return status;
    const char *format = oac_h5_find_text(file, "/", "format");
    if (!format || strcmp(format, OAC_CALREC_FORMAT) != 0) {
        status =
            oac_fail(err, OAC_EPARSE,
                     "%s is %.60s, not a calibration: give a file that oac calibrate wrote",
                     calibration_path, format ? format : "HDF5 of another program");
        goto destroy_file;
    }
    status = oac_calrec_get(file, &calrec, err);
    if (status) {
        oac_fail_within(err, "%s", calibration_path);
        goto destroy_file;
    }
    struct oac_err trouble = {.status = OAC_OK};
    struct oac_page page = {.html = &html, .file = file, .calrec = calrec};
    status = check_seal(&page, &trouble);
    page.seal_trouble = trouble.message;
    if (status == OAC_OK || status == OAC_EMISMATCH || status == OAC_ENOTFOUND)
        status = make(&page, page_path, err);
    else
        *err = trouble;
    if (status == OAC_OK)
        snprintf(warning, OAC_CALIBRATION_REPORT_WARNING_BYTES, "%s", trouble.message);
    oac_html_fini(&html);
    oac_calrec_destroy(calrec);
destroy_file:
    oac_h5_file_destroy(file);
    return status;
}
