/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/calibration_options.h"

/* Thirty years. */
#define IDLE_MAX_S 1e9

error_t oac_cli_calibration_parse(int key, char *arg, struct argp_state *state,
                                  struct oac_calibration_use *use)
{
    switch (key) {
    case OAC_CLI_CAL:
        use->path = arg;
        return 0;
    case OAC_CLI_TRACK:
        use->track = true;
        return 0;
    case OAC_CLI_FORCE_CAL:
        use->force = true;
        return 0;
    case OAC_CLI_IDLE_S:
        use->idle_s = oac_cli_real(state, "--idle-s", arg, 0.0, IDLE_MAX_S);
        return 0;
    case ARGP_KEY_END:
        if (!use->path && (use->force || use->idle_s > 0.0))
            argp_error(state, "%s needs --cal FILE", use->force ? "--force-cal" : "--idle-s");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
