/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The global options as an argp child, input `struct oac_cli *`: for main() and oac_cli_parse.
 */
#ifndef OAC_CLI_OPTIONS_H
#define OAC_CLI_OPTIONS_H

#include <argp.h>

extern const struct argp oac_cli_global_argp;

#endif
