/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of `oac train`. */
#ifndef OAC_CLI_TRAIN_OPTIONS_H
#define OAC_CLI_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "models/train.h"

struct oac_train_input { /* what the command line asked for */
    struct oac_train_options train;
    size_t inputs;
    const char *data, *output, *rig, *name, *license;
    char shape[128];
    struct oac_cli_list sets;
    double read_electrons, weight_er_db, client_er_db, dac_bits; /* NAN: the rig's */
    bool json;
};

extern const struct argp oac_train_argp; /* input: struct oac_train_input * */

/* What is trained when nothing is said. */
struct oac_train_input oac_train_defaults(void);

#endif
