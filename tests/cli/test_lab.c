/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that drive outputs, as a user runs and interrupts them, against a virtual bench. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/npy.h"
#include "driver/iio/session.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define VECTORS 20000u /* minutes: interrupted long before */

static struct iio_fixture bench;
static struct oac_err err;
static char dir[OAC_TEST_DIR_BYTES], w_path[OAC_TEST_DIR_BYTES + 40],
    x_path[OAC_TEST_DIR_BYTES + 40];

static void put_matrix(const char *name, size_t rows, size_t cols, char *path)
{
    const size_t dims[] = {rows, cols};
    float *value = calloc(rows * cols, sizeof *value);
    for (size_t i = 0; i < rows * cols; i++)
        value[i] = (float)(i % 17) / 16.0f;
    oac_test_dir_path(dir, name, path);
    cr_assert_eq(oac_npy_write_f32(path, 2, dims, value, &err), OAC_OK, "%s", err.message);
    free(value);
}

static void set_up(void)
{
    oac_test_dir_make(dir);
    setenv("XDG_STATE_HOME", dir, 1);
    const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
}

static void tear_down(void)
{
    iio_fixture_kill(&bench);
    oac_test_dir_remove(dir);
}

TestSuite(lab, .init = set_up, .fini = tear_down, .timeout = 120);

/* Everything off, nothing open, and the last sample that came to dac-a was its safe one. */
static void expect_safe(void)
{
    struct oac_iio_session *session = NULL;
    char text[256];
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    const char *const channel[] = {"voltage0", "voltage1"};
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(oac_iio_read(session, "m2k-fabric", channel[i], true, "powerdown", text,
                                  sizeof text, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_str_eq(text, "1");
    }
    cr_assert_eq(
        oac_iio_read(session, "m2k-dac-a", "", true, "received", text, sizeof text, &err),
        OAC_OK, "%s", err.message);
    const char *last = strstr(text, "last ");
    cr_assert(last, "%s", text);
    cr_expect_float_eq(atof(last + 5), 0.0, 2.85e-3, "%s", text); /* a step: 2.843 mV */
    oac_iio_close(session);
    for (size_t d = 0; d < bench.twin->devices->count; d++)
        cr_expect_eq(bench.twin->sharing[d].users, 0, "device %zu is open", d);
}

Test(lab, a_held_output_ramps_back_when_interrupted_or_terminated)
{
    const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        const char *const arguments[] = {"port", "set", "dac-a", "3", "--uri", bench.uri, NULL};
        struct oac_test_process p =
            oac_test_oac_signalled(arguments, "dac-a goes to 3 V", signals[i]);
        cr_expect_eq(p.code, 0, "%d: %s", p.code, p.said);
        oac_test_process_fini(&p);
        expect_safe();
    }
}

Test(lab, a_product_interrupted_or_terminated_leaves_the_outputs_safe)
{
    const int signals[] = {SIGINT, SIGTERM};
    put_matrix("w.npy", 3, 8, w_path);
    put_matrix("x.npy", VECTORS, 8, x_path);
    for (size_t i = 0; i < 2; i++) {
        const char *const arguments[] = {
            "matmul", w_path,    x_path,    "--rig", "m2k-bench",  "--on", "iio",
            "--uri",  bench.uri, "--noise", "none",  "--progress", NULL};
        struct oac_test_process p =
            oac_test_oac_signalled(arguments, "vectors: 64 of", signals[i]);
        cr_expect_eq(p.code, 130, "%d: %s", p.code, p.said);
        oac_test_process_fini(&p);
        expect_safe();
    }
}

Test(lab, a_product_says_whether_samples_were_lost)
{
    const char *const fault[] = {NULL, "lost:1000000", "lost:5"}; /* 4 are discarded */
    const char *const said[] = {"unknown", "none", "seen"};
    put_matrix("w.npy", 3, 8, w_path);
    put_matrix("x.npy", 2, 8, x_path);
    for (size_t i = 0; i < 3; i++) {
        char line[40];
        iio_fixture_kill(&bench);
        const char *wrong = iio_fixture_open(&bench, 0, fault[i], &err);
        cr_assert_null(wrong, "%s", wrong);
        struct oac_test_process p = OAC("matmul", w_path, x_path, "--rig", "m2k-bench", "--on",
                                        "iio", "--uri", bench.uri, "--json");
        cr_expect_eq(p.code, 0, "%d: %s", p.code, p.said);
        snprintf(line, sizeof line, "\"overflow\": \"%s\"", said[i]);
        cr_expect(strstr(p.out, line), "%s: %s", line, p.out);
        cr_expect((i == 2) == (strstr(p.said, "lost samples in a train (overflow)") != NULL),
                  "%s", p.said);
        oac_test_process_fini(&p);
    }
}

