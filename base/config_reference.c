/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/number.h"

/* A table cell: what ends a cell is escaped. */
static void write_cell(const char *text, FILE *out)
{
    fputs(" ", out);
    for (const char *c = text; *c; c++)
        fprintf(out, *c == '|' ? "\\%c" : "%c", *c);
    fputs(" |", out);
}

static void write_bound(double bound, FILE *out)
{
    char text[OAC_NUMBER_BYTES] = "any";
    if (isfinite(bound))
        oac_number_format(bound, text);
    fputs(text, out);
}

static void write_range(const struct oac_config_key *key, FILE *out)
{
    fputs(" ", out);
    switch (key->type) {
    case OAC_CONFIG_REAL:
    case OAC_CONFIG_INTEGER:
        write_bound(key->min, out);
        fputs(" to ", out);
        write_bound(key->max, out);
        fprintf(out, "%s%s", key->type == OAC_CONFIG_INTEGER ? ", whole" : "",
                isnan(key->none_value) ? "" : ", or `none`");
        break;
    case OAC_CONFIG_BOOL:
        fputs("`true`, `false`", out);
        break;
    case OAC_CONFIG_CHOICE:
        for (size_t i = 0; key->choices[i]; i++)
            fprintf(out, "%s`%s`", i ? ", " : "", key->choices[i]);
        break;
    case OAC_CONFIG_TEXT:
        fprintf(out, "text, at most %u bytes", OAC_CONFIG_TEXT_BYTES - 1);
        break;
    case OAC_CONFIG_REALS:
        fprintf(out, "list of at most %u, each ", OAC_CONFIG_REALS_MAX);
        write_bound(key->min, out);
        fputs(" to ", out);
        write_bound(key->max, out);
        break;
    }
    fputs(" |", out);
}

static void write_row(const struct oac_config_key *key, FILE *out)
{
    fprintf(out, "| `%s` |", key->path);
    write_cell(key->unit ? key->unit : "", out);
    if (!key->default_text)
        write_cell("required", out);
    else if (key->default_text[0] == '\0')
        write_cell("empty", out);
    else
        fprintf(out, " `%s` |", key->default_text);
    write_range(key, out);
    write_cell(key->help ? key->help : "", out);
    fputc('\n', out);
}

/* Length of the first component of a path that has several, 0 for a key at the top. */
static size_t section_length(const char *path)
{
    const char *dot = strchr(path, '.');
    return dot ? (size_t)(dot - path) : 0;
}

static bool same_section(const char *a, const char *b)
{
    size_t length = section_length(a);
    return length == section_length(b) && strncmp(a, b, length) == 0;
}

enum oac_status oac_config_reference(const struct oac_config_table *table, FILE *out,
                                     struct oac_err *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *path = table->keys[i].path;
        bool written = false;
        for (size_t j = 0; j < i && !written; j++)
            written = same_section(path, table->keys[j].path);
        if (written)
            continue;
        if (section_length(path))
            fprintf(out, "%s## %.*s\n\n", i ? "\n" : "", (int)section_length(path), path);
        else
            fprintf(out, "%s## The %s itself\n\n", i ? "\n" : "", table->name);
        fputs("| key | unit | default | range | meaning |\n|---|---|---|---|---|\n", out);
        for (size_t j = i; j < table->count; j++)
            if (same_section(path, table->keys[j].path))
                write_row(&table->keys[j], out);
    }
    if (fflush(out) || ferror(out))
        return oac_fail(err, OAC_EIO, "cannot write the %s reference: %s", table->name,
                        strerror(errno));
    return OAC_OK;
}
