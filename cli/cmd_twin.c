/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac twin`: a simulated bench behind a virtual converter board, for every libiio program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "cli/command.h"
#include "cli/station_options.h"
#include "driver/twin/serve.h"

#define FIRST_PORT ((size_t)30431)

enum { KEY_LISTEN = 'l', KEY_BOARD = 0x100, KEY_FAULT };

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "On what:", 1},
    {"rig", OAC_CLI_RIG, "NAME|FILE", 0,
     "the bench behind the board: a shipped rig (oac rig list) or a file", 1},
    {"set", OAC_CLI_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 1},
    {"board", KEY_BOARD, "NAME|FILE", 0,
     "the board's profile, or NAME=PROFILE of several; default: iio.board of the rig, or else "
     "m2k",
     1},
    {"noise", OAC_CLI_NOISE, "LIST", 0, "all (default), none, or a list as in oac run", 1},
    {"seed", OAC_CLI_SEED, "S", 0, "of the noise and of start delays; default 1", 1},
    {NULL, 0, NULL, 0, "How:", 2},
    {"listen", KEY_LISTEN, "HOST:PORT", 0,
     "default 127.0.0.1:30431, where libiio looks; port 0: any that is free; of several boards "
     "once for each, default one port after another",
     2},
    {"fault", KEY_FAULT, "KIND", 0,
     "show a fault, for testing drivers: delay:N[:MS], drop:N, short:N, mask:N, wider:N, "
     "ebusy:N, nocyclic, close:BYTES, stale:N, clock:PPM, stall:N[:MS], lost:N; repeatable",
     2},
    {0},
};

struct input {
    struct oac_cli_station station;
    const char *board, *listen[OAC_BENCH_BOARDS_MAX];
    size_t listens;
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
        if (input->listens == OAC_BENCH_BOARDS_MAX)
            argp_error(state, "a bench has at most %u boards: too many --listen",
                       OAC_BENCH_BOARDS_MAX);
        input->listen[input->listens++] = arg;
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

/* Where each board listens: as said, or one port after another from where libiio looks. */
static enum oac_status addresses(const struct input *input, size_t boards,
                                 char room[][OAC_TWIN_ADDRESS_BYTES], const char **address,
                                 struct oac_err *err)
{
    if (input->listens && input->listens != boards)
        return oac_fail(
            err, OAC_EUSAGE,
            "%zu --listen for a bench of %zu boards: give one for each, in the order "
            "of iio.board, or none",
            input->listens, boards);
    for (size_t b = 0; b < boards; b++) {
        snprintf(room[b], OAC_TWIN_ADDRESS_BYTES, "127.0.0.1:%zu", FIRST_PORT + b);
        address[b] = input->listens ? input->listen[b] : room[b];
    }
    return OAC_OK;
}

static void announce(const struct oac_rig *rig, const struct oac_bench_boards *boards,
                     const struct oac_twin_serve *serving)
{
    for (size_t b = 0; b < boards->count; b++) {
        const struct oac_bench_board *board = &boards->board[b];
        printf("board %s%s%s on rig %s: listening on %s\n", board->name,
               board->name[0] ? "=" : "", board->profile.name, rig->name,
               oac_twin_serve_address(serving, b));
    }
    if (boards->count > 1)
        printf("--uri %s\n", oac_twin_serve_uri(serving));
    fflush(stdout);
}

static int serve(struct oac_cli *cli, struct input *input, const struct oac_rig *rig,
                 const uint8_t hash[32])
{
    static struct oac_bench_boards boards;
    char room[OAC_BENCH_BOARDS_MAX][OAC_TWIN_ADDRESS_BYTES];
    const char *address[OAC_BENCH_BOARDS_MAX];
    struct oac_twin *twin = NULL;
    struct oac_twin_serve *serving = NULL;
    struct oac_err err;
    const struct oac_twin_options made = {
        .bench = {.boards = &boards,
                  .rig = rig,
                  .rig_hash = hash,
                  .noise = input->station.options.noise,
                  .seed = input->station.options.seed},
        .faults = &input->faults,
    };
    int code = 0;

    if (oac_bench_boards_read(rig, &boards, &err) != OAC_OK ||
        addresses(input, boards.count, room, address, &err) != OAC_OK ||
        oac_twin_create(&made, &twin, &err) != OAC_OK ||
        oac_twin_serve_open(twin, &boards, address, cli->sink, &serving, &err) != OAC_OK) {
        code = oac_cli_fail(cli, &err);
        goto done;
    }
    announce(rig, &boards, serving);
    if (oac_twin_serve_wait(serving, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
done:
    oac_twin_serve_close(serving);
    oac_twin_destroy(twin);
    return code;
}

static const struct oac_rig *take_board(const struct input *input, struct oac_rig *rig)
{
    if (input->board || !rig->iio.board[0])
        snprintf(rig->iio.board, sizeof rig->iio.board, "%s",
                 input->board ? input->board : "m2k");
    return rig;
}

int oac_cmd_twin(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {.listens = 0};
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
        code = serve(cli, &input, take_board(&input, &rig), hash);
    free(text);
    return code;
}
