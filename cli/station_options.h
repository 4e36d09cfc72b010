/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options that say which bench plays and how, shared by the commands that use one. */
#ifndef OAC_CLI_STATION_OPTIONS_H
#define OAC_CLI_STATION_OPTIONS_H

#include <argp.h>

#include "cli/command.h"
#include "experiments/setup.h"

enum {
    OAC_CLI_RIG = 'r',
    OAC_CLI_ON = 0x200,
    OAC_CLI_SET,
    OAC_CLI_NOISE,
    OAC_CLI_SEED,
    OAC_CLI_ENCODING,
    OAC_CLI_REPEATS,
    OAC_CLI_URI,
    OAC_CLI_RECORD,
};

/* Rows of an argp option table, under the heading "On what:" in `group` and "How:" in the next. */
#define OAC_CLI_STATION_ROWS(group)                                                              \
    {NULL, 0, NULL, 0, "On what:", group},                                                       \
        {"rig",                                                                                  \
         OAC_CLI_RIG,                                                                            \
         "NAME|FILE",                                                                            \
         0,                                                                                      \
         "the bench: a shipped rig (oac rig list) or a file",                                    \
         group},                                                                                 \
        {"on",                                                                                   \
         OAC_CLI_ON,                                                                             \
         "WHAT",                                                                                 \
         0,                                                                                      \
         "what plays it: sim (default; exact mean and variance of every readout), wave "         \
         "(sampled light: slower, assumes less), iio (boards) or replay (a recording)",          \
         group},                                                                                 \
        {"uri",                                                                                  \
         OAC_CLI_URI,                                                                            \
         "URI",                                                                                  \
         0,                                                                                      \
         "of the lab bench, --on iio: ip:HOST[:PORT], usb:, local:; default the rig's. Of a "    \
         "recording, --on replay: its file",                                                     \
         group},                                                                                 \
        {"record",                                                                               \
         OAC_CLI_RECORD,                                                                         \
         "FILE",                                                                                 \
         0,                                                                                      \
         "keep all samples played and read, --on wave or iio, for --on replay (HDF5)",           \
         group},                                                                                 \
        {"set", OAC_CLI_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", group}, \
        {"noise",                                                                                \
         OAC_CLI_NOISE,                                                                          \
         "LIST",                                                                                 \
         0,                                                                                      \
         "all (default), none, or some of shot,thermal,read,rin,drive,ase,adc,drift, and of "    \
         "wave's own linewidth,jitter",                                                          \
         group},                                                                                 \
        {"seed", OAC_CLI_SEED, "S", 0, "of the noise; default 1", group},                        \
        {NULL, 0, NULL, 0, "How:", group + 1},                                                   \
        {"encoding", OAC_CLI_ENCODING, "E", 0, "of signs: rails (default), offset, balanced",    \
         group + 1},                                                                             \
    {                                                                                            \
        "repeats", OAC_CLI_REPEATS, "N", 0, "average N readouts; default 1", group + 1           \
    }

struct oac_cli_station {
    struct oac_station_options options; /* rig is NULL until given */
    struct oac_cli_list sets;
};

/* The defaults that the rows promise. */
void oac_cli_station_init(struct oac_cli_station *station);

/* Takes one option of the rows above; ARGP_ERR_UNKNOWN for any other key. ARGP_KEY_END checks that there is
 * a rig and makes options.sets point to the list, so the struct must stay where it is. */
error_t oac_cli_station_parse(int key, char *arg, struct argp_state *state,
                              struct oac_cli_station *station);

#endif
