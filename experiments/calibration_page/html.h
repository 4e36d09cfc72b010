/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page that grows in memory: markup as written, foreign text only escaped. Well-formed XML as well as HTML,
 * so that it can be checked. Memory that ran out is remembered and said once, by oac_html_check. */
#ifndef OAC_EXPERIMENTS_CALIBRATION_PAGE_HTML_H
#define OAC_EXPERIMENTS_CALIBRATION_PAGE_HTML_H

#include <stddef.h>

#include "base/status.h"

struct oac_html { /* zeroed: empty */
    char *text;
    size_t bytes, room;
    struct oac_err err; /* status OAC_OK as long as all fitted */
};

void oac_html_fini(struct oac_html *html);
/* Markup; the arguments must need no escape. */
void oac_html_put(struct oac_html *html, const char *format, ...) OAC_PRINTF(2, 3);
/* Text of an element or attribute: & < > " ' escaped, control characters blank, what is not UTF-8 a '?'. */
void oac_html_text(struct oac_html *html, const char *text);
/* <tr> of a heading and a text. */
void oac_html_row(struct oac_html *html, const char *heading, const char *text);
enum oac_status oac_html_check(const struct oac_html *html, struct oac_err *err) OAC_MUST_USE;

#endif
