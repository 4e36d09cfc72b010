/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/drive_options.h"

#include <stdio.h>

#include "experiments/voltages.h"

error_t oac_cli_drive_parse(int key, char *arg, struct argp_state *state,
                            struct oac_cli_drive *drive)
{
    switch (key) {
    case OAC_CLI_ARM:
        drive->arm = true;
        return 0;
    case OAC_CLI_DRY:
        drive->dry = true;
        return 0;
    case OAC_CLI_VOLTAGES:
        drive->path = arg;
        return 0;
    case OAC_CLI_WHOLE:
        drive->whole = true;
        return 0;
    case ARGP_KEY_END:
        if ((drive->path || drive->whole) && !drive->dry)
            argp_error(state, "--voltages belongs to --dry-run: add it");
        if (drive->whole && !drive->path)
            argp_error(state, "--voltages-whole goes into a file: add --voltages FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct oac_played *oac_cli_drive_begin(struct oac_cli_drive *drive)
{
    if (!drive->dry)
        return NULL;
    oac_played_init(&drive->played, drive->whole);
    return &drive->played;
}

int oac_cli_drive_report(struct oac_cli *cli, struct oac_cli_drive *drive)
{
    struct oac_err err;
    int code = 0;
    oac_cli_done(cli);
    if (oac_played_check(&drive->played, &err) ||
        (drive->path &&
         oac_voltages_write(&drive->played, cli->command_line, drive->path, &err)))
        code = oac_cli_fail(cli, &err);
    else
        oac_voltages_report(&drive->played, drive->path, stdout);
    oac_played_fini(&drive->played);
    return code;
}
