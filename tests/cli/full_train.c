/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The other shipped networks are what their recorded command trains, as slow_train.c shows of the first. */
#include "tests/cli/shipped_network.h"

Test(shipped_networks, small_ones_are_what_their_recorded_command_trains)
{
    expect_again("mnist/mnist-784-100-10.h5", "mnist");
}

Test(shipped_networks, of_fashion_are_what_their_recorded_command_trains)
{
    expect_again("mnist/fashion-mnist.h5", "fashion-mnist");
}
