/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of `oac report`, from files that are small but complete, written by the writer of calibrations. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/h5_seal.h"
#include "hal/calrec.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define CHANNELS 2

static struct oac_err err;
static char dir[OAC_TEST_DIR_BYTES], cal[OAC_TEST_DIR_BYTES + 32],
    page[OAC_TEST_DIR_BYTES + 32];

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", cal);
    oac_test_dir_path(dir, "page.html", page);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(report, .init = make_dir, .fini = remove_dir);

/* A record of two channels and its gains, the first of which is `gain`.
 * seal NULL: the one it should have, "": none. */
static void make_file(const char *rig, double gain, const char *seal)
{
    struct oac_calrec *calrec;
    struct oac_h5_writer *writer;
    const size_t dims[2] = {CHANNELS, CHANNELS};
    const double matrix[4] = {gain, 0.1, 0.1, 5.0}, sigma[4] = {0.1, 0.1, 0.1, 0.1};
    cr_assert_eq(oac_calrec_create(CHANNELS, &calrec, &err), OAC_OK);
    snprintf(calrec->device_id, sizeof calrec->device_id, "%s", rig);
    calrec->client = (struct oac_curve){5.0, 5.0, 0.01};
    for (size_t k = 0; k < CHANNELS; k++) {
        calrec->channel[k].weight = calrec->client;
        calrec->channel[k].gain_code = 5.0;
    }
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(
        oac_h5_put_provenance(writer, OAC_CALREC_FORMAT, OAC_CALREC_SCHEMA, rig, NULL, &err),
        OAC_OK);
    cr_assert_eq(oac_calrec_put(calrec, writer, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_put_text(writer, "/source", "rig_name", rig, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_array(writer, "/gain/matrix", OAC_H5_F64, 2, dims, "readout,laser",
                                  "code", false, matrix, &err),
                 OAC_OK);
    cr_assert_eq(oac_h5_put_array(writer, "/gain/matrix_sigma", OAC_H5_F64, 2, dims,
                                  "readout,laser", "code", false, sigma, &err),
                 OAC_OK);
    if (seal && *seal)
        cr_assert_eq(oac_h5_put_text(writer, "/", "seal_sha256", seal, &err), OAC_OK);
    cr_assert_eq(seal ? oac_h5_commit(writer, cal, &err)
                      : oac_h5_commit_sealed(writer, cal, &err),
                 OAC_OK);
    oac_h5_destroy(writer);
    oac_calrec_destroy(calrec);
}

static char *read_page(void)
{
    char *text;
    size_t bytes;
    cr_assert_eq(oac_file_read(page, 1 << 24, &text, &bytes, &err), OAC_OK, "%s", err.message);
    return text;
}

/* One clear line that holds `said`, exit 1, and no page. */
static void expect_refused(const char *said)
{
    struct oac_test_process p = OAC("report", cal, "-o", page);
    cr_expect_eq(p.code, 1, "%s", p.said);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    cr_expect(strstr(p.said, said) && strstr(p.said, cal), "%s", p.said);
    cr_expect_eq(oac_test_dir_entries(dir), 1, "a page was left behind");
    oac_test_process_fini(&p);
}

/* Every element is closed in the order it was opened, as in XML. */
static void expect_balanced(const char *text)
{
    char open[64][32];
    size_t depth = 0;
    const char *at = strchr(text + 1, '<'); /* after the document type */
    for (; at && *at; at = strchr(at + 1, '<')) {
        char name[32] = "";
        const char *end = strchr(at, '>');
        cr_assert(end != NULL && sscanf(at + 1, "/%31[a-z0-9]", name) < 2);
        bool closing = at[1] == '/';
        cr_assert_eq(sscanf(at + 1 + closing, "%31[a-z0-9]", name), 1, "%.40s", at);
        if (closing) {
            cr_assert(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> at %.60s", name,
                      at);
            depth--;
        } else if (end[-1] != '/') {
            cr_assert_lt(depth, 64);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    cr_expect_eq(depth, 0, "%zu elements are open at the end", depth);
}

Test(report, a_page_holds_every_section_and_fetches_nothing)
{
    static const char *const sections[] = {"cost",  "looks",     "attempts",  "curves",
                                           "gains", "residuals", "crosstalk", "confusion",
                                           "allan", "provenance"};
    static const char *const outside[] = {
        "http", "src=", "href=", "url(", "@import", "<script"};
    make_file("bench", 5.0, NULL);
    struct oac_test_process p = OAC("report", cal, "-o", page);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect_str_empty(p.said);
    oac_test_process_fini(&p);
    char *text = read_page(), mark[40];
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        snprintf(mark, sizeof mark, "<h2 id=\"%s\">", sections[i]);
        cr_expect(strstr(text, mark), "%s is missing", sections[i]);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        cr_expect(!strstr(text, outside[i]), "the page holds %s", outside[i]);
    cr_expect(strstr(text, "<svg") && strstr(text, "<desc>"));
    expect_balanced(text);
    free(text);
}

Test(report, a_hostile_name_is_text_on_the_page)
{
    make_file("<script>alert('&\")</script>\x01\xc3", 5.0, NULL);
    struct oac_test_process p = OAC("report", cal, "-o", page);
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    char *text = read_page();
    cr_expect(!strstr(text, "<script>"));
    cr_expect(strstr(text, "&lt;script&gt;alert(&#39;&amp;&quot;)&lt;/script&gt; ?"));
    expect_balanced(text);
    free(text);
}

static void expect_warned(const char *said)
{
    struct oac_test_process p = OAC("report", cal, "-o", page);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.said, said), "%s", p.said);
    oac_test_process_fini(&p);
    char *text = read_page();
    cr_expect(strstr(text, "class=\"alert\"") && strstr(text, "Do not rely on this file"));
    free(text);
}

Test(report, a_missing_seal_is_said_on_the_page_and_beside_it)
{
    make_file("bench", 5.0, "");
    expect_warned("no seal");
}

Test(report, a_broken_seal_is_said_on_the_page_and_beside_it)
{
    make_file("bench", 5.0, "0000000000000000000000000000000000000000000000000000000000000000");
    expect_warned("damaged or changed since");
}

Test(report, a_number_that_is_none_is_refused_by_name)
{
    make_file("bench", NAN, NULL);
    expect_refused("/gain/matrix");
}

Test(report, a_truncated_file_is_refused)
{
    char *data;
    size_t bytes;
    make_file("bench", 5.0, NULL);
    cr_assert_eq(oac_file_read(cal, 1 << 24, &data, &bytes, &err), OAC_OK);
    oac_test_file_put(cal, data, bytes / 2);
    free(data);
    expect_refused("");
}

Test(report, a_file_of_another_format_is_refused)
{
    struct oac_h5_writer *writer;
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_provenance(writer, "oac-run", 1, NULL, NULL, &err), OAC_OK);
    cr_assert_eq(oac_h5_commit(writer, cal, &err), OAC_OK);
    oac_h5_destroy(writer);
    expect_refused("oac-run");
}

Test(report, a_page_that_cannot_be_written_is_an_error)
{
    make_file("bench", 5.0, NULL);
    struct oac_test_process p = OAC("report", cal, "-o", "/nowhere/page.html");
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.said, "/nowhere"), "%s", p.said);
    oac_test_process_fini(&p);
    struct oac_test_process usage = OAC("report");
    cr_expect_eq(usage.code, 2);
    oac_test_process_fini(&usage);
}
