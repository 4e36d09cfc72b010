/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certification that is interrupted: no image is looked at twice, no look is forgotten. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/cli/resume.h"
#include "tests/support/need.h"

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32],
    whole[OAC_TEST_DIR_BYTES + 32], model[OAC_TEST_PATH_BYTES];

#define CERTIFY                                                                          \
    "calibrate", "--rig", "netcast-local", "--set", "channels=4", "--model", model,      \
        "--held-out-images", "2000", "--calibration-images", "300", "--target-accuracy", \
        "0.97", "--threads", "1", "-o", path

Test(resume, a_certificate_that_was_interrupted_is_the_same, .timeout = 300)
{
    char images[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist/train-images-idx3-ubyte.gz", images);
    if (!oac_test_need_file(images, "the MNIST training images are certified on"))
        return;
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", getenv("OAC_SOURCE_DIR"));
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    oac_test_dir_path(dir, "whole.h5", whole);
    struct oac_test_process p = OAC(CERTIFY);
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    cr_assert_eq(rename(path, whole), 0);
    static const char *const during[] = {"noise", "held-out images", "held-out images"};
    for (size_t i = 0; i < sizeof during / sizeof *during; i++) {
        p = oac_test_oac_signalled((const char *const[]){CERTIFY, "--progress", NULL},
                                   during[i], SIGINT);
        cr_expect_eq(p.code, 130, "%s", p.said);
        oac_test_process_fini(&p);
    }
    p = OAC(CERTIFY);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.said, "continues from"), "%s", p.said);
    oac_test_process_fini(&p);
    resume_expect_same(whole, path);
    oac_test_dir_remove(dir);
}
