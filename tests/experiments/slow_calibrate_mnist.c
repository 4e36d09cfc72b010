/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What full_calibrate_mnist.c proves by all test images on twenty benches, watched by few: a thousand images
 * have a standard error of a fifth of a point, so light is found out when it is nearly a point below digital. A
 * hundred in sampled light, on four channels, find out a preamble that is not seen, or a calibration that does
 * not work. */
#include <criterion/criterion.h>

#include "tests/experiments/calibrate_mnist.h"
#include "tests/experiments/calibrate_tcp.h"

/* channels 0: all of the rig */
static void watch(const char *on, uint64_t seed, double channels, size_t before_images,
                  size_t images)
{
    struct mnist_bench bench;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    if (!mnist_open(&bench, "netcast-86km", on, NULL))
        return;
    mnist_hide(&bench, seed);
    if (channels > 0.0)
        mnist_set(&bench, "channels", channels);
    const struct mnist_score before = mnist_run(&bench, false, before_images);
    const double rms = mnist_calibrate(&bench, &options);
    const struct mnist_score after = mnist_run(&bench, true, images);
    mnist_tell(seed, &bench, &before, &after, rms);
    cr_expect_leq(before.light, 0.5); /* or there was nothing to calibrate */
    mnist_expect_possible(&after);
    mnist_close(&bench);
}

Test(calibrate_mnist, an_unknown_bench_runs_the_network_once_calibrated, .timeout = 300)
{
    watch("sim", 1, 0.0, 100, 1000);
}

Test(calibrate_mnist, another_one_does_so_in_sampled_light, .timeout = 300)
{
    watch("wave", 2, 4.0, 10, 100);
}

#ifdef OAC_HAVE_LIBIIO
/* A fifth of the states, and no network: 200 ms an image. */
Test(calibrate_mnist, a_bench_over_tcp_is_calibrated, .timeout = 300)
{
    struct oac_calibrate_options options = oac_calibrate_defaults();
    struct mnist_bench bench;
    struct iio_process process = {.hide = tcp_hide};
    options.biases = 2;
    options.repeats = 2;
    options.vectors = 256;
    options.noise_windows = 64;
    if (!tcp_open(&bench, &process))
        return;
    const double rms = mnist_calibrate(&bench, &options);
    fprintf(stderr, "over TCP: vectors come back within %.3f %%\n", 100.0 * rms);
    cr_expect_leq(rms, 2e-3);
    tcp_close(&bench, &process);
}
#endif
