/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped networks: their figures, and that the command recorded in the first trains it again, bit for bit,
 * at kernel level v3; full_train.c does the others. */
#include "models/train.h"
#include "tests/cli/shipped_network.h"

static void expect_accuracy(const char *relative, const char *data_name, double least)
{
    struct oac_dataset *data;
    double accuracy;
    need_split(data_name, "test");
    struct oac_network *network = shipped(relative);
    cr_assert_eq(oac_dataset_open(data_name, "test", NULL, &data, &err), OAC_OK);
    cr_assert_eq(oac_network_accuracy(network, data, &accuracy, &err), OAC_OK);
    cr_expect_geq(accuracy, least, "%s: %.4f", relative, accuracy);
    for (size_t l = 0; l < network->layers; l++)
        cr_expect(network->layer[l].x_mean && network->layer[l].x_scale > 0.0f &&
                  network->layer[l].w_limit > 0.0f);
    oac_dataset_destroy(data);
    oac_network_destroy(network);
}

Test(shipped_networks, keep_their_accuracy_on_all_test_images)
{
    expect_accuracy("mnist/mnist.h5", "mnist", 0.987);
    expect_accuracy("mnist/mnist-784-100-10.h5", "mnist", 0.98);
}

Test(shipped_networks, keep_their_accuracy_on_fashion)
{
    expect_accuracy("mnist/fashion-mnist.h5", "fashion-mnist", 0.885);
}

Test(shipped_networks, are_what_their_recorded_command_trains)
{
    expect_again("mnist/mnist.h5", "mnist");
}
