/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac twin`: a simulated bench behind a virtual converter board, for every libiio program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "cli/command.h"
#include "cli/station_options.h"
#include "driver/twin/server.h"

enum { KEY_LISTEN = 'l', KEY_BOARD = 0x100, KEY_FAULT };

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "On what:", 1},
    {"rig", OAC_CLI_RIG, "NAME|FILE", 0,
     "the bench behind the board: a shipped rig (oac rig list) or a file", 1},
    {"set", OAC_CLI_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 1},
    {"board", KEY_BOARD, "NAME|FILE", 0,
     "the board's profile; default: iio.board of the rig, or else m2k", 1},
    {"noise", OAC_CLI_NOISE, "LIST", 0, "all (default), none, or a list as in oac run", 1},
    {"seed", OAC_CLI_SEED, "S", 0, "of the noise and of start delays; default 1", 1},
    {NULL, 0, NULL, 0, "How:", 2},
    {"listen", KEY_LISTEN, "HOST:PORT", 0,
     "default 127.0.0.1:30431, where libiio looks; port 0: any that is free", 2},
    {"fault", KEY_FAULT, "KIND", 0,
     "show a fault, for testing drivers: delay:N[:MS], drop:N, short:N, mask:N, wider:N, "
     "ebusy:N, nocyclic, close:BYTES, stale:N, lost:N; repeatable",
     2},
    {0},
};

struct input {
    struct oac_cli_station station;
    const char *board, *listen;
    struct oac_twin_faults faults;
    bool serve;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    struct oac_err err;

    switch (key) {
    case ARGP_KEY_ARG:
        if (strcmp(arg, "serve") != 0 || input->serve)
            argp_error(state, "'%s' is not something the twin does; it can serve", arg);
        input->serve = true;
        return 0;
    case ARGP_KEY_END:
        if (!input->serve)
            argp_error(state, "say what to do: oac twin serve --rig NAME");
        return oac_cli_station_parse(key, arg, state, &input->station);
    case KEY_BOARD:
        input->board = arg;
        return 0;
    case KEY_LISTEN:
        input->listen = arg;
        return 0;
    case KEY_FAULT:
        if (oac_twin_fault_parse(arg, &input->faults, &err) != OAC_OK)
            argp_error(state, "%s", err.message);
        return 0;
    default:
        return oac_cli_station_parse(key, arg, state, &input->station);
    }
}

static const struct argp twin_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "serve --rig NAME",
    .doc = "Serve a virtual bench: an IIOD server whose DACs and ADCs are the ports of the "
           "sampled simulator. It runs until it is interrupted.\v"
           "  oac twin serve --rig m2k-bench\n"
           "  oac twin serve --rig m2k-bench --listen 127.0.0.1:0 --noise none\n"
           "  iio_info -u ip:127.0.0.1\n"
           "\n"
           "The first line of output says where it listens. There is no password: an address "
           "that other machines can reach is warned of.\n",
};

static int serve(struct oac_cli *cli, struct input *input, const struct oac_rig *rig,
                 const uint8_t hash[32])
{
    struct oac_board board;
    struct oac_twin *twin = NULL;
    struct oac_twin_server *server = NULL;
    struct oac_err err;
    const char *profile = input->board        ? input->board
                          : rig->iio.board[0] ? rig->iio.board
                                              : "m2k";
    const struct oac_twin_options made = {
        .bench = {.board = &board,
                  .rig = rig,
                  .rig_hash = hash,
                  .noise = input->station.options.noise,
                  .seed = input->station.options.seed},
        .faults = &input->faults,
    };
    int code = 0;

    if (oac_board_read(profile, &board, &err) != OAC_OK ||
        oac_twin_create(&made, &twin, &err) != OAC_OK ||
        oac_twin_server_open(twin, input->listen, cli->sink, &server, &err) != OAC_OK) {
        code = oac_cli_fail(cli, &err);
        goto done;
    }
    printf("board %s on rig %s: listening on %s\n", board.name, rig->name,
           oac_twin_server_address(server));
    fflush(stdout);
    if (oac_twin_server_run(server, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
done:
    oac_twin_server_close(server);
    oac_twin_destroy(twin);
    return code;
}

int oac_cmd_twin(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {.listen = "127.0.0.1:30431"};
    const struct oac_station_options *options_of = &input.station.options;
    struct oac_rig rig;
    struct oac_err err;
    uint8_t hash[32];
    char *text = NULL;
    int code;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &twin_argp, argc, argv, &input);
    if (oac_rig_read(options_of->rig, options_of->sets, options_of->set_count, &rig, &text,
                     &err) != OAC_OK ||
        oac_digest_memory(text, strlen(text), hash, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
    else
        code = serve(cli, &input, &rig, hash);
    free(text);
    return code;
}
