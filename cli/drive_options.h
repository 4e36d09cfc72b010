/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands that can drive a lab bench share: --arm, and the dry run. */
#ifndef OAC_CLI_DRIVE_OPTIONS_H
#define OAC_CLI_DRIVE_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "cli/command.h"
#include "driver/played.h"

enum { OAC_CLI_ARM = 0x2c0, OAC_CLI_DRY, OAC_CLI_VOLTAGES, OAC_CLI_WHOLE };

#define OAC_CLI_DRIVE_ROWS(group)                                                    \
    {NULL, 0, NULL, 0, "A lab bench (--on iio):", group},                            \
        {"arm",                                                                      \
         OAC_CLI_ARM,                                                                \
         NULL,                                                                       \
         0,                                                                          \
         "yes, real outputs may be driven; asked for the first time only",           \
         group},                                                                     \
        {"dry-run",                                                                  \
         OAC_CLI_DRY,                                                                \
         NULL,                                                                       \
         0,                                                                          \
         "drive nothing: print the voltages that would be played; needs no device",  \
         group},                                                                     \
        {"voltages",                                                                 \
         OAC_CLI_VOLTAGES,                                                           \
         "FILE",                                                                     \
         0,                                                                          \
         "dry run: write every voltage and how often, and the first burst, as HDF5", \
         group},                                                                     \
    {                                                                                \
        "voltages-whole", OAC_CLI_WHOLE, NULL, 0,                                    \
            "in that file every sample of the run too: large", group                 \
    }

struct oac_cli_drive {
    bool arm, dry, whole;
    const char *path;
    struct oac_played played;
};

/* Takes one option of the rows above; ARGP_ERR_UNKNOWN for any other key. */
error_t oac_cli_drive_parse(int key, char *arg, struct argp_state *state,
                            struct oac_cli_drive *drive);

/* What the library is to fill: NULL when the run is no dry one. */
struct oac_played *oac_cli_drive_begin(struct oac_cli_drive *drive);
/* Prints and writes what would be played. Returns an exit code; frees. */
int oac_cli_drive_report(struct oac_cli *cli, struct oac_cli_drive *drive);

#endif
