/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readouts of both sides say about each other. */
#include <math.h>

#include "experiments/compare_state.h"
#include "experiments/compare_statistics.h"

double oac_compare_square(size_t count, const double *a, const double *b)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static void test_layer(const struct oac_compare_job *job, const struct oac_compare_data *d,
                       struct oac_compare_layer *layer)
{
    struct oac_layer_test test = {.repeats = (double)job->repeats};

    for (size_t b = 0; b < job->images; b++) {
        for (size_t k = 0; k < d->outputs; k++) {
            size_t i = b * d->outputs + k;
            const double mean[] = {d->mean[0][i], d->mean[1][i]};
            const double var[] = {d->var[0][i], d->var[1][i]};
            oac_layer_test_output(&test, mean, var);
        }
        oac_layer_test_end_image(&test);
    }
    layer->tested = test.outputs;
    if (test.outputs == 0)
        return;
    layer->z_rms = oac_layer_test_z_rms(&test, &layer->z_rms_error);
    layer->variance_ratio = oac_layer_test_ratio(&test, &layer->variance_ratio_error);
    layer->z_largest = test.z_largest;
    layer->z_largest_expected = oac_z_largest_median(test.outputs);
    layer->means_differ = layer->z_rms - 1.0 > OAC_COMPARE_SIGMAS * layer->z_rms_error ||
                          1.0 - oac_z_all_below(layer->z_largest, test.outputs) < OAC_COMPARE_P;
    layer->variances_differ =
        fabs(layer->variance_ratio - 1.0) > OAC_COMPARE_SIGMAS * layer->variance_ratio_error;
}

void oac_compare_judge_layer(const struct oac_compare_job *job, size_t l)
{
    const struct oac_compare_data *d = &job->data[l];
    struct oac_compare_layer *layer = &job->result->layer[l];
    size_t count = job->images * d->outputs;
    double square = 0.0;

    for (size_t i = 0; i < count; i++)
        square += d->exact[i] * d->exact[i];
    layer->inputs = d->inputs;
    layer->outputs = d->outputs;
    layer->output_rms = sqrt(square / (double)count);
    layer->difference =
        sqrt(oac_compare_square(count, d->clean[OAC_COMPARE_WAVE], d->clean[OAC_COMPARE_SIM]) /
             square);
    layer->error =
        sqrt(oac_compare_square(count, d->clean[OAC_COMPARE_WAVE], d->exact) / square);
    layer->sim_error =
        sqrt(oac_compare_square(count, d->clean[OAC_COMPARE_SIM], d->exact) / square);
    layer->z_rms = layer->z_rms_error = layer->z_largest = layer->z_largest_expected =
        layer->variance_ratio = layer->variance_ratio_error = (double)NAN;
    if (d->mean[0])
        test_layer(job, d, layer);
    if (layer->tested == 0)
        layer->means_differ = layer->difference > OAC_COMPARE_DIFFERENCE;
}

void oac_compare_judge_labels(const struct oac_compare_job *job)
{
    struct oac_compare_result *r = job->result;
    const uint8_t *truth = job->setup.dataset->labels;
    double n = (double)job->images;

    for (size_t b = 0; b < job->images; b++) {
        bool wave = job->label[OAC_COMPARE_WAVE][b] == truth[b];
        bool sim = job->label[OAC_COMPARE_SIM][b] == truth[b];
        bool digital = job->digital[b] == truth[b];
        r->accuracy_wave += wave / n;
        r->accuracy_sim += sim / n;
        r->accuracy_digital += digital / n;
        r->labels_agree +=
            (job->label[OAC_COMPARE_WAVE][b] == job->label[OAC_COMPARE_SIM][b]) / n;
        r->only_sim_right += sim && !wave;
        r->only_wave_right += wave && !sim;
        r->only_digital_right += digital && !wave;
        r->only_wave_not_digital += wave && !digital;
    }
    r->p_sim = oac_mcnemar_p(r->only_sim_right, r->only_wave_right);
    r->p_digital = oac_mcnemar_p(r->only_digital_right, r->only_wave_not_digital);
    r->labels_differ = r->p_sim < OAC_COMPARE_P;
    r->worse_than_digital =
        r->p_digital < OAC_COMPARE_P && r->accuracy_wave < r->accuracy_digital;
}
