/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/fields.h"
#include "experiments/report.h"
#include "experiments/results.h"

/* A result with every text as long as it may be expected to get. */
static struct oac_run_result *example(void)
{
    struct oac_run_result *r = calloc(1, sizeof *r);

    cr_assert(r != NULL);
    strcpy(r->on, "sim");
    strcpy(r->encoding, "balanced");
    strcpy(r->noise, "shot,thermal,read,rin,drive,ase,adc");
    strcpy(r->model_name, "mnist 784-100-100-10");
    strcpy(r->dataset_name, "fashion-mnist");
    strcpy(r->dataset_split, "reference");
    strcpy(r->rig_name, "netcast-86km");
    r->seed = 18446744073709551615u;
    r->repeats = 1000000;
    r->images = 10000;
    r->classes = 10;
    r->threads = 128;
    r->photons_per_mac_asked = NAN;
    r->accuracy = 0.9876;
    r->accuracy_low = 0.9852;
    r->accuracy_high = 0.9896;
    r->accuracy_digital = 0.988;
    r->agreement = 0.9968;
    r->macs_per_image = 89400;
    r->optical_macs_per_image = 178800;
    r->readouts_per_image = 420.0;
    r->photons_per_mac_launched = 123456.0;
    r->photons_per_mac_client_in = 3456.0;
    r->photons_per_mac_incident = 312.0;
    r->photons_per_mac_detected = 280.9;
    r->aj_per_mac_launched = 0.128 * 123456.0;
    r->aj_per_mac_client_in = 0.128 * 3456.0;
    r->aj_per_mac_incident = 0.128 * 312.0;
    r->aj_per_mac_detected = 0.128 * 280.9;
    r->energy_per_mac = (struct oac_energy){.modulator_j = 10e-15,
                                            .dac_j = 10e-15,
                                            .adc_j = 10e-15,
                                            .integrator_j = 1e-15,
                                            .nonlinearity_j = 1e-15,
                                            .client_j = 32e-15,
                                            .server_modulator_j = 450e-15,
                                            .laser_j = 2e-12,
                                            .server_j = 2.45e-12};
    r->client_j_per_mac = 32e-15;
    r->server_j_per_mac = 2.45e-12;
    r->slot_rate_hz = 10e6;
    r->latency_s_per_image = 1.97e-3;
    r->slots_per_image = 19680;
    r->windows_per_image = 28;
    r->link_bits_per_s = 1.28e9;
    r->client_memory_bytes = 6350;
    r->seconds = 0.81;
    r->images_per_s = 12345.6;
    r->clipped_operands = 1700;
    r->clipped_readouts = 1234;
    r->clipped_weights = 300;
    r->layers = 1;
    r->layer[0].inputs = 784;
    for (size_t c = 0; c < 10; c++) {
        snprintf(r->class_names[c], sizeof r->class_names[c], "Ankle boot %zu", c);
        r->confusion[c][c] = 980;
    }
    r->confusion[4][9] = 11;
    r->confusion[9][4] = 7;
    r->confusion[3][5] = 7;
    r->confusion[0][1] = 1;
    return r;
}

static char *report_of(const struct oac_run_result *r)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    cr_assert(out != NULL);
    oac_run_report(r, "results/run.h5", out);
    fclose(out);
    return text;
}

/* Columns of a line of UTF-8: bytes that do not continue a character. */
static size_t columns(const char *line, size_t bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)line[i] & 0xc0) != 0x80;
    return n;
}

