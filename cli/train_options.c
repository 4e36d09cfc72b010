/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/train_options.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"

#define WIDTH_MAX 65535u

enum {
    KEY_DATA = 'd',
    KEY_OUTPUT = 'o',
    KEY_RIG = 'r',
    KEY_SHAPE = 0x100,
    KEY_ACTIVATION,
    KEY_LAST,
    KEY_LIMIT,
    KEY_EPOCHS,
    KEY_BATCH,
    KEY_OPTIMIZER,
    KEY_RATE,
    KEY_MOMENTUM,
    KEY_DECAY,
    KEY_SCHEDULE,
    KEY_WARMUP,
    KEY_ROTATE,
    KEY_SHIFT,
    KEY_SCALE,
    KEY_SHEAR,
    KEY_PHOTONS,
    KEY_BITS,
    KEY_READ,
    KEY_WEIGHT_ER,
    KEY_CLIENT_ER,
    KEY_SET,
    KEY_SEED,
    KEY_THREADS,
    KEY_CHECKPOINT,
    KEY_EVERY,
    KEY_RESUME,
    KEY_NAME,
    KEY_LICENSE,
    KEY_JSON,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What:", 1},
    {"data", KEY_DATA, "NAME|DIR", 0,
     "the data set (default mnist); learns from its split train, looks at reference", 1},
    {"shape", KEY_SHAPE, "N-N-N", 0, "inputs, hidden layers, classes; default 784-100-100-10",
     1},
    {"activation", KEY_ACTIVATION, "A", 0,
     "of hidden layers: relu (default), sigmoid, tanh, none", 1},
    {"last-activation", KEY_LAST, "A", 0,
     "none (default) or softmax: the same training, logits or probabilities come out", 1},
    {"weight-limit", KEY_LIMIT, "L", 0, "weights stay within +-L; default 0.5", 1},
    {"output", KEY_OUTPUT, "FILE", 0, "the model, native HDF5", 1},
    {"name", KEY_NAME, "TEXT", 0, "the model's name; default: data set and shape", 1},
    {"license", KEY_LICENSE, "TEXT", 0, "stored with the model", 1},
    {NULL, 0, NULL, 0, "How:", 2},
    {"epochs", KEY_EPOCHS, "N", 0, "default 100", 2},
    {"batch", KEY_BATCH, "N", 0, "images per step; default 128", 2},
    {"optimizer", KEY_OPTIMIZER, "O", 0, "adam (default) or sgd", 2},
    {"rate", KEY_RATE, "R", 0, "learning rate; default 0.002", 2},
    {"momentum", KEY_MOMENTUM, "M", 0, "of sgd; default 0.9", 2},
    {"weight-decay", KEY_DECAY, "D", 0, "default 0", 2},
    {"schedule", KEY_SCHEDULE, "S", 0, "cosine (default) or constant", 2},
    {"warmup", KEY_WARMUP, "PART", 0, "part of the steps with a rising rate; default 0", 2},
    {"seed", KEY_SEED, "S", 0, "default 1", 2},
    {NULL, 0, NULL, 0, "Distorted images, uniform within +-:", 3},
    {"rotate", KEY_ROTATE, "DEGREES", 0, "default 0", 3},
    {"shift", KEY_SHIFT, "PIXELS", 0, "default 0", 3},
    {"scale", KEY_SCALE, "PART", 0, "default 0", 3},
    {"shear", KEY_SHEAR, "PART", 0, "default 0", 3},
    {NULL, 0, NULL, 0, "The light it will run on:", 4},
    {"photons-per-mac", KEY_PHOTONS, "X", 0,
     "train against the shot noise of X detected photons per model product", 4},
    {"noise-photons", KEY_PHOTONS, NULL, OPTION_ALIAS, NULL, 4},
    {"rig", KEY_RIG, "NAME|FILE", 0,
     "read noise and DAC bits of this bench; needs --photons-per-mac", 4},
    {"set", KEY_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 4},
    {"read-electrons", KEY_READ, "E", 0, "noise of one readout, instead of the rig's", 4},
    {"weight-er-db", KEY_WEIGHT_ER, "DB", 0, "what the weight modulators leak, likewise", 4},
    {"client-er-db", KEY_CLIENT_ER, "DB", 0, "what the client modulator leaks, likewise", 4},
    {"dac-bits", KEY_BITS, "B", 0, "steps of weights and operands, instead of the rig's", 4},
    {NULL, 0, NULL, 0, "Long runs:", 5},
    {"checkpoint", KEY_CHECKPOINT, "FILE", 0, "saved here while training, and on Ctrl-C", 5},
    {"checkpoint-every", KEY_EVERY, "N", 0, "epochs; default 10", 5},
    {"resume", KEY_RESUME, NULL, 0, "continue from the checkpoint if it is there", 5},
    {"threads", KEY_THREADS, "T", 0, "default: all processors; changes no bit of the result",
     5},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 5},
    {0},
};

