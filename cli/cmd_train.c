/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac train`: a network that fits the optics it will run on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "cli/command.h"
#include "cli/train_options.h"
#include "experiments/batches.h"
#include "experiments/training_noise.h"
#include "models/dataset_resolve.h"
#include "models/formats/native.h"
#include "sim/rig.h"

static enum oac_status set_noise(struct oac_train_input *input, struct oac_err *err)
{
    struct oac_noise_model *noise = &input->train.noise;
    if (input->rig) {
        struct oac_rig rig;
        enum oac_status status =
            oac_rig_read(input->rig, input->sets.item, input->sets.count, &rig, NULL, err);
        if (status != OAC_OK)
            return status;
        *noise = oac_training_noise(&rig, input->inputs, noise->photons_per_mac);
    }
    if (!isnan(input->read_electrons))
        noise->read_electrons = input->read_electrons;
    if (!isnan(input->weight_er_db))
        noise->weight_leak = oac_extinction_leak(input->weight_er_db);
    if (!isnan(input->client_er_db))
        noise->operand_leak = oac_extinction_leak(input->client_er_db);
    if (!isnan(input->dac_bits))
        noise->dac_bits = (unsigned)input->dac_bits;
    return OAC_OK;
}

struct data {
    struct oac_dataset *train, *reference, *test; /* test NULL: not there; only ever reported */
};

static enum oac_status open_data(const struct oac_train_input *input, const struct oac_cli *cli,
                                 struct data *data, struct oac_err *err)
{
    char name[OAC_DATASET_NAME_BYTES], *directory = NULL;
    struct oac_err none;
    enum oac_status status = oac_dataset_resolve(input->data, name, &directory, err);
    if (status == OAC_OK)
        status = oac_dataset_open(name, "train", directory, &data->train, err);
    if (status == OAC_OK)
        status = oac_dataset_open(name, "reference", directory, &data->reference, err);
    if (status == OAC_OK &&
        oac_dataset_open(name, "test", directory, &data->test, &none) != OAC_OK)
        oac_log(cli->sink, OAC_LOG_WARNING, "no test images to report on: %s", none.message);
    free(directory);
    if (status == OAC_OK && data->train->rows * data->train->cols != input->inputs)
        status =
            oac_fail(err, OAC_EMISMATCH, "--shape %s has %zu inputs, %s has %zu x %zu pixels",
                     input->shape, input->inputs, name, data->train->rows, data->train->cols);
    return status;
}

static enum oac_status write_model(const struct oac_train_input *input,
                                   const struct oac_cli *cli, const struct data *data,
                                   struct oac_network *network, struct oac_err *err)
{
    char name[256];
    snprintf(name, sizeof name, "%s %s", data->train->name, input->shape);
    network->name = oac_strdup(input->name ? input->name : name, err);
    network->source = oac_strdup(cli->command_line, err);
    network->license = oac_strdup(input->license ? input->license : "", err);
    if (!network->name || !network->source || !network->license)
        return err->status;
    return oac_native_write(network, input->output, cli->command_line, err);
}

static void print(const struct oac_train_input *input, const struct oac_network *network,
                  const struct oac_train_report *report, const char *digest, double test)
{
    const char *level = oac_kernel()->level;
    if (input->json) {
        printf("{\"model_sha256\": \"%s\", \"kernel_level\": \"%s\", \"steps\": %llu, "
               "\"loss\": %.6g, \"accuracy_reference\": %.6g, ",
               digest, level, (unsigned long long)report->steps, report->loss,
               report->reference_accuracy);
        if (isnan(test))
            printf("\"accuracy_test\": null, ");
        else
            printf("\"accuracy_test\": %.6g, ", test);
        printf("\"macs_per_image\": %llu, \"resumed\": %s, \"seconds\": %.3f}\n",
               (unsigned long long)oac_network_macs(network),
               report->resumed ? "true" : "false", report->seconds);
        return;
    }
    printf("%s\n", network->name);
    printf("  reference split    %6.2f %%   (scales and choices come from it)\n",
           100.0 * report->reference_accuracy);
    if (!isnan(test))
        printf("  test images        %6.2f %%   (only reported)\n", 100.0 * test);
    printf("  loss               %.4f after %llu steps, %.1f s, kernel %s\n", report->loss,
           (unsigned long long)report->steps, report->seconds, level);
    printf("  SHA-256            %s\n", digest);
    printf("  written to         %s\n", input->output);
}

static enum oac_status train(const struct oac_train_input *input, const struct oac_cli *cli,
                             const struct data *data, struct oac_err *err)
{
    struct oac_network *network = NULL;
    struct oac_train_report report;
    char digest[OAC_DIGEST_HEX_BYTES];
    double test = NAN;
    enum oac_status status = oac_train(&input->train, data->train, data->reference, cli->sink,
                                       &network, &report, err);
    if (status == OAC_OK && data->test)
        status = oac_network_accuracy(network, data->test, &test, err);
    if (status == OAC_OK)
        status = oac_network_digest(network, digest, err);
    if (status == OAC_OK)
        status = write_model(input, cli, data, network, err);
    if (status == OAC_OK) {
        oac_cli_done(cli);
        print(input, network, &report, digest, test);
    }
    oac_network_destroy(network);
    return status;
}

int oac_cmd_train(struct oac_cli *cli, int argc, char **argv)
{
    struct oac_train_input input = oac_train_defaults();
    struct data data = {0};
    struct oac_err err;
    oac_cli_parse(cli, &oac_train_argp, argc, argv, &input);
    if (input.train.threads == 0)
        input.train.threads = oac_processors();
    enum oac_status status = set_noise(&input, &err);
    if (status == OAC_OK)
        status = open_data(&input, cli, &data, &err);
    if (status == OAC_OK)
        status = train(&input, cli, &data, &err);
    oac_dataset_destroy(data.train);
    oac_dataset_destroy(data.reference);
    oac_dataset_destroy(data.test);
    return status == OAC_OK ? 0 : oac_cli_fail(cli, &err);
}
