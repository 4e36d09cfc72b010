/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options that say which calibration a command stands on. */
#ifndef OAC_CLI_CALIBRATION_OPTIONS_H
#define OAC_CLI_CALIBRATION_OPTIONS_H

#include <argp.h>

#include "cli/command.h"
#include "experiments/calibration_use.h"

enum {
    OAC_CLI_CAL = 0x2c0,
    OAC_CLI_TRACK,
    OAC_CLI_FORCE_CAL,
    OAC_CLI_IDLE_S,
};

/* Rows of an argp option table, under the heading "Calibration:". */
#define OAC_CLI_CALIBRATION_ROWS(group)                                                      \
    {NULL, 0, NULL, 0, "Calibration:", group},                                               \
        {"cal",                                                                              \
         OAC_CLI_CAL,                                                                        \
         "FILE",                                                                             \
         0,                                                                                  \
         "stand on this calibration of the bench (HDF5); default: the rig's nominal curves", \
         group},                                                                             \
        {"track",                                                                            \
         OAC_CLI_TRACK,                                                                      \
         NULL,                                                                               \
         0,                                                                                  \
         "play reference windows between images and take the drift they show off",           \
         group},                                                                             \
        {"idle-s",                                                                           \
         OAC_CLI_IDLE_S,                                                                     \
         "S",                                                                                \
         0,                                                                                  \
         "start so long after the end of the calibration, in bench time; default 0",         \
         group},                                                                             \
    {                                                                                        \
        "force-cal", OAC_CLI_FORCE_CAL, NULL, 0,                                             \
            "take a calibration of another rig, device or firmware; the results are marked", \
            group                                                                            \
    }

/* Takes one option of the rows above; ARGP_ERR_UNKNOWN for any other key. ARGP_KEY_END refuses --idle-s and
 * --force-cal without --cal. */
error_t oac_cli_calibration_parse(int key, char *arg, struct argp_state *state,
                                  struct oac_calibration_use *use);

#endif