/* "784-100-100-10": digits and single dashes. */
static void parse_shape(struct argp_state *state, struct oac_train_input *input,
                        const char *text)
{
    size_t count = 0, width[OAC_TRAIN_LAYERS_MAX + 1];
    const char *at = text;
    for (;; at++) {
        char *end = (char *)at;
        unsigned long value = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : 0;
        if (value < 1 || value > WIDTH_MAX || count > OAC_TRAIN_LAYERS_MAX ||
            (*end && *end != '-'))
            argp_error(
                state,
                "--shape: \"%s\" is not 2 to %u numbers of 1..%u with dashes between them",
                text, OAC_TRAIN_LAYERS_MAX + 1, WIDTH_MAX);
        width[count++] = value;
        at = end;
        if (!*at)
            break;
    }
    if (count < 2 || strlen(text) >= sizeof input->shape)
        argp_error(state, "--shape: \"%s\" needs inputs and at least one layer", text);
    input->inputs = width[0];
    input->train.layers = count - 1;
    memcpy(input->train.outputs, width + 1, (count - 1) * sizeof width[0]);
    snprintf(input->shape, sizeof input->shape, "%s", text);
}

static error_t parse_what(int key, char *arg, struct argp_state *state,
                          struct oac_train_input *input)
{
    struct oac_train_options *train = &input->train;
    switch (key) {
    case KEY_DATA:
        input->data = arg;
        return 0;
    case KEY_SHAPE:
        parse_shape(state, input, arg);
        return 0;
    case KEY_ACTIVATION:
        train->hidden = (enum oac_activation)oac_cli_choice(state, "--activation", arg,
                                                            oac_activation_names);
        return 0;
    case KEY_LAST:
        train->last = (enum oac_activation)oac_cli_choice(state, "--last-activation", arg,
                                                          oac_activation_names);
        return 0;
    case KEY_LIMIT:
        train->weight_limit = oac_cli_real(state, "--weight-limit", arg, 1e-6, 1e6);
        return 0;
    case KEY_OUTPUT:
        input->output = arg;
        return 0;
    case KEY_NAME:
        input->name = arg;
        return 0;
    case KEY_LICENSE:
        input->license = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_how(int key, char *arg, struct argp_state *state,
                         struct oac_train_input *input)
{
    struct oac_train_options *train = &input->train;
    struct oac_optimizer *optimizer = &train->optimizer;
    switch (key) {
    case KEY_EPOCHS:
        train->epochs = (size_t)oac_cli_count(state, "--epochs", arg, 1, 1000000);
        return 0;
    case KEY_BATCH:
        train->batch = (size_t)oac_cli_count(state, "--batch", arg, 1, 1000000);
        return 0;
    case KEY_OPTIMIZER:
        optimizer->kind = (enum oac_optimizer_kind)oac_cli_choice(state, "--optimizer", arg,
                                                                  oac_optimizer_names);
        return 0;
    case KEY_RATE:
        optimizer->rate = oac_cli_real(state, "--rate", arg, 1e-12, 1e3);
        return 0;
    case KEY_MOMENTUM:
        optimizer->momentum = oac_cli_real(state, "--momentum", arg, 0.0, 0.9999);
        return 0;
    case KEY_DECAY:
        optimizer->weight_decay = oac_cli_real(state, "--weight-decay", arg, 0.0, 1.0);
        return 0;
    case KEY_SCHEDULE:
        optimizer->schedule =
            (enum oac_schedule)oac_cli_choice(state, "--schedule", arg, oac_schedule_names);
        return 0;
    case KEY_WARMUP:
        optimizer->warmup = oac_cli_real(state, "--warmup", arg, 0.0, 0.9);
        return 0;
    case KEY_SEED:
        train->seed = oac_cli_count(state, "--seed", arg, 0, INT64_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_light(int key, char *arg, struct argp_state *state,
                           struct oac_train_input *input)
{
    struct oac_augment *augment = &input->train.augment;
    switch (key) {
    case KEY_ROTATE:
        augment->rotate_rad = oac_cli_real(state, "--rotate", arg, 0.0, 57.0) * OAC_PI / 180.0;
        return 0;
    case KEY_SHIFT:
        augment->shift_px = oac_cli_real(state, "--shift", arg, 0.0, 1000.0);
        return 0;
    case KEY_SCALE:
        augment->scale = oac_cli_real(state, "--scale", arg, 0.0, 0.9);
        return 0;
    case KEY_SHEAR:
        augment->shear = oac_cli_real(state, "--shear", arg, 0.0, 10.0);
        return 0;
    case KEY_PHOTONS:
        input->train.noise.photons_per_mac =
            oac_cli_real(state, "--photons-per-mac", arg, 1e-6, 1e15);
        return 0;
    case KEY_READ:
        input->read_electrons = oac_cli_real(state, "--read-electrons", arg, 0.0, 1e12);
        return 0;
    case KEY_WEIGHT_ER:
        input->weight_er_db = oac_cli_real(state, "--weight-er-db", arg, 0.1, 300.0);
        return 0;
    case KEY_CLIENT_ER:
        input->client_er_db = oac_cli_real(state, "--client-er-db", arg, 0.1, 300.0);
        return 0;
    case KEY_BITS:
        input->dac_bits = (double)oac_cli_count(state, "--dac-bits", arg, 1, 16);
        return 0;
    case KEY_RIG:
        input->rig = arg;
        return 0;
    case KEY_SET:
        oac_cli_append(state, &input->sets, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_run(int key, char *arg, struct argp_state *state,
                         struct oac_train_input *input)
{
    struct oac_train_options *train = &input->train;
    switch (key) {
    case KEY_CHECKPOINT:
        train->checkpoint_path = arg;
        return 0;
    case KEY_EVERY:
        train->checkpoint_epochs =
            (size_t)oac_cli_count(state, "--checkpoint-every", arg, 1, 1000000);
        return 0;
    case KEY_RESUME:
        train->resume = true;
        return 0;
    case KEY_THREADS:
        train->threads = (size_t)oac_cli_count(state, "--threads", arg, 1, 1024);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check_complete(struct argp_state *state, const struct oac_train_input *input)
{
    if (!input->output)
        argp_error(state, "--output FILE is missing");
    if (input->train.resume && !input->train.checkpoint_path)
        argp_error(state, "--resume needs --checkpoint FILE");
    bool light = input->train.noise.photons_per_mac > 0.0;
    if (input->rig && !light)
        argp_error(state, "--rig needs --photons-per-mac X: how much of its light to use");
    if (!light && !(isnan(input->read_electrons) && isnan(input->weight_er_db) &&
                    isnan(input->client_er_db)))
        argp_error(state, "--read-electrons, --weight-er-db and --client-er-db need "
                          "--photons-per-mac X");
    if (input->sets.count > 0 && !input->rig)
        argp_error(state, "--set needs --rig");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct oac_train_input *input = state->input;
    if (key == ARGP_KEY_END) {
        check_complete(state, input);
        return 0;
    }
    error_t (*const parts[])(int, char *, struct argp_state *, struct oac_train_input *) = {
        parse_what, parse_how, parse_light, parse_run};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i](key, arg, state, input) == 0)
            return 0;
    return ARGP_ERR_UNKNOWN;
}

const struct argp oac_train_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--output FILE",
    .doc = "Train a dense network, aware of the light it will run on.\v"
           "The same command gives the same network, bit for bit, whatever the number of\n"
           "threads and however often it was interrupted; --kernel v3 and v4 agree.\n"
           "  oac train -o mine.h5 --epochs 20 --shift 2 --rotate 10\n"
           "  oac train -o mine.h5 --photons-per-mac 0.5 --checkpoint mine.part --resume\n"
           "  oac train -o mine.h5 --data fashion-mnist --rig netcast-snspd \\\n"
           "      --photons-per-mac 1\n",
};

struct oac_train_input oac_train_defaults(void)
{
    return (struct oac_train_input){
        .train = {.layers = 3,
                  .outputs = {100, 100, 10},
                  .hidden = OAC_ACT_RELU,
                  .last = OAC_ACT_NONE,
                  .input_scale = 1.0f / 255.0f,
                  .epochs = 100,
                  .batch = 128,
                  .optimizer = {.rate = 0.002, .momentum = 0.9},
                  .weight_limit = 0.5,
                  .seed = 1,
                  .checkpoint_epochs = 10},
        .inputs = 784,
        .data = "mnist",
        .shape = "784-100-100-10",
        .read_electrons = NAN,
        .weight_er_db = NAN,
        .client_er_db = NAN,
        .dac_bits = NAN,
    };
}
