/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/number.h"

/* A parsed value before it is stored. */
struct value {
    double real;
    int64_t integer;
    bool truth;
    int choice;
    char text[OAC_CONFIG_TEXT_BYTES];
    struct oac_config_reals reals;
};

static bool parse_real(const struct oac_config_key *key, const char *text, struct value *value)
{
    if (!isnan(key->none_value) && strcmp(text, "none") == 0) {
        value->real = key->none_value;
        return true;
    }
    return oac_number_parse(text, &value->real) && value->real >= key->min &&
           value->real <= key->max;
}

static bool parse_integer(const struct oac_config_key *key, const char *text,
                          struct value *value)
{
    if (!isnan(key->none_value) && strcmp(text, "none") == 0) {
        value->integer = (int64_t)key->none_value;
        return true;
    }
    return oac_number_parse_integer(text, &value->integer) &&
           (double)value->integer >= key->min && (double)value->integer <= key->max;
}

static bool parse_bool(const char *text, struct value *value)
{
    static const char *const words[] = {"false", "true", "off", "on", "no", "yes"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(text, words[i]) == 0) {
            value->truth = i % 2;
            return true;
        }
    }
    return false;
}

static bool parse_choice(const struct oac_config_key *key, const char *text,
                         struct value *value)
{
    for (int i = 0; key->choices[i]; i++) {
        if (strcmp(text, key->choices[i]) == 0) {
            value->choice = i;
            return true;
        }
    }
    return false;
}

static bool parse_text(const char *text, struct value *value)
{
    size_t bytes = strlen(text);
    if (bytes >= sizeof value->text)
        return false;
    for (size_t at = 0, length; at < bytes; at += length) {
        length = oac_config_character(text + at, bytes - at);
        if (length == 0)
            return false;
    }
    memcpy(value->text, text, bytes + 1);
    return true;
}

/* Numbers with commas between them; an empty text is none. */
static bool parse_reals(const struct oac_config_key *key, const char *text, struct value *value)
{
    struct oac_config_reals *reals = &value->reals;
    for (const char *at = text; *at || reals->count > 0;) {
        char item[OAC_CONFIG_SHOWN_BYTES];
        size_t length = strcspn(at, ",");
        if (length >= sizeof item || reals->count == OAC_CONFIG_REALS_MAX)
            return false;
        memcpy(item, at, length);
        item[length] = '\0';
        if (!parse_real(key, item, value))
            return false;
        reals->value[reals->count++] = value->real;
        if (at[length] == '\0')
            return true;
        at += length + 1;
    }
    return true;
}

static bool parse_value(const struct oac_config_key *key, const char *text, bool quoted,
                        struct value *value)
{
    switch (key->type) {
    case OAC_CONFIG_REAL:
        return !quoted && parse_real(key, text, value);
    case OAC_CONFIG_INTEGER:
        return !quoted && parse_integer(key, text, value);
    case OAC_CONFIG_BOOL:
        return !quoted && parse_bool(text, value);
    case OAC_CONFIG_CHOICE:
        return parse_choice(key, text, value);
    case OAC_CONFIG_TEXT:
        return parse_text(text, value);
    case OAC_CONFIG_REALS:
        return !quoted && parse_reals(key, text, value);
    }
    return false;
}

static void store_value(const struct oac_config_key *key, const struct value *value,
                        void *object)
{
    char *field = (char *)object + key->offset;
    switch (key->type) {
    case OAC_CONFIG_REAL:
        memcpy(field, &value->real, sizeof value->real);
        break;
    case OAC_CONFIG_INTEGER:
        memcpy(field, &value->integer, sizeof value->integer);
        break;
    case OAC_CONFIG_BOOL:
        memcpy(field, &value->truth, sizeof value->truth);
        break;
    case OAC_CONFIG_CHOICE:
        memcpy(field, &value->choice, sizeof value->choice);
        break;
    case OAC_CONFIG_TEXT:
        memcpy(field, value->text, sizeof value->text);
        break;
    case OAC_CONFIG_REALS:
        memcpy(field, &value->reals, sizeof value->reals);
        break;
    }
}

/* "from -60 to 30", with whatever bound there is. */
static void describe_range(const struct oac_config_key *key, char *text, size_t text_bytes)
{
    char low[OAC_NUMBER_BYTES], high[OAC_NUMBER_BYTES];
    bool has_low = isfinite(key->min), has_high = isfinite(key->max);
    if (has_low)
        oac_number_format(key->min, low);
    if (has_high)
        oac_number_format(key->max, high);
    if (has_low && has_high)
        snprintf(text, text_bytes, " from %s to %s", low, high);
    else if (has_low)
        snprintf(text, text_bytes, " of at least %s", low);
    else if (has_high)
        snprintf(text, text_bytes, " of at most %s", high);
    else
        text[0] = '\0';
}

