/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a page about a calibration is made of: the file, checked, and the sections, one file each. A section
 * whose data are not in the file (a step that was left out, a calibration without a target) says so. */
#ifndef OAC_EXPERIMENTS_CALIBRATION_PAGE_PAGE_H
#define OAC_EXPERIMENTS_CALIBRATION_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/h5.h"
#include "calibration/certificate.h"
#include "experiments/calibration_page/html.h"
#include "hal/calrec.h"

struct oac_page {
    struct oac_html *html;
    const struct oac_h5_file *file;
    const struct oac_calrec *calrec;
    bool certificate_there;
    struct oac_certificate certificate;
    char seal[OAC_DIGEST_HEX_BYTES]; /* "" when it does not hold */
    const char *seal_trouble;        /* "" when it holds */
    size_t channels, looks, attempts, classes;
};

/* Counts rows, and checks every array that is drawn: its shape, and that it is finite but for
 * excluded channels. Status: OAC_EPARSE naming the array. */
enum oac_status oac_page_check(struct oac_page *page, struct oac_err *err) OAC_MUST_USE;
/* A checked array, *columns values a row; NULL when the file lacks it. columns NULL: not wanted. */
const double *oac_page_reals(const struct oac_page *page, const char *path, size_t *columns);
/* A number that is an attribute; NAN when the file lacks it. */
double oac_page_number(const struct oac_page *page, const char *where, const char *name);

/* False: a channel that was left out before anything of it was measured. */
bool oac_page_measured(const struct oac_page *page, size_t k);

void oac_page_verdict(const struct oac_page *page);
void oac_page_cost(const struct oac_page *page);
void oac_page_looks(const struct oac_page *page);
void oac_page_attempts(const struct oac_page *page);
void oac_page_curves(const struct oac_page *page);
void oac_page_residuals(const struct oac_page *page);
void oac_page_gains(const struct oac_page *page);
void oac_page_matrices(const struct oac_page *page); /* crosstalk, and confusion */
void oac_page_allan(const struct oac_page *page);
void oac_page_provenance(const struct oac_page *page);

#endif
