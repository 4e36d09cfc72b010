/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped networks: their figures, and that the command recorded in each trains it again, bit for bit,
 * at kernel level v3. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "models/formats/native.h"
#include "models/train.h"
#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define ARGUMENTS_MAX 64

static struct oac_err err;

static struct oac_network *shipped(const char *relative)
{
    char path[OAC_TEST_PATH_BYTES];
    struct oac_network *network;
    snprintf(path, sizeof path, "%s/experiments/%s", getenv("OAC_SOURCE_DIR"), relative);
    cr_assert_eq(oac_native_read(path, &network, &err), OAC_OK, "%s", err.message);
    return network;
}

static void need_split(const char *data_name, const char *split)
{
    struct oac_dataset *data = NULL;
    enum oac_status status = oac_dataset_open(data_name, split, NULL, &data, &err);
    oac_dataset_destroy(data);
    oac_test_need(status == OAC_OK, data_name);
}

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

/* "oac train --a b ..." as argv without "oac"; -o FILE is replaced. The recorded commands quote nothing. */
static void split_command(char *command, const char *output, const char **argument)
{
    size_t count = 0;
    char *rest = NULL;
    cr_assert_null(strpbrk(command, "'\"\\"), "%s", command);
    strtok_r(command, " ", &rest);
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        cr_assert_lt(count, ARGUMENTS_MAX);
        argument[count++] = word;
        if (strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0) {
            strtok_r(NULL, " ", &rest);
            argument[count++] = output;
        }
    }
    argument[count] = NULL;
}

static void expect_again(const char *relative, const char *data_name)
{
    char dir[OAC_TEST_DIR_BYTES], again[OAC_TEST_DIR_BYTES + 16], hex[OAC_DIGEST_HEX_BYTES];
    const char *argument[ARGUMENTS_MAX + 2];
    need_split(data_name, "train");
    oac_test_need(oac_kernel_select("v3", &err) == OAC_OK, "a processor of kernel level v3");
    struct oac_network *network = shipped(relative);
    cr_assert_eq(oac_network_digest(network, hex, &err), OAC_OK);
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "again.h5", again);
    split_command(network->source, again, argument);
    struct oac_test_process p = oac_test_oac(argument);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.out, hex), "%s: expected %s, got: %s", relative, hex, p.out);
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
    oac_network_destroy(network);
}

Test(shipped_networks, are_what_their_recorded_command_trains)
{
    expect_again("mnist/mnist.h5", "mnist");
}

Test(shipped_networks, small_ones_are_what_their_recorded_command_trains)
{
    expect_again("mnist/mnist-784-100-10.h5", "mnist");
}

Test(shipped_networks, of_fashion_are_what_their_recorded_command_trains)
{
    expect_again("mnist/fashion-mnist.h5", "fashion-mnist");
}
