/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac data`: the data sets there are, and getting them. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "models/catalog.h"
#include "models/dataset.h"
#include "models/dataset_find.h"
#include "models/fetch.h"

#define NAMES_MAX 16

static const char doc[] =
    "Data sets: what there is, where it is, and how to get it.\v"
    "  oac data list        name, splits, licence, digests, and where the\n"
    "                       files were found or how to get them\n"
    "  oac data fetch NAME  the four files from public mirrors, resumed after\n"
    "                       an interruption, checked, into the user cache\n"
    "\n"
    "Files are looked for in $OAC_DATA, in the user cache\n"
    "(${XDG_CACHE_HOME:-~/.cache}/oac/data), in ../shared/data, and where\n"
    "Debian's dataset-fashion-mnist puts them; as NAME/FILE or FILE, raw or .gz.\n"
    "\n"
    "Examples:\n"
    "  oac data fetch mnist\n"
    "  oac data fetch mnist --to data && oac run --data data/mnist ...\n";

enum { KEY_TO = 0x100, KEY_MIRROR, KEY_JSON };

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "list:", 1},
    {"json", KEY_JSON, NULL, 0, "the list for programs", 1},
    {NULL, 0, NULL, 0, "fetch:", 2},
    {"to", KEY_TO, "DIR", 0, "put the files into DIR/NAME instead of the user cache", 2},
    {"mirror", KEY_MIRROR, "URL", 0,
     "fetch from here instead of the public mirrors: the folder that holds the .gz files", 2},
    {0},
};

struct input {
    const char *action, *name, *to, *mirror;
    bool json;
};

static const char *known_name(const struct argp_state *state, const char *text)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct oac_catalog_entry *entry;
    for (size_t i = 0; i < NAMES_MAX && (entry = oac_catalog_at(i)); i++)
        names[i] = entry->name;
    return names[oac_cli_choice(state, "NAME", text, names)];
}

static void check_input(const struct argp_state *state, const struct input *input)
{
    if (!input->action)
        argp_error(state, "what? list, or fetch NAME");
    const bool fetch = input->action[0] == 'f';
    if (fetch && !input->name)
        argp_error(state, "fetch: which data set? A name of oac data list");
    if (!fetch && (input->name || input->to || input->mirror))
        argp_error(state, "list takes neither a name nor --to nor --mirror");
    if (fetch && input->json)
        argp_error(state, "fetch does not take --json");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const actions[] = {"list", "fetch", NULL};
    struct input *input = state->input;
    switch (key) {
    case KEY_TO:
        input->to = arg;
        return 0;
    case KEY_MIRROR:
        input->mirror = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            input->action = actions[oac_cli_choice(state, "ACTION", arg, actions)];
        else if (state->arg_num == 1)
            input->name = known_name(state, arg);
        else
            return ARGP_ERR_UNKNOWN;
        return 0;
    case ARGP_KEY_END:
        check_input(state, input);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* *directory is NULL when the files of this part are nowhere. */
static enum oac_status find(const struct oac_catalog_entry *entry, enum oac_catalog_part part,
                            char **directory, struct oac_err *err)
{
    struct oac_dataset_files files = {0};
    *directory = NULL;
    enum oac_status status = oac_dataset_find(entry->name, entry, part, NULL, &files, err);
    if (status == OAC_OK) {
        *directory = files.directory;
        files.directory = NULL;
    }
    oac_dataset_files_fini(&files);
    return status == OAC_ENOTFOUND ? OAC_OK : status;
}

static size_t split_count(const struct oac_catalog_entry *entry, size_t split)
{
    const bool test = oac_dataset_split_is_test(split);
    return oac_dataset_split_count(
        split, entry->part[test ? OAC_CATALOG_TEST : OAC_CATALOG_TRAIN].count);
}

static void print_where(const struct oac_catalog_entry *entry, const char *what,
                        const char *directory)
{
    if (directory)
        printf("  %-8s %s\n", what, directory);
    else
        printf("  %-8s not here; get it with: oac data fetch %s%s%s\n", what, entry->name,
               entry->debian_package ? ", or apt-get install " : "",
               entry->debian_package ? entry->debian_package : "");
}

static void print_entry(const struct oac_catalog_entry *entry, const char *const *directory)
{
    printf("%s: %s\n", entry->name, entry->title);
    printf("  images   %zu x %zu pixels, %zu classes:", entry->rows, entry->cols,
           entry->classes);
    for (size_t i = 0; i < entry->classes; i++)
        printf(" %s%s", entry->class_names[i], i + 1 < entry->classes ? "," : "\n");
    printf("  splits  ");
    for (size_t i = 0; oac_dataset_splits[i]; i++)
        printf("%s %s %zu", i ? "," : "", oac_dataset_splits[i], split_count(entry, i));
    printf("\n  licence  %s\n", entry->license);
    print_where(entry, "test", directory[OAC_CATALOG_TEST]);
    print_where(entry, "training", directory[OAC_CATALOG_TRAIN]);
    printf("  SHA-256 of the decompressed files\n");
    for (int part = 0; part < OAC_CATALOG_PARTS; part++) {
        const struct oac_catalog_pair *pair = &entry->part[part];
        printf("    %s  %s\n", pair->images.sha256, pair->images.name);
        printf("    %s  %s\n", pair->labels.sha256, pair->labels.name);
    }
}

static json_t *entry_json(const struct oac_catalog_entry *entry, const char *const *directory)
{
    json_t *splits = json_object(), *sha256 = json_object(), *classes = json_array();
    json_t *mirrors = json_array();
    for (size_t i = 0; oac_dataset_splits[i]; i++)
        json_object_set_new(splits, oac_dataset_splits[i],
                            json_integer((json_int_t)split_count(entry, i)));
    for (int part = 0; part < OAC_CATALOG_PARTS; part++) {
        const struct oac_catalog_pair *pair = &entry->part[part];
        json_object_set_new(sha256, pair->images.name, json_string(pair->images.sha256));
        json_object_set_new(sha256, pair->labels.name, json_string(pair->labels.sha256));
    }
    for (size_t i = 0; i < entry->classes; i++)
        json_array_append_new(classes, json_string(entry->class_names[i]));
    for (size_t i = 0; i < OAC_CATALOG_MIRRORS && entry->mirror[i]; i++)
        json_array_append_new(mirrors, json_string(entry->mirror[i]));
    return json_pack("{ss ss ss si si so so so so ss? ss? ss?}", "name", entry->name, "title",
                     entry->title, "license", entry->license, "rows", (int)entry->rows, "cols",
                     (int)entry->cols, "classes", classes, "splits", splits, "sha256", sha256,
                     "mirrors", mirrors, "debian_package", entry->debian_package,
                     "test_directory", directory[OAC_CATALOG_TEST], "training_directory",
                     directory[OAC_CATALOG_TRAIN]);
}

static enum oac_status list_one(const struct oac_catalog_entry *entry, json_t *array,
                                struct oac_err *err)
{
    char *directory[OAC_CATALOG_PARTS] = {NULL};
    enum oac_status status = OAC_OK;
    for (int part = 0; part < OAC_CATALOG_PARTS && !status; part++)
        status = find(entry, (enum oac_catalog_part)part, &directory[part], err);
    const char *const found[] = {directory[0], directory[1]};
    if (!status && array && json_array_append_new(array, entry_json(entry, found)) != 0)
        status = oac_fail(err, OAC_ENOMEM, "out of memory for the list of data sets");
    else if (!status && !array)
        print_entry(entry, found);
    free(directory[0]);
    free(directory[1]);
    return status;
}

static enum oac_status list(bool json, struct oac_err *err)
{
    json_t *array = json ? json_array() : NULL;
    enum oac_status status = OAC_OK;
    const struct oac_catalog_entry *entry;
    for (size_t i = 0; !status && (entry = oac_catalog_at(i)); i++) {
        if (i && !json)
            putchar('\n');
        status = list_one(entry, array, err);
    }
    if (!status && json) {
        json_dumpf(array, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(array);
    return status;
}

static enum oac_status fetch(const struct oac_cli *cli, const struct input *input,
                             struct oac_err *err)
{
    const struct oac_fetch_options how = {
        .directory = input->to, .mirror = input->mirror, .sink = cli->sink};
    char *directory = NULL;
    if (oac_fetch(oac_catalog_find(input->name), &how, &directory, err) != OAC_OK)
        return err->status;
    oac_cli_done(cli);
    printf("%s\n", directory);
    free(directory);
    return OAC_OK;
}

int oac_cmd_data(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "list\nfetch NAME",
        .doc = doc,
    };
    struct input input = {0};
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &input);
    const enum oac_status status =
        strcmp(input.action, "list") == 0 ? list(input.json, &err) : fetch(cli, &input, &err);
    return status == OAC_OK ? 0 : oac_cli_fail(cli, &err);
}
