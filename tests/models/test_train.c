/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/train.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "models/checkpoint.h"
#include "models/packed.h"
#include "models/trainer.h"
#include "tests/models/network_fixture.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 64)

static char dir[OAC_TEST_DIR_BYTES], checkpoint[PATH_BYTES];
static struct oac_err err;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "checkpoint.h5", checkpoint);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(train, .init = make_dir, .fini = remove_dir);

static const struct oac_sink silent = {0};

/* 36-20-18-4 on stripes, everything switched on. */
static const struct oac_train_options everything = {
    .layers = 3,
    .outputs = {20, 18, 4},
    .hidden = OAC_ACT_RELU,
    .input_scale = 1.0f / 255.0f,
    .epochs = 4,
    .batch = 70, /* two chunks and a bit */
    .optimizer = {.rate = 0.01, .weight_decay = 1e-3, .warmup = 0.1},
    .weight_limit = 0.6,
    .augment = {.rotate_rad = 0.05, .shift_px = 0.3, .scale = 0.05, .shear = 0.05},
    .noise = {.photons_per_mac = 5.0,
              .read_electrons = 3.0,
              .weight_leak = 0.003,
              .operand_leak = 0.01,
              .dac_bits = 8},
    .seed = 3,
    .threads = 1,
};

/* ---- gradients ---- */

static double difference(struct oac_trainer *trainer, float *w)
{
    float kept = *w, step = 2e-3f;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        *w = kept + (side ? step : -step);
        oac_trainer_refresh(trainer);
        loss[side] = oac_trainer_pass(trainer);
    }
    *w = kept;
    oac_trainer_refresh(trainer);
    return (loss[1] - loss[0]) / (2.0 * (double)step);
}

static void check_gradient(struct oac_train_options *options, double tolerance)
{
    options->epochs = 100;
    struct oac_dataset *data = fixture_stripes(100, 1);
    struct oac_trainer *trainer;
    float g[21 * 16 * 4], scratch[21 * 16 * 4];
    cr_assert_eq(oac_trainer_create(options, data, &trainer, &err), OAC_OK, "%s", err.message);
    for (int i = 0; i < 20; i++) /* away from the initial weights, where biases are 0 */
        oac_trainer_step(trainer);
    oac_trainer_pass(trainer);
    for (size_t l = 0; l < trainer->layers; l++) {
        struct oac_train_layer *layer = &trainer->layer[l];
        double error = 0.0, size = 0.0;
        for (size_t n = l; n <= layer->inputs; n += layer->inputs / 4) {
            oac_trainer_pass(trainer);
            oac_trainer_gradient(trainer, l, n, 1, g, scratch);
            for (size_t k = 0; k < layer->outputs; k += 3) {
                double wanted = difference(trainer, &layer->w[n * layer->ld + k]);
                error += ((double)g[k] - wanted) * ((double)g[k] - wanted);
                size += wanted * wanted;
            }
        }
        cr_assert_gt(size, 0.0);
        cr_assert_lt(sqrt(error / size), tolerance, "layer %zu: relative error %g", l,
                     sqrt(error / size));
    }
    oac_trainer_destroy(trainer);
    fixture_dataset_free(data);
}

/* Central differences of a float32 loss near 1 with steps of 2e-3: rounding 1e-7/4e-3 against gradients
 * of 1e-2 leaves 0.3 %, kinks of relu inside a step add to it. A wrong term shows as 10 % or more. */
Test(train, gradient_of_smooth_activations_is_that_of_finite_differences)
{
    struct oac_train_options options = everything;
    options.noise = (struct oac_noise_model){0};
    options.hidden = OAC_ACT_TANH;
    check_gradient(&options, 0.02);
    options.hidden = OAC_ACT_SIGMOID;
    check_gradient(&options, 0.02);
    options.hidden = OAC_ACT_NONE;
    options.last = OAC_ACT_SOFTMAX;
    check_gradient(&options, 0.02);
}

Test(train, gradient_of_relu_is_that_of_finite_differences)
{
    struct oac_train_options options = everything;
    options.noise = (struct oac_noise_model){0};
    check_gradient(&options, 0.05);
}

Test(train, gradient_through_the_noise_is_that_of_finite_differences)
{
    struct oac_train_options options = everything;
    options.noise.dac_bits = 0;
    options.hidden = OAC_ACT_SIGMOID;
    check_gradient(&options, 0.03);
    options.hidden = OAC_ACT_RELU;
    check_gradient(&options, 0.06);
    options.noise.weight_leak =
        0.01; /* the full scale of hidden operands is taken as constant */
    options.noise.operand_leak = 0.01;
    check_gradient(&options, 0.06);
}

/* ---- learning ---- */

