/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/noise.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t bit;
} SOURCES[] = {
    {"shot", OAC_NOISE_SHOT},
    {"thermal", OAC_NOISE_THERMAL},
    {"read", OAC_NOISE_READ},
    {"rin", OAC_NOISE_RIN},
    {"drive", OAC_NOISE_DRIVE},
    {"ase", OAC_NOISE_ASE},
    {"adc", OAC_NOISE_ADC},
    {"drift", OAC_NOISE_DRIFT},
    {"linewidth", OAC_NOISE_LINEWIDTH},
    {"jitter", OAC_NOISE_JITTER},
};
enum { SOURCE_COUNT = sizeof SOURCES / sizeof SOURCES[0] };

static uint32_t source_bit(const char *word, size_t length)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (strlen(SOURCES[i].name) == length && memcmp(SOURCES[i].name, word, length) == 0)
            return SOURCES[i].bit;
    }
    return 0;
}

enum oac_status oac_noise_parse(const char *list, uint32_t *mask, struct oac_err *err)
{
    if (strcmp(list, "all") == 0 || strcmp(list, "none") == 0) {
        *mask = list[0] == 'a' ? OAC_NOISE_ALL : OAC_NOISE_NONE;
        return OAC_OK;
    }
    uint32_t found = 0;
    const char *word = list;
    for (;;) {
        size_t length = strcspn(word, ",");
        uint32_t bit = source_bit(word, length);
        if (bit == 0 || (found & bit))
            return oac_fail(
                err, OAC_EUSAGE,
                "noise list '%.100s': '%.*s' %s; give all, none or a comma-separated "
                "list of shot thermal read rin drive ase adc drift linewidth jitter",
                list, length > 40 ? 40 : (int)length, word,
                bit ? "is there twice" : "is not a noise source");
        found |= bit;
        if (word[length] == '\0')
            break;
        word += length + 1;
    }
    *mask = found;
    return OAC_OK;
}

void oac_noise_format(uint32_t mask, char text[64])
{
    mask &= OAC_NOISE_ALL;
    if (mask == OAC_NOISE_ALL || mask == OAC_NOISE_NONE) {
        snprintf(text, 64, "%s", mask ? "all" : "none");
        return;
    }
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (mask & SOURCES[i].bit)
            used += (size_t)snprintf(text + used, 64 - used, "%s%s", used ? "," : "",
                                     SOURCES[i].name);
    }
}
