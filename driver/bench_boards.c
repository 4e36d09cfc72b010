/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/bench_boards.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct entry { /* of a list: name=value, or all of it without a name */
    char name[OAC_BOARD_NAME_BYTES], value[OAC_CONFIG_TEXT_BYTES];
};

static void copy(char *to, size_t bytes, const char *from, size_t length)
{
    snprintf(to, bytes, "%.*s", (int)length, from);
}

/* Letters of a name at the beginning of text, when '=' follows; else 0. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    if (isalpha((unsigned char)text[0]))
        while (isalnum((unsigned char)text[length]) || text[length] == '-' ||
               text[length] == '_')
            length++;
    return length < OAC_BOARD_NAME_BYTES && text[length] == '=' ? length : 0;
}

/* The entries of a list (at most MAX); 0 when there are more, or one has no name or no value. */
static size_t cut(const char *list, struct entry entry[OAC_BENCH_BOARDS_MAX])
{
    list += strspn(list, " ");
    if (!name_length(list)) {
        entry[0].name[0] = '\0';
        copy(entry[0].value, sizeof entry[0].value, list, strlen(list));
        return 1;
    }
    size_t count = 0;
    for (const char *at = list; at; count++) {
        at += strspn(at, " ");
        const size_t name = name_length(at), value = strcspn(at, ", ");
        if (name == 0 || value == name + 1 || count == OAC_BENCH_BOARDS_MAX)
            return 0;
        copy(entry[count].name, sizeof entry[count].name, at, name);
        copy(entry[count].value, sizeof entry[count].value, at + name + 1, value - name - 1);
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    return count;
}

/* "drive, read" */
static const char *names(const struct oac_bench_boards *boards, char text[300])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t b = 0; b < boards->count; b++)
        used += (size_t)snprintf(text + used, 300 - used, "%s%s", b ? ", " : "",
                                 boards->board[b].name);
    return text;
}

static size_t find(const struct oac_bench_boards *boards, const char *name)
{
    size_t b = 0;
    while (b < boards->count && strcmp(boards->board[b].name, name) != 0)
        b++;
    return b;
}

enum oac_status oac_bench_boards_read(const struct oac_rig *rig,
                                      struct oac_bench_boards *boards, struct oac_err *err)
{
    struct entry entry[OAC_BENCH_BOARDS_MAX];
    if (!rig->iio.board[0])
        return oac_fail(
            err, OAC_EMISMATCH,
            "rig %s has no iio.board: it describes no lab bench; take one that does, "
            "such as m2k-bench",
            rig->name);
    const size_t count = cut(rig->iio.board, entry);
    if (count == 0)
        return oac_fail(err, OAC_EPARSE,
                        "rig %s: iio.board is '%s': give one profile, or NAME=PROFILE of at "
                        "most %u boards with commas between them",
                        rig->name, rig->iio.board, OAC_BENCH_BOARDS_MAX);
    boards->count = 0;
    for (size_t b = 0; b < count; b++) {
        if (find(boards, entry[b].name) < boards->count)
            return oac_fail(err, OAC_EMISMATCH, "rig %s: iio.board has two boards called '%s'",
                            rig->name, entry[b].name);
        if (oac_board_read(entry[b].value, &boards->board[b].profile, err))
            return err->status;
        memcpy(boards->board[b].from, entry[b].value, sizeof entry[b].value);
        memcpy(boards->board[b].name, entry[b].name, sizeof entry[b].name);
        boards->count++;
    }
    return OAC_OK;
}

enum oac_status oac_bench_boards_uris(const struct oac_bench_boards *boards, const char *list,
                                      char uri[][OAC_CONFIG_TEXT_BYTES], struct oac_err *err)
{
    struct entry entry[OAC_BENCH_BOARDS_MAX];
    char text[300];
    const size_t count = cut(list, entry);
    const char *missing = NULL;
    for (size_t b = 0; b < boards->count && !missing; b++) {
        size_t i = 0;
        while (i < count && strcmp(entry[i].name, boards->board[b].name) != 0)
            i++;
        if (i == count)
            missing = boards->board[b].name;
        else
            memcpy(uri[b], entry[i].value, sizeof entry[i].value);
    }
    if (!missing && count == boards->count)
        return OAC_OK;
    if (!boards->board[0].name[0])
        return oac_fail(err, OAC_EMISMATCH,
                        "'%s' names boards, but the bench has one without a name: give one URI",
                        list);
    return oac_fail(err, OAC_EMISMATCH,
                    "'%s' does not say once for each board of the bench (%s) where it answers: "
                    "give NAME=URI of each, with commas between them",
                    list, names(boards, text));
}

