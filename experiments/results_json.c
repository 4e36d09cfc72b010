/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/results.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "experiments/fields.h"

#define SCHEMA 1

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *field_value(const struct oac_field *field, const struct oac_run_result *r)
{
    switch (field->kind) {
    case OAC_FIELD_TEXT:
        return json_string(oac_field_text(field, r));
    case OAC_FIELD_REAL:
        return real(*oac_field_reals(field, r));
    case OAC_FIELD_COUNT:
    case OAC_FIELD_SIZE:
        return json_integer((json_int_t)oac_field_count(field, r));
    case OAC_FIELD_PAIR:
        return json_pack("[o, o]", real(oac_field_reals(field, r)[0]),
                         real(oac_field_reals(field, r)[1]));
    }
    return NULL;
}

static json_t *confusion(const struct oac_run_result *r)
{
    json_t *table = json_array();

    for (size_t i = 0; i < r->classes; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < r->classes; j++)
            json_array_append_new(row, json_integer((json_int_t)r->confusion[i][j]));
        json_array_append_new(table, row);
    }
    return table;
}

static json_t *layers(const struct oac_run_result *r)
{
    json_t *list = json_array();

    for (size_t l = 0; l < r->layers; l++) {
        const struct oac_run_layer *layer = &r->layer[l];
        json_array_append_new(
            list,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "inputs",
                      (json_int_t)layer->inputs, "outputs", (json_int_t)layer->outputs, "macs",
                      (json_int_t)layer->macs, "optical_macs", (json_int_t)layer->optical_macs,
                      "slots", (json_int_t)layer->slots, "windows", (json_int_t)layer->windows,
                      "launch", real(layer->launch), "detected_photons",
                      real(layer->detected_photons), "launched_j", real(layer->launched_j),
                      "client_in_j", real(layer->client_in_j)));
    }
    return list;
}

/* jansson's setters fail on NULL, so one check of all of them finds any failure to build a
 * value. */
static bool fill(json_t *object, const struct oac_run_result *r)
{
    size_t count;
    const struct oac_field *field = oac_run_fields(&count);
    bool good = json_object_set_new(object, "schema", json_integer(SCHEMA)) == 0;
    json_t *names = json_array();

    for (size_t i = 0; i < count; i++, field++)
        good &= json_object_set_new(object, field->key, field_value(field, r)) == 0;
    for (size_t c = 0; c < r->classes; c++)
        good &= json_array_append_new(names, json_string(r->class_names[c])) == 0;
    good &= json_object_set_new(object, "class_names", names) == 0;
    good &= json_object_set_new(object, "confusion", confusion(r)) == 0;
    good &= json_object_set_new(object, "layers", layers(r)) == 0;
    return good;
}

enum oac_status oac_results_json(const struct oac_run_result *result, FILE *out,
                                 struct oac_err *err)
{
    json_t *object = json_object();
    enum oac_status status = OAC_OK;

    if (!object || !fill(object, result))
        status = oac_fail(err, OAC_EINTERNAL, "a figure of the run cannot be written as JSON");
    /* 15 digits: what a double holds without inventing more, so 0.988 stays 0.988. */
    else if (json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 ||
             fputc('\n', out) == EOF)
        status = oac_fail(err, OAC_EIO, "cannot write the JSON result: %s", strerror(errno));
    json_decref(object);
    return status;
}