static void describe_choices(const struct oac_config_key *key, char *text, size_t text_bytes)
{
    size_t used = 0;
    for (size_t i = 0; key->choices[i] && used < text_bytes; i++) {
        const char *between = i == 0 ? "" : key->choices[i + 1] ? ", " : " or ";
        int put = snprintf(text + used, text_bytes - used, "%s%s", between, key->choices[i]);
        used += put > 0 ? (size_t)put : 0;
    }
}

void oac_config_describe(const struct oac_config_key *key, char *text, size_t text_bytes)
{
    char range[2 * OAC_NUMBER_BYTES + 16];
    const char *unit = key->unit && key->unit[0] ? key->unit : NULL;
    const char *none = isnan(key->none_value) ? "" : ", or none";
    switch (key->type) {
    case OAC_CONFIG_REAL:
    case OAC_CONFIG_INTEGER:
        describe_range(key, range, sizeof range);
        snprintf(text, text_bytes, "a %snumber%s%s%s%s",
                 key->type == OAC_CONFIG_INTEGER ? "whole " : "", unit ? " in " : "",
                 unit ? unit : "", range, none);
        break;
    case OAC_CONFIG_BOOL:
        snprintf(text, text_bytes, "true or false (on or off, yes or no)");
        break;
    case OAC_CONFIG_CHOICE:
        describe_choices(key, text, text_bytes);
        break;
    case OAC_CONFIG_TEXT:
        snprintf(text, text_bytes, "UTF-8 text of at most %u bytes without control characters",
                 OAC_CONFIG_TEXT_BYTES - 1);
        break;
    case OAC_CONFIG_REALS:
        describe_range(key, range, sizeof range);
        snprintf(text, text_bytes, "a list of at most %u numbers%s%s%s", OAC_CONFIG_REALS_MAX,
                 unit ? " in " : "", unit ? unit : "", range);
        break;
    }
}

enum oac_status oac_config_store(const struct oac_config_key *key, const char *text,
                                 bool quoted, void *object, struct oac_err *err)
{
    struct value value = {0};
    if (parse_value(key, text, quoted, &value)) {
        store_value(key, &value, object);
        return OAC_OK;
    }
    char shown[OAC_CONFIG_SHOWN_BYTES], expected[256];
    oac_config_show(text, shown);
    oac_config_describe(key, expected, sizeof expected);
    const char *quote = quoted ? "\"" : "";
    return oac_fail(err, OAC_EINVAL, "%s = %s%s%s: expected %s%s", key->path, quote,
                    text[0] || quoted ? shown : "(nothing)", quote, expected,
                    quoted && (key->type <= OAC_CONFIG_BOOL || key->type == OAC_CONFIG_REALS)
                        ? ", without quotes"
                        : "");
}

enum oac_status oac_config_defaults(const struct oac_config_table *table, void *object,
                                    struct oac_err *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct oac_config_key *key = &table->keys[i];
        if (!key->default_text)
            continue;
        if (oac_config_store(key, key->default_text, false, object, err)) {
            oac_fail_within(err, "default in the %s table", table->name);
            return err->status = OAC_EINTERNAL;
        }
    }
    return OAC_OK;
}

enum oac_status oac_config_set(const struct oac_config_table *table, const char *assignment,
                               void *object, struct oac_err *err)
{
    char shown[OAC_CONFIG_SHOWN_BYTES], path[OAC_CONFIG_PATH_BYTES];
    const char *equals = strchr(assignment, '=');
    oac_config_show(assignment, shown);
    if (!equals || equals == assignment)
        return oac_fail(err, OAC_EINVAL, "%s: expected path=value, such as laser.power_dbm=3",
                        shown);
    size_t length = (size_t)(equals - assignment);
    if (length >= sizeof path)
        return oac_fail(err, OAC_ENOTFOUND, "unknown key %s", shown);
    memcpy(path, assignment, length);
    path[length] = '\0';

    const struct oac_config_key *key = oac_config_find(table, path);
    if (key)
        return oac_config_store(key, equals + 1, false, object, err);
    if (oac_config_find_section(table, path))
        return oac_fail(err, OAC_ENOTFOUND, "%s is a section; name a key in it, such as %s",
                        path, oac_config_find_section(table, path)->path);
    return oac_config_fail_unknown(table, path, err);
}
