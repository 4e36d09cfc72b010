/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/formats/native.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/h5.h"
#include "models/dataset.h"
#include "models/train.h"
#include "tests/models/network_fixture.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 64)

static char dir[OAC_TEST_DIR_BYTES], path[PATH_BYTES];
static struct oac_err err;
static const size_t widths[] = {12, 7, 3};

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "model.h5", path);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(native, .init = make_dir, .fini = remove_dir);

Test(native, what_is_written_is_read_back)
{
    struct oac_network *out = fixture_network(2, widths, OAC_ACT_TANH, OAC_ACT_SOFTMAX), *in;
    char before[OAC_DIGEST_HEX_BYTES], after[OAC_DIGEST_HEX_BYTES];
    out->name = strdup("a name");
    out->source = strdup("a test");
    out->license = strdup("CC0");
    out->layer[0].w_limit = 1.5f;
    out->layer[1].x_scale = 0.1f;
    out->layer[0].x_mean = fixture_operands(12, 50);
    out->input_rank = 2;
    out->input_shape[0] = 3;
    out->input_shape[1] = 4;
    out->input_scale = 1.0f / 255.0f;
    cr_assert_eq(oac_native_write(out, path, "oac test", &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_native_read(path, &in, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_network_digest(out, before, &err), OAC_OK);
    cr_assert_eq(oac_network_digest(in, after, &err), OAC_OK);
    cr_assert_str_eq(before, after);
    cr_assert_str_eq(in->name, "a name");
    cr_assert_str_eq(in->source, "a test");
    cr_assert_str_eq(in->license, "CC0");
    cr_assert_eq(in->layer[0].w_limit, 1.5f);
    cr_assert(isnan(in->layer[1].w_limit) && isnan(in->layer[0].x_scale));
    cr_assert_eq(in->layer[1].x_scale, 0.1f);
    cr_assert_eq(memcmp(in->layer[0].x_mean, out->layer[0].x_mean, 12 * sizeof(float)), 0);
    cr_assert_null(in->layer[1].x_mean);
    oac_network_destroy(in);
    oac_network_destroy(out);
}

/* Files that are wrong in one respect. A writer is started as a good model of 4-3-2 would be. */
struct flaw {
    const char *root_format, *kind, *activation, *skip;
    double schema, input_scale, w_limit;
    const char *scale_text;
    int64_t shape[4];
    size_t rank, weight_dims[2][2], bias_dim;
    float poison;
    const char *second_group;
};

static const struct flaw good = {.root_format = "oac-model",
                                 .kind = "dense",
                                 .activation = "relu",
                                 .skip = "",
                                 .schema = 1.0,
                                 .input_scale = 1.0,
                                 .w_limit = 1.0,
                                 .shape = {2, 2},
                                 .rank = 2,
                                 .weight_dims = {{3, 4}, {2, 3}},
                                 .bias_dim = 2,
                                 .second_group = "/layers/001"};

static void put(enum oac_status status)
{
    cr_assert_eq(status, OAC_OK, "%s", err.message);
}

static void put_layer(struct oac_h5_writer *writer, const char *group, const struct flaw *flaw,
                      size_t index)
{
    float values[16] = {0};
    char name[64];
    const size_t *dims = flaw->weight_dims[index];
    size_t bias = index ? flaw->bias_dim : dims[0];
    values[dims[0] * dims[1] - 1] = index ? flaw->poison : 0.0f;
    put(oac_h5_put_text(writer, group, "kind", flaw->kind, &err));
    if (strcmp(flaw->skip, "activation") != 0)
        put(oac_h5_put_text(writer, group, "activation", flaw->activation, &err));
    put(oac_h5_put_real(writer, group, "w_limit", flaw->w_limit, &err));
    snprintf(name, sizeof name, "%s/weight", group);
    put(oac_h5_put_array(writer, name, OAC_H5_F32, 2, dims, "output,input", "1", false, values,
                         &err));
    snprintf(name, sizeof name, "%s/bias", group);
    memset(values, 0, sizeof values);
    if (strcmp(flaw->skip, "bias") != 0)
        put(oac_h5_put_array(writer, name, OAC_H5_F32, 1, &bias, "output", "1", false, values,
                             &err));
}

static enum oac_status read_flawed(const struct flaw *flaw)
{
    struct oac_h5_writer *writer;
    struct oac_network *network = NULL;
    put(oac_h5_create(&writer, &err));
    put(oac_h5_put_text(writer, "/", "format", flaw->root_format, &err));
    put(oac_h5_put_real(writer, "/", "schema", flaw->schema, &err));
    put(oac_h5_put_integers(writer, "/", "input_shape", flaw->shape, flaw->rank, &err));
    if (flaw->scale_text)
        put(oac_h5_put_text(writer, "/", "input_scale", flaw->scale_text, &err));
    else if (strcmp(flaw->skip, "input_scale") != 0)
        put(oac_h5_put_real(writer, "/", "input_scale", flaw->input_scale, &err));
    put_layer(writer, "/layers/000", flaw, 0);
    put_layer(writer, flaw->second_group, flaw, 1);
    put(oac_h5_commit(writer, path, &err));
    oac_h5_destroy(writer);
    err.message[0] = '\0';
    enum oac_status status = oac_native_read(path, &network, &err);
    cr_assert((status == OAC_OK) == (network != NULL));
    oac_network_destroy(network);
    return status;
}

static void expect(const struct flaw *flaw, enum oac_status status, const char *words)
{
    cr_assert_eq(read_flawed(flaw), status, "expected %s: %s", oac_status_name(status),
                 err.message);
    cr_assert(strstr(err.message, "model.h5") && strstr(err.message, words),
              "\"%s\" should name the file and \"%s\"", err.message, words);
}

Test(native, a_file_with_no_flaw_is_read)
{
    cr_assert_eq(read_flawed(&good), OAC_OK, "%s", err.message);
}

Test(native, input_scale_may_be_words)
{
    struct flaw flaw = good;
    flaw.scale_text = "pixel / 255";
    cr_assert_eq(read_flawed(&flaw), OAC_OK, "%s", err.message);
    const char *const bad[] = {"pixel / 0", "pixel / -3", "pixel / nan", "pixel / 255 ",
                               "pixel / ",  "pixels",     "255",         ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        flaw.scale_text = bad[i];
        expect(&flaw, OAC_EPARSE, "input_scale");
    }
}

Test(native, what_is_not_a_model_is_named)
{
    struct flaw flaw = good;
    flaw.root_format = "oac-run";
    expect(&flaw, OAC_EPARSE, "oac-model");
    flaw = good;
    flaw.schema = 2.0;
    cr_assert_neq(read_flawed(&flaw), OAC_OK);
    flaw = good;
    flaw.kind = "conv";
    expect(&flaw, OAC_EUNSUPPORTED, "conv");
    flaw = good;
    flaw.activation = "gelu";
    expect(&flaw, OAC_EUNSUPPORTED, "gelu");
    flaw = good;
    flaw.skip = "activation";
    cr_assert_neq(read_flawed(&flaw), OAC_OK);
    flaw.skip = "bias";
    cr_assert_neq(read_flawed(&flaw), OAC_OK);
    flaw.skip = "input_scale";
    cr_assert_neq(read_flawed(&flaw), OAC_OK);
}

Test(native, layers_that_do_not_chain_are_refused)
{
    struct flaw flaw = good;
    flaw.weight_dims[1][1] = 4;
    expect(&flaw, OAC_EMISMATCH, "/layers/001/weight");
    flaw = good;
    flaw.weight_dims[0][1] = 5;
    expect(&flaw, OAC_EMISMATCH, "/layers/000/weight");
    flaw = good;
    flaw.bias_dim = 3;
    cr_assert_neq(read_flawed(&flaw), OAC_OK);
    flaw = good;
    flaw.second_group = "/layers/002"; /* a gap */
    expect(&flaw, OAC_EPARSE, "/layers/000");
}

Test(native, numbers_that_are_not_finite_or_not_positive_are_refused)
{
    const float poisons[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        struct flaw flaw = good;
        flaw.poison = poisons[i];
        cr_assert_neq(read_flawed(&flaw), OAC_OK);
        cr_assert(strstr(err.message, "/layers/001/weight"), "%s", err.message);
    }
    const double bad[] = {0.0, -1.0, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        struct flaw flaw = good;
        flaw.input_scale = bad[i];
        cr_assert_neq(read_flawed(&flaw), OAC_OK, "input_scale %g", bad[i]);
        flaw = good;
        flaw.w_limit = bad[i];
        cr_assert_neq(read_flawed(&flaw), OAC_OK, "w_limit %g", bad[i]);
    }
}

Test(native, input_shapes_are_bounded)
{
    struct flaw flaw = good;
    flaw.shape[0] = 0;
    expect(&flaw, OAC_EPARSE, "input_shape[0]");
    flaw.shape[0] = -2;
    expect(&flaw, OAC_EPARSE, "input_shape[0]");
    flaw.shape[0] = 65536;
    expect(&flaw, OAC_EPARSE, "input_shape[0]");
    flaw = (struct flaw){.rank = 4, .shape = {60000, 60000, 60000, 60000}};
    struct flaw big = good;
    big.rank = flaw.rank;
    memcpy(big.shape, flaw.shape, sizeof big.shape);
    expect(&big, OAC_EPARSE, "input_shape");
}

Test(native, a_truncated_file_is_an_error_at_every_length)
{
    struct oac_network *network = fixture_network(2, widths, OAC_ACT_RELU, OAC_ACT_NONE), *in;
    char *data;
    size_t bytes;
    cr_assert_eq(oac_native_write(network, path, NULL, &err), OAC_OK, "%s", err.message);
    oac_network_destroy(network);
    cr_assert_eq(oac_file_read(path, 1 << 20, &data, &bytes, &err), OAC_OK);
    for (size_t part = 0; part < 8; part++) {
        oac_test_file_put(path, data, part * bytes / 8);
        in = NULL;
        cr_assert_neq(oac_native_read(path, &in, &err), OAC_OK, "%zu of %zu bytes",
                      part * bytes / 8, bytes);
        cr_assert_null(in);
        cr_assert(strstr(err.message, "model.h5"), "%s", err.message);
    }
    free(data);
}

Test(native, a_missing_file_is_named)
{
    struct oac_network *network = NULL;
    oac_test_dir_path(dir, "absent.h5", path);
    cr_assert_neq(oac_native_read(path, &network, &err), OAC_OK);
    cr_assert(strstr(err.message, "absent.h5"), "%s", err.message);
    cr_assert_null(network);
}

Test(native, an_unwritable_path_leaves_nothing_behind)
{
    struct oac_network *network = fixture_network(2, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    char nowhere[PATH_BYTES + 32];
    oac_test_dir_path(dir, "absent-directory/model.h5", nowhere);
    cr_assert_eq(oac_native_write(network, nowhere, NULL, &err), OAC_EIO, "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(dir), 0);
    oac_network_destroy(network);
}

Test(native, the_network_of_wang_2022_has_its_published_accuracy)
{
    char model[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("models/wang2022.h5", model);
    if (!oac_test_need_file(model, "the network of Wang et al. 2022"))
        return;
    struct oac_network *network;
    struct oac_dataset *data;
    double accuracy;
    cr_assert_eq(oac_native_read(model, &network, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_dataset_open("mnist", "test", NULL, &data, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_network_accuracy(network, data, &accuracy, &err), OAC_OK, "%s",
                 err.message);
    /* 9894 of 10,000; a tie or a last bit may move one image. */
    cr_assert_float_eq(accuracy, 0.9894, 1.01e-4, "%.4f", accuracy);
    oac_dataset_destroy(data);
    oac_network_destroy(network);
}
