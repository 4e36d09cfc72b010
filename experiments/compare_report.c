/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A comparison as a person wants to read it. */
#include <math.h>

#include "experiments/compare.h"
#include "experiments/format.h"

#define NEGLIGIBLE 0.005 /* shares below half a percent are not told */

static const char *verdict(bool differs)
{
    return differs ? "DIFFER" : "agree";
}

static void report_layer(const struct oac_compare_result *r, size_t l, FILE *out)
{
    const struct oac_compare_layer *layer = &r->layer[l];

    fprintf(out, "\nLayer %zu, %llu -> %llu\n", l + 1, (unsigned long long)layer->inputs,
            (unsigned long long)layer->outputs);
    if (layer->tested) {
        fprintf(out, "  means             %-7s  difference %.3f +- %.3f standard errors rms\n",
                verdict(layer->means_differ), layer->z_rms, layer->z_rms_error);
        fprintf(out,
                "                             (1 expected), largest %.2f (%.2f expected)\n",
                layer->z_largest, layer->z_largest_expected);
        fprintf(out, "  variances         %-7s  wave/sim %.4f +- %.4f\n",
                verdict(layer->variances_differ), layer->variance_ratio,
                layer->variance_ratio_error);
    } else
        fprintf(out, "  means             %-7s  no noise: judged by the next line\n",
                verdict(layer->means_differ));
    fprintf(out, "  noise off         wave - sim %.4f %% of the outputs' rms\n",
            100.0 * layer->difference);
    fprintf(out, "                    wave - exact %.3f %%, sim - exact %.3f %%\n",
            100.0 * layer->error, 100.0 * layer->sim_error);
}

static void report_labels(const struct oac_compare_result *r, FILE *out)
{
    fprintf(out, "\nLabels, the whole network\n");
    fprintf(out, "  right             wave %s, sim %s, digital %s\n",
            oac_format_percent(r->accuracy_wave).text, oac_format_percent(r->accuracy_sim).text,
            oac_format_percent(r->accuracy_digital).text);
    fprintf(out, "  wave and sim      same label on %s\n",
            oac_format_percent(r->labels_agree).text);
    fprintf(out, "    only sim right  %llu, only wave %llu: McNemar p %.2g, %s\n",
            (unsigned long long)r->only_sim_right, (unsigned long long)r->only_wave_right,
            r->p_sim, r->labels_differ ? "SIGNIFICANT" : "not significant");
    fprintf(out, "  wave and digital\n");
    fprintf(out, "    only digital    %llu, only wave %llu: McNemar p %.2g, %s\n",
            (unsigned long long)r->only_digital_right,
            (unsigned long long)r->only_wave_not_digital, r->p_digital,
            r->p_digital < OAC_COMPARE_P ? "SIGNIFICANT" : "not significant");
}

enum kind { DIFFERENCE, ERROR, VARIANCE };

static double share_of(const struct oac_compare_effect *e, size_t layer, enum kind kind)
{
    return kind == DIFFERENCE ? e->difference_share[layer]
           : kind == ERROR    ? e->error_share[layer]
                              : e->variance_share[layer];
}

/* The effects of a layer in the order of their shares. */
static void report_shares(const struct oac_compare_result *r, size_t layer, enum kind kind,
                          FILE *out)
{
    bool told[OAC_EFFECTS_MAX] = {false};
    size_t count = 0;

    for (;;) {
        size_t best = r->effects;
        for (size_t i = 0; i < r->effects; i++) {
            double share = share_of(&r->effect[i], layer, kind);
            if (!told[i] && fabs(share) >= NEGLIGIBLE && isfinite(share) &&
                (best == r->effects || share > share_of(&r->effect[best], layer, kind)))
                best = i;
        }
        if (best == r->effects)
            break;
        told[best] = true;
        count++;
        double share = 100.0 * share_of(&r->effect[best], layer, kind);
        char percent[16] = "hides it"; /* neutralising it makes the difference larger */
        if (share > -99.95)
            snprintf(percent, sizeof percent, "%.1f %%", share);
        fprintf(out, "  %9s  %-33s %s\n", percent, r->effect[best].effect->name,
                r->effect[best].effect->advice);
    }
    if (count == 0)
        fprintf(out, "    no single effect of the table explains any of it\n");
}

static void report_explanation(const struct oac_compare_result *r, FILE *out)
{
    bool anything = r->labels_differ || r->worse_than_digital;

    for (size_t l = 0; l < r->layers; l++) {
        anything = anything || r->layer[l].means_differ || r->layer[l].variances_differ;
        if (r->layer[l].means_differ) {
            fprintf(out,
                    "\nWhy wave differs from sim, layer %zu: what goes away with each effect\n",
                    l + 1);
            report_shares(r, l, DIFFERENCE, out);
        }
        if (r->layer[l].variances_differ) {
            fprintf(out, "\nWhat adds to wave's variance, layer %zu\n", l + 1);
            report_shares(r, l, VARIANCE, out);
        }
    }
    for (size_t l = 0; l < r->layers && r->worse_than_digital; l++) {
        fprintf(out, "\nWhy wave differs from exact arithmetic, layer %zu\n", l + 1);
        report_shares(r, l, ERROR, out);
    }
    if (anything && r->explained)
        fprintf(
            out,
            "\n  Shares of the mean square, noise off, %zu images, each effect neutralised\n"
            "  alone on both; they overlap and need not add up to 100 %%.\n",
            r->explained_images);
    if (!anything)
        fprintf(out, "\nNothing significant: wave and sim agree, and light and arithmetic.\n");
    fprintf(out,
            "\n  Significant: 4 standard errors; p < 0.001 for the largest and the labels%s.\n",
            r->layer[0].tested ? "" : ";\n  without noise a difference above 0.1 %");
}

void oac_compare_report(const struct oac_compare_result *result, const char *output_path,
                        FILE *out)
{
    const struct oac_compare_result *r = result;

    fprintf(out, "%.40s on %.24s: wave against sim\n\n", r->model_name, r->rig_name);
    fprintf(out, "  frames            %s images of %.24s, %zu readouts of each\n",
            oac_format_count(r->images).text, r->dataset_name, r->repeats);
    fprintf(out, "  signs, noise      %s, %s\n  seed              %llu\n", r->encoding,
            r->noise, (unsigned long long)r->seed);
    fprintf(out, "  speed             wave %s images/s, sim %s\n",
            oac_format_number((double)r->images / r->seconds_wave).text,
            oac_format_number((double)r->images / r->seconds_sim).text);
    for (size_t l = 0; l < r->layers; l++)
        report_layer(r, l, out);
    report_labels(r, out);
    report_explanation(r, out);
    if (output_path)
        fprintf(out, "\nEvery output: %s\n", output_path);
}
