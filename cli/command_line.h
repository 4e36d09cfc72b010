/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line as text that a shell reads back to the same arguments: provenance. */
#ifndef OAC_CLI_COMMAND_LINE_H
#define OAC_CLI_COMMAND_LINE_H

/* argv[0] is given without its folders, so that the same command on two machines is the same
 * text. Returned memory is the caller's; NULL when there is none left. */
char *oac_command_line(int argc, char **argv);

#endif