static void fits(const struct oac_run_result *r)
{
    char *text = report_of(r);

    for (const char *line = text; *line;) {
        size_t bytes = strcspn(line, "\n");
        cr_expect_leq(columns(line, bytes), 80, "%.*s", (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
    free(text);
}

Test(report, fits_in_80_columns_even_with_long_names)
{
    struct oac_run_result *r = example();

    fits(r);
    r->photons_per_mac_asked = 0.000123;
    strcpy(r->photon_reference, "preweight");
    strcpy(r->photon_budget, "sample");
    fits(r);
    r->client_j_per_mac = r->energy_per_mac.client_j = r->energy_per_mac.server_j = 0.0;
    fits(r);
    free(r);
}

Test(report, lists_the_most_confused_pairs_worst_first_and_each_once)
{
    struct oac_run_result *r = example();
    char *text = report_of(r);
    const char *worst = strstr(text, "Ankle boot 4 read as Ankle boot 9"),
               *tie_first = strstr(text, "Ankle boot 3 read as Ankle boot 5"),
               *tie_second = strstr(text, "Ankle boot 9 read as Ankle boot 4"),
               *rare = strstr(text, "Ankle boot 0 read as Ankle boot 1");

    cr_assert(worst && tie_first && tie_second && rare, "%s", text);
    cr_assert(worst < tie_first && tie_first < tie_second && tie_second < rare, "%s", text);
    cr_assert(!strstr(rare + 30, "read as"), "%s", text);
    free(text);
    free(r);
}

Test(report, warns_of_clipping_only_when_there_was_some)
{
    struct oac_run_result *r = example();
    char *text = report_of(r);

    cr_expect(strstr(text, "1,234 of 4,200,000 readouts"), "%s", text);
    cr_expect(strstr(text, "adc.full_scale_v"), "%s", text);
    cr_expect(!strstr(text, "activations"), "1,700 of 7,840,000 are cut by design: %s", text);
    free(text);
    r->clipped_operands = 170000;
    text = report_of(r);
    cr_expect(strstr(text, "170,000 of 7,840,000 activations"), "%s", text);
    free(text);
    r->clipped_operands = r->clipped_readouts = r->clipped_weights = 1; /* of millions */
    r->clipped_weights = 0;
    text = report_of(r);
    cr_expect(!strstr(text, "clipped"), "%s", text);
    free(text);
    free(r);
}

Test(report, tells_losses_of_a_board_and_warns_of_those_that_were_seen)
{
    struct oac_run_result *r = example();
    strcpy(r->on, "iio");
    strcpy(r->underflow, "none");
    strcpy(r->overflow, "unknown");
    char *text = report_of(r);
    cr_expect(strstr(text, "underflow none, overflow unknown"), "%s", text);
    cr_expect(!strstr(text, "samples were lost"), "%s", text);
    free(text);
    strcpy(r->overflow, "seen");
    text = report_of(r);
    cr_expect(strstr(text, "overflow seen") && strstr(text, "samples were lost"), "%s", text);
    free(text);
    free(r);
}

Test(report, tells_detected_from_launched_and_names_the_file)
{
    struct oac_run_result *r = example();
    char *text = report_of(r);

    cr_expect(strstr(text, "98.76 %"), "%s", text);
    cr_expect(strstr(text, "98.52 to 98.96 %"), "%s", text);
    cr_expect(strstr(text, "-0.04 points"), "%s", text);
    cr_expect(strstr(text, "36.0 aJ"), "%s", text);
    cr_expect(strstr(text, "results/run.h5"), "%s", text);
    free(text);
    free(r);
}

/* ---- JSON ---- */

static json_t *json_of(const struct oac_run_result *r)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    struct oac_err err;
    json_error_t error;

    cr_assert(out != NULL);
    cr_assert_eq(oac_results_json(r, out, &err), OAC_OK, "%s", err.message);
    fclose(out);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    cr_assert(object != NULL, "%s: %s", error.text, text);
    free(text);
    return object;
}

Test(json, has_the_keys_that_programs_were_promised)
{
    static const char *const keys[] = {"schema",
                                       "on",
                                       "rig",
                                       "model",
                                       "dataset",
                                       "images",
                                       "encoding",
                                       "noise",
                                       "seed",
                                       "threads",
                                       "accuracy",
                                       "accuracy_ci95",
                                       "accuracy_digital",
                                       "agreement",
                                       "photons_per_mac_detected",
                                       "photons_per_mac_launched",
                                       "aj_per_mac_detected",
                                       "aj_per_mac_launched",
                                       "macs_per_image",
                                       "optical_macs_per_image",
                                       "clipped_operands",
                                       "clipped_readouts",
                                       "underflow",
                                       "overflow",
                                       "seconds",
                                       "images_per_s"};
    struct oac_run_result *r = example();
    json_t *object = json_of(r);

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_expect(json_object_get(object, keys[i]), "%s is missing", keys[i]);
    cr_expect_eq(json_integer_value(json_object_get(object, "schema")), 1);
    cr_expect_str_eq(json_string_value(json_object_get(object, "rig")), "netcast-86km");
    cr_expect_float_eq(json_real_value(json_object_get(object, "accuracy")), 0.9876, 1e-12);
    json_t *interval = json_object_get(object, "accuracy_ci95");
    cr_expect_float_eq(json_real_value(json_array_get(interval, 0)), 0.9852, 1e-12);
    cr_expect_float_eq(json_real_value(json_array_get(interval, 1)), 0.9896, 1e-12);
    cr_expect_eq(json_integer_value(json_array_get(
                     json_array_get(json_object_get(object, "confusion"), 4), 9)),
                 11);
    json_decref(object);
    free(r);
}

Test(json, what_is_not_known_is_null_not_invalid)
{
    struct oac_run_result *r = example();

    r->photons_per_mac_launched = NAN;
    r->images_per_s = INFINITY;
    json_t *object = json_of(r);
    cr_expect(json_is_null(json_object_get(object, "photons_per_mac_launched")));
    cr_expect(json_is_null(json_object_get(object, "images_per_s")));
    cr_expect(json_is_null(json_object_get(object, "photons_per_mac_asked")));
    json_decref(object);
    free(r);
}

Test(json, every_key_of_the_table_is_named_once)
{
    size_t count;
    const struct oac_field *field = oac_run_fields(&count);

    for (size_t i = 0; i < count; i++) {
        cr_expect(field[i].help[0] && field[i].help[strlen(field[i].help) - 1] == '.', "%s",
                  field[i].key);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(field[i].key, field[j].key);
    }
}
