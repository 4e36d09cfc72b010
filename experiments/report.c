/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "experiments/format.h"

#define CONFUSIONS_SHOWN 5
/* Rarer clipping than this changes no figure above. Of activations, x_scale cuts 1 % by design. */
#define READOUTS_TOLD    1e-4
#define ACTIVATIONS_TOLD 1e-2
#define WEIGHTS_TOLD     1e-4

static void say_accuracy(const struct oac_run_result *r, FILE *out)
{
    fprintf(out, "\n%s on %s: %s of %s images right\n\n", r->model_name, r->rig_name,
            oac_format_percent(r->accuracy).text, oac_format_count(r->images).text);
    fprintf(out, "  with light        %s   95 %% interval %.2f to %.2f %%\n",
            oac_format_percent(r->accuracy).text, 100.0 * r->accuracy_low,
            100.0 * r->accuracy_high);
    fprintf(out, "  digital baseline  %s   light is %+.2f points from it\n",
            oac_format_percent(r->accuracy_digital).text,
            100.0 * (r->accuracy - r->accuracy_digital));
    fprintf(out, "  same answer       %s   of the images\n",
            oac_format_percent(r->agreement).text);
}

static void say_power(const struct oac_run_result *r, FILE *out)
{
    bool preweight = strcmp(r->photon_reference, "preweight") == 0;
    bool sample = strcmp(r->photon_budget, "sample") == 0;

    if (isnan(r->photons_per_mac_asked))
        fprintf(out, "  power             as the rig has it\n");
    else
        fprintf(out, "  power             %s photons per MAC %s, set per %s\n",
                oac_format_number(r->photons_per_mac_asked).text,
                preweight ? "before the weight" : "detected", sample ? "image" : "layer");
}

static void say_setting(const struct oac_run_result *r, FILE *out)
{
    fprintf(out, "\n  data              %s, %s split\n", r->dataset_name, r->dataset_split);
    fprintf(out, "  signs             %s", r->encoding);
    if (r->repeats > 1)
        fprintf(out, ", %s readouts averaged", oac_format_count(r->repeats).text);
    fprintf(out, "\n  noise             %s\n  seed              %" PRIu64 "\n", r->noise,
            r->seed);
    say_power(r, out);
    if (*r->calibration.id || r->calibration.tracked) {
        char line[OAC_CALIBRATION_LINE_BYTES];
        oac_calibration_line(&r->calibration, line);
        fprintf(out, "  calibration       %s\n", line);
    }
}

static void say_light_row(FILE *out, const char *where, double photons, double aj)
{
    fprintf(out, "  %-24s %12s %12s\n", where, oac_format_number(photons).text,
            oac_format_si(aj * 1e-18, "J").text);
}

static void say_light(const struct oac_run_result *r, FILE *out)
{
    fprintf(out, "\nLight, per model MAC            photons       energy\n");
    say_light_row(out, "leaving the server", r->photons_per_mac_launched,
                  r->aj_per_mac_launched);
    say_light_row(out, "entering the client", r->photons_per_mac_client_in,
                  r->aj_per_mac_client_in);
    say_light_row(out, "reaching the detectors", r->photons_per_mac_incident,
                  r->aj_per_mac_incident);
    say_light_row(out, "detected", r->photons_per_mac_detected, r->aj_per_mac_detected);
}

struct part {
    const char *name;
    double j;
};

/* "  client            31.0 fJ   modulator 32 %, DAC 32 %, ...", in lines of at most 80 columns. */
static void say_parts(FILE *out, const char *whose, double whole_j, const struct part *parts,
                      size_t count)
{
    if (!(whole_j > 0.0)) {
        fprintf(out, "  %-14s %10s   its rig states no energies\n", whose, "unknown");
        return;
    }
    int column = fprintf(out, "  %-14s %10s   ", whose, oac_format_si(whole_j, "J").text);
    bool first = true;

    for (size_t i = 0; i < count; i++) {
        char text[48];
        if (!(parts[i].j >= 0.005 * whole_j))
            continue;
        int length = snprintf(text, sizeof text, "%s %.0f %%", parts[i].name,
                              100.0 * parts[i].j / whole_j);
        if (!first && column + 2 + length > 80)
            column = fprintf(out, ",\n%30s", "") - 2;
        else if (!first)
            column += fprintf(out, ", ");
        column += fprintf(out, "%s", text);
        first = false;
    }
    fputc('\n', out);
}

static void say_energy(const struct oac_run_result *r, FILE *out)
{
    const struct oac_energy *e = &r->energy_per_mac;
    const struct part client[] = {{"modulator", e->modulator_j},
                                  {"DAC", e->dac_j},
                                  {"ADC", e->adc_j},
                                  {"integrators", e->integrator_j},
                                  {"nonlinearity", e->nonlinearity_j}};
    const struct part server[] = {{"modulators", e->server_modulator_j},
                                  {"lasers", e->laser_j}};

    fprintf(out, "\nElectricity, per model MAC\n");
    say_parts(out, "client", e->client_j, client, sizeof client / sizeof client[0]);
    say_parts(out, "server", e->server_j, server, sizeof server / sizeof server[0]);
}

