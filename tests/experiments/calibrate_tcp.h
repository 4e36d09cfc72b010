/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual bench over TCP that hides what a bench of one wavelength on an ADALM2000 may hide from its user.
 *
 * That board sets no biases: its user turns them by hand until the light is least at rest, so the peaks are off by
 * a fraction of V_pi only (here +-V_pi/4). Its light is turned down by 3 dB, because gains may be 3 dB higher
 * than thought. The client's data come 2.3 slots late. */
#ifndef OAC_TESTS_EXPERIMENTS_CALIBRATE_TCP_H
#define OAC_TESTS_EXPERIMENTS_CALIBRATE_TCP_H

#ifdef OAC_HAVE_LIBIIO
#include "tests/driver/iio_process.h"
#include "tests/experiments/calibrate_mnist.h"

#define TCP_LASER_DBM 7.0

static inline void tcp_hide(struct oac_rig *rig)
{
    rig->bench_seed = 1002;
    rig->laser.power_dbm = TCP_LASER_DBM;
    rig->weight_modulator.vpi_spread = rig->client_modulator.vpi_spread = 0.1;
    rig->weight_modulator.bias_spread_v = 0.125 * rig->weight_modulator.vpi_v;
    rig->client_modulator.bias_spread_v = 0.125 * rig->client_modulator.vpi_v;
    rig->weight_modulator.er_db = 17.0;
    rig->client_modulator.er_db = 24.0;
    rig->detector.gain_spread_db = 1.5;
    rig->adc.offset_spread_v = 5e-3;
    rig->timing.skew_s = 2.3 / rig->slot_rate_hz;
}

/* False: the test was skipped. */
static inline bool tcp_open(struct mnist_bench *bench, struct iio_process *process)
{
    if (!mnist_open(bench, "m2k-bench", "iio", process->uri))
        return false;
    mnist_set(bench, "laser.power_dbm", TCP_LASER_DBM);
    cr_assert(iio_process_start(process, OAC_NOISE_ALL, NULL));
    return true;
}

static inline void tcp_close(struct mnist_bench *bench, const struct iio_process *process)
{
    iio_process_signal(process, SIGKILL);
    mnist_close(bench);
}
#endif
#endif
