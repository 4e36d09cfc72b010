/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped network on benches that nobody knows, all noises and drift on: at most half a point below
 * digital after calibration, by enough images to say so. docs/calibration.md has the table. Half an hour on
 * one core. */
#include <criterion/criterion.h>

#include "tests/experiments/calibrate_mnist.h"
#include "tests/experiments/calibrate_tcp.h"

#define BENCHES      20
#define BENCHES_WAVE 3
#define IMAGES_TCP   1000 /* none, one or two of them lost prove half a point, three do not */

static void accept(const char *on, uint64_t seed)
{
    struct mnist_bench bench;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    if (!mnist_open(&bench, "netcast-86km", on, NULL))
        return;
    mnist_hide(&bench, seed);
    const struct mnist_score before = mnist_run(&bench, false, strcmp(on, "sim") ? 100 : 0);
    const double rms = mnist_calibrate(&bench, &options);
    const struct mnist_score after = mnist_run(&bench, true, 0);
    mnist_tell(seed, &bench, &before, &after, rms);
    mnist_expect_proven(&after);
    mnist_close(&bench);
}

Test(calibrate_mnist, twenty_unknown_benches_are_within_half_a_point_of_digital,
     .timeout = 3600)
{
    for (uint64_t seed = 1; seed <= BENCHES; seed++)
        accept("sim", seed);
}

Test(calibrate_mnist, three_of_them_in_sampled_light_as_well, .timeout = 3600)
{
    for (uint64_t seed = 1; seed <= BENCHES_WAVE; seed++)
        accept("wave", seed);
}

#ifdef OAC_HAVE_LIBIIO
Test(calibrate_mnist, and_one_over_tcp, .timeout = 3600)
{
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    struct mnist_bench bench;
    struct iio_process process = {.hide = tcp_hide};
    if (!tcp_open(&bench, &process))
        return;
    const struct mnist_score before = mnist_run(&bench, false, 20);
    const double rms = mnist_calibrate(&bench, &options);
    const struct mnist_score after = mnist_run(&bench, true, IMAGES_TCP);
    mnist_tell(0, &bench, &before, &after, rms);
    mnist_expect_proven(&after);
    tcp_close(&bench, &process);
}
#endif