Test(lab, a_sweep_writes_its_file_and_an_interrupted_one_what_it_has)
{
    char path[OAC_TEST_DIR_BYTES + 40];
    oac_test_dir_path(dir, "sweep.csv", path);
    struct oac_test_process p =
        OAC("port", "sweep", "dac-a", "adc-1", "--from=-4", "--to=4", "--steps", "5", "--hold",
            "dac-b=4.5", "--samples", "256", "-o", path, "--uri", bench.uri);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.out, "output_v,mean_v,sigma_v"), "%s", p.out);
    cr_expect(strstr(p.out, "\n# least "), "%s", p.out);
    oac_test_process_fini(&p);
    expect_safe();
    const char *const endless[] = {
        "port",  "sweep",   "dac-a",     "adc-1", "--from=-4", "--to=4", "--steps",    "100000",
        "--uri", bench.uri, "--samples", "256",   "-o",        path,     "--progress", NULL};
    p = oac_test_oac_signalled(endless, "sweep: ", SIGINT);
    cr_expect_eq(p.code, 130, "%d: %s", p.code, p.said);
    cr_expect(strstr(p.said, "of 100000 steps were measured"), "%s", p.said);
    char *text = NULL;
    size_t bytes;
    cr_assert_eq(oac_file_read(path, 1 << 24, &text, &bytes, &err), OAC_OK, "%s", err.message);
    /* A line of names, a comment, and one for each step that the message counts. */
    const char *counted = strstr(p.said, " of 100000 steps");
    while (counted > p.said && counted[-1] >= '0' && counted[-1] <= '9')
        counted--;
    cr_expect_eq(oac_test_lines(text), 2 + strtoul(counted, NULL, 10), "%s", p.said);
    free(text);
    oac_test_process_fini(&p);
    expect_safe();
}

Test(lab, a_dry_run_prints_ports_settings_and_limits_and_needs_no_bench)
{
    char path[OAC_TEST_DIR_BYTES + 40];
    put_matrix("w.npy", 3, 8, w_path);
    put_matrix("x.npy", 2, 8, x_path);
    oac_test_dir_path(dir, "v.h5", path);
    struct oac_test_process p = OAC("matmul", w_path, x_path, "--rig", "m2k-bench", "--on",
                                    "iio", "--dry-run", "--voltages", path, "--voltages-whole");
    cr_expect_eq(p.code, 0, "%s", p.said);
    const char *const parts[] = {"A dry run", "dac-a    weight", "limits -5 to +5 V, safe 0 V",
                                 "m2k-fabric/voltage0.powerdown = 0",
                                 "m2k-fabric/voltage0.powerdown = 1"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cr_expect(strstr(p.out, parts[i]), "%s: %s", parts[i], p.out);
    oac_test_process_fini(&p);
    p = OAC("info", path);
    cr_expect(strstr(p.out, "/ports/dac-b/whole_v"), "%s", p.out);
    oac_test_process_fini(&p);
    const char *const wrong[][2] = {{"--dry-run", "--json"},
                                    {"--voltages=x.h5", "--rig=ideal"}};
    for (size_t i = 0; i < 2; i++) {
        p = OAC("matmul", w_path, x_path, "--rig", "m2k-bench", "--on", "iio", wrong[i][0],
                wrong[i][1]);
        cr_expect_eq(p.code, 2, "%s", p.said);
        oac_test_process_fini(&p);
    }
    p = OAC("matmul", w_path, x_path, "--rig", "m2k-bench", "--dry-run");
    cr_expect(p.code == 2 && strstr(p.said, "--on iio"), "%d: %s", p.code, p.said);
    oac_test_process_fini(&p);
}

Test(lab, a_real_board_asks_to_be_armed_with_the_command_to_type)
{
    char shared[OAC_TEST_PATH_BYTES], uri[OAC_TEST_PATH_BYTES + 8];
    oac_test_shared_path("iio-contexts/m2k.xml", shared);
    oac_test_need_file(shared, "contexts of real boards");
    snprintf(uri, sizeof uri, "xml:%s", shared);
    put_matrix("w.npy", 3, 8, w_path);
    put_matrix("x.npy", 2, 8, x_path);
    struct oac_test_process p =
        OAC("matmul", w_path, x_path, "--rig", "m2k-bench", "--on", "iio", "--uri", uri);
    cr_expect_eq(p.code, 2, "%d: %s", p.code, p.said);
    cr_expect(strstr(p.said, "dac-a -4.999 to 4.999 V, dac-b"), "%s", p.said);
    cr_expect(strstr(p.said, "say so once: oac matmul"), "%s", p.said);
    oac_test_process_fini(&p);
}
#endif