Test(train, exclusive_or_is_learnt_by_every_optimiser)
{
    struct oac_dataset *data = fixture_xor(16);
    for (int kind = 0; kind < 2; kind++) {
        struct oac_train_options options = {
            .layers = 2,
            .outputs = {16, 2},
            .hidden = OAC_ACT_TANH,
            .input_scale = 1.0f / 255.0f,
            .epochs = 300,
            .batch = 32,
            .optimizer = {.kind = kind ? OAC_SGD : OAC_ADAM,
                          .rate = kind ? 0.1 : 0.02,
                          .momentum = 0.9},
            .weight_limit = 5.0,
            .seed = 1,
            .threads = 1,
        };
        struct oac_network *network;
        struct oac_train_report report;
        double accuracy;
        cr_assert_eq(oac_train(&options, data, data, &silent, &network, &report, &err), OAC_OK,
                     "%s", err.message);
        cr_assert_eq(oac_network_accuracy(network, data, &accuracy, &err), OAC_OK);
        cr_assert_eq(accuracy, 1.0, "%s: %g", oac_optimizer_names[kind], accuracy);
        cr_assert_eq(report.reference_accuracy, 1.0);
        cr_assert_lt(report.loss, 0.1);
        cr_assert_eq(report.steps, 600);
        oac_network_destroy(network);
    }
    fixture_dataset_free(data);
}

Test(train, the_network_generalises_and_carries_its_scales_and_limit)
{
    struct oac_dataset *train = fixture_stripes(600, 1), *other = fixture_stripes(200, 2);
    struct oac_train_options options = everything;
    struct oac_network *network;
    struct oac_train_report report;
    options.epochs = 15;
    cr_assert_eq(oac_train(&options, train, other, &silent, &network, &report, &err), OAC_OK,
                 "%s", err.message);
    cr_assert_gt(report.reference_accuracy, 0.95);
    for (size_t l = 0; l < network->layers; l++) {
        const struct oac_dense *layer = &network->layer[l];
        cr_assert_eq(layer->w_limit, 0.6f);
        cr_assert_gt(layer->x_scale, 0.0f);
        cr_assert_not_null(layer->x_mean);
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            cr_assert(fabsf(layer->weight[i]) <= 0.6f);
    }
    cr_assert_eq(network->layer[1].activation, OAC_ACT_RELU);
    cr_assert_eq(network->layer[2].activation, OAC_ACT_NONE);
    cr_assert_eq(network->input_shape[0] * network->input_shape[1], 36);
    oac_network_destroy(network);
    fixture_dataset_free(train);
    fixture_dataset_free(other);
}

/* ---- repetition ---- */

