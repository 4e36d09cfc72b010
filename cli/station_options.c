/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/station_options.h"

#include <stdint.h>

#include "sim/noise.h"

#define REPEATS_MAX 1000000

void oac_cli_station_init(struct oac_cli_station *station)
{
    *station = (struct oac_cli_station){
        .options = {.noise = OAC_NOISE_ALL,
                    .seed = 1,
                    .engine = {.encoding = OAC_RAILS, .repeats = 1}},
    };
}

error_t oac_cli_station_parse(int key, char *arg, struct argp_state *state,
                              struct oac_cli_station *station)
{
    struct oac_station_options *options = &station->options;
    struct oac_err err;

    switch (key) {
    case OAC_CLI_RIG:
        options->rig = arg;
        return 0;
    case OAC_CLI_ON:
        options->on = arg;
        return 0;
    case OAC_CLI_URI:
        options->uri = arg;
        return 0;
    case OAC_CLI_RECORD:
        options->record = arg;
        return 0;
    case OAC_CLI_SET:
        oac_cli_append(state, &station->sets, arg);
        return 0;
    case OAC_CLI_NOISE:
        if (oac_noise_parse(arg, &options->noise, &err) != OAC_OK)
            argp_error(state, "--noise: %s", err.message);
        return 0;
    case OAC_CLI_SEED:
        options->seed = oac_cli_count(state, "--seed", arg, 0, INT64_MAX);
        return 0;
    case OAC_CLI_ENCODING:
        options->engine.encoding = oac_cli_choice(state, "--encoding", arg, oac_encoding_names);
        return 0;
    case OAC_CLI_REPEATS:
        options->engine.repeats =
            (uint32_t)oac_cli_count(state, "--repeats", arg, 1, REPEATS_MAX);
        return 0;
    case ARGP_KEY_END:
        if (!options->rig)
            argp_error(state, "--rig NAME is missing; oac rig list shows those there are");
        options->sets = station->sets.item;
        options->set_count = station->sets.count;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
