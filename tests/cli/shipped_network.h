/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped networks, and the command recorded in each played again. */
#ifndef OAC_TESTS_CLI_SHIPPED_NETWORK_H
#define OAC_TESTS_CLI_SHIPPED_NETWORK_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "models/dataset.h"
#include "models/formats/native.h"
#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define ARGUMENTS_MAX 64

static struct oac_err err;

static inline struct oac_network *shipped(const char *relative)
{
    char path[OAC_TEST_PATH_BYTES];
    struct oac_network *network;
    snprintf(path, sizeof path, "%s/experiments/%s", getenv("OAC_SOURCE_DIR"), relative);
    cr_assert_eq(oac_native_read(path, &network, &err), OAC_OK, "%s", err.message);
    return network;
}

static inline void need_split(const char *data_name, const char *split)
{
    struct oac_dataset *data = NULL;
    enum oac_status status = oac_dataset_open(data_name, split, NULL, &data, &err);
    oac_dataset_destroy(data);
    oac_test_need(status == OAC_OK, data_name);
}

/* "oac train --a b ..." as argv without "oac"; -o FILE is replaced. The recorded commands quote nothing. */
static inline void split_command(char *command, const char *output, const char **argument)
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

static inline void expect_again(const char *relative, const char *data_name)
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

#endif