static void train_digest(const struct oac_train_options *options,
                         const struct oac_dataset *data, const struct oac_sink *sink,
                         char hex[OAC_DIGEST_HEX_BYTES])
{
    struct oac_network *network;
    struct oac_train_report report;
    cr_assert_eq(oac_train(options, data, data, sink, &network, &report, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_network_digest(network, hex, &err), OAC_OK);
    oac_network_destroy(network);
}

Test(train, threads_change_no_bit)
{
    struct oac_dataset *data = fixture_stripes(300, 1);
    char one[OAC_DIGEST_HEX_BYTES], more[OAC_DIGEST_HEX_BYTES];
    for (int kind = 0; kind < 2; kind++) {
        struct oac_train_options options = everything;
        options.optimizer.kind = kind ? OAC_SGD : OAC_ADAM;
        train_digest(&options, data, &silent, one);
        for (size_t threads = 2; threads <= 5; threads += 3) {
            options.threads = threads;
            train_digest(&options, data, &silent, more);
            cr_assert_str_eq(one, more, "%zu threads", threads);
        }
    }
    fixture_dataset_free(data);
}

Test(train, the_seed_changes_the_network)
{
    struct oac_dataset *data = fixture_stripes(300, 1);
    char one[OAC_DIGEST_HEX_BYTES], other[OAC_DIGEST_HEX_BYTES];
    struct oac_train_options options = everything;
    train_digest(&options, data, &silent, one);
    options.seed++;
    train_digest(&options, data, &silent, other);
    cr_assert_str_neq(one, other);
    fixture_dataset_free(data);
}

/* Asks to stop after so many questions: one is asked before every step. */
struct patience {
    size_t left;
};

static bool lose_patience(void *context)
{
    struct patience *patience = context;
    return patience->left-- == 0;
}

Test(train, interrupted_and_resumed_gives_the_same_network)
{
    struct oac_dataset *data = fixture_stripes(300, 1); /* 4 steps an epoch */
    char whole[OAC_DIGEST_HEX_BYTES], parts[OAC_DIGEST_HEX_BYTES];
    struct oac_train_options options = everything;
    train_digest(&options, data, &silent, whole);
    options.checkpoint_path = checkpoint;
    options.checkpoint_epochs = 1;
    options.resume = true;
    for (size_t stop = 0; stop < 8;
         stop += 7) { /* before the first step, amid the second epoch */
        struct patience patience = {stop};
        struct oac_sink sink = {.context = &patience, .stop_requested = lose_patience};
        struct oac_network *network = NULL;
        struct oac_train_report report;
        cr_assert_eq(oac_train(&options, data, data, &sink, &network, &report, &err),
                     OAC_EINTERRUPTED, "%s", err.message);
        cr_assert(strstr(err.message, "checkpoint.h5"), "%s", err.message);
        cr_assert_null(network);
    }
    options.threads = 2;
    train_digest(&options, data, &silent, parts);
    cr_assert_str_eq(whole, parts);

    /* A finished run resumed is the same network again, without a step. */
    train_digest(&options, data, &silent, parts);
    cr_assert_str_eq(whole, parts);
    cr_assert_eq(oac_test_dir_entries(dir), 1);
    fixture_dataset_free(data);
}

static void make_checkpoint(const struct oac_train_options *options,
                            const struct oac_dataset *data)
{
    struct oac_trainer *trainer;
    cr_assert_eq(oac_trainer_create(options, data, &trainer, &err), OAC_OK, "%s", err.message);
    oac_trainer_step(trainer);
    cr_assert_eq(oac_checkpoint_write(trainer, checkpoint, &err), OAC_OK, "%s", err.message);
    oac_trainer_destroy(trainer);
}

static enum oac_status resume_with(const struct oac_train_options *options,
                                   const struct oac_dataset *data)
{
    struct oac_trainer *trainer;
    cr_assert_eq(oac_trainer_create(options, data, &trainer, &err), OAC_OK, "%s", err.message);
    enum oac_status status = oac_checkpoint_read(checkpoint, trainer, &err);
    cr_assert_eq(trainer->step, status == OAC_OK ? 1 : 0);
    oac_trainer_destroy(trainer);
    return status;
}

Test(train, a_checkpoint_of_another_run_is_refused)
{
    struct oac_dataset *data = fixture_stripes(300, 1);
    struct oac_train_options options = everything;
    make_checkpoint(&options, data);
    cr_assert_eq(resume_with(&options, data), OAC_OK, "%s", err.message);
    options.threads = 2;
    cr_assert_eq(resume_with(&options, data), OAC_OK, "%s", err.message);
    options = everything;
    options.seed++;
    cr_assert_eq(resume_with(&options, data), OAC_EMISMATCH);
    options = everything;
    options.outputs[0]++;
    cr_assert_eq(resume_with(&options, data), OAC_EMISMATCH);
    options = everything;
    options.noise.photons_per_mac *= 2.0;
    cr_assert_eq(resume_with(&options, data), OAC_EMISMATCH);
    options = everything;
    options.epochs++;
    cr_assert_eq(resume_with(&options, data), OAC_EMISMATCH);
    fixture_dataset_free(data);
}

Test(train, a_truncated_checkpoint_is_an_error)
{
    struct oac_dataset *data = fixture_stripes(300, 1);
    char *bytes;
    size_t size;
    make_checkpoint(&everything, data);
    cr_assert_eq(oac_file_read(checkpoint, 1 << 24, &bytes, &size, &err), OAC_OK);
    oac_test_file_put(checkpoint, bytes, size / 2);
    cr_assert_neq(resume_with(&everything, data), OAC_OK);
    cr_assert(strstr(err.message, "checkpoint.h5"), "%s", err.message);
    free(bytes);
    fixture_dataset_free(data);
}

/* ---- refusals ---- */

static enum oac_status try_options(const struct oac_train_options *options,
                                   const struct oac_dataset *data)
{
    struct oac_network *network = NULL;
    struct oac_train_report report;
    enum oac_status status = oac_train(options, data, data, &silent, &network, &report, &err);
    oac_network_destroy(network);
    return status;
}

Test(train, options_that_cannot_be_are_refused)
{
    struct oac_dataset *data = fixture_stripes(100, 1);
    struct oac_train_options options = everything;
    options.outputs[2] = 5;
    cr_assert_eq(try_options(&options, data), OAC_EMISMATCH, "%s", err.message);
    options = everything;
    options.optimizer.rate = NAN;
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    options = everything;
    options.weight_limit = 0.0;
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    options = everything;
    options.weight_limit = INFINITY; /* but DAC steps need a full scale */
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    options = everything;
    options.last = OAC_ACT_RELU;
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    options = everything;
    options.hidden = OAC_ACT_TANH; /* signed operands under the noise model of rails */
    cr_assert_eq(try_options(&options, data), OAC_EUNSUPPORTED);
    options = everything;
    options.hidden = OAC_ACT_SOFTMAX;
    cr_assert_eq(try_options(&options, data), OAC_EUNSUPPORTED);
    options = everything;
    options.layers = 0;
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    fixture_dataset_free(data);
}

Test(train, divergence_is_reported)
{
    struct oac_dataset *data = fixture_stripes(300, 1);
    struct oac_train_options options = everything;
    options.optimizer = (struct oac_optimizer){.kind = OAC_SGD, .rate = 1e30, .momentum = 0.9};
    options.weight_limit = INFINITY;
    options.noise = (struct oac_noise_model){0};
    cr_assert_eq(try_options(&options, data), OAC_EINVAL);
    cr_assert(strstr(err.message, "learning rate"), "%s", err.message);
    fixture_dataset_free(data);
}