static void say_time(const struct oac_run_result *r, FILE *out)
{
    fprintf(out, "\nOn the bench\n");
    fprintf(out, "  latency           %s an image: %s slots at %s, %s windows\n",
            oac_format_si(r->latency_s_per_image, "s").text,
            oac_format_count(r->slots_per_image).text,
            oac_format_si(r->slot_rate_hz, "Bd").text,
            oac_format_count(r->windows_per_image).text);
    fprintf(out, "  weight stream     %s\n", oac_format_si(r->link_bits_per_s, "bit/s").text);
    fprintf(out, "  client memory     %s, none of it weights\n",
            oac_format_si((double)r->client_memory_bytes, "B").text);
    if (strcmp(r->on, "iio") == 0)
        fprintf(out, "  lost samples      underflow %s, overflow %s\n", r->underflow,
                r->overflow);
    fprintf(out, "\nOn this computer\n  speed             %s images/s (%s on %zu thread%s)\n",
            oac_format_number(r->images_per_s).text, oac_format_si(r->seconds, "s").text,
            r->threads, r->threads == 1 ? "" : "s");
}

/* The pair of classes (true * classes + predicted) confused most often after `last` in the order of falling
 * count, then rising index; false when there is none left. */
static bool next_confusion(const struct oac_run_result *r, uint64_t last, size_t last_at,
                           size_t *at)
{
    uint64_t best = 0;

    for (size_t i = 0; i < r->classes * r->classes; i++) {
        uint64_t n = r->confusion[i / r->classes][i % r->classes];
        bool later = n < last || (n == last && i > last_at);
        if (i / r->classes != i % r->classes && later && n > best) {
            best = n;
            *at = i;
        }
    }
    return best > 0;
}

static void say_confusions(const struct oac_run_result *r, FILE *out)
{
    uint64_t last = UINT64_MAX;
    size_t at = 0, width = 0;

    for (size_t c = 0; c < r->classes; c++)
        width = strlen(r->class_names[c]) > width ? strlen(r->class_names[c]) : width;
    for (size_t shown = 0; shown < CONFUSIONS_SHOWN; shown++) {
        uint64_t of = 0;
        if (!next_confusion(r, last, at, &at))
            return;
        size_t is = at / r->classes, read = at % r->classes;
        for (size_t c = 0; c < r->classes; c++)
            of += r->confusion[is][c];
        last = r->confusion[is][read];
        fprintf(out, "%s  %-*s read as %-*s %4" PRIu64 " times in %s\n",
                shown ? "" : "\nMost confused\n", (int)width, r->class_names[is], (int)width,
                r->class_names[read], last, oac_format_count(of).text);
    }
}

static void say_warning(FILE *out, bool *any, const char *what, uint64_t clipped, double of,
                        double told, const char *advice)
{
    if (clipped == 0 || (double)clipped < told * of)
        return;
    fprintf(out, "%s  %s of %s %s (%.2g %%) were clipped:\n    %s\n",
            *any ? "" : "\nTake care\n", oac_format_count(clipped).text,
            oac_format_number(of).text, what, 100.0 * (double)clipped / of, advice);
    *any = true;
}

static void say_warnings(const struct oac_run_result *r, FILE *out)
{
    double images = (double)r->images, operands = 0.0;
    bool any = false;

    for (size_t l = 0; l < r->layers; l++)
        operands += (double)r->layer[l].inputs * images;
    say_warning(out, &any, "readouts", r->clipped_readouts, r->readouts_per_image * images,
                READOUTS_TOLD,
                "lower the laser power or --photons-per-mac, or raise adc.full_scale_v");
    say_warning(out, &any, "activations", r->clipped_operands, operands, ACTIVATIONS_TOLD,
                "larger than x_scale of the model; a larger scale costs resolution");
    say_warning(out, &any, "weights", r->clipped_weights, (double)r->macs_per_image,
                WEIGHTS_TOLD, "beyond w_limit of the model; train it again with the bound");
    if (strcmp(r->underflow, "seen") == 0 || strcmp(r->overflow, "seen") == 0)
        fprintf(out,
                "%s  samples were lost: figures may be wrong, run it again, at a lower rate\n",
                any ? "" : "\nTake care\n");
}

void oac_run_report(const struct oac_run_result *result, const char *output_path, FILE *out)
{
    say_accuracy(result, out);
    say_setting(result, out);
    say_light(result, out);
    say_energy(result, out);
    say_time(result, out);
    say_confusions(result, out);
    say_warnings(result, out);
    if (output_path)
        fprintf(out, "\nEverything, image by image: %s\n", output_path);
}
