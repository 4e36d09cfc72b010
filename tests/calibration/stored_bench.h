/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored calibration and the bench it was made on. */
#ifndef OAC_TESTS_CALIBRATION_STORED_BENCH_H
#define OAC_TESTS_CALIBRATION_STORED_BENCH_H

#include "calibration/check.h"

#include "base/h5.h"
#include "calibration/results.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/tmpdir.h"

#define CHANNELS 4

struct stored { /* a bench, and its calibration as a file says it */
    struct random_bench bench;
    struct oac_calibration *calibration;
};

static inline void stored_open(struct stored *stored, uint64_t seed)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    struct oac_err err;
    struct oac_calibration *found;
    struct oac_calrec *calrec;
    struct oac_h5_writer *writer;
    const struct oac_calibration_source source = {.on = "sim"};
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    bench_open(&stored->bench, "netcast-local", CHANNELS, seed);
    struct oac_link *link = &stored->bench.link;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    cr_assert_eq(oac_calibrate_measure(link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_calibration_record(found, link->caps, &calrec, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_calibration_put(found, calrec, &source, writer, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
    oac_calrec_destroy(calrec);
    oac_calibration_destroy(found);
    cr_assert_eq(oac_check_read(path, &stored->calibration, &err), OAC_OK, "%s", err.message);
    oac_test_dir_remove(dir);
}

static inline void stored_close(struct stored *stored)
{
    oac_calibration_destroy(stored->calibration);
    bench_close(&stored->bench);
}

static inline struct oac_check check(struct stored *stored, uint64_t seed, double false_alarm)
{
    struct oac_err err;
    struct oac_check result;
    const struct oac_check_options options = {.slot0 = stored->calibration->last_slot0 +
                                                       (seed << 32),
                                              .seed = seed,
                                              .windows = 1024,
                                              .false_alarm = false_alarm};
    cr_assert_eq(
        oac_check_run(&stored->bench.link, stored->calibration, &options, NULL, &result, &err),
        OAC_OK, "%s", err.message);
    return result;
}

#endif
