/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/suggest.h"

#include <string.h>

#define NAME_MAX_CHARS 63

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t oac_edit_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), cols = strlen(b);
    if (rows > NAME_MAX_CHARS || cols > NAME_MAX_CHARS)
        return NAME_MAX_CHARS + 1;
    size_t d[NAME_MAX_CHARS + 1][NAME_MAX_CHARS + 1];
    for (size_t i = 0; i <= rows; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= cols; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= cols; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[rows][cols];
}

const char *oac_suggest(const char *wanted, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t length = strlen(wanted), best_distance = 0;
    for (size_t i = 0; i < count; i++) {
        size_t distance = oac_edit_distance(wanted, names[i]);
        if (length >= 2 && strncmp(wanted, names[i], length) == 0)
            distance = 0;
        if (!best || distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    size_t allowed = length > NAME_MAX_CHARS ? 0 : length / 3 > 1 ? length / 3 : 1;
    return best && best_distance <= allowed ? best : NULL;
}
