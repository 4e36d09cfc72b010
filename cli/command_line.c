/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_quoted(FILE *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=./,:+@%";
    if (*text && strspn(text, plain) == strlen(text)) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

char *oac_command_line(int argc, char **argv)
{
    char *line = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&line, &bytes);
    if (!out)
        return NULL;
    for (int i = 0; i < argc; i++) {
        const char *slash = i == 0 ? strrchr(argv[i], '/') : NULL;
        if (i > 0)
            fputc(' ', out);
        put_quoted(out, slash ? slash + 1 : argv[i]);
    }
    if (fclose(out) != 0) {
        free(line);
        return NULL;
    }
    return line;
}