static const char *list_of(const struct oac_rig *rig, enum oac_bench_part part,
                           const char **key)
{
    switch (part) {
    case OAC_BENCH_WEIGHT:
        *key = "weight_ports";
        return rig->iio.weight_ports;
    case OAC_BENCH_CLIENT:
        *key = "client_port";
        return rig->iio.client_port;
    case OAC_BENCH_READOUT:
        break;
    }
    *key = "readout_ports";
    return rig->iio.readout_ports;
}

/* The n-th name of a list with commas between them; false when there are fewer. */
static bool name_at(const char *list, size_t n, char name[OAC_BENCH_PORT_BYTES])
{
    for (; n > 0 && list; n--) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    if (!list)
        return false;
    list += strspn(list, " ");
    const size_t length = strcspn(list, ", ");
    if (length == 0 || length >= OAC_BENCH_PORT_BYTES)
        return false;
    copy(name, OAC_BENCH_PORT_BYTES, list, length);
    return true;
}

/* Which board "read/adc-1" means, and what is left of the name. */
static enum oac_status board_of(const struct oac_rig *rig,
                                const struct oac_bench_boards *boards, const char *key,
                                const char *name, size_t *board, const char **port,
                                struct oac_err *err)
{
    char of[OAC_BENCH_PORT_BYTES], text[300];
    const char *slash = strchr(name, '/');
    *board = 0;
    *port = slash ? slash + 1 : name;
    if (!slash && boards->count == 1)
        return OAC_OK;
    if (!slash)
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: iio.%s names '%s', but not its board, one of %s: write "
                        "BOARD/%s",
                        rig->name, key, name, names(boards, text), name);
    copy(of, sizeof of, name, (size_t)(slash - name));
    *board = find(boards, of);
    if (*board < boards->count && of[0])
        return OAC_OK;
    if (!boards->board[0].name[0])
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: iio.%s names '%s', but iio.board has no board '%s': name the "
                        "port without it, or the boards there (NAME=PROFILE)",
                        rig->name, key, name, of);
    return oac_fail(err, OAC_ENOTFOUND,
                    "rig %s: iio.%s names '%s', but iio.board has no board '%s', only %s",
                    rig->name, key, name, of, names(boards, text));
}

enum oac_status oac_bench_port_find(const struct oac_rig *rig,
                                    const struct oac_bench_boards *boards,
                                    enum oac_bench_part part, size_t n,
                                    struct oac_bench_port *found, struct oac_err *err)
{
    char name[OAC_BENCH_PORT_BYTES];
    const bool output = part != OAC_BENCH_READOUT;
    const char *key, *list = list_of(rig, part, &key), *rest;
    size_t b;
    if (!name_at(list, n, name))
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: iio.%s is '%s', which names no port for channel %zu: give one "
                        "for each of %zu channels",
                        rig->name, key, list, n, (size_t)rig->channels);
    if (board_of(rig, boards, key, name, &b, &rest, err))
        return err->status;
    const struct oac_board *profile = &boards->board[b].profile;
    const struct oac_board_port *port = oac_board_port_find(profile, rest);
    if (!port || port->output != output)
        return oac_fail(err, OAC_ENOTFOUND,
                        "rig %s: iio.%s names '%s', which is no %s of board %s", rig->name, key,
                        name, output ? "output" : "input", profile->name);
    *found = (struct oac_bench_port){b, port};
    return OAC_OK;
}

const char *oac_bench_port_name(const struct oac_bench_boards *boards,
                                const struct oac_bench_port *port,
                                char text[OAC_BENCH_PORT_BYTES])
{
    const char *board = boards->board[port->board].name;
    snprintf(text, OAC_BENCH_PORT_BYTES, "%s%s%s", board, board[0] ? "/" : "",
             port->port->name);
    return text;
}
