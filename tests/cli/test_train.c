/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac train` as its user meets it. The data is MNIST, the networks are tiny. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "models/dataset.h"
#include "models/formats/native.h"
#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 64)

static char dir[OAC_TEST_DIR_BYTES], model[PATH_BYTES], part[PATH_BYTES];
static struct oac_err err;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "model.h5", model);
    oac_test_dir_path(dir, "part.h5", part);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(cli_train, .init = make_dir, .fini = remove_dir);

static void need_mnist(void)
{
    struct oac_dataset *data = NULL;
    enum oac_status status = oac_dataset_open("mnist", "reference", NULL, &data, &err);
    oac_dataset_destroy(data);
    oac_test_need(status == OAC_OK, "the MNIST training images");
}

static void expect_usage(struct oac_test_process p, const char *words)
{
    cr_expect_eq(p.code, 2, "exit %d, said: %s", p.code, p.said);
    cr_expect(strstr(p.said, words), "\"%s\" is not in: %s", words, p.said);
    cr_expect_eq(oac_test_dir_entries(dir), 0);
    oac_test_process_fini(&p);
}

Test(cli_train, what_cannot_be_meant_is_a_usage_error)
{
    expect_usage(OAC("train"), "--output");
    expect_usage(OAC("train", "-o", model, "--resume"), "--checkpoint");
    expect_usage(OAC("train", "-o", model, "--rig", "ideal"), "--photons-per-mac");
    expect_usage(OAC("train", "-o", model, "--read-electrons", "3"), "--photons-per-mac");
    expect_usage(OAC("train", "-o", model, "--set", "a=1"), "--rig");
    expect_usage(OAC("train", "-o", model, "--rate", "nan"), "--rate");
    expect_usage(OAC("train", "-o", model, "--activation", "gelu"), "--activation");
    expect_usage(OAC("train", "-o", model, "--dac-bits", "17"), "--dac-bits");
}

Test(cli_train, shapes_are_numbers_between_dashes)
{
    static const char *const bad[] = {
        "",      "784",       "784-",    "784--10",
        "-5-10", "784-0",     "784-1e2", "784-10 ",
        "a-b",   "784-65536", "784,10",  "1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_usage(OAC("train", "-o", model, "--shape", bad[i]), "--shape");
}

Test(cli_train, a_shape_that_does_not_fit_the_data_is_named)
{
    need_mnist();
    struct oac_test_process p = OAC("train", "-o", model, "--shape", "783-10");
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.said, "783") && strstr(p.said, "28 x 28"), "%s", p.said);
    oac_test_process_fini(&p);
    p = OAC("train", "-o", model, "--shape", "784-9");
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.said, "10 classes"), "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 0);
}

/* A network of 784-8-10 for three epochs of 90 steps; extra options before the NULL. */
#define TRAIN(...)                                                         \
    OAC("train", "--shape", "784-8-10", "--epochs", "3", "--batch", "500", \
        "--photons-per-mac", "2", "--shift", "1", __VA_ARGS__)

static void read_digest(char hex[OAC_DIGEST_HEX_BYTES])
{
    struct oac_network *network;
    cr_assert_eq(oac_native_read(model, &network, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_network_digest(network, hex, &err), OAC_OK);
    cr_expect(strstr(network->source, "oac train"), "source: %s", network->source);
    cr_expect(network->layer[0].x_mean && network->layer[1].x_scale > 0.0f);
    oac_network_destroy(network);
}

static void expect_success(struct oac_test_process p, char hex[OAC_DIGEST_HEX_BYTES])
{
    cr_assert_eq(p.code, 0, "%s", p.said);
    read_digest(hex);
    cr_expect(strstr(p.out, hex), "the printed hash is not %s: %s", hex, p.out);
    oac_test_process_fini(&p);
}

Test(cli_train, control_c_leaves_a_checkpoint_that_resumes_to_the_same_network)
{
    char whole[OAC_DIGEST_HEX_BYTES], parts[OAC_DIGEST_HEX_BYTES];
    need_mnist();
    expect_success(TRAIN("-o", model, "--threads", "1"), whole);
    cr_assert_eq(remove(model), 0);
    struct oac_test_process p = oac_test_oac_signalled(
        (const char *const[]){"train", "--shape", "784-8-10", "--epochs", "3", "--batch", "500",
                              "--photons-per-mac", "2", "--shift", "1", "-o", model,
                              "--checkpoint", part, "--progress", NULL},
        "epochs", SIGINT);
    cr_expect_eq(p.code, 130, "exit %d, said: %s", p.code, p.said);
    cr_expect(strstr(p.said, "--resume"), "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 1, "the checkpoint and no model");
    expect_success(TRAIN("-o", model, "--checkpoint", part, "--resume", "--json"), parts);
    cr_expect_str_eq(whole, parts);
}

Test(cli_train, a_model_that_cannot_be_written_is_one_line)
{
    char nowhere[PATH_BYTES + 32];
    need_mnist();
    oac_test_dir_path(dir, "absent/model.h5", nowhere);
    struct oac_test_process p = TRAIN("-o", nowhere);
    cr_expect_eq(p.code, 1);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    cr_expect(strstr(p.said, "absent"), "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 0);
}
